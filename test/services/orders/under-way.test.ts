import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLog } from "../../../src/lib/log.ts";
import type { Intent } from "../../../src/services/orders/journal.ts";
import { beforePositions, rivalsOf } from "../../../src/services/orders/under-way.ts";
import { fakeBroker } from "./fake-broker.ts";
import { ASHA, type Floor, openFloor, SBIN, sent, ticket } from "./floor.ts";

let floor: Floor;
let exit: Intent;
beforeEach(async () => {
  floor = await openFloor({ brokers: [fakeBroker()] });
  exit = await sent(floor, await ticket(floor, { side: "SELL", productType: "INTRADAY" }));
});
afterEach(() => floor.close());

const inState = (intent: Intent, ...states: Intent["legs"][number]["state"][]): Intent["legs"] =>
  states.map((state) => ({ ...intent.legs[0]!, state }));
const journalOf = (...intents: Intent[]) => ({ recent: async () => intents });
const alone = { sharing: async () => [floor.link] };

describe("the rivals of a confirmed exit", () => {
  const other = (more: Partial<Intent> = {}): Intent => ({
    ...exit,
    _id: "another" as Intent["_id"],
    legs: inState(exit, "filled"),
    ...more,
  });
  const rivals = async (...intents: Intent[]) => [
    ...(await rivalsOf({ accounts: alone, journal: journalOf(exit, ...intents) }, exit)),
  ];
  const before = (ms: number) => ({ confirmedAt: (exit.confirmedAt ?? 0) - ms });

  it("are orders confirmed within a second before it, whatever their state", async () => {
    expect(await rivals(other(before(1_000)))).toEqual([floor.link._id]);
    expect(await rivals(other(before(1_001)))).toEqual([]);
    expect(await rivals(other({ confirmedAt: null }))).toEqual([]);
  });

  it("are older orders that may still fill", async () => {
    const states = ["sending", "unknown", "working", "cancelled"] as const;
    const found = await Promise.all(
      states.map((state) => rivals(other({ ...before(60_000), legs: inState(exit, state) }))),
    );
    expect(found.map(({ length }) => length)).toEqual([1, 1, 1, 0]);
  });

  it("exclude itself, its own panic's exits, limit orders and orders of other sides", async () => {
    const { plan } = exit;
    const terms = { type: "LIMIT", price: plan.shownPrice! } as const;
    expect(await rivals()).toEqual([]);
    expect(await rivals(other({ plan: { ...plan, terms } }), other({ plan: { ...plan, side: "BUY" } }))).toEqual([]);
    const panicked = { ...exit, group: "p1" };
    expect((await rivalsOf({ accounts: alone, journal: journalOf(other({ group: "p1" })) }, panicked)).size).toBe(0);
    expect((await rivalsOf({ accounts: alone, journal: journalOf(other({ group: "p2" })) }, panicked)).size).toBe(1);
  });
});

describe("orders that the positions may not show yet", () => {
  const log = createLog({ level: "silent" });
  const plan = { key: SBIN.key, side: "SELL", productType: "INTRADAY" } as const;

  it("are re-read first, even if some of their legs have ended", async () => {
    const looked: string[] = [];
    const watcher = {
      look: async (intent: Intent) => {
        looked.push(intent._id);
        return intent;
      },
    };
    const journal = journalOf({ ...exit, legs: inState(exit, "filled", "unknown") });
    const underWay = await (await beforePositions({ accounts: alone, journal, watcher, log }, ASHA))();
    expect(looked).toEqual([exit._id]);
    expect(underWay.has(floor.link._id, plan)).toBe(true);
    expect(underWay.has(floor.link._id, { ...plan, side: "BUY" })).toBe(false);
  });

  it("are distinguished by their confirmation time", async () => {
    const { watcher } = floor;
    const at = exit.confirmedAt ?? 0;
    const journal = journalOf({ ...exit, legs: inState(exit, "filled") });
    const underWay = await (await beforePositions({ accounts: alone, journal, watcher, log }, ASHA))();
    expect(underWay.has(floor.link._id, plan)).toBe(false);
    expect([at, at + 1].map((since) => underWay.hasSince(floor.link._id, plan, since))).toEqual([true, false]);
  });
});
