import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { calendarCheck, missingYear, WATCHED_FROM } from "../../src/bot/daily/calendar-check.ts";
import { closingDigest, digestDueAt, periodReport } from "../../src/bot/daily/closing.ts";
import { dayKeeping, keepDayOnLogin } from "../../src/bot/daily/day-keeping.ts";
import { cardOfToday, morningLogin, morningNudge } from "../../src/bot/daily/morning.ts";
import { morningSummary } from "../../src/bot/daily/summary.ts";
import { visibleLength, html } from "../../src/bot/html.ts";
import { userMoney } from "../../src/bot/user-money.ts";
import { addFigures } from "../../src/domain/day.ts";
import { brokerOrderId, linkId, tradingSymbol, userId, type InstrumentKey } from "../../src/domain/ids.ts";
import { instrumentKey, type Instrument } from "../../src/domain/instrument.ts";
import { addDays, istDate, istInstant, istTime } from "../../src/domain/market.ts";
import { paiseFromRupees, priceFromRupees, ZERO_PAISE, ZERO_PRICE } from "../../src/domain/money.ts";
import type { Order } from "../../src/domain/order.ts";
import { parsePeriod } from "../../src/domain/period.ts";
import type { Candle, Trade } from "../../src/domain/portfolio.ts";
import { BrokerError, UnreadRows } from "../../src/errors.ts";
import { createLog } from "../../src/lib/log.ts";
import { createOutbox } from "../../src/notify/outbox.ts";
import type { Notification } from "../../src/ports/notifier.ts";
import { preferredLink, type Link } from "../../src/services/accounts/accounts.ts";
import { loadCalendar } from "../../src/services/calendar.ts";
import { createDigests } from "../../src/services/digests/digests.ts";
import { createClaims } from "../../src/services/claims.ts";
import { createJobs, type PerUserJob } from "../../src/services/jobs.ts";
import { createLocalLeases } from "../../src/services/leases.ts";
import { createMornings } from "../../src/services/digests/mornings.ts";
import { createRenewals } from "../../src/services/accounts/renewals.ts";
import { createSnapshots } from "../../src/services/portfolio/snapshots.ts";
import { createUsers, type Settings, type User } from "../../src/services/people/users.ts";
import { setClock, tempStore, type SetClock, type TempStore } from "../notify/temp-store.ts";
import {
  ACME,
  asGiven,
  funds,
  holding,
  position,
  SBIN,
  stubBroker,
  trade,
  type StubBroker,
} from "../services/stub-broker.ts";

const ASHA = userId(1001);
const DATE = "2026-11-23";
const shipped = loadCalendar(null);
const EXPIRING: Instrument = {
  kind: "future",
  key: instrumentKey("NFO", 1),
  symbol: tradingSymbol("NSE:NIFTY26NOVFUT"),
  segment: "NFO",
  name: "NIFTY future",
  underlying: "NIFTY",
  expiry: "2026-11-25",
  lotSize: 75,
  tickSize: priceFromRupees("0.05"),
};
const listed = (key: InstrumentKey): Instrument => (key === EXPIRING.key ? EXPIRING : SBIN);
const candle: Candle = { at: 0, open: ZERO_PRICE, high: ZERO_PRICE, low: ZERO_PRICE, close: ZERO_PRICE, volume: 0 };
const emptyOrder: Order = {
  orderId: brokerOrderId("o1"),
  exchangeOrderId: null,
  tag: null,
  symbol: SBIN.symbol,
  key: SBIN.key,
  side: "BUY",
  type: "MARKET",
  productType: "CNC",
  validity: "DAY",
  qty: 10,
  filledQty: 0,
  avgPrice: ZERO_PRICE,
  price: ZERO_PRICE,
  triggerPrice: ZERO_PRICE,
  status: "open",
  message: null,
  isAmo: false,
  placedAt: null,
  handle: {},
};
const UNLISTED = instrumentKey("MCX", 9);

