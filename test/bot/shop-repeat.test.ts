import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BotDeps } from "../../src/bot/commands.ts";
import type { SaudaContext } from "../../src/bot/context.ts";
import { repeatOrder } from "../../src/bot/shop-flow.ts";
import type { Intent } from "../../src/services/orders/journal.ts";
import { asha, openPaperShop, type PaperShop } from "../services/strategies/paper-shop.ts";
import { weekdays } from "../services/strategies/prices.ts";

const DAYS = weekdays("2026-07-01", 26);
const [TODAY, NEXT] = [DAYS[20] ?? "", DAYS[21] ?? ""];
const rupees = (ticker: string, date: string): number => (ticker === "ITC" && date >= TODAY ? 90 : 100);

describe("repeating an order of the Nifty Shop", () => {
  let floor: PaperShop;
  let ctx: SaudaContext;
  let said: string[];
  beforeEach(async () => {
    floor = await openPaperShop(DAYS, ["ITC", "NTPC", "INFY", "WIPRO", "ONGC"], rupees);
    await floor.shop.change(asha, { mode: "ask" });
    floor.goTo(TODAY, "15:00");
    said = [];
    ctx = {
      user: await floor.user(),
      reply: async (html: string) => (said.push(html), { chat: { id: 1 }, message_id: said.length }),
      answerCallbackQuery: async ({ text }: { text: string }) => said.push(text),
    } as unknown as SaudaContext;
  });
  afterEach(() => floor.close());

  const deps = (): BotDeps =>
    ({ ...floor.orders, accounts: floor.accounts, clock: floor.clock, niftyShop: floor.shop }) as unknown as BotDeps;
  const newest = async (): Promise<Intent> =>
    (await floor.orders.journal.ofUser(asha, { limit: 1, order: "desc" }))[0]!;

  /** A ticket for the proposal's only leg, which was not confirmed in time. */
  async function lapsed(): Promise<Intent> {
    const { _id } = await floor.shop.propose(ctx.user);
    await floor.shop.approve(ctx.user, _id, 0);
    await floor.clock.sleep(3 * 60_000);
    await floor.orders.watcher.sweep();
    return newest();
  }
  async function confirmNewest(): Promise<Intent> {
    const confirmed = await floor.orders.desk.confirm(asha, (await newest()).confirmId);
    if (confirmed.kind !== "confirmed") throw new Error(confirmed.kind);
    return floor.orders.watcher.look(await confirmed.sent);
  }

  it("makes the strategy's own ticket: it knows that it holds the share, and does not buy it again", async () => {
    await repeatOrder(deps(), ctx, await lapsed());
    expect(said[0]).toContain("Confirm within");
    expect((await confirmNewest()).legs).toMatchObject([{ state: "filled" }]);
    expect(await floor.shop.held(ctx.user, false)).toMatchObject([{ instrument: { symbol: "NSE:ITC-EQ" } }]);
    floor.goTo(NEXT, "15:00");
    const { legs, candidates } = await floor.shop.propose(ctx.user);
    expect(candidates).toMatchObject([{ symbol: "ITC", isHeld: true }]);
    expect(legs).toEqual([]);
  });

  it("makes no card on another day, nor when another proposal of the day has bought it", async () => {
    const card = await lapsed();
    await floor.shop.approve(ctx.user, (await floor.shop.propose(ctx.user))._id, 0);
    await repeatOrder(deps(), ctx, card);
    floor.goTo(NEXT, "10:00");
    await repeatOrder(deps(), ctx, card);
    expect(said).toEqual([expect.stringContaining("Another proposal"), expect.stringContaining("another day")]);
  });

  it("makes no card without the account, and says so", async () => {
    const card = await lapsed();
    for (const { _id } of await floor.accounts.active(asha)) await floor.accounts.remove(asha, _id);
    await repeatOrder(deps(), ctx, card);
    expect(said).toEqual([expect.stringContaining("no account")]);
  });

  it("makes an ordinary ticket once the strategy's order is done", async () => {
    await repeatOrder(deps(), ctx, await lapsed());
    const done = await confirmNewest();
    await floor.clock.sleep(1_000);
    await repeatOrder(deps(), ctx, done);
    expect(await newest()).toMatchObject({ origin: "chat", legs: [{ state: "ticket" }] });
  });
});
