import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mayBeTradingDay } from "../../../src/domain/calendar.ts";
import { istInstant } from "../../../src/domain/market.ts";
import type { Notification } from "../../../src/ports/notifier.ts";
import type { BotDeps } from "../../../src/bot/commands.ts";
import { niftyShopJob } from "../../../src/bot/nifty-shop-job.ts";
import { loadCalendar } from "../../../src/services/calendar.ts";
import { DEFAULT_SHOP_SETTINGS, fitsDay } from "../../../src/services/strategies/nifty-shop/settings.ts";
import { asha, openPaperShop, type PaperShop } from "./paper-shop.ts";
import { weekdays } from "./prices.ts";

const DAYS = weekdays("2026-07-01", 26);
const TODAY = DAYS[20] ?? "";
const MUHURAT = { start: "18:15", end: "19:15" };
const NEXT = DAYS[21] ?? "";
/** ITC falls by 10 % on TODAY. */
const rupees = (ticker: string, date: string): number => (ticker === "ITC" && date >= TODAY ? 90 : 100);

describe("the strategy's dry run and its daily job", () => {
  let floor: PaperShop;
  let posted: Notification[];
  const calendar = { current: () => loadCalendar(null) };
  beforeEach(async () => {
    posted = [];
    floor = await openPaperShop(DAYS, ["ITC", "NTPC", "INFY", "WIPRO", "ONGC"], rupees);
    await floor.shop.change(asha, { mode: "dry" });
    floor.goTo(TODAY, "15:00");
  });
  afterEach(() => floor.close());

  const job = async () =>
    niftyShopJob(
      {
        bot: { niftyShop: floor.shop, accounts: floor.accounts, clock: floor.clock, calendar } as unknown as BotDeps,
        notifier: { post: async (notification) => void posted.push(notification) },
      },
      await floor.shop.times(),
    );

  it("is not due until it is switched on", async () => {
    const due = async () => (await job()).dueAt(await floor.user(), TODAY);
    expect(await due()).not.toBeNull();
    await floor.shop.change(asha, DEFAULT_SHOP_SETTINGS);
    expect(await due()).toBeNull();
  });

  it("is due at the user's own time, on trading days only", async () => {
    await floor.shop.change(asha, { at: "14:50" });
    const { dueAt } = await job();
    expect(dueAt(await floor.user(), TODAY)).toBe(istInstant(TODAY, "14:50"));
    expect(dueAt(await floor.user(), "2026-07-05")).toBeNull();
    expect(mayBeTradingDay("2026-07-05", calendar.current())).toBe(false);
  });

  it("is not due on a special session day, unless the time is within its hours", async () => {
    await floor.shop.change(asha, { at: "14:50" });
    const { dueAt } = await job();
    expect(mayBeTradingDay("2026-11-08", calendar.current())).toBe(true);
    expect(dueAt(await floor.user(), "2026-11-08")).toBeNull();
    const days = new Map([["2026-11-08", { kind: "special", name: "Muhurat", hours: MUHURAT } as const]]);
    const known = { ...calendar.current(), days };
    expect(["14:50", "18:15", "19:15"].map((at) => fitsDay(at, "2026-11-08", known))).toEqual([false, true, false]);
    expect(dueAt(await floor.user(), "2026-02-01")).toBe(istInstant("2026-02-01", "14:50"));
  });

  it("records its decision and places no order", async () => {
    const run = await job();
    const occasion = { date: TODAY, dueAt: istInstant(TODAY, "15:00") };
    await run.run(await floor.user(), occasion);
    await run.run(await floor.user(), occasion);
    const [proposal, ...others] = await floor.shop.history(asha, 10);
    expect(others).toEqual([]);
    expect(proposal).toMatchObject({ isDry: true, legs: [{ kind: "buy", filledQty: 277, intent: null }] });
    expect(await floor.shop.approve(await floor.user(), proposal?._id ?? "", 0)).toEqual({ kind: "gone" });
    expect(await floor.orders.journal.ofUser(asha, {})).toEqual([]);
    // Posted twice under one key, which the outbox delivers once.
    expect(new Set(posted.map(({ key }) => key)).size).toBe(1);
    expect(posted[0]).toMatchObject({ silent: true });
    expect(posted[0]?.html).toContain("Dry run");
  });

  it("still holds what it bought at an account that was removed and linked again", async () => {
    const [link] = await floor.accounts.active(asha);
    if (!link) throw new Error("no account");
    await floor.accounts.update(link._id, () => ({ account_id: "AB1234" }));
    expect((await floor.shop.propose(await floor.user())).legs).toMatchObject([{ kind: "buy" }]);
    await floor.accounts.remove(asha, link._id);
    const { _id } = await floor.accounts.add(asha, link.broker_name, {});
    await floor.accounts.update(_id, () => ({ is_active: true, tokens: link.tokens, account_id: "AB1234" }));
    floor.goTo(NEXT, "15:00");
    const { candidates, legs } = await floor.shop.propose(await floor.user());
    expect([candidates.map(({ isHeld }) => isHeld), legs]).toEqual([[true], []]);
  });

  it("continues at the chosen account after that was linked again", async () => {
    const [first] = await floor.accounts.active(asha);
    if (!first) throw new Error("no account");
    const linked = async () => {
      const { _id } = await floor.accounts.add(asha, first.broker_name, {});
      return floor.accounts.update(_id, () => ({ is_active: true, tokens: first.tokens, account_id: "AB1234" }));
    };
    const chosen = await linked();
    await floor.shop.change(asha, { mode: "dry", link: chosen._id });
    expect(await floor.shop.propose(await floor.user())).toMatchObject({ link: chosen._id, legs: [{ kind: "buy" }] });
    await floor.accounts.remove(asha, chosen._id);
    const anew = await linked();
    floor.goTo(NEXT, "15:00");
    expect(await floor.shop.propose(await floor.user())).toMatchObject({ link: anew._id, legs: [] });
  });

  it("decides for users who want no message, too", async () => {
    const user = await floor.user();
    const silenced = { ...user, settings: { ...user.settings, strategy: "off" as const } };
    const bot = { niftyShop: floor.shop, accounts: floor.accounts, clock: floor.clock, calendar } as unknown as BotDeps;
    const sent: Notification[] = [];
    const notifier = { post: async (notification: Notification) => void sent.push(notification) };
    const { run } = niftyShopJob({ bot, notifier }, await floor.shop.times());
    await run(silenced, { date: TODAY, dueAt: istInstant(TODAY, "15:00") });
    expect(await floor.shop.history(asha, 10)).toMatchObject([{ isDry: true, legs: [{ kind: "buy" }] }]);
    expect(sent).toEqual([]);
  });

  it("does not buy again on the same day, and holds what it bought the next day", async () => {
    await floor.shop.propose(await floor.user());
    expect((await floor.shop.propose(await floor.user())).legs).toEqual([]);
    floor.goTo(NEXT, "15:00");
    const next = await floor.shop.propose(await floor.user());
    expect(next.candidates.map(({ symbol, isHeld }) => [symbol, isHeld])).toEqual([["ITC", true]]);
    expect(next.legs).toEqual([]);
    expect(await floor.shop.held(await floor.user(), true)).toMatchObject([{ qty: 277, lastBuyPrice: 900_000 }]);
  });

  it("buys once where it is asked for while the daily one still reads prices", async () => {
    const user = await floor.user();
    await Promise.all([floor.shop.propose(user, "daily"), floor.shop.propose(user)]);
    expect(await floor.shop.held(user, true)).toMatchObject([{ qty: 277 }]);
  });

  it("starts without holdings when it is switched to real orders", async () => {
    await floor.shop.propose(await floor.user());
    floor.goTo(NEXT, "15:00");
    await floor.shop.change(asha, { mode: "ask" });
    const real = await floor.shop.propose(await floor.user());
    expect(real).toMatchObject({ isDry: false, legs: [{ kind: "buy", qty: 277, filledQty: 0 }] });
    expect(real.cash).not.toBeNull();
    expect(await floor.shop.resize(asha, real._id, 0, 5)).toMatchObject({ legs: [{ qty: 5 }] });
    expect(await floor.shop.resize(asha, real._id, 0, 0)).toBeNull();
    expect(await floor.shop.skip("999" as never, real._id, 0)).toBeNull();
    expect(await floor.shop.skip(asha, real._id, 0)).toMatchObject({ legs: [{ state: "skipped" }] });
  });

  it("leaves room for the real purchase of a share that it has bought on the same day", async () => {
    const user = await floor.user();
    expect(await floor.shop.propose(user)).toMatchObject({ isDry: true, legs: [{ filledQty: 277 }] });
    await floor.shop.change(asha, { mode: "ask" });
    const { _id } = await floor.shop.propose(user);
    expect((await floor.shop.approve(user, _id, 0)).kind).toBe("ticket");
  });

  it("withdraws the ticket of a leg that is resized or skipped", async () => {
    await floor.shop.change(asha, { mode: "ask" });
    const user = await floor.user();
    const proposal = await floor.shop.propose(user);
    const approve = async () => {
      const approval = await floor.shop.approve(user, proposal._id, 0);
      if (approval.kind !== "ticket") throw new Error(approval.kind);
      return approval.view.intent;
    };
    const first = await approve();
    expect(await floor.shop.resize(asha, proposal._id, 0, 5)).toMatchObject({ legs: [{ qty: 5, intent: null }] });
    expect((await floor.orders.desk.confirm(asha, first.confirmId)).kind).not.toBe("confirmed");
    const second = await approve();
    expect(second.legs[0]?.qty).toBe(5);
    expect(await floor.shop.skip(asha, proposal._id, 0)).toMatchObject({ legs: [{ state: "skipped" }] });
    expect((await floor.orders.desk.confirm(asha, second.confirmId)).kind).not.toBe("confirmed");
  });

  it("lets a leg be approved again after its card has lapsed", async () => {
    await floor.shop.change(asha, { mode: "ask" });
    const user = await floor.user();
    const { _id, legs } = await floor.shop.propose(user, "asked");
    const card = async () => {
      const approval = await floor.shop.approve(user, _id, 0);
      if (approval.kind !== "ticket") throw new Error(approval.kind);
      return approval.view.intent;
    };
    expect(legs).toHaveLength(1);
    const lapsed = await card();
    await floor.clock.sleep(10 * 60_000);
    await floor.orders.watcher.sweep();
    const [seen] = await floor.shop.history(asha, 1);
    expect(seen?.legs[0]).toMatchObject({ state: "open", intent: null, isSettled: false, filledQty: 0 });
    const again = await card();
    expect(again._id).not.toBe(lapsed._id);
    expect((await floor.orders.desk.confirm(asha, lapsed.confirmId)).kind).not.toBe("confirmed");
    expect(await floor.shop.skip(asha, _id, 0)).toMatchObject({ legs: [{ state: "skipped" }] });
  });

  it("holds no more than the account does", async () => {
    await floor.shop.change(asha, { mode: "ask" });
    const user = await floor.user();
    const proposal = await floor.shop.propose(user);
    const approval = await floor.shop.approve(user, proposal._id, 0);
    if (approval.kind !== "ticket") throw new Error(approval.kind);
    const confirmed = await floor.orders.desk.confirm(asha, approval.view.intent.confirmId);
    if (confirmed.kind !== "confirmed") throw new Error(confirmed.kind);
    await floor.orders.watcher.look(await confirmed.sent);
    expect(await floor.shop.skip(asha, proposal._id, 0)).toBeNull();
    expect(await floor.shop.resize(asha, proposal._id, 0, 5)).toBeNull();
    expect(await floor.shop.held(user, false)).toMatchObject([{ qty: 277 }]);
    await floor.sellByHand("ITC", 200);
    floor.goTo(DAYS[22] ?? "", "15:00");
    const after = await floor.shop.propose(user);
    expect(after.notes).toContainEqual({ kind: "fewer-held", symbol: "ITC", held: 77, bought: 277 });
  });
});