describe("the scheduled messages of a day", () => {
  let clock: SetClock;
  let temp: TempStore;
  let broker: StubBroker;
  let posted: Notification[];
  let logged: string[];
  let user: User;
  let link: Link;
  let alerts: object[];
  let ownOrders: object[];
  let days: Candle[];
  let niftyAt: number | null;
  let shopMode: string;

  const deps = () => {
    const { store } = temp;
    const log = createLog({ level: "info", destination: { write: (line: string) => void logged.push(line) } });
    const { accounts } = broker;
    const snapshots = createSnapshots({ store, clock });
    const instruments = { byKey: async (key: InstrumentKey) => (key === UNLISTED ? undefined : listed(key)) };
    const nifty = { ltp: priceFromRupees(101), prevClose: priceFromRupees(100), at: niftyAt };
    const quotes = { many: async () => new Map([[SBIN.key, nifty]]) } as never;
    const candles = { forLink: async () => ({ candles: days, source: "yfinance" as const, readAt: clock.now() }) };
    const armed = { armed: async () => alerts } as never;
    const bot = {
      accounts,
      clock,
      snapshots,
      calendar: { current: () => shipped },
      alerts: armed,
      journal: { ofUser: async () => ownOrders },
      niftyShop: {
        settings: async () => ({ mode: shopMode, at: "15:00", link: null }),
        account: async () => preferredLink(await accounts.active(ASHA), user.defaultLink),
      },
    } as never;
    return {
      bot,
      log,
      snapshots,
      digests: createDigests({ accounts, closes: asGiven, snapshots, quotes, candles, instruments, clock, log }),
      mornings: createMornings({ accounts, alerts: armed, snapshots, instruments }),
      renewals: createRenewals({
        accounts,
        logins: {
          renew: async (dead) => (broker.book.renews ? (await broker.logIn(dead._id), dead) : null),
          open: async () => ({ kind: "stale" }),
        },
      }),
      notifier: { post: async (notification: Notification) => void posted.push(notification) },
    };
  };
  const run = (job: PerUserJob): Promise<void> => job.run(user, { date: istDate(clock.now()), dueAt: clock.now() });
  const set = (settings: Partial<Settings>): void => {
    user = { ...user, settings: { ...user.settings, ...settings } };
  };
  /** The text without tags, and without the word joiner after a sign. */
  const read = (body = ""): string => body.replaceAll(/<[^>]+>|\u2060/g, "");
  const text = (): string => posted.map(({ html: body }) => read(body)).join("\n---\n");

  beforeEach(async () => {
    clock = setClock(new Date(istInstant(DATE, "15:50")).toISOString());
    temp = tempStore(clock);
    broker = stubBroker(temp.store, clock);
    posted = [];
    logged = [];
    alerts = [];
    ownOrders = [];
    days = [];
    niftyAt = null;
    shopMode = "off";
    user = await createUsers({ log: createLog({ level: "silent" }), store: temp.store, clock, ownerId: ASHA }).ensure(
      ASHA,
      "Asha",
    );
    link = await broker.link(ASHA);
  });
  afterEach(() => temp.remove());

  it("are still made up for after a downtime until the times that operations.md gives", () => {
    const lastAt = (job: PerUserJob): string => {
      const at = (job.dueAt({ ...user, settings: { ...user.settings, summary: "on" } }, DATE) ?? 0) + job.catchUpMs;
      return istDate(at) === DATE ? istTime(at) : "midnight";
    };
    const jobs = [morningLogin, morningNudge, morningSummary, closingDigest, dayKeeping];
    expect(jobs.map((job) => lastAt(job(deps())))).toEqual(["15:30", "09:00", "10:30", "midnight", "23:15"]);
  });

  describe("the closing digest", () => {
    it("is due at the user's time but not before prices are final, and at 21:00 after an evening session", () => {
      const due = (date: string, digestAt: string): number | null =>
        digestDueAt({ ...user, settings: { ...user.settings, digestAt } }, date, shipped);
      expect(due(DATE, "15:50")).toBe(istInstant(DATE, "15:50"));
      expect(due(DATE, "15:35")).toBe(istInstant(DATE, "15:45"));
      expect(due("2026-07-31", "15:30")).toBe(istInstant("2026-07-31", "15:35"));
      expect(due("2026-11-08", "15:50")).toBe(istInstant("2026-11-08", "21:00"));
      expect(due("2026-11-24", "15:50")).toBeNull();
      expect(due("2027-01-02", "15:50")).toBeNull();
      expect(due("2027-01-04", "15:50")).toBe(istInstant("2027-01-04", "15:50"));
    });

    it("shows the day's gain, net of charges and beside the index, with a picture", async () => {
      await run(closingDigest(deps()));
      expect(posted).toHaveLength(1);
      expect(posted[0]).toMatchObject({ key: "closing-digest:1001:2026-11-23", priority: "digest", silent: false });
      expect(posted[0]?.picture).toContain("<svg");
      expect(text()).toMatchInlineSnapshot(`
        "Close of 23 Nov 2026
        🔴 −₹100.00 today, −0.13%, Nifty +1.00%
        Positions                  +100.00
          realised                    0.00
          unrealised               +100.00
        Holdings, day change       −200.00
        Charges, estimated           ₹9.51
        Net of charges             −109.51
        Available               ₹50,000.00
        Best: SBIN +₹100.00
        Worst: ITC −₹200.00
        No orders today."
      `);
    });

    it("says that realised and unrealised are since entry when a position was carried", async () => {
      broker.book.positions = [{ ...position, dayPnl: paiseFromRupees(-10) }];
      await run(closingDigest(deps()));
      expect(text()).toContain("Realised and unrealised are since entry, not of today.");
    });

    it("shows percentages instead of amounts to users who hide them, in the picture too", async () => {
      set({ hidesAmounts: true });
      await run(closingDigest(deps()));
      expect(text()).not.toContain("₹");
      expect(posted[0]?.picture).not.toContain("₹");
      expect(text()).toContain("−0.13%");
    });

    it("gives all hidden amounts in percent of the value before the day", async () => {
      set({ hidesAmounts: true });
      const all = deps();
      // The accounts were worth 2,58,000 before the day. Holdings lost 20,000 of it, the position gained 100.
      broker.book.holdings = [{ ...holding, qty: 400, ltp: priceFromRupees(150) }];
      broker.book.funds = { ...funds, available: paiseFromRupees(170_000) };
      await run(closingDigest(all));
      expect(text()).toContain("−7.71% today");
      expect(text()).toMatch(/Positions +\+0\.04%/);
      expect(text()).toMatch(/Holdings, day change +−7\.75%/);
    });

    it("does not take the index's change on an earlier day for that of the day", async () => {
      niftyAt = istInstant(DATE, "15:30");
      await run(closingDigest(deps()));
      expect(text()).toContain("Nifty +1.00%");
      posted = [];
      niftyAt = istInstant("2026-11-20", "15:30");
      await run(closingDigest(deps()));
      expect(text()).not.toContain("Nifty");
    });

    it("has no percentage of accounts that were worth nothing, or less, nor has the summary of the next morning", async () => {
      const all = deps();
      set({ summary: "on" });
      broker.book.holdings = [];
      // Before the position's gain of 100: −500.
      broker.book.funds = { ...funds, available: paiseFromRupees(-500), used: ZERO_PAISE };
      await run(closingDigest(all));
      expect(text()).toContain("+₹100.00 today, Nifty +1.00%");
      clock.at = istInstant("2026-11-25", "09:00");
      await broker.logIn(link._id);
      await run(morningSummary(all));
      expect(text()).toMatch(/All of 23 Nov 2026: \+₹100\.00$/m);
    });

    it("shows no rupees in the curve of hidden amounts when the accounts were empty on its first day", async () => {
      set({ hidesAmounts: true });
      const all = deps();
      const empty = { userId: ASHA, link: link._id, figures: addFigures([]), value: ZERO_PAISE, carried: 0, fills: [] };
      await all.snapshots.keep({ ...empty, date: "2026-11-20" });
      await run(closingDigest(all));
      const written = [...(posted[0]?.picture ?? "").matchAll(/>([-−+]?[\d.]+)%</g)].map(([, percent]) =>
        Number(percent),
      );
      expect(written.length).toBeGreaterThan(0);
      expect(Math.max(...written)).toBeLessThanOrEqual(100);
    });

    it("says that a session is over, with a login button and the last known value", async () => {
      await run(closingDigest(deps()));
      clock.at = istInstant("2026-11-25", "15:50");
      await run(closingDigest(deps()));
      const [, second] = posted;
      expect(second?.html).toContain("session has ended");
      expect(second?.html).toContain("was worth ₹77,900.00 on 23 Nov 2026");
      expect(second?.buttons).toEqual([[{ text: "Log in: acme", data: `al:${link._id}` }]]);
    });

    it("counts the orders, those still open, and those rejected with their names", async () => {
      const order = (status: Order["status"], of = SBIN.symbol): Order => ({ ...emptyOrder, status, symbol: of });
      const tcs = tradingSymbol("NSE:TCS-EQ");
      broker.book.orders = async () => [order("filled"), order("open"), order("rejected", tcs), order("rejected", tcs)];
      await run(closingDigest(deps()));
      expect(text()).toContain("Orders: 4, 2 rejected (TCS), 1 still open.");
    });

    it("names the only mover as such", async () => {
      broker.book.holdings = [];
      await run(closingDigest(deps()));
      expect(text()).toMatch(/\nOnly mover: SBIN \+₹100\.00\n/);
    });

    it("does not tell what an account was worth to users who hide amounts", async () => {
      set({ hidesAmounts: true });
      await run(closingDigest(deps()));
      posted = [];
      clock.at = istInstant("2026-11-25", "15:50");
      await run(closingDigest(deps()));
      expect(text()).toContain("session has ended");
      expect(text()).not.toMatch(/was worth|₹/);
    });

    it("names an account that was not read beside the sums, so that they do not pass for those of all accounts", async () => {
      const other = await broker.link(ASHA);
      broker.book.deadLinks.add(other._id);
      await run(closingDigest(deps()));
      expect(text()).toMatch(new RegExp(`today.*\\nacme +−100\\.00\\n${other.label} +not read\\nPositions`));
      expect(posted[0]?.picture).toContain(`>Close of 23 Nov 2026, not read: ${other.label}<`);
    });

    it("stores the day also for users who switched the message off", async () => {
      set({ digest: "off" });
      const all = deps();
      await run(closingDigest(all));
      expect(posted).toEqual([]);
      expect((await all.snapshots.latestDays(ASHA, 5)).map(({ date }) => date)).toEqual([DATE]);
    });

    it("shows and stores the day of an account with an unreadable order, since no figure depends on orders", async () => {
      const all = deps();
      const unread = [{ orderId: brokerOrderId("7"), listed: { symbol: SBIN.symbol, key: SBIN.key } }];
      broker.book.orders = () =>
        Promise.reject(new UnreadRows("odd", { broker: ACME, endpoint: "GET /orders" }, { rows: [], unread }));
      await run(closingDigest(all));
      expect(text()).toContain("−₹100.00 today");
      expect(text()).toContain("Acme shows an entry that I cannot read (SBIN), left out here.");
      expect(text()).not.toContain("No orders");
      expect((await all.snapshots.latestDays(ASHA, 5)).map(({ date }) => date)).toEqual([DATE]);
    });

    it("sends text and picture separately when the text is too long for a caption", async () => {
      for (let i = 0; i < 25; i += 1) await broker.link(ASHA);
      await run(closingDigest(deps()));
      expect(posted.map(({ key, picture, silent }) => [key, picture !== undefined, silent])).toEqual([
        ["closing-digest:1001:2026-11-23", false, false],
        ["closing-digest:1001:2026-11-23:picture", true, true],
      ]);
    });

    it("stores with each fill the multiplier that its position tells", async () => {
      const all = deps();
      broker.book.positions = [{ ...position, multiplier: 100 }];
      await run(closingDigest(all));
      expect((await all.snapshots.lastBefore(link._id, "2026-11-24"))?.fills).toMatchObject([{ multiplier: 100 }]);
    });

    it("counts an account that was not read with its last value in the curve", async () => {
      const all = deps();
      const other = await broker.link(ASHA);
      await broker.accounts.update(other._id, () => ({ account_id: "CD5678" }));
      const before = (await all.digests.day(ASHA, DATE)).curve.at(-1);
      clock.at = istInstant("2026-11-25", "15:50");
      await broker.logIn(link._id);
      const after = (await all.digests.day(ASHA, "2026-11-25")).curve.at(-1);
      expect(after).toMatchObject({ date: "2026-11-25", value: before?.value });
    });

    it("estimates charges by order, however many trades it was filled in", async () => {
      const charges = async (...all: Trade[]): Promise<string | undefined> => {
        posted = [];
        broker.book.trades = all;
        await run(closingDigest(deps()));
        return /Charges, estimated +(.*)/.exec(text())?.[1];
      };
      const half = { ...trade, productType: "INTRADAY", qty: 500 } as const;
      expect(await charges(half, { ...half, tradeId: "t2" })).toBe(await charges({ ...half, qty: 1_000 }));
    });

    it("stores a fill whose time is of another day at noon, since a report takes it by its time", async () => {
      const all = deps();
      broker.book.trades = [{ ...trade, at: istInstant("2026-11-20", "10:00") }];
      await run(closingDigest(all));
      const noon = istInstant(DATE, "12:00");
      expect((await all.snapshots.lastBefore(link._id, "2026-11-24"))?.fills).toMatchObject([{ at: noon }]);
    });

    it("draws the largest moves, at most nine bars, and sums up the others", async () => {
      broker.book.holdings = Array.from({ length: 11 }, (_, at) => ({
        ...holding,
        symbol: tradingSymbol(`NSE:SHARE${at}-EQ`),
        qty: 100 + at,
      }));
      await run(closingDigest(deps()));
      const { picture = "" } = posted[0] ?? {};
      expect(picture).toMatch(/>SHARE10<[^]*>4 others</);
      expect(picture).not.toContain(">SHARE1<");
    });

    it("draws what did not move only when nothing did", async () => {
      broker.book.positions = [];
      broker.book.holdings = [{ ...holding, ltp: holding.prevClose }];
      await run(closingDigest(deps()));
      expect(posted[0]?.picture).toContain(">ITC<");
      posted = [];
      broker.book.positions = [position];
      await run(closingDigest(deps()));
      expect(posted[0]?.picture).not.toContain(">ITC<");
    });

    it("has at most thirty days in its curve", async () => {
      const all = deps();
      for (let i = 0; i < 45; i += 1) {
        clock.at = istInstant(DATE, "15:50") + i * 86_400_000;
        await broker.logIn(link._id);
        await run(closingDigest(all));
      }
      expect(posted.at(-1)?.picture).toContain("Value of the accounts, 30 days");
    });

    it("is silent for users who chose that, and notes an unknown calendar", async () => {
      set({ digest: "silent" });
      clock.at = istInstant("2027-01-04", "15:50");
      await run(closingDigest(deps()));
      expect(posted[0]?.silent).toBe(true);
      expect(text()).toContain("The holidays of 2027 are not known here");
    });
  });

  describe("storing the day after the digest", () => {
    const kept = async (all: ReturnType<typeof deps>) =>
      (await all.snapshots.latestDays(ASHA, 5)).map(({ date, figures }) => [date, figures.positions / 100]);

    it("is due after the post-close session, at 21:00 after an evening session, never on closed days", () => {
      const due = (date: string) => dayKeeping(deps()).dueAt(user, date);
      expect(due(DATE)).toBe(istInstant(DATE, "16:15"));
      expect(due("2026-11-08")).toBe(istInstant("2026-11-08", "21:00"));
      expect(due("2026-11-24")).toBeNull();
    });

    it("reads an account again that was read before the last trade, but only once", async () => {
      const all = deps();
      await run(closingDigest(all));
      broker.book.positions = [{ ...position, dayPnl: paiseFromRupees(150) }];
      clock.at = istInstant(DATE, "16:15");
      await run(dayKeeping(all));
      expect(await kept(all)).toEqual([[DATE, 150]]);
      const { reads } = broker.book;
      clock.at = istInstant(DATE, "16:20");
      await dayKeeping(all).run(user, { date: DATE, dueAt: istInstant(DATE, "16:15") });
      expect(broker.book.reads).toBe(reads);
    });

    it("keeps retrying a broker that is down until late in the evening", async () => {
      const all = deps();
      let isDown = true;
      const keep: typeof all.digests.keep = async (links, date) => {
        if (isDown) throw new BrokerError("unavailable", "down", { broker: ACME, endpoint: "GET /x" });
        return all.digests.keep(links, date);
      };
      const users = createUsers({ log: createLog({ level: "silent" }), store: temp.store, clock, ownerId: ASHA });
      const claims = createClaims({ store: temp.store, clock });
      const jobs = createJobs({ claims, clock, users, log: createLog({ level: "silent" }) });
      const until = async (time: string): Promise<void> => {
        for (; clock.at < istInstant(DATE, time); clock.at += 5 * 60_000)
          await jobs.runDue([dayKeeping({ ...all, digests: { keep } })]);
      };
      await until("20:00");
      expect(await kept(all)).toEqual([]);
      isDown = false;
      await until("20:10");
      expect(await kept(all)).toEqual([[DATE, 100]]);
    });

    it("leaves an account whose session is over to its next login without a word, and reads the others", async () => {
      const other = await broker.link(ASHA);
      await broker.accounts.endSession(link);
      const all = deps();
      clock.at = istInstant(DATE, "16:15");
      await run(dayKeeping(all));
      expect(await all.snapshots.takenAt(other._id, DATE)).toBe(clock.at);
      expect(logged).toEqual([]);
    });

    it("leaves an account without permission to its next login, and logs that once", async () => {
      const all = deps();
      const error = new BrokerError("no-permission", "plan", { broker: ACME, endpoint: "GET /x" });
      const digests = { keep: async () => [{ link, ok: false as const, error }] };
      await run(dayKeeping({ ...all, digests }));
      expect(logged).toHaveLength(1);
      expect(JSON.parse(logged[0]!)).toMatchObject({
        link: link._id,
        date: DATE,
        msg: "day not kept; the next login today keeps it",
        err: { kind: "no-permission", broker: ACME },
      });
      clock.at = istInstant(DATE, "18:30");
      await expect(keepDayOnLogin({ ...all, digests }, link)).rejects.toBe(error);
    });

    it("stores the day at login when an account is logged in only after the close", async () => {
      const all = deps();
      broker.book.deadLinks.add(link._id);
      await run(closingDigest(all));
      expect(await kept(all)).toEqual([]);
      clock.at = istInstant(DATE, "12:00");
      await broker.logIn(link._id);
      const again = async () => keepDayOnLogin(all, (await broker.accounts.byId(link._id))!);
      await again();
      expect(await kept(all)).toEqual([]);
      clock.at = istInstant(DATE, "18:30");
      await again();
      expect(await kept(all)).toEqual([[DATE, 100]]);
      const { reads } = broker.book;
      await again();
      expect(broker.book.reads).toBe(reads);
    });

    it("stores the day at login again when it was last read before the last trade", async () => {
      const all = deps();
      clock.at = istInstant(DATE, "11:00");
      await run(closingDigest(all));
      broker.book.positions = [{ ...position, dayPnl: paiseFromRupees(150) }];
      clock.at = istInstant(DATE, "18:30");
      await broker.logIn(link._id);
      await keepDayOnLogin(all, (await broker.accounts.byId(link._id))!);
      expect(await kept(all)).toEqual([[DATE, 150]]);
    });
  });

  it("counts the day once when an account is unlinked and linked again in the evening", async () => {
    const all = deps();
    await run(closingDigest(all));
    const total = async () => (await all.snapshots.period(ASHA, { from: DATE })).net;
    const once = await total();
    await broker.accounts.remove(ASHA, link._id);
    clock.at = istInstant(DATE, "18:30");
    await keepDayOnLogin(all, (await broker.accounts.byId((await broker.link(ASHA))._id))!);
    expect(await total()).toBe(once);
  });

  it("run by hand on a closed day, the digest is about the last trading day", () => {
    const { dayByHand } = closingDigest(deps());
    expect(["2026-11-22", "2026-11-24", DATE].map((date) => dayByHand?.(date))).toEqual(["2026-11-20", DATE, DATE]);
  });

  it("run by hand before the prices are final, the digest says so", async () => {
    clock.at = istInstant(DATE, "15:44");
    await run(closingDigest(deps()));
    expect(text()).toContain("Prices of this day are not final before 15:45.");
    posted = [];
    clock.at = istInstant(DATE, "15:45");
    await run(closingDigest(deps()));
    expect(text()).not.toContain("not final");
  });

  it("reports the week from the stored days, and sends nothing without any", async () => {
    const all = deps();
    await run(periodReport(all, "week"));
    expect(posted).toEqual([]);
    await run(closingDigest(all));
    clock.at = istInstant("2026-11-27", "15:51");
    await run(periodReport(all, "week"));
    expect(posted[1]).toMatchObject({ key: "weekly-report:1001:2026-11-27" });
    expect(posted[1]?.html).toContain("Week to 27 Nov 2026");
    expect(posted[1]?.picture, "its bars are before charges").toContain("net of charges");
    const due = (date: string) => periodReport(all, "week").dueAt(user, date);
    expect([due("2026-11-26"), due("2026-11-27") !== null, due("2026-12-24") !== null]).toEqual([null, true, true]);
  });

  it("reports the week on a holiday at its end too, should it have been declared only after the close before it", async () => {
    const all = deps();
    await run(closingDigest(all));
    await run(periodReport(all, "week"));
    const declared = "2026-11-24";
    clock.at = istInstant(declared, "15:50");
    const report = (kind: "week" | "month") => periodReport(all, kind);
    const due = (kind: "week" | "month", date: string) => report(kind).dueAt(user, date);
    await run(report("week"));
    expect(posted.slice(1).map(({ key }) => key)).toEqual(Array(2).fill(`weekly-report:1001:${DATE}`));
    expect(text()).not.toContain("Week to 24 Nov");
    expect(due("week", "2026-12-25")).toBe(istInstant("2026-12-25", "15:50"));
    expect([due("week", declared), due("month", "2026-12-25"), due("month", "2026-10-31")]).toEqual([null, null, null]);
  });

  it("says that the picture's bars are the last days when there are more days than bars", async () => {
    const all = deps();
    const day = {
      userId: ASHA,
      link: link._id,
      figures: addFigures([]),
      value: paiseFromRupees(100),
      carried: 0,
      fills: [],
    };
    for (let date = "2026-11-09"; date <= "2026-11-22"; date = addDays(date, 1))
      await all.snapshots.keep({ ...day, date });
    await run(periodReport(all, "month"));
    expect(posted[0]?.picture).toContain("net of charges; bars: the last 9 days");
    expect(text()).toMatch(/Best, 9 Nov 2026 +0\.00\nWorst, 22 Nov 2026 +0\.00\nDays up +0 of 14/);
    expect(text()).toContain("9 Nov 2026 to 22 Nov 2026, days I have kept.");
    posted = [];
    await run(periodReport(all, "week"));
    expect(posted[0]?.picture ?? "").not.toContain("bars:");
  });

  it("says in a report on how many trading days nothing was kept, not counting closed days and those to come", async () => {
    const all = deps();
    const day = { userId: ASHA, figures: addFigures([]), value: paiseFromRupees(100), carried: 0, fills: [] };
    for (const date of ["2026-11-20", "2026-11-23", "2026-11-25"])
      await all.snapshots.keep({ ...day, link: link._id, date });
    clock.at = istInstant("2026-11-27", "15:51");
    await run(periodReport(all, "month"));
    expect(text()).not.toContain("not kept");
    await all.snapshots.keep({ ...day, link: link._id, date: "2026-11-27" });
    await run(periodReport(all, "month"));
    expect(text()).toContain("1 trading day in between was not kept: its figures are missing.");
    await all.snapshots.keep({ ...day, link: link._id, date: "2026-11-18" });
    await run(periodReport(all, "month"));
    expect(text()).toContain("2 trading days in between were not kept: their figures are missing.");
  });

  it("says in a report on how many of its days an account was not read", async () => {
    const all = deps();
    const day = { userId: ASHA, figures: addFigures([]), value: paiseFromRupees(100), carried: 0, fills: [] };
    const dates = ["2026-11-23", "2026-11-25", "2026-11-26", "2026-11-27"];
    for (const date of dates) await all.snapshots.keep({ ...day, link: link._id, date });
    clock.at = istInstant("2026-11-27", "15:51");
    await run(periodReport(all, "week"));
    expect(text()).not.toContain("was not read");
    for (const date of ["2026-11-23", "2026-11-27"]) await all.snapshots.keep({ ...day, link: linkId("other"), date });
    posted = [];
    await run(periodReport(all, "week"));
    expect(text()).toContain("On 2 of these days an account was not read: its figures are missing.");
  });

  it("names in a report what realised does not count: sold more than recorded, expired open", async () => {
    const all = deps();
    const contract = {
      ...trade,
      tradeId: "t2",
      key: EXPIRING.key,
      symbol: EXPIRING.symbol,
      productType: "MARGIN",
    } as const;
    broker.book.trades = [{ ...trade, side: "SELL" }, contract];
    await run(closingDigest(all));
    clock.at = istInstant("2026-11-25", "15:51");
    await run(periodReport(all, "week"));
    expect(text()).toContain(
      "2 not counted as realised: SBIN (sold more than recorded), NIFTY26NOVFUT (expired open).",
    );
    expect(text()).toMatch(/Realised, FIFO +0\.00/);
  });

  it("does not count a sale from shares that were held before the first day kept as one of those bought since", async () => {
    const all = deps();
    const shares = (qty: number) => ({ ...holding, symbol: SBIN.symbol, key: SBIN.key, qty });
    broker.book.holdings = [shares(100)];
    broker.book.trades = [{ ...trade, qty: 10, price: priceFromRupees(800), at: istInstant(DATE, "10:00") }];
    await run(closingDigest(all));
    clock.at = istInstant("2026-11-25", "15:51");
    await broker.logIn(link._id);
    broker.book.holdings = [shares(100)];
    broker.book.positions = [{ ...position, side: "SELL" }];
    const sold = { ...trade, tradeId: "t2", side: "SELL", price: priceFromRupees(810) } as const;
    broker.book.trades = [{ ...sold, at: istInstant("2026-11-25", "10:00") }];
    await run(closingDigest(all));
    posted = [];
    await run(periodReport(all, "week"));
    expect(text()).toMatch(/Realised, FIFO +0\.00/);
    expect(text()).toContain("1 not counted as realised: SBIN (earlier trades not recorded).");
  });

  it("counts what was closed where the account has what its trades leave: shares sold in part, and a carried short", async () => {
    const all = deps();
    const short = { ...trade, tradeId: "t2", side: "SELL", productType: "MARGIN", qty: 2 } as const;
    const at = istInstant(DATE, "10:00");
    broker.book.trades = [
      { ...trade, at },
      { ...short, at },
    ];
    broker.book.positions = [position, { ...position, side: "SELL", productType: "MARGIN", qty: 2 }];
    await run(closingDigest(all));
    clock.at = istInstant("2026-11-25", "15:51");
    await broker.logIn(link._id);
    const later = { price: priceFromRupees(810), at: istInstant("2026-11-25", "10:00") };
    broker.book.trades = [
      { ...trade, ...later, tradeId: "t3", side: "SELL", qty: 4 },
      { ...short, ...later, tradeId: "t4", side: "BUY", qty: 1 },
    ];
    broker.book.holdings = [{ ...holding, symbol: SBIN.symbol, key: SBIN.key, qty: 6 }];
    broker.book.positions = [
      { ...position, side: "SELL", qty: 4 },
      { ...position, side: "SELL", productType: "MARGIN", qty: 1 },
    ];
    await run(closingDigest(all));
    posted = [];
    await run(periodReport(all, "week"));
    expect(text()).toMatch(/Realised, FIFO +\+30\.00/);
    expect(text()).not.toContain("not counted");
  });

  it.each([
    ["a split was since the purchase", 200, "1 not counted as realised: SBIN (split or bonus since the purchase)."],
    ["the price only fell", 1_000, null],
  ])("does not take a split for a loss: sold at a fifth of the price, %s", async (_why, low, said) => {
    const all = deps();
    days = [{ ...candle, at: istInstant(DATE), low: priceFromRupees(low), high: priceFromRupees(low + 5) }];
    broker.book.trades = [{ ...trade, qty: 10, price: priceFromRupees(1_001), at: istInstant(DATE, "10:00") }];
    await run(closingDigest(all));
    clock.at = istInstant("2026-11-25", "15:51");
    await broker.logIn(link._id);
    const sold = { ...trade, tradeId: "t2", side: "SELL", qty: 5, price: priceFromRupees(201) } as const;
    broker.book.trades = [{ ...sold, at: istInstant("2026-11-25", "10:00") }];
    broker.book.positions = [];
    broker.book.holdings = [{ ...holding, symbol: SBIN.symbol, key: SBIN.key, qty: 5 }];
    await run(closingDigest(all));
    posted = [];
    await run(periodReport(all, "week"));
    if (said === null) expect(text()).toMatch(/Realised, FIFO +−4,000\.00/);
    else expect(text()).toMatch(/Realised, FIFO +0\.00/);
    if (said === null) expect(text()).not.toContain("not counted");
    else expect(text()).toContain(said);
  });

  it("names instruments with unknown charges in digest and report, since the net figure lacks theirs", async () => {
    const all = deps();
    const unknown = { ...trade, key: UNLISTED, symbol: tradingSymbol("MCX:CRUDEOIL26DECFUT") };
    broker.book.trades = [trade, ...["o2", "o3"].map((id) => ({ ...unknown, orderId: brokerOrderId(id) }))];
    await run(closingDigest(all));
    expect(text()).toContain("Charges leave out CRUDEOIL26DECFUT: in no list of instruments.");
    expect(text()).toMatch(/Charges, estimated +₹9\.51/);
    posted = [];
    await run(periodReport(all, "week"));
    expect(text()).toContain("Charges leave out CRUDEOIL26DECFUT: in no list of instruments.");
  });

  it("leaves a position out of the day-by-day sum when its daily change is not known, and names it", async () => {
    const all = deps();
    broker.book.holdings = [{ ...holding, prevClose: null }];
    broker.book.positions = [{ ...position, productType: "MARGIN", dayPnl: null }];
    for (const date of ["2026-11-25", "2026-11-26"]) {
      clock.at = istInstant(date, "15:50");
      await broker.logIn(link._id);
      await run(closingDigest(all));
    }
    expect(text()).toContain("Today leaves out 1 share and has 1 position since entry");
    posted = [];
    clock.at = istInstant("2026-11-27", "15:51");
    await run(periodReport(all, "week"));
    expect(text()).toMatch(/Positions, day by day +0\.00/);
    expect(text()).toContain("Day by day leaves out days of SBIN, ITC on which the change was not known.");
  });

  it.each([
    ["commodities", "MCX", "MCX:CRUDEOIL26DECFUT"],
    ["currencies", "CDS", "NSE:USDINR26DECFUT"],
  ] as const)("says in digest and report that the evening trading of %s is in no day", async (_, segment, of) => {
    const all = deps();
    const crude = { ...position, key: null, segment, symbol: tradingSymbol(of) } as const;
    const note = `what ${of.slice(4)} makes then is in no day`;
    broker.book.positions = [{ ...crude, side: "CLOSED", qty: 0 }];
    await run(closingDigest(all));
    expect(text()).not.toContain(note);
    broker.book.positions = [{ ...crude, productType: "MARGIN" }];
    for (const job of [closingDigest(all), periodReport(all, "week")]) {
      posted = [];
      await run(job);
      expect(text()).toContain(note);
    }
  });

  it("counts a Sunday session to the following week, whose report is the next one", async () => {
    const all = deps();
    for (const date of ["2026-11-06", "2026-11-08", "2026-11-09"]) {
      clock.at = istInstant(date, "21:00");
      await broker.logIn(link._id);
      await run(closingDigest(all));
    }
    posted = [];
    clock.at = istInstant("2026-11-13", "15:51");
    await run(periodReport(all, "week"));
    expect(text()).toContain("8 Nov 2026 to 9 Nov 2026");
    expect(parsePeriod("week", "2026-11-13")).toMatchObject({ from: "2026-11-07" });
  });

  describe("the morning login card", () => {
    beforeEach(() => {
      clock.at = istInstant("2026-11-25", "08:30");
    });

    it("has a login button for each account whose session is over", async () => {
      const second = await broker.link(ASHA);
      await run(morningLogin(deps()));
      expect(posted[0]?.buttons).toEqual([[{ text: "Log in: acme", data: `al:${link._id}` }]]);
      expect(text()).toContain("One login is due");
      expect(text()).toContain(`✅ ${second.label}`);
    });

    it("is updated as accounts log in, until all are done", async () => {
      const { bot } = deps();
      expect((await cardOfToday(bot, user))?.view.html.toString()).toContain("🔴");
      await broker.logIn(link._id);
      const done = await cardOfToday(bot, user);
      expect(done?.keys).toEqual(["morning-login:1001:2026-11-25", "morning-nudge:1001:2026-11-25"]);
      expect(done?.view.html.toString()).toContain("Every account is logged in");
      expect(done?.view.keyboard?.inline_keyboard.flat()).toEqual([]);
    });

    it("is not sent when every session could be renewed without the user", async () => {
      broker.book.renews = true;
      await run(morningLogin(deps()));
      expect(posted).toEqual([]);
      expect(broker.accounts.hasSession((await broker.accounts.byId(link._id))!)).toBe(true);
    });

    it("asks the broker, and finds a session that is dead before its time", async () => {
      await broker.logIn(link._id);
      broker.book.deadLinks.add(link._id);
      await run(morningLogin(deps()));
      expect(text()).toContain("One login is due");
    });

    it("takes a session to be alive while its broker is down, not once the broker says that it is over", async () => {
      await broker.logIn(link._id);
      const connector = await broker.accounts.broker(link).connector();
      const failing = (kind: BrokerError["kind"]): void => {
        connector.isTokenValid = () => Promise.reject(new BrokerError(kind, "x", { broker: ACME, endpoint: "GET /x" }));
      };
      failing("unavailable");
      await run(morningLogin(deps()));
      expect(posted).toEqual([]);
      failing("auth-expired");
      await run(morningLogin(deps()));
      expect(text()).toContain("One login is due");
    });

    it("counts a session that ends during the day as due, unless it can be renewed", async () => {
      clock.at = istInstant("2026-11-25", "01:00");
      await broker.logIn(link._id);
      clock.at = istInstant("2026-11-25", "08:30");
      broker.book.renews = true;
      await run(morningLogin(deps()));
      expect(posted).toEqual([]);
      await broker.accounts.update(link._id, ({ tokens }) => ({
        tokens: tokens && { ...tokens, expiresAt: istInstant("2026-11-25", "11:00") },
      }));
      broker.book.renews = false;
      await run(morningLogin(deps()));
      expect(text()).toContain("acme Acme, its session ends at 11:00");
      expect(posted[0]?.buttons).toHaveLength(1);
    });

    it("counts a session as due that ends before the day is recorded", async () => {
      const cardFor = async (expiresAt: number): Promise<string> => {
        clock.at = istInstant("2026-11-25", "08:30");
        posted = [];
        await broker.logIn(link._id);
        await broker.accounts.update(link._id, ({ tokens }) => ({ tokens: tokens && { ...tokens, expiresAt } }));
        await run(morningLogin(deps()));
        return text();
      };
      expect(await cardFor(istInstant("2026-11-25", "16:15"))).toContain("its session ends at 16:15");
      expect(await cardFor(istInstant("2026-11-25", "16:16"))).toBe("");
    });

    it("counts a session that ends before the evening session as due, on a day with one", async () => {
      const until = async (date: string): Promise<void> => {
        clock.at = istInstant(date, "08:30");
        await broker.logIn(link._id);
        await broker.accounts.update(link._id, ({ tokens }) => ({
          tokens: tokens && { ...tokens, expiresAt: istInstant(date, "17:00") },
        }));
        await run(morningLogin(deps()));
      };
      await until("2026-11-06");
      expect(posted).toEqual([]);
      await until("2026-11-08");
      expect(text()).toContain("acme Acme, its session ends at 17:00");
    });

    it("counts a session as due that ends before the user's later digest", async () => {
      await broker.logIn(link._id);
      await broker.accounts.update(link._id, ({ tokens }) => ({
        tokens: tokens && { ...tokens, expiresAt: istInstant("2026-11-25", "17:00") },
      }));
      const all = deps();
      await run(morningLogin(all));
      expect(posted).toEqual([]);
      set({ digestAt: "19:30" });
      await run(morningLogin(all));
      expect(text()).toContain("acme Acme, its session ends at 17:00");
      expect((await cardOfToday(all.bot, user))?.view.keyboard?.inline_keyboard.flat()).not.toEqual([]);
    });

    it("nudges only when something depends on the account", async () => {
      clock.at = istInstant("2026-11-25", "08:52");
      await run(morningNudge(deps()));
      expect(posted).toEqual([]);
      shopMode = "ask";
      alerts = [{ instrument: null, order: null }];
      await run(morningNudge(deps()));
      expect(text()).toContain("acme: 1 alert set, Nifty Shop runs today");
    });

    it("nudges for open orders of that account, not for those of another or for ended ones", async () => {
      const other = await broker.link(ASHA);
      clock.at = istInstant("2026-11-25", "08:52");
      const leg = (state: string, of = link._id) => ({ legs: [{ link: of, state }] });
      ownOrders = [leg("working", other._id), leg("filled"), leg("ticket")];
      await run(morningNudge(deps()));
      expect(posted).toEqual([]);
      ownOrders.push(leg("working"));
      await run(morningNudge(deps()));
      expect(text()).toContain("acme: 1 order open");
    });

    it("is silent, as is the nudge, for users who chose that, and neither comes to those who switched it off", async () => {
      shopMode = "ask";
      const both = async (reminder: Settings["reminder"]): Promise<unknown[]> => {
        posted = [];
        set({ reminder });
        clock.at = istInstant("2026-11-25", "08:30");
        await run(morningLogin(deps()));
        clock.at = istInstant("2026-11-25", "08:52");
        await run(morningNudge(deps()));
        return posted.map(({ key, silent }) => [key.split(":")[0], silent]);
      };
      expect(await both("on")).toEqual([
        ["morning-login", false],
        ["morning-nudge", false],
      ]);
      expect(await both("silent")).toEqual([
        ["morning-login", true],
        ["morning-nudge", true],
      ]);
      expect(await both("off")).toEqual([]);
    });

    it("notes an unknown calendar", async () => {
      clock.at = istInstant("2027-01-04", "08:30");
      await run(morningLogin(deps()));
      expect(text()).toContain("The holidays of 2027 are not known here");
    });

    it("nudges for an alert on a contract, of which Yahoo has no price, while no account tells it", async () => {
      clock.at = istInstant("2026-11-25", "08:52");
      alerts = [SBIN, { ...EXPIRING, expiry: "2026-11-23" }].map((instrument) => ({ instrument, order: null }));
      await run(morningNudge(deps()));
      expect(posted).toEqual([]);
      alerts = [{ instrument: EXPIRING, order: null }];
      await run(morningNudge(deps()));
      expect(text()).toContain("acme: 1 alert set");
      await broker.link(ASHA);
      posted = [];
      await run(morningNudge(deps()));
      expect(posted).toEqual([]);
    });

    it("nudges for the strategy only about the account it trades on: without a default one, the first", async () => {
      const second = await broker.link(ASHA);
      await broker.accounts.endSession(second);
      clock.at = istInstant("2026-11-25", "08:52");
      shopMode = "ask";
      await run(morningNudge(deps()));
      expect(text()).toContain("acme: Nifty Shop runs today");
      expect(text()).not.toContain(second.label);
    });

    it("tries renewals again at the nudge, even for users without reminders", async () => {
      const all = deps();
      clock.at = istInstant("2026-11-25", "08:30");
      await run(morningLogin(all));
      expect(text()).toContain("One login is due");
      alerts = [{ instrument: null, order: null }];
      clock.at = istInstant("2026-11-25", "08:52");
      broker.book.renews = true;
      set({ reminder: "off" });
      await run(morningNudge(all));
      expect(posted).toHaveLength(1);
      expect(broker.accounts.hasSession((await broker.accounts.byId(link._id))!)).toBe(true);
    });

    it("does not nudge for the strategy on a day on which it does not run", async () => {
      clock.at = istInstant("2026-11-08", "08:52");
      await broker.accounts.update(link._id, ({ tokens }) => ({
        tokens: tokens && { ...tokens, expiresAt: clock.at },
      }));
      shopMode = "ask";
      await run(morningNudge(deps()));
      expect(posted).toEqual([]);
    });

    it("nudges for positions carried over from the last day", async () => {
      const all = deps();
      const carried = { ...position, productType: "MARGIN" } as const;
      broker.book.positions = [position, carried, { ...position, productType: "INTRADAY" }];
      clock.at = istInstant(DATE, "15:50");
      await broker.logIn(link._id);
      await run(closingDigest(all));
      clock.at = istInstant("2026-11-25", "08:52");
      await run(morningNudge(all));
      expect(posted[1]?.html).toContain("1 position carried");
    });

    it("does not nudge for a contract that expired on the last day", async () => {
      const all = deps();
      const { key, symbol } = EXPIRING;
      broker.book.positions = [{ ...position, key, symbol, productType: "MARGIN" }];
      clock.at = istInstant(EXPIRING.expiry, "15:50");
      await broker.logIn(link._id);
      await run(closingDigest(all));
      clock.at = istInstant("2026-11-26", "08:52");
      await run(morningNudge(all));
      expect(posted).toHaveLength(1);
    });

    it("does not nudge users whose card came a moment ago, nor on closed days", () => {
      const due = (reminderAt: string, date = "2026-11-25"): number | null =>
        morningNudge(deps()).dueAt({ ...user, settings: { ...user.settings, reminderAt } }, date);
      expect([due("08:45"), due("08:30", "2026-11-24")]).toEqual([null, null]);
      expect(due("08:30")).toBe(istInstant("2026-11-25", "08:52"));
    });
  });

  it("the morning summary has funds, holdings, the last day, carried positions and expiries", async () => {
    const all = deps();
    set({ summary: "on" });
    await run(closingDigest(all));
    clock.at = istInstant("2026-11-25", "09:00");
    await broker.logIn(link._id);
    alerts = [{}, {}];
    const { key, symbol } = EXPIRING;
    broker.book.positions = [position, { ...position, key, symbol, productType: "MARGIN" }];
    await run(morningSummary(all));
    expect(read(posted[1]?.html)).toMatchInlineSnapshot(`
      "Morning of 25 Nov 2026
      Available               ₹50,000.00
      Holdings                ₹19,800.00
        on 23 Nov 2026           −200.00
      Positions carried                1
      Alerts set                       2
      🔴 All of 23 Nov 2026: −₹100.00, −0.13%
      Expire today: NIFTY26NOVFUT"
    `);
    broker.book.holdings = [holding, { ...holding, ltp: null, pnl: null }];
    await run(morningSummary(all));
    expect(read(posted[2]?.html)).toContain("1 share without a known price: in no total.");
    expect(morningSummary(all).dueAt({ ...user, settings: { ...user.settings, summary: "off" } }, DATE)).toBeNull();
  });

  it("the morning summary says when an account is missing in today's sums, or in those of the last day", async () => {
    set({ summary: "on" });
    const all = deps();
    const other = await broker.link(ASHA);
    await broker.accounts.update(other._id, () => ({ account_id: "CD5678" }));
    const summaryOn = async (date: string): Promise<string> => {
      await run(closingDigest(all));
      posted = [];
      clock.at = istInstant(date, "09:00");
      await broker.logIn(link._id);
      await run(morningSummary(all));
      clock.at = istInstant(date, "15:50");
      return text();
    };
    const first = await summaryOn("2026-11-25");
    expect(first).toMatch(new RegExp(`2026\\n${other.label} +not read\\nAvailable`));
    expect(first).not.toContain("was not read");
    expect(await summaryOn("2026-11-26")).toMatch(
      /All of 25 Nov 2026: .*\nAn account was not read that day: its figures are missing\./,
    );
  });

  it("the morning summary has a login button for each account whose session is over, and notes an unknown calendar", async () => {
    set({ summary: "silent" });
    clock.at = istInstant("2027-01-04", "09:00");
    await run(morningSummary(deps()));
    expect(posted).toMatchObject([{ silent: true, buttons: [[{ text: "Log in: acme", data: `al:${link._id}` }]] }]);
    expect(text()).toContain("The holidays of 2027 are not known here");
  });

  it("none of them comes to a user without an account", async () => {
    await broker.accounts.remove(ASHA, link._id);
    set({ summary: "on" });
    const all = deps();
    for (const job of [morningLogin, morningNudge, morningSummary, closingDigest]) await run(job(all));
    await run(periodReport(all, "week"));
    expect(posted).toEqual([]);
  });

  it("the morning summary tells of the last day, also once the digest of this one has been run by hand", async () => {
    const all = deps();
    set({ summary: "on" });
    await run(closingDigest(all));
    clock.at = istInstant("2026-11-25", "09:00");
    await broker.logIn(link._id);
    await run(closingDigest(all));
    posted = [];
    await run(morningSummary(all));
    expect(text()).toContain("All of 23 Nov 2026");
  });

  it("the morning summary hides amounts as /funds does, also while an account is logged out", async () => {
    const all = deps();
    set({ summary: "on", hidesAmounts: true });
    const other = await broker.link(ASHA);
    await broker.accounts.update(other._id, () => ({ account_id: "CD5678" }));
    await run(closingDigest(all));
    clock.at = istInstant("2026-11-25", "09:00");
    await broker.logIn(link._id);
    await run(morningSummary(all));
    const money = await userMoney(all.bot, user);
    const morning = read(posted[1]?.html);
    expect(morning).toMatch(new RegExp(`Available +${money.plain(funds.available)}`));
    const [, day] = /([−+][\d.]+%) today/.exec(read(posted[0]?.html)) ?? [];
    expect(morning).toContain(`All of 23 Nov 2026: ${day}`);
  });

  it("the next year's list is missing from 20 December, at start-up from November; the current year's at once", () => {
    const years = new Set([2026]);
    expect(["2026-10-31", "2026-11-01"].map((date) => missingYear(date, years, WATCHED_FROM))).toEqual([null, 2027]);
    expect(["2026-12-19", "2026-12-20", "2027-01-04"].map((date) => missingYear(date, years))).toEqual([
      null,
      2027,
      2027,
    ]);
  });

  it("reminds the owner of a missing list twice a month, in long months too", async () => {
    const owner = await createUsers({
      log: createLog({ level: "silent" }),
      store: temp.store,
      clock,
      ownerId: ASHA,
    }).ensure(ASHA, "Asha");
    const outbox = createOutbox({
      store: temp.store,
      clock,
      log: createLog({ level: "silent" }),
      perSecond: 30,
      takeLease: () => createLocalLeases().take("outbox"),
      prepare: async () => async () => (told.push(istDate(clock.now())), { kind: "sent", messageId: 1 }),
      onBlocked: async () => undefined,
    });
    const told: string[] = [];
    const job = calendarCheck({ calendar: { current: () => shipped }, notifier: outbox });
    for (let date = "2027-01-01"; date < "2027-03-01"; date = addDays(date, 1)) {
      const dueAt = job.dueAt(owner, date);
      clock.at = istInstant(date, "10:00");
      if (dueAt !== null) await job.run(owner, { date, dueAt });
      await outbox.deliver();
    }
    expect(told).toEqual(["2027-01-01", "2027-01-15", "2027-02-01", "2027-02-15"]);
    expect(job.dueAt({ ...owner, role: "trader" }, "2027-01-01")).toBeNull();
  });

  it("visibleLength counts characters without markup", () => {
    expect(visibleLength(html`<b>${"a<b"}</b> & c`)).toBe(7);
  });
});
