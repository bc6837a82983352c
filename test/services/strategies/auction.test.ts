import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { priceFromRupees } from "../../../src/domain/money.ts";
import type { OrderTerms } from "../../../src/domain/order.ts";
import { asha, openPaperShop, type PaperShop } from "./paper-shop.ts";
import { weekdays } from "./prices.ts";

// The closing auction exists since 3 August 2026.
const DAYS = weekdays("2026-08-03", 26);
const [TODAY, LATER] = [DAYS[20] ?? "", DAYS[23] ?? ""];
const rupees = (ticker: string, date: string): number =>
  ticker !== "ITC" || date < TODAY ? 100 : date < LATER ? 90 : 108;

describe("an approved leg", () => {
  let floor: PaperShop;
  beforeEach(async () => {
    floor = await openPaperShop(DAYS, ["ITC", "NTPC", "INFY", "WIPRO", "ONGC"], rupees);
    await floor.shop.change(asha, { mode: "ask" });
  });
  afterEach(() => floor.close());

  async function approved(date: string, time: string): Promise<{ terms: OrderTerms; confirm: () => Promise<void> }> {
    floor.goTo(date, time);
    const user = await floor.user();
    const approval = await floor.shop.approve(user, (await floor.shop.propose(user))._id, 0);
    if (approval.kind !== "ticket") throw new Error(approval.kind);
    const { confirmId, plan } = approval.view.intent;
    const confirm = async (): Promise<void> => {
      const confirmed = await floor.orders.desk.confirm(asha, confirmId);
      if (confirmed.kind !== "confirmed") throw new Error(confirmed.kind);
      await floor.orders.watcher.look(await confirmed.sent);
    };
    return { terms: plan.terms, confirm };
  }

  it("is a market order in continuous trading", async () => {
    expect((await approved(TODAY, "15:14")).terms.type).toBe("MARKET");
  });

  it("is a limit order in the closing auction, as far from the price as a market order is protected", async () => {
    const buy = await approved(TODAY, "15:22");
    expect(buy.terms).toEqual({ type: "LIMIT", price: priceFromRupees("90.90") });
    await buy.confirm();
    expect((await approved(LATER, "15:22")).terms).toEqual({ type: "LIMIT", price: priceFromRupees("106.90") });
  });
});
