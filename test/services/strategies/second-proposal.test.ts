import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { historyView, proposalView } from "../../../src/bot/render/nifty-shop-proposal.ts";
import { legBehind } from "../../../src/services/strategies/nifty-shop/shop.ts";
import { paiseFromRupees, priceFromRupees } from "../../../src/domain/money.ts";
import type { ProposedLeg } from "../../../src/services/strategies/nifty-shop/proposals.ts";
import { asha, openPaperShop, type PaperShop } from "./paper-shop.ts";
import { weekdays } from "./prices.ts";

const DAYS = weekdays("2026-07-01", 26);
const [TODAY, LATER] = [DAYS[20] ?? "", DAYS[23] ?? ""];

/** ITC falls by 10 %, and rises by 20 % once it is delivered. */
const rupees = (ticker: string, date: string): number =>
  ticker !== "ITC" || date < TODAY ? 100 : date < LATER ? 90 : 108;

describe("a second proposal on one day", () => {
  let floor: PaperShop;
  beforeEach(async () => {
    floor = await openPaperShop(DAYS, ["ITC", "NTPC", "INFY", "WIPRO", "ONGC"], rupees);
    await floor.shop.change(asha, { mode: "ask" });
    floor.goTo(TODAY, "15:00");
  });
  afterEach(() => floor.close());

  const propose = async () => (await floor.shop.propose(await floor.user()))._id;
  const approve = async (id: string) => floor.shop.approve(await floor.user(), id, 0);

  async function order(id: string): Promise<void> {
    const approval = await approve(id);
    if (approval.kind !== "ticket") throw new Error(approval.kind);
    const confirmed = await floor.orders.desk.confirm(asha, approval.view.intent.confirmId);
    if (confirmed.kind !== "confirmed") throw new Error(confirmed.kind);
    await floor.orders.watcher.look(await confirmed.sent);
  }

  it("neither buys again what the first one has bought, nor sells it twice", async () => {
    const [first, second] = [await propose(), await propose()];
    await order(first);
    expect((await approve(second)).kind).toBe("had");
    floor.goTo(LATER, "15:00");
    const [third, fourth] = [await propose(), await propose()];
    await order(fourth);
    expect((await approve(third)).kind).toBe("had");
    expect(await floor.orders.journal.ofUser(asha, {})).toHaveLength(2);
  });

  it("does not put a second card beside one that may still be confirmed", async () => {
    const [first, second] = [await propose(), await propose()];
    expect((await approve(first)).kind).toBe("ticket");
    expect((await approve(second)).kind).toBe("had");
    await floor.shop.skip(asha, first, 0);
    expect((await approve(second)).kind).toBe("ticket");
  });

  it("is not shown as “not approved” in the history while its order is on its way", async () => {
    const first = await propose();
    const history = async () => historyView(await floor.shop.history(asha, 5), floor.clock.now()).html.toString();
    expect(await history()).toContain("Buy 277 ITC: not approved");
    const approval = await approve(first);
    if (approval.kind !== "ticket") throw new Error(approval.kind);
    const confirmed = await floor.orders.desk.confirm(asha, approval.view.intent.confirmId);
    if (confirmed.kind === "confirmed") await confirmed.sent;
    expect(await history()).toContain("Buy 277 ITC: see its card");
  });

  it("keeps the time of its prices when it is looked at again later", async () => {
    const id = await propose();
    const card = async (): Promise<string> => {
      const proposal = await floor.shop.proposal(asha, id);
      if (!proposal) throw new Error("gone");
      return proposalView({ proposal, account: "Paper", now: floor.clock.now() }).html.toString();
    };
    expect(await card()).toMatch(/<i>Prices: Paper · 15:00:00 IST<\/i>$/);
    floor.goTo(TODAY, "15:12");
    expect(await card()).toMatch(/<i>Prices: Paper · 15:00:00 IST<\/i>\n<i>Orders: 15:12:00 IST<\/i>$/);
  });

  it("counts in its cash what an order has filled once it has ended, not what was proposed", async () => {
    const proposal = await floor.shop.propose(await floor.user());
    const [leg] = proposal.legs;
    if (!leg) throw new Error("no leg");
    const cash = (change: Partial<ProposedLeg>): string[] => {
      const changed = { ...proposal, cash: paiseFromRupees(100_000), legs: [{ ...leg, ...change }] };
      const text = proposalView({ proposal: changed, account: null, now: floor.clock.now() }).html.toString();
      return [...text.matchAll(/^(?:<pre>)?(?:Buys|After) +(\S+?)(?:<|$)/gm)].map(([, amount = ""]) => amount);
    };
    expect(cash({})).toEqual(["−24,930.00", "₹75,070.00"]);
    const avgPrice = priceFromRupees(89);
    expect(cash({ isSettled: true, filledQty: 100, avgPrice })).toEqual(["−8,900.00", "₹91,100.00"]);
    expect(cash({ isSettled: true })).toEqual(["₹1,00,000.00"]);
    expect(cash({ state: "skipped" })).toEqual([]);
  });

  it("does not buy the rest of an order that filled in part, and the strategy holds that part at its price", async () => {
    const [first, second] = [await propose(), await propose()];
    await order(first);
    const [intent] = await floor.orders.journal.ofUser(asha, { limit: 1 });
    const [filledQty, avgPrice] = [100, priceFromRupees("89.5")];
    if (intent)
      await floor.orders.journal.change(intent._id, ({ legs }) => ({
        legs: legs.map((leg) => ({ ...leg, state: "cancelled", filledQty, avgPrice })),
      }));
    expect((await approve(first)).kind).toBe("sent");
    expect((await approve(second)).kind).toBe("had");
    expect((await floor.shop.propose(await floor.user())).legs).toEqual([]);
    expect(await floor.shop.held(await floor.user(), false)).toMatchObject([{ qty: 100, lastBuyPrice: avgPrice }]);
    floor.goTo(LATER, "15:00");
    const { legs } = await floor.shop.propose(await floor.user());
    expect(legs).toMatchObject([{ kind: "sell", qty: 100, by: 2_067 }]);
  });

  it("can be approved when the first one's ticket has lapsed", async () => {
    const [first, second] = [await propose(), await propose()];
    expect((await approve(first)).kind).toBe("ticket");
    await floor.clock.sleep(10 * 60_000);
    await floor.orders.watcher.sweep();
    await order(second);
  });

  it("is not needed after an order without a session: the same leg can be approved again", async () => {
    const first = await propose();
    const link = (await floor.accounts.active(asha))[0]!;
    const approval = await approve(first);
    if (approval.kind !== "ticket") throw new Error(approval.kind);
    await floor.accounts.update(link._id, () => ({ tokens: null }));
    const confirmed = await floor.orders.desk.confirm(asha, approval.view.intent.confirmId);
    const failed = confirmed.kind === "confirmed" ? await confirmed.sent : null;
    expect(failed?.legs.map(({ state }) => state)).toEqual(["not-sent"]);
    await floor.accounts.update(link._id, () => ({ tokens: link.tokens }));
    expect(failed && legBehind(failed)).toEqual({ id: first, leg: 0 });
    await order(first);
    expect(await floor.shop.held(await floor.user(), false)).toHaveLength(1);
    expect((await approve(first)).kind).toBe("sent");
  });
});
