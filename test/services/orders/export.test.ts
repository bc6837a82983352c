import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { istInstant } from "../../../src/domain/market.ts";
import { price } from "../../../src/domain/money.ts";
import { fakeBroker, type FakeBroker } from "./fake-broker.ts";
import { ASHA, type Floor, openFloor, openLink, sent, ticket, VIKRAM, watch } from "./floor.ts";

let broker: FakeBroker;
let floor: Floor;
beforeEach(async () => {
  broker = fakeBroker();
  floor = await openFloor({ brokers: [broker] });
});
afterEach(() => floor.close());

describe("the orders of a month as a file", () => {
  it("have a line each, with what became of them and every step", async () => {
    const placed = await sent(floor, await ticket(floor));
    broker.set(placed.legs[0]?.orderId ?? "", { status: "filled", filledQty: 10, avgPrice: price(8_001_500) });
    await watch(floor, 2_000);
    const { csv, orders } = await floor.orderExport.month(ASHA, "2026-11");
    expect(orders).toBe(1);
    expect(csv).toContain(
      "zerodha,zerodha,NSE:SBIN-EQ,BUY,CNC,MARKET,DAY,no,10,,,filled,10,800.15,8001.5,zerodha-1,sd",
    );
    expect(csv).toMatch(/2026-11-23 11:00:00 1001 confirmed\n/);
    expect(csv).toContain("sauda seen: filled 10/10");
  });

  it("have no average price and no value of a fill whose price the broker does not tell", async () => {
    const placed = await sent(floor, await ticket(floor));
    broker.set(placed.legs[0]?.orderId ?? "", { status: "filled", filledQty: 10 });
    await watch(floor, 2_000);
    const { csv } = await floor.orderExport.month(ASHA, "2026-11");
    expect(csv).toContain("NSE:SBIN-EQ,BUY,CNC,MARKET,DAY,no,10,,,filled,10,,,zerodha-1,sd");
  });

  it("leave out tickets, other months, other users and what was never confirmed", async () => {
    await ticket(floor);
    await openLink(floor.accounts, broker, VIKRAM, floor.clock.at);
    floor.clock.at = istInstant("2026-12-01", "00:00:01");
    await sent(floor, await ticket(floor));
    expect((await floor.orderExport.month(ASHA, "2026-11")).orders).toBe(0);
    expect((await floor.orderExport.month(ASHA, "2026-12")).orders).toBe(1);
    expect((await floor.orderExport.month(VIKRAM, "2026-12")).orders).toBe(0);
  });
});
