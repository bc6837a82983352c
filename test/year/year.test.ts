import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { closingDigest, periodReport } from "../../src/bot/daily/closing.ts";
import { dayKeeping } from "../../src/bot/daily/day-keeping.ts";
import { morningLogin, morningNudge } from "../../src/bot/daily/morning.ts";
import { morningSummary } from "../../src/bot/daily/summary.ts";
import { userId, type UserId } from "../../src/domain/ids.ts";
import { istInstant } from "../../src/domain/market.ts";
import { createLog } from "../../src/lib/log.ts";
import { createOutbox, type Delivery, type Outbox } from "../../src/notify/outbox.ts";
import type { Notification } from "../../src/ports/notifier.ts";
import type { Collection, CollectionSpec, Document, Store } from "../../src/ports/store.ts";
import { loadCalendar } from "../../src/services/calendar.ts";
import { createClaims } from "../../src/services/claims.ts";
import { createDigests } from "../../src/services/digests/digests.ts";
import { createJobs, type Jobs, type PerUserJob } from "../../src/services/jobs.ts";
import { createLeases } from "../../src/services/leases.ts";
import { createMornings } from "../../src/services/digests/mornings.ts";
import { createRenewals } from "../../src/services/accounts/renewals.ts";
import { createSnapshots } from "../../src/services/portfolio/snapshots.ts";
import { createUsers, DEFAULT_SETTINGS, type Settings } from "../../src/services/people/users.ts";
import { seededRandom } from "../seeded-random.ts";
import { setClock, tempStore, type SetClock, type TempStore } from "../notify/temp-store.ts";
import { asGiven, position, SBIN, stubBroker } from "../services/stub-broker.ts";

/** Copied by hand from the exchange's circulars, independently of the data that the code reads. */
const HOLIDAYS = new Set(
  "01-15 01-26 03-03 03-26 03-31 04-03 04-14 05-01 05-28 06-26 09-14 10-02 10-20 11-10 11-24 12-25".split(" "),
);
const SPECIAL_SUNDAYS = new Set(["02-01", "11-08"]);

interface Day {
  readonly date: string;
  readonly trades: boolean;
  readonly endsWeek: boolean;
  readonly endsMonth: boolean;
}

function yearOf2026(): Day[] {
  const days = Array.from({ length: 365 }, (_, i) => new Date(Date.UTC(2026, 0, 1 + i)));
  const iso = (day: Date): string => day.toISOString().slice(0, 10);
  const trades = (day: Date): boolean => {
    const date = iso(day).slice(5);
    return SPECIAL_SUNDAYS.has(date) || (day.getUTCDay() % 6 !== 0 && !HOLIDAYS.has(date));
  };
  const isWeekday = (day: Date): boolean => day.getUTCDay() % 6 !== 0;
  return days.map((day, i) => {
    const later = days.slice(i + 1);
    const toFriday = later.slice(0, 5 - day.getUTCDay());
    return {
      date: iso(day),
      trades: trades(day),
      // No list covers Friday, 1 January 2027, so it counts as a trading day: the week does not end on Thursday.
      endsWeek: trades(day) && isWeekday(day) && !toFriday.some(trades) && i < 364,
      endsMonth: trades(day) && !later.some((other) => other.getUTCMonth() === day.getUTCMonth() && trades(other)),
    };
  });
}

/**
 * A store whose operations all fail after so many more of them, as if the process were killed. Only recording a sent
 * message still works: a kill between Telegram's answer and that record repeats the message, which the outbox's own
 * test covers.
 */
function killable(store: Store): { store: Store; dieAfter: (operations: number) => void; isDead: () => boolean } {
  let left = Infinity;
  let lives = true;
  const wrap = <T extends Document>(spec: CollectionSpec<T>): Collection<T> => {
    const real = store.collection(spec);
    const step = (isSentRecord = false): void => {
      left -= 1;
      if (isSentRecord) return;
      if (left <= 0) lives = false;
      if (!lives) throw new Error("killed");
    };
    return {
      get: async (id) => (step(), real.get(id)),
      insert: async (document) => (step(), real.insert(document)),
      replace: async (document, version) => (step(spec.name === "outbox"), real.replace(document, version)),
      find: async (index, values, page) => (step(), real.find(index, values, page)),
      delete: async (id) => (step(), real.delete(id)),
      async *scan() {
        for await (const document of real.scan()) {
          step();
          yield document;
        }
      },
    };
  };
  return {
    store: { ...store, collection: wrap },
    dieAfter: (operations) => void (left = operations),
    isDead: () => !lives,
  };
}

