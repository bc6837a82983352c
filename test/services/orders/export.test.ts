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

describe("the export of a month's orders", () => {
  it("has one line per order, with its result and history", async () => {
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

  it("has no average price or value for a fill without a price from the broker", async () => {
    const placed = await sent(floor, await ticket(floor));
    broker.set(placed.legs[0]?.orderId ?? "", { status: "filled", filledQty: 10 });
    await watch(floor, 2_000);
    const { csv } = await floor.orderExport.month(ASHA, "2026-11");
    expect(csv).toContain("NSE:SBIN-EQ,BUY,CNC,MARKET,DAY,no,10,,,filled,10,,,zerodha-1,sd");
  });

  it("begins with the oldest order, and has the prices that each asked for", async () => {
    await sent(floor, await ticket(floor, { type: "LIMIT", price: price(7_900_000) }));
    floor.pass(60_000);
    const stop = { type: "SL", price: price(8_110_000), triggerPrice: price(8_100_000) } as const;
    await sent(floor, await ticket(floor, { ...stop, validity: "IOC" }));
    const { csv, orders } = await floor.orderExport.month(ASHA, "2026-11");
    expect(orders).toBe(2);
    expect(csv).toMatch(/,LIMIT,DAY,no,10,790,,working,[^]*,SL,IOC,no,10,811,810,working,/);
  });

  it("leaves out other months, other users and unconfirmed tickets", async () => {
    await ticket(floor);
    await openLink(floor.accounts, broker, VIKRAM, floor.clock.at);
    floor.clock.at = istInstant("2026-12-01", "00:00:01");
    await sent(floor, await ticket(floor));
    expect((await floor.orderExport.month(ASHA, "2026-11")).orders).toBe(0);
    expect((await floor.orderExport.month(ASHA, "2026-12")).orders).toBe(1);
    expect((await floor.orderExport.month(VIKRAM, "2026-12")).orders).toBe(0);
  });
});
