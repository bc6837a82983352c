import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asha, openPaperShop, type PaperShop } from "./paper-shop.ts";
import { weekdays } from "./prices.ts";

const DAYS = weekdays("2026-07-01", 30);
const [FIRST, SECOND, THIRD] = [DAYS[20] ?? "", DAYS[21] ?? "", DAYS[22] ?? ""];

describe("a share that the user sold by hand", () => {
  let floor: PaperShop;
  /** Bought at 90 and at 60; 65 is 8 % above the second price, and far below the average of both. */
  const rupees = (ticker: string, date: string): number =>
    ticker !== "ITC" || date < FIRST ? 100 : date < SECOND ? 90 : date < THIRD ? 60 : 65;
  beforeEach(async () => {
    floor = await openPaperShop(DAYS, ["ITC", "NTPC", "INFY", "WIPRO", "ONGC"], rupees);
    await floor.shop.change(asha, { mode: "ask" });
  });
  afterEach(() => floor.close());

  async function buyOn(date: string): Promise<void> {
    floor.goTo(date, "15:00");
    const user = await floor.user();
    const { _id } = await floor.shop.propose(user);
    const approval = await floor.shop.approve(user, _id, 0);
    if (approval.kind !== "ticket") throw new Error(approval.kind);
    const confirmed = await floor.orders.desk.confirm(asha, approval.view.intent.confirmId);
    if (confirmed.kind !== "confirmed") throw new Error(confirmed.kind);
    await floor.orders.watcher.look(await confirmed.sent);
  }

  it("is in the status only with the remaining quantity", async () => {
    const held = async () => floor.shop.held(await floor.user(), false);
    await buyOn(FIRST);
    expect(await held()).toMatchObject([{ qty: 277, avgPrice: 900_000 }]);
    await floor.sellByHand("ITC", 200);
    expect(await held()).toMatchObject([{ qty: 77, avgPrice: 900_000 }]);
    await floor.sellByHand("ITC", 77);
    expect(await held()).toEqual([]);
  });

  it("is sold by the cost of the remaining shares, not of those sold by hand", async () => {
    await buyOn(FIRST);
    await floor.sellByHand("ITC", 277);
    await buyOn(SECOND);
    floor.goTo(THIRD, "15:00");
    const { legs } = await floor.shop.propose(await floor.user());
    expect(legs).toMatchObject([{ kind: "sell", qty: 416, by: 833 }]);
  });
});
