import { describe, expect, it } from "vitest";
import type { InstrumentKey } from "../../../src/domain/ids.ts";
import { paiseFromRupees, priceFromRupees } from "../../../src/domain/money.ts";
import {
  averageOf,
  decide,
  type HeldView,
  type ShareView,
  type ShopRules,
} from "../../../src/services/strategies/nifty-shop/rules.ts";

const key = (name: string): InstrumentKey => name as InstrumentKey;
const share = (name: string, price: number, average: number): ShareView => ({
  key: key(name),
  price: priceFromRupees(price),
  average: priceFromRupees(average),
});
const held = (name: string, qty: number, avg: number, last: number, price: number | null): HeldView => ({
  key: key(name),
  qty,
  avgPrice: priceFromRupees(avg),
  lastBuyPrice: priceFromRupees(last),
  price: price === null ? null : priceFromRupees(price),
});
const RULES: ShopRules = { buysPerDay: 1, averageBelow: 300, target: 500, perTrade: paiseFromRupees(10_000) };
/** Seven shares, from 7 % to 1 % below an average of 100, and one above. */
const MARKET = [
  share("A", 93, 100),
  share("B", 94, 100),
  share("C", 95, 100),
  share("D", 96, 100),
  share("E", 97, 100),
  share("F", 98, 100),
  share("G", 99, 100),
  share("H", 103, 100),
];
const legs = (decision: ReturnType<typeof decide>): string[] =>
  decision.legs.map(({ kind, key, qty, by }) => `${kind} ${key} ${qty} ${by}`);

/** Worked out by hand: what is held, what differs from the defaults, and the expected decision. */
const TABLE: readonly {
  what: string;
  held: HeldView[];
  rules?: Partial<ShopRules>;
  cash?: number;
  market?: ShareView[];
  legs: string[];
  missed?: string[];
}[] = [
  { what: "buys the furthest below when nothing is held", held: [], legs: ["buy A 107 -700"] },
  { what: "does not buy at exactly the average", held: [], market: [share("A", 100, 100)], legs: [] },
  { what: "passes over what is held", held: [held("A", 10, 93, 93, 93)], legs: ["buy B 106 -600"] },
  {
    what: "buys as many as N",
    held: [held("A", 10, 93, 93, 93)],
    rules: { buysPerDay: 3 },
    legs: ["buy B 106 -600", "buy C 105 -500", "buy D 104 -400"],
  },
  {
    what: "never reaches past the five",
    held: ["A", "B", "C", "D", "E"].map((name, at) => held(name, 10, 93 + at, 93 + at, 93 + at)),
    legs: [],
  },
  {
    what: "averages the deepest fall once all five are held",
    held: [
      held("A", 10, 97, 96, 93),
      held("B", 10, 100, 99, 94),
      held("C", 10, 95, 95, 95),
      held("D", 10, 96, 96, 96),
      held("E", 10, 97, 97, 97),
    ],
    legs: ["average B 106 -505"],
  },
  {
    what: "does not average at exactly 3 %",
    held: [
      held("A", 10, 93, 93, 93),
      held("B", 10, 94, 94, 94),
      held("C", 10, 95, 95, 95),
      held("D", 10, 96, 96, 96),
      held("E", 10, 100, 100, 97),
    ],
    legs: [],
  },
  {
    what: "averages by its own last buy, not by its average price",
    held: [
      held("A", 10, 120, 93, 93),
      held("B", 10, 94, 94, 94),
      held("C", 10, 95, 95, 95),
      held("D", 10, 96, 96, 96),
      held("E", 10, 97, 97, 97),
    ],
    legs: [],
  },
  {
    what: "averages a share outside the five when the five are held",
    held: [
      ...["A", "B", "C", "D", "E"].map((name, at) => held(name, 10, 93 + at, 93 + at, 93 + at)),
      held("H", 10, 110, 110, 103),
    ],
    legs: ["average H 97 -636"],
  },
  {
    what: "sells the largest gain above the target",
    held: [held("H", 40, 95, 95, 103), held("F", 20, 92, 92, 98)],
    legs: ["buy A 107 -700", "sell H 40 842"],
  },
  { what: "does not sell at exactly the target", held: [held("H", 40, 98, 98, 102.9)], legs: ["buy A 107 -700"] },
  {
    what: "sells a share that left the index",
    held: [held("Z", 7, 100, 100, 120)],
    legs: ["buy A 107 -700", "sell Z 7 2000"],
  },
  { what: "leaves alone what has no price today", held: [held("Z", 7, 100, 100, null)], legs: ["buy A 107 -700"] },
  {
    what: "takes the next when one share costs more than the amount",
    held: [],
    market: [share("MRF", 120_000, 140_000), share("A", 93, 100)],
    legs: ["buy A 107 -700"],
    missed: ["buy MRF one-share-costs-more"],
  },
  {
    what: "buys nothing that the cash does not cover",
    held: [],
    cash: 9_000,
    legs: [],
    missed: ["A", "B", "C", "D", "E"].map((name) => `buy ${name} no-cash`),
  },
  {
    what: "does nothing when nothing is below its average",
    held: [held("H", 10, 100, 110, 103)],
    market: [share("H", 103, 100)],
    legs: [],
  },
  {
    what: "breaks a tie by the key, so that it is always the same",
    held: [],
    market: [share("Y", 95, 100), share("X", 95, 100)],
    legs: ["buy X 105 -500"],
  },
];

describe("the Nifty Shop rules", () => {
  it.each(TABLE)("$what", ({ held, rules, cash, market, legs: wanted, missed }) => {
    const day = { members: market ?? MARKET, held, cash: cash === undefined ? null : paiseFromRupees(cash) };
    const decision = decide(day, { ...RULES, ...rules });
    expect(legs(decision)).toEqual(wanted);
    expect(decision.missed.map(({ kind, key, reason }) => `${kind} ${key} ${reason}`)).toEqual(missed ?? []);
  });

  it("names the five candidates with their distance and whether they are held", () => {
    const { candidates } = decide({ members: MARKET, held: [held("C", 1, 95, 95, 95)], cash: null }, RULES);
    expect(candidates.map(({ key, distance, isHeld }) => [key, distance, isHeld])).toEqual([
      ["A", -700, false],
      ["B", -600, false],
      ["C", -500, true],
      ["D", -400, false],
      ["E", -300, false],
    ]);
  });

  it("averages the last twenty closes, and none when there are fewer", () => {
    const closes = Array.from({ length: 25 }, (_, at) => priceFromRupees(100 + at));
    expect(averageOf(closes)).toBe(priceFromRupees(114.5));
    expect(averageOf(closes.slice(0, 19))).toBeNull();
  });
});
