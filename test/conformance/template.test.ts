import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { z } from "zod";
import { template } from "../../connectors/_template/index.ts";
import { toOrder } from "../../connectors/_template/map.ts";
import { orderSchema } from "../../connectors/_template/schemas.ts";
import { istInstant, nextIst } from "../../src/domain/market.ts";
import { priceFromRupees } from "../../src/domain/money.ts";
import { connectorConformance } from "./conformance.ts";
import { simulatedAcme } from "./template-broker.ts";

connectorConformance({
  definition: template,
  simulate: simulatedAcme,
  login: { code: "code", secret: "apiSecret", endsAt: (now) => nextIst("06:00", now) },
  wire: {
    place: /^POST \/v1\/orders$/,
    modify: /^PUT \/v1\/orders\//,
    cancel: /^DELETE \/v1\/orders\//,
    book: /^GET \/v1\/orders$/,
    orderId: "id",
    status: "status",
    product: "product",
  },
});

it("maps its recorded reply", () => {
  const path = new URL("../../connectors/_template/fixtures/get-orders.json", import.meta.url);
  const { data } = z.object({ data: z.array(orderSchema) }).parse(JSON.parse(readFileSync(path, "utf8")));
  expect(data.map(toOrder)).toMatchObject([
    {
      orderId: "261120000000017",
      key: "NSE:3045",
      status: "trigger-pending",
      price: priceFromRupees("1015.50"),
      triggerPrice: priceFromRupees("1014.95"),
      placedAt: istInstant("2026-11-20", "11:04:33"),
    },
  ]);
});
