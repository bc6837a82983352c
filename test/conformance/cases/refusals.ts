import { expect } from "vitest";
import type { Access } from "../../../connectors/base.ts";
import { instrumentKey } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { paiseFromRupees, price, priceFromRupees } from "../../../src/domain/money.ts";
import { isFinal, type OrderRequest } from "../../../src/domain/order.ts";
import type { Kit } from "../kit.ts";
import type { Street } from "../street.ts";
import { away, future, resting, share, termsOf, ticket } from "../tickets.ts";

export function refusalCases(kit: Kit): void {
  kit.group("refusals", () => {
    kit.case("for want of money are never silent", async () => {
      const { street, access } = await kit.enter({ opening: { cash: paiseFromRupees(5_000) } });
      const words = await refusalOf(street, access, ticket(street, share(street), { qty: 900 }));
      expect(words).toMatch(/margin|fund/i);
    });

    kit.case("of shares that are not held are never silent", async () => {
      const { street, access } = await kit.enter({
        opening: {
          cash: paiseFromRupees(500_000),
          holdings: [{ key: share(await kit.open()).key, qty: 4, avgPrice: priceFromRupees(900) }],
        },
      });
      await refusalOf(street, access, ticket(street, share(street), { side: "SELL", qty: 5 }));
      const some = await resting(street, access, { side: "SELL", qty: 4, tag: "held4" as OrderRequest["tag"] });
      expect(some.status).toBe("open");
    });

    kit.case("of a broken lot are never silent", async () => {
      const { street, access } = await kit.enter();
      const { lotSize } = future(street);
      await refusalOf(street, access, ticket(street, future(street), { qty: lotSize + 1 }));
    });

    kit.case("of a price off the tick are never silent", async () => {
      const { street, access } = await kit.enter();
      const instrument = share(street);
      const off = price(away(street, instrument, -200) + instrument.tickSize / 5);
      await refusalOf(street, access, ticket(street, instrument, { terms: { type: "LIMIT", price: off } }));
    });

    kit.case("of a price outside the day's band are never silent", async () => {
      const { street, access } = await kit.enter();
      const instrument = share(street);
      const terms = { type: "LIMIT", price: away(street, instrument, 3_000) } as const;
      await refusalOf(street, access, ticket(street, instrument, { terms }));
    });

    kit.case("of a trigger on the wrong side are never silent", async () => {
      const { street, access } = await kit.enter();
      const instrument = share(street);
      const terms = {
        type: "SL",
        price: away(street, instrument, -100),
        triggerPrice: away(street, instrument, -200),
      } as const;
      await refusalOf(street, access, ticket(street, instrument, { terms }));
    });

    kit.case("of more than the freeze quantity are never silent", async () => {
      const { street, access } = await kit.enter();
      const { lotSize, freezeQty = 0 } = future(street);
      await refusalOf(street, access, ticket(street, future(street), { qty: freezeQty + lotSize }));
    });

    kit.case("of delivery in a derivative are never silent", async () => {
      const { street, access } = await kit.enter();
      await refusalOf(street, access, ticket(street, future(street), { productType: "CNC" }));
    });

    kit.case("of an instrument that nobody knows send nothing to the market", async () => {
      const { street, access } = await kit.enter();
      const stranger = { ...share(street), key: instrumentKey("NSE", 987_654) };
      await refusalOf(street, access, {
        ...ticket(street, share(street)),
        key: stranger.key,
        terms: termsOf(street, share(street), "LIMIT"),
      });
    });

    kit.case("of a change that the exchange won't have leave the order as it was", async () => {
      const { street, access } = await kit.enter();
      const instrument = share(street);
      const order = await resting(street, access);
      const terms = { type: "LIMIT", price: away(street, instrument, -3_000) } as const;
      const outcome = await street.connector.modifyOrder(access, order, { terms });
      const [after] = await street.connector.findOrdersByTag(access, order.tag as OrderRequest["tag"]);
      expect(after).toMatchObject({ status: "open", price: order.price, qty: order.qty });
      // Some take the change and tell in the book that it was not made.
      if (outcome.kind === "accepted") expect(after?.message).toMatch(/\w/);
      else expect(outcome).toMatchObject({ kind: "rejected", reason: expect.stringMatching(/\w/) as string });
    });

    kit.case("of orders while the market is shut are never silent", async () => {
      const { street, access } = await kit.enter({ now: istInstant("2026-11-20", "20:30") });
      const request = ticket(street, share(street));
      const outcome = await street.connector.placeOrder(access, request);
      if (outcome.kind === "accepted") {
        // Some brokers make an after-market order of it.
        const [order] = await street.connector.findOrdersByTag(access, request.tag);
        expect(order).toMatchObject({ isAmo: true });
      } else
        expect(outcome).toMatchObject({ kind: "rejected", reason: expect.stringMatching(/market|closed/i) as string });
    });
  });
}

/** The words of a refusal, at once or in the book a moment later; fails when the order could ever fill. */
async function refusalOf(street: Street, access: Access, request: OrderRequest): Promise<string> {
  const outcome = await street.connector.placeOrder(access, request);
  const mine = street.account.orders().filter(({ tag }) => tag === request.tag);
  for (const { status } of mine) expect(isFinal(status) && status !== "filled").toBe(true);
  if (outcome.kind === "accepted") {
    street.hands.now += 1_000;
    const [order] = await street.connector.findOrdersByTag(access, request.tag);
    expect(order).toMatchObject({ status: "rejected", orderId: outcome.orderId, filledQty: 0 });
    expect(order?.message ?? "").toMatch(/\w/);
    return order?.message ?? "";
  }
  expect(["rejected", "not-sent"]).toContain(outcome.kind);
  expect(outcome.reason).toMatch(/\w/);
  return outcome.reason;
}
