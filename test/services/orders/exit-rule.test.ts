import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Position } from "../../../src/domain/portfolio.ts";
import { fakeBroker, type FakeBroker } from "./fake-broker.ts";
import { ASHA, type Floor, openFloor, SBIN, sent, ticket } from "./floor.ts";

let broker: FakeBroker;
let floor: Floor;
beforeEach(async () => {
  broker = fakeBroker();
  floor = await openFloor({ brokers: [broker] });
  broker.positions = [long(10)];
});
afterEach(() => floor.close());

const long = (qty: number): Position =>
  ({ key: SBIN.key, symbol: SBIN.symbol, productType: "INTRADAY", side: qty > 0 ? "BUY" : "CLOSED", qty }) as Position;
const exit = { side: "SELL", productType: "INTRADAY", origin: "exit" } as const;

describe("an exit", () => {
  it("whose position was closed since its card was shown is not sent, and its card says so", async () => {
    const [first, second] = [await ticket(floor, exit), await ticket(floor, exit)];
    await sent(floor, first);
    broker.positions = [long(0)];
    const result = await floor.desk.confirm(ASHA, second.intent.confirmId);
    expect(result).toMatchObject({ kind: "limited", finding: { code: "less-open", open: 0 } });
    expect((await floor.tickets.renew(second.intent))?.findings).toContainEqual({
      level: "block",
      code: "less-open",
      label: "zerodha",
      open: 0,
    });
    expect(broker.placed).toHaveLength(1);
  });

  it("counts what its slices close together", async () => {
    const sliced = await ticket(floor, { ...exit, instrument: { ...SBIN, freezeQty: 6 } });
    broker.positions = [long(9)];
    expect(await floor.desk.confirm(ASHA, sliced.intent.confirmId)).toMatchObject({ kind: "limited" });
  });

  it("is sent where the positions cannot be read: a way out is not held up", async () => {
    const { intent } = await ticket(floor, exit);
    broker.failsAt = "getPositions";
    expect(await floor.desk.confirm(ASHA, intent.confirmId)).toMatchObject({ kind: "confirmed" });
  });
});