interface Process {
  readonly tick: () => Promise<void>;
  readonly dieAfter: (operations: number) => void;
  readonly isDead: () => boolean;
}

describe("a year of morning and closing messages", () => {
  let clock: SetClock;
  let temp: TempStore;
  const log = createLog({ level: "silent" });

  beforeEach(() => {
    clock = setClock("2026-01-01T00:00:00Z");
    temp = tempStore(clock);
  });
  afterEach(() => temp.remove());

  function startProcess(send: (notification: Notification, lateBy: number | null) => Promise<Delivery>): Process {
    const life = killable(temp.store);
    const { store } = life;
    const { accounts, book } = stubBroker(store, clock);
    book.positions = [{ ...position, productType: "MARGIN" }];
    const users = createUsers({ log: createLog({ level: "silent" }), store, clock, ownerId: null });
    const snapshots = createSnapshots({ store, clock });
    const leases = createLeases({ store, clock });
    const outbox: Outbox = createOutbox({
      store,
      clock,
      log,
      perSecond: 30,
      takeLease: () => leases.take("outbox"),
      prepare: async (notification, lateBy) => async () => {
        if (life.isDead()) throw new Error("killed");
        return send(notification, lateBy);
      },
      onBlocked: async () => undefined,
    });
    const calendar = { current: () => shipped };
    const instruments = { byKey: async () => SBIN };
    const alerts = { armed: async () => [] };
    const niftyShop = { settings: async () => ({ mode: "off" }) };
    const journal = { ofUser: async () => [] };
    const bot = { accounts, calendar, clock, alerts, niftyShop, journal } as never;
    const quotes = { many: async () => new Map() };
    const candles = { forLink: async () => ({ candles: [], source: "yfinance" as const, readAt: 0 }) };
    const deps = {
      bot,
      log,
      notifier: outbox,
      snapshots,
      digests: createDigests({ accounts, closes: asGiven, snapshots, quotes, candles, instruments, clock, log }),
      mornings: createMornings({ accounts, alerts, snapshots, instruments }),
      renewals: createRenewals({
        accounts,
        logins: { renew: async () => null, open: async () => ({ kind: "stale" }) },
      }),
    };
    const jobs: Jobs = createJobs({ claims: createClaims({ store, clock }), clock, users, log });
    const list: PerUserJob[] = [
      morningLogin(deps),
      morningNudge(deps),
      morningSummary(deps),
      closingDigest(deps),
      dayKeeping(deps),
      periodReport(deps, "week"),
      periodReport(deps, "month"),
    ];
    return {
      dieAfter: life.dieAfter,
      isDead: life.isDead,
      async tick() {
        try {
          await jobs.runDue(list);
          await outbox.deliver();
        } catch (error) {
          if (!life.isDead()) throw error;
        }
      },
    };
  }

  const shipped = loadCalendar(null);
  /** Times of day at which the processes check what is due, closer together where something is. */
  const CHECKS = [
    "08:00",
    "08:30",
    "08:35",
    "08:40",
    "08:45",
    "08:55",
    "08:59",
    "09:00",
    "09:05",
    "09:30",
    "09:45",
    "10:00",
    "10:30",
    "12:00",
    "15:30",
    "15:40",
    "15:50",
    "15:55",
    "16:10",
    "16:20",
    "16:40",
    "17:00",
    "18:00",
    "18:05",
    "18:20",
    "19:10",
    "21:00",
    "21:05",
    "21:20",
    "21:40",
    "23:00",
  ];

  const DUE_TIMES = ["08:00", "08:30", "08:45", "08:52", "09:00", "15:50", "16:20", "18:00", "21:00", "21:20"];

  const PEOPLE: readonly { id: UserId; role: "owner" | "viewer" | "pending"; settings: Partial<Settings> }[] = [
    { id: userId(1001), role: "owner", settings: { summary: "on" } },
    { id: userId(1002), role: "viewer", settings: { digestAt: "18:00", reminderAt: "08:00", summary: "silent" } },
    { id: userId(1003), role: "viewer", settings: { digestAt: "15:30", reminder: "off", report: "off" } },
    { id: userId(1004), role: "viewer", settings: { digest: "off", reminderAt: "08:45", hidesAmounts: true } },
    { id: userId(1005), role: "pending", settings: { summary: "on" } },
  ];

  /** The keys of all messages that must be sent exactly once. Nudges may be missed: they are due for eight minutes only. */
  function expected(days: readonly Day[]): string[] {
    return PEOPLE.filter(({ role }) => role !== "pending").flatMap(({ id, settings: own }) => {
      const settings = { ...DEFAULT_SETTINGS, ...own };
      const on = (kind: "reminder" | "summary" | "digest" | "report"): boolean => settings[kind] !== "off";
      const key = (name: string, { date }: Day): string => `${name}:${id}:${date}`;
      return days
        .filter(({ trades }) => trades)
        .flatMap((day) => [
          ...(on("reminder") ? [key("morning-login", day)] : []),
          ...(on("summary") ? [key("morning-summary", day)] : []),
          ...(on("digest") ? [key("closing-digest", day)] : []),
          ...(on("report") && day.endsWeek ? [key("weekly-report", day)] : []),
          ...(on("report") && day.endsMonth ? [key("monthly-report", day)] : []),
        ]);
    });
  }

  it("sends every due message exactly once and none on closed days, despite kills, outages and two processes", async () => {
    const random = seededRandom(20_260_101);
    const { accounts, logIn, link } = stubBroker(temp.store, clock);
    const users = createUsers({ log: createLog({ level: "silent" }), store: temp.store, clock, ownerId: null });
    for (const { id, role, settings } of PEOPLE) {
      await users.ensure(id, `user ${id}`);
      await users.update(id, (user) => ({ role, settings: { ...user.settings, ...settings } }));
    }
    const links = await Promise.all(PEOPLE.map(({ id }) => link(id, false)));
    const sent: { key: string; at: number; user: UserId; lateBy: number | null }[] = [];
    let telegram: "well" | "down" | "busy" = "well";
    const send = async ({ key, userId: user }: Notification, lateBy: number | null): Promise<Delivery> => {
      await Promise.resolve();
      if (telegram === "down") return { kind: "outage", error: new Error("down") };
      if (telegram === "busy" && random() < 0.3) return { kind: "wait", ms: 3_000 };
      sent.push({ key, at: clock.now(), user, lateBy });
      return { kind: "sent", messageId: sent.length };
    };
    let kills = 0;
    const processes: { process: Process | null; downUntil: number }[] = [
      { process: startProcess(send), downUntil: 0 },
      { process: startProcess(send), downUntil: 0 },
    ];

    const days = yearOf2026();
    for (const { date, trades } of days) {
      // On a closed day one check at each time that something could be due is enough.
      for (const time of trades ? CHECKS : DUE_TIMES) {
        clock.at = Math.max(clock.at, istInstant(date, time));
        if (time === "12:00") for (const { _id } of links) await logIn(_id);
        const chance = random();
        telegram = time > "22" || chance > 0.1 ? "well" : chance < 0.04 ? "down" : "busy";
        for (const slot of processes) {
          if (!slot.process && clock.now() >= slot.downUntil) slot.process = startProcess(send);
          if (slot.process && random() < 0.06) slot.process.dieAfter(1 + Math.floor(random() * 60));
        }
        await Promise.all(processes.map(async ({ process }) => process?.tick()));
        for (const slot of processes) {
          if (!slot.process?.isDead()) continue;
          kills += 1;
          slot.process = null;
          slot.downUntil = clock.now() + random() * 45 * 60_000;
        }
      }
    }

    const keys = sent.map(({ key }) => key);
    const once = keys.filter((key) => !key.startsWith("morning-nudge"));
    expect(once.filter((key, at) => once.indexOf(key) !== at)).toEqual([]);
    expect([...once].sort()).toEqual(expected(days).sort());

    const nudges = keys.filter((key) => key.startsWith("morning-nudge"));
    expect(new Set(nudges).size).toBe(nudges.length);
    expect(nudges.length).toBeGreaterThan(200);
    const closed = new Set(days.filter(({ trades }) => !trades).map(({ date }) => date));
    expect(keys.filter((key) => closed.has(key.split(":")[2] ?? ""))).toEqual([]);

    expect(kills).toBeGreaterThan(300);
    expect(sent.some(({ lateBy }) => lateBy !== null)).toBe(true);
    const finalAt = (date: string): string =>
      date === "2026-11-08" ? "21:00" : date < "2026-08-03" ? "15:35" : "15:45";
    for (const { key, at } of sent.filter(({ key }) => key.startsWith("closing-digest"))) {
      const date = key.split(":")[2] ?? "";
      expect(at, key).toBeGreaterThanOrEqual(istInstant(date, finalAt(date)));
    }

    const traded = days.filter(({ trades }) => trades).map(({ date }) => date);
    const snapshots = createSnapshots({ store: temp.store, clock });
    for (const { id, role } of PEOPLE)
      expect((await snapshots.latestDays(id, 366)).map(({ date }) => date)).toEqual(role === "pending" ? [] : traded);
    expect((await accounts.all(userId(1001))).length).toBe(1);
  }, 120_000);
});
