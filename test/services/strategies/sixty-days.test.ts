import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { istDate } from "../../../src/domain/market.ts";
import { PRICE_SCALE } from "../../../src/domain/money.ts";
import { asha, openPaperShop, type PaperShop } from "./paper-shop.ts";
import { weekdays } from "./prices.ts";

/** Seven shares stand in for the index. The letters follow the order of the names. */
const NAMES = { A: "AXISBANK", B: "BEL", C: "CIPLA", D: "HDFCBANK", E: "INFY", F: "ITC", G: "NTPC" } as const;
type Letter = keyof typeof NAMES;
const LETTERS = Object.keys(NAMES) as Letter[];
const letterOf = new Map<string, Letter>(LETTERS.map((letter) => [NAMES[letter], letter]));

const HOLIDAYS = new Set(["2026-06-26", "2026-09-14"]);
const CALENDAR = weekdays("2026-05-29", 82).filter((date) => !HOLIDAYS.has(date));
/** Day 1 follows twenty days without a price change. */
const [WARM_UP, DAYS] = [CALENDAR.slice(0, 20), CALENDAR.slice(20, 80)];

/** Price from each day on; 100 before the first. */
const SCRIPT: Readonly<Record<Letter, readonly (readonly [day: number, rupees: number])[]>> = {
  A: [
    [1, 90],
    [4, 87],
    [11, 94],
  ],
  B: [
    [2, 92],
    [10, 89],
    [55, 98],
  ],
  C: [
    [6, 95],
    [50, 91],
  ],
  D: [
    [6, 96],
    [30, 101.5],
  ],
  E: [
    [6, 97],
    [30, 103],
  ],
  F: [[6, 98]],
  G: [
    [6, 99],
    [35, 90],
    [40, 86],
    [45, 95],
  ],
};

/**
 * Worked out by hand with ₹10,000 per trade: units = 10,000 / price, rounded down.
 *
 * day  why
 *   1  only A is below its average (99.50)                            buy A at 90
 *   2  A and B are below; A is held                                   buy B at 92
 *   3  both are held, neither 3 % below its last buy                  nothing
 *   4  both are held; A is 3.33 % below 90                            average A at 87
 *   6  A to E are the five, F and G are sixth and seventh             buy C at 95; on 7 D at 96; on 8 E at 97
 *   9  all five are held; nothing has fallen; F is not among the five nothing
 *  10  B is 3.26 % below 92                                           average B at 89
 *  11  A at 94 is 6.24 % above its average of 88.48: sell all of it; it is above its 20-day average (93.65), so
 *      F is now fifth and not held                                    sell A at 94, buy F at 98
 *  12  to 29: the averages come down to the prices; nothing moves 3 % nothing
 *  30  E is 6.19 % and D 5.73 % above cost: one sale a day            sell E at 103, on 31 D at 101.5
 *  35  G falls below its average and is not held                      buy G at 90
 *  40  G is the only candidate and held; 4.44 % below 90              average G at 86
 *  45  G at 95 is 8.01 % above its average of 87.96                   sell G
 *  50  C is the only candidate and held; 4.21 % below 95              average C at 91
 *  55  B at 98 is 8.32 % above its average of 90.47                   sell B
 */
const TRADES = [
  [1, "buy", "A", 111, 90],
  [2, "buy", "B", 108, 92],
  [4, "average", "A", 114, 87],
  [6, "buy", "C", 105, 95],
  [7, "buy", "D", 104, 96],
  [8, "buy", "E", 103, 97],
  [10, "average", "B", 112, 89],
  [11, "buy", "F", 102, 98],
  [11, "sell", "A", 225, 94],
  [30, "sell", "E", 103, 103],
  [31, "sell", "D", 104, 101.5],
  [35, "buy", "G", 111, 90],
  [40, "average", "G", 116, 86],
  [45, "sell", "G", 227, 95],
  [50, "average", "C", 109, 91],
  [55, "sell", "B", 220, 98],
] as const;

function rupees(ticker: string, date: string): number {
  const day = DAYS.indexOf(date) + 1;
  const letter = letterOf.get(ticker);
  if (!letter || day === 0) return 100;
  return SCRIPT[letter].findLast(([from]) => from <= day)?.[1] ?? 100;
}

describe("sixty days of the Nifty Shop on the paper broker", () => {
  let floor: PaperShop;
  beforeAll(async () => {
    floor = await openPaperShop([...WARM_UP, ...DAYS], Object.values(NAMES), rupees);
    await floor.shop.change(asha, { mode: "ask", sizing: { kind: "amount", amount: 1_000_000 as never } });
    for (const date of DAYS) await approveAll(date);
  }, 60_000);
  afterAll(() => floor.close());

  /** Approves every leg of the day's proposal and confirms its ticket, as a user would. */
  async function approveAll(date: string): Promise<void> {
    floor.goTo(date, "15:00");
    const user = await floor.user();
    const proposal = await floor.shop.propose(user, `${user._id}-${date}`);
    for (const at of proposal.legs.keys()) {
      const approval = await floor.shop.approve(user, proposal._id, at);
      if (approval.kind !== "ticket") throw new Error(`leg ${at} was ${approval.kind}`);
      const { intent, findings } = approval.view;
      expect(findings.filter(({ level }) => level === "block")).toEqual([]);
      const confirmed = await floor.orders.desk.confirm(user._id, intent.confirmId);
      if (confirmed.kind !== "confirmed") throw new Error(`ticket was ${confirmed.kind}`);
      await floor.orders.watcher.look(await confirmed.sent);
    }
  }

  it("makes exactly the trades of the hand-checked table", async () => {
    const proposals = [...(await floor.shop.history(asha, 100))].reverse();
    expect(proposals).toHaveLength(60);
    const trades = proposals.flatMap(({ legs, createdAt }) =>
      legs.map((leg) => [
        DAYS.indexOf(istDate(createdAt)) + 1,
        leg.kind,
        letterOf.get(leg.instrument.symbol.slice(4, -3)),
        leg.filledQty,
        leg.avgPrice / PRICE_SCALE,
      ]),
    );
    expect(trades).toEqual(TRADES.map((row) => [...row]));
  });

  it("leaves the table's holdings in the account", async () => {
    const held = await floor.shop.held(await floor.user(), false);
    expect(
      Object.fromEntries(held.map(({ instrument, qty }) => [letterOf.get(instrument.symbol.slice(4, -3)), qty])),
    ).toEqual({ C: 214, F: 102 });
    const account = await floor.shop.settings(asha);
    expect(account.mode).toBe("ask");
  });

  it("returns a day's stored decision when asked again, and approving it again sends nothing", async () => {
    const user = await floor.user();
    const [latest] = await floor.shop.history(asha, 1);
    const again = await floor.shop.propose(user, latest?._id);
    expect(again).toEqual(latest);
    const eleventh = (await floor.shop.history(asha, 60)).find(({ date }) => date === DAYS[10]);
    floor.goTo(DAYS[10] ?? "", "15:10");
    expect(await floor.shop.approve(user, eleventh?._id ?? "", 0)).toEqual({ kind: "sent" });
    floor.goTo(DAYS[11] ?? "", "15:00");
    expect(await floor.shop.approve(user, eleventh?._id ?? "", 0)).toEqual({ kind: "gone" });
  });
});
