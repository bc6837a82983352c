import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { historyView, proposalView } from "../../../src/bot/render/nifty-shop-proposal.ts";
import type { Proposal } from "../../../src/services/strategies/nifty-shop/proposals.ts";
import { asha, openPaperShop, type PaperShop } from "./paper-shop.ts";
import { weekdays } from "./prices.ts";

const DAYS = weekdays("2026-07-01", 26);
const [TODAY, NEXT] = [DAYS[20] ?? "", DAYS[21] ?? ""];
const rupees = (ticker: string, date: string): number => (ticker === "ITC" && date >= TODAY ? 90 : 100);

describe("an order of the strategy's without a known end", () => {
  let floor: PaperShop;
  beforeEach(async () => {
    floor = await openPaperShop(DAYS, ["ITC", "NTPC", "INFY", "WIPRO", "ONGC"], rupees);
    await floor.shop.change(asha, { mode: "ask" });
    floor.goTo(TODAY, "15:00");
  });
  afterEach(() => floor.close());

  /** `unresolved`: the day ended before the broker's book could be read again. */
  async function ordered(state: "unresolved" | "working"): Promise<Proposal> {
    const user = await floor.user();
    const proposal = await floor.shop.propose(user);
    const approval = await floor.shop.approve(user, proposal._id, 0);
    if (approval.kind !== "ticket") throw new Error(approval.kind);
    const { _id } = approval.view.intent;
    await floor.orders.journal.change(_id, ({ legs }) => ({
      legs: legs.map((leg) => ({ ...leg, state })),
    }));
    return proposal;
  }
  const card = (proposal: Proposal): string =>
    proposalView({ proposal, account: null, now: floor.clock.now() }).html.toString();

  it("is not said to have filled nothing", async () => {
    const { _id } = await ordered("unresolved");
    const history = historyView(await floor.shop.history(asha, 1), floor.clock.now()).html.toString();
    expect(history).toContain("Buy 277 ITC: not followed to its end");
    const proposal = await floor.shop.proposal(asha, _id);
    expect(proposal && card(proposal)).toContain("Not followed to its end.");
  });

  // An after-market order may be open still on the next day.
  it.each(["unresolved", "working"] as const)("makes a later proposal of its share warn: it is %s", async (state) => {
    await ordered(state);
    floor.goTo(NEXT, "15:00");
    const proposal = await floor.shop.propose(await floor.user());
    expect(proposal).toMatchObject({ legs: [{ kind: "buy" }], notes: [{ kind: "not-ended", symbol: "ITC" }] });
    expect(card(proposal)).toContain("⚠️ ITC: an earlier order has no known end, so it is not counted.");
  });
});
