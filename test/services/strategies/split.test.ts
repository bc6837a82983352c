import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { moneyText } from "../../../src/bot/render/money-text.ts";
import { statusView } from "../../../src/bot/render/nifty-shop.ts";
import { historyView, proposalView } from "../../../src/bot/render/nifty-shop-proposal.ts";
import { ZERO_PAISE, ZERO_PRICE } from "../../../src/domain/money.ts";
import type { Intent } from "../../../src/services/orders/journal.ts";
import type { Proposal } from "../../../src/services/strategies/nifty-shop/proposals.ts";
import type { ShopMode } from "../../../src/services/strategies/nifty-shop/settings.ts";
import { asha, openPaperShop, type PaperShop, type Script } from "./paper-shop.ts";
import { weekdays } from "./prices.ts";

const DAYS = weekdays("2026-07-01", 80);
const [BOUGHT, NEXT, LATER] = [DAYS[20] ?? "", DAYS[21] ?? "", DAYS[70] ?? ""];

describe("a share whose price is halved while the strategy holds it", () => {
  let floor: PaperShop;
  let fallsOn: string;
  /** Whether the price is halved by a 1:1 bonus, after which the source's earlier prices are halved too. */
  let isBonus: boolean;
  /** The day of a split that the candles lack yet, whereas a quote's previous close is adjusted for it. */
  let splitsOn: string;
  /** What the quotes are then, in rupees. */
  let quoted: number;
  /** Whether all shares are split that day, not ITC alone. */
  let areAllSplit: boolean;
  const rupees: Script = (ticker, date, by) => {
    const isSplit = date >= (DAYS[DAYS.indexOf(splitsOn) - 1] ?? splitsOn) && by === "quote";
    if (isSplit && (areAllSplit || ticker === "ITC")) return quoted;
    if (ticker !== "ITC") return 100;
    const paid = date < BOUGHT ? 100 : 90;
    return date >= fallsOn || isBonus ? paid / 2 : paid;
  };
  beforeEach(async () => {
    [fallsOn, isBonus, splitsOn, quoted, areAllSplit] = ["9999-12-31", false, "9999-12-31", 45, false];
    floor = await openPaperShop(DAYS, ["ITC", "NTPC", "INFY", "WIPRO", "ONGC"], rupees);
    floor.goTo(BOUGHT, "15:00");
  });
  afterEach(() => floor.close());

  async function buy(mode: ShopMode): Promise<void> {
    await floor.shop.change(asha, { mode });
    const user = await floor.user();
    const { _id } = await floor.shop.propose(user);
    if (mode === "dry") return;
    const approval = await floor.shop.approve(user, _id, 0);
    if (approval.kind !== "ticket") throw new Error(approval.kind);
    const confirmed = await floor.orders.desk.confirm(asha, approval.view.intent.confirmId);
    if (confirmed.kind !== "confirmed") throw new Error(confirmed.kind);
    await floor.orders.watcher.look(await confirmed.sent);
  }
  async function proposedOn(date: string): Promise<Proposal> {
    fallsOn = date;
    floor.goTo(date, "15:00");
    return floor.shop.propose(await floor.user());
  }
  const card = (proposal: Proposal): string =>
    proposalView({ proposal, account: null, now: floor.clock.now() }).html.toString();

  it.each([
    ["dry", NEXT],
    ["ask", NEXT],
    ["ask", LATER],
  ] as const)("by a bonus is left out, with a note (%s, %s)", async (mode, date) => {
    await buy(mode);
    isBonus = true;
    const proposal = await proposedOn(date);
    expect(proposal.legs).toEqual([]);
    expect(proposal.candidates).toEqual([]);
    expect(proposal.notes).toEqual([{ kind: "rebased", symbol: "ITC" }]);
    expect(card(proposal)).toContain("ITC is left out: its price base has changed since it was bought");
    expect(card(proposal).includes("Sell it by hand.")).toBe(mode === "ask");
  });

  it.each([
    [false, 45],
    [true, 45],
    // A consolidation: the share would be sold at twice the price paid.
    [true, 180],
  ])("by a split of today that its candles lack is left out, with a note (held: %s, at %i)", async (isHeld, price) => {
    if (isHeld) await buy("ask");
    [splitsOn, quoted] = [NEXT, price];
    floor.goTo(NEXT, "15:00");
    const proposal = await floor.shop.propose(await floor.user());
    expect(proposal.legs.filter(({ instrument }) => instrument.symbol === "NSE:ITC-EQ")).toEqual([]);
    expect(proposal.notes).toEqual([{ kind: "unfitting", tickers: ["ITC"] }]);
    expect(card(proposal)).toContain("Left out today: ITC. Their daily prices do not end with the last close");
  });

  it("by a split of today is not said to have no price, where too few others are left", async () => {
    [splitsOn, areAllSplit] = [NEXT, true];
    floor.goTo(NEXT, "15:00");
    const proposal = await floor.shop.propose(await floor.user());
    expect(proposal.legs).toEqual([]);
    expect(card(proposal)).toContain("Only 0 of 5 shares could be considered.");
    const tickers = Array.from({ length: 14 }, (_, at) => `S${at}`);
    for (const kind of ["unfitting", "no-prices"] as const)
      expect(card({ ...proposal, notes: [{ kind, tickers }] })).toContain(
        ": S0, S1, S2, S3, S4, S5, S6, S7, S8, S9, S10, S11, 2 more.",
      );
  });

  it("by a bonus is in the status without a gain, with the reason", async () => {
    await buy("ask");
    isBonus = true;
    await proposedOn(NEXT);
    const held = await floor.shop.held(await floor.user(), false);
    const settings = await floor.shop.settings(asha);
    const money = moneyText(false, ZERO_PAISE);
    const status = statusView({ settings, held, account: null, warning: null, now: floor.clock.now(), money });
    expect(held).toMatchObject([{ qty: 277, isRebased: true }]);
    expect(status.html.toString()).toContain("ITC is left out: its price base has changed since it was bought");
    expect(status.html.toString()).not.toMatch(/%|P&amp;L/);
  });

  async function boughtAfterMarket(): Promise<void> {
    await buy("ask");
    const [intent] = await floor.orders.journal.ofUser(asha, { limit: 1 });
    if (intent) await floor.orders.journal.change(intent._id, ({ plan }) => ({ plan: { ...plan, isAmo: true } }));
  }

  it.each([NEXT, LATER])("before its after-market order fills is not taken for rebased (%s)", async (date) => {
    fallsOn = BOUGHT;
    await boughtAfterMarket();
    fallsOn = NEXT;
    floor.goTo(date, "15:00");
    expect(await floor.shop.propose(await floor.user())).toMatchObject({ notes: [] });
  });

  it.each([NEXT, LATER])(
    "after its after-market order filled on its own day is not taken for rebased (%s)",
    async (date) => {
      await boughtAfterMarket();
      fallsOn = NEXT;
      floor.goTo(date, "15:00");
      expect(await floor.shop.propose(await floor.user())).toMatchObject({ notes: [] });
    },
  );

  it("by a bonus after its after-market order is left out", async () => {
    await boughtAfterMarket();
    isBonus = true;
    expect(await proposedOn(LATER)).toMatchObject({ legs: [], notes: [{ kind: "rebased", symbol: "ITC" }] });
  });

  it("by the market is averaged", async () => {
    await buy("ask");
    const proposal = await proposedOn(NEXT);
    expect(proposal.legs).toMatchObject([{ kind: "average", qty: 555, by: -5_000 }]);
    expect(proposal.notes).toEqual([]);
  });

  it("by the market is averaged even if the broker never reported the price paid", async () => {
    await buy("ask");
    const [intent] = await floor.orders.journal.ofUser(asha, { limit: 1 });
    const unpriced = ({ legs }: Intent) => ({ legs: legs.map((leg) => ({ ...leg, avgPrice: ZERO_PRICE })) });
    if (intent) await floor.orders.journal.change(intent._id, unpriced);
    const proposal = await proposedOn(NEXT);
    expect(proposal.legs).toMatchObject([{ kind: "average", by: -5_000 }]);
    const history = historyView([...(await floor.shop.history(asha, 5))], floor.clock.now()).html.toString();
    expect(history).toContain("Buy 277 ITC: 277, price not told yet");
  });

  it("is a candidate again once the user has sold it by hand", async () => {
    await buy("ask");
    await floor.sellByHand("ITC", 277);
    isBonus = true;
    const proposal = await proposedOn(NEXT);
    expect(proposal.legs).toMatchObject([{ kind: "buy", qty: 555 }]);
    expect(proposal.notes).toMatchObject([{ kind: "fewer-held", held: 0 }]);
  });
});
