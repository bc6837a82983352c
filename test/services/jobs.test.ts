import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { userId, type UserId } from "../../src/domain/ids.ts";
import { istInstant } from "../../src/domain/market.ts";
import { createLog } from "../../src/lib/log.ts";
import { createClaims } from "../../src/services/claims.ts";
import { createJobs, type Jobs, type Occasion, type PerUserJob } from "../../src/services/jobs.ts";
import { createUsers, type Users } from "../../src/services/people/users.ts";
import { setClock, tempStore, type SetClock, type TempStore } from "../notify/temp-store.ts";

const HOUR_MS = 3_600_000;

describe("jobs", () => {
  let clock: SetClock;
  let temp: TempStore;
  let users: Users;
  let ran: { user: UserId; occasion: Occasion }[];
  let failing: Set<UserId>;

  let said: { msg: string; job: string; user: string; tries: number }[];

  const destination = { write: (line: string) => void said.push(JSON.parse(line)) };
  const start = (): Jobs =>
    createJobs({
      claims: createClaims({ store: temp.store, clock }),
      clock,
      users,
      log: createLog({ level: "info", destination }),
    });
  const job: PerUserJob = {
    name: "closing-digest",
    catchUpMs: 2 * HOUR_MS,
    dueAt: (user, date) => istInstant(date, user.settings.digestAt),
    async run(user, occasion) {
      await Promise.resolve();
      if (failing.has(user._id)) throw new Error("broker is down");
      ran.push({ user: user._id, occasion });
    },
  };
  const at = (time: string, date = "2026-11-23"): void => {
    clock.at = istInstant(date, time);
  };
  const join = async (id: number, role: "viewer" | "pending" = "viewer"): Promise<UserId> => {
    await users.ensure(userId(id), "x");
    await users.update(userId(id), () => ({ role }));
    return userId(id);
  };

  beforeEach(async () => {
    clock = setClock("2026-11-23T00:00:00Z");
    temp = tempStore(clock);
    users = createUsers({ log: createLog({ level: "silent" }), store: temp.store, clock, ownerId: null });
    ran = [];
    said = [];
    failing = new Set();
  });
  afterEach(() => temp.remove());

  it("begins with no further user once it is to stop, and leaves nobody half-way", async () => {
    for (let id = 1001; id <= 1040; id += 1) await join(id);
    at("15:50");
    const stop = new AbortController();
    const slow: PerUserJob = {
      ...job,
      async run(user, occasion) {
        stop.abort();
        await new Promise(setImmediate);
        await job.run(user, occasion);
      },
    };
    const { done } = await start().runDue([slow], stop.signal);
    expect(ran).toHaveLength(done);
    expect(done).toBeLessThan(40);
    expect(await start().runDue([job])).toEqual({ done: 40 - done, skipped: done, failed: 0 });
  });

  it("runs when a user's time has come, once a day, even across a restart", async () => {
    const asha = await join(1001);
    at("15:49");
    expect(await start().runDue([job])).toEqual({ done: 0, skipped: 0, failed: 0 });
    at("15:50");
    expect((await start().runDue([job])).done).toBe(1);
    at("15:51");
    expect(await start().runDue([job])).toEqual({ done: 0, skipped: 1, failed: 0 });
    at("15:50", "2026-11-25");
    await start().runDue([job]);
    expect(ran.map(({ user, occasion }) => [user, occasion.date])).toEqual([
      [asha, "2026-11-23"],
      [asha, "2026-11-25"],
    ]);
  });

  it("is shared by processes, with no user run twice or left out", async () => {
    for (let i = 0; i < 100; i += 1) await join(2000 + i);
    at("15:50");
    const counts = await Promise.all([start(), start(), start()].map((jobs) => jobs.runDue([job])));
    expect(counts.reduce((sum, { done }) => sum + done, 0)).toBe(100);
    expect(new Set(ran.map(({ user }) => user)).size).toBe(100);
    expect(ran).toHaveLength(100);
  });

  it("is not taken from a process whose clock is ahead", async () => {
    await join(1001);
    at("15:50");
    const ahead = { ...clock, now: () => clock.at + 20_000 };
    const claims = createClaims({ store: temp.store, clock: ahead });
    const { promise: hasBegun, resolve: begun } = Promise.withResolvers<void>();
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
    const slow: PerUserJob = {
      ...job,
      async run(user, occasion) {
        begun();
        await mayEnd;
        await job.run(user, occasion);
      },
    };
    const other = createJobs({ claims, clock: ahead, users, log: createLog({ level: "info", destination }) });
    const running = other.runDue([slow]);
    await hasBegun;
    expect(await start().runDue([job])).toEqual({ done: 0, skipped: 1, failed: 0 });
    end();
    expect((await running).done).toBe(1);
    expect(ran).toHaveLength(1);
  });

  it("catches up within its window only, and gets the time at which it should have run", async () => {
    await join(1001);
    at("17:49");
    await start().runDue([job]);
    expect(ran[0]?.occasion.dueAt).toBe(istInstant("2026-11-23", "15:50"));
    at("17:51", "2026-11-25");
    await start().runDue([job]);
    expect(ran).toHaveLength(1);
  });

  it("runs for the others when it fails for one user, and retries that one, five times in all", async () => {
    const asha = await join(1001);
    await join(1002);
    failing.add(asha);
    at("15:50");
    const jobs = start();
    expect(await jobs.runDue([job])).toEqual({ done: 1, skipped: 0, failed: 1 });
    at("15:51");
    expect(await jobs.runDue([job])).toEqual({ done: 0, skipped: 1, failed: 0 });
    failing.clear();
    at("15:56");
    expect((await jobs.runDue([job])).done).toBe(1);
    failing.add(asha);
    said = [];
    let tries = 0;
    for (let minute = 0; minute < 100; minute += 1) {
      clock.at = istInstant("2026-11-25", "15:50") + minute * 60_000;
      tries += (await jobs.runDue([job])).failed;
    }
    expect(tries).toBe(5);
    expect(said.map(({ msg, ...line }) => [line.job, line.user, line.tries, msg])).toEqual([
      ["closing-digest", asha, 1, "job failed for one user"],
      ["closing-digest", asha, 2, "job failed for one user"],
      ["closing-digest", asha, 4, "job failed for one user"],
      ["closing-digest", asha, 5, "job failed for one user; given up for today"],
    ]);
  });

  it("retries throughout the catch-up window when `triesThroughout` is set, in one process at a time", async () => {
    const asha = await join(1001);
    failing.add(asha);
    const patient: PerUserJob = { ...job, triesThroughout: true };
    const processes = [start(), start()];
    const minutes = async (from: number, to: number): Promise<number> => {
      let tries = 0;
      for (let minute = from; minute < to; minute += 1) {
        clock.at = istInstant("2026-11-23", "15:50") + minute * 60_000;
        const counts = await Promise.all(processes.map((jobs) => jobs.runDue([patient])));
        tries += counts.reduce((sum, { done, failed }) => sum + done + failed, 0);
      }
      return tries;
    };
    expect(await minutes(0, 100)).toBe(20);
    expect(ran).toEqual([]);
    // Logged ever more rarely, because it may fail all evening and for many users; at most half an hour apart.
    expect(said.map(({ user, tries }) => [user, tries])).toEqual([1, 2, 4, 8, 14, 20].map((tries) => [asha, tries]));
    failing.clear();
    expect(await minutes(100, 180)).toBe(1);
    expect(ran).toHaveLength(1);
  });

  it("runs for the others when one user's time is invalid", async () => {
    const asha = await join(1001);
    await join(1002);
    await users.update(asha, ({ settings }) => ({ settings: { ...settings, digestAt: "late" } }));
    at("16:00");
    expect(await start().runDue([job])).toEqual({ done: 1, skipped: 0, failed: 1 });
  });

  it("waits for the job it depends on, even if another process runs that", async () => {
    const asha = await join(1001);
    const order: string[] = [];
    const digest: PerUserJob = { ...job, run: async () => void order.push("digest") };
    const week: PerUserJob = { ...job, name: "week", after: job.name, run: async () => void order.push("week") };
    at("15:50");
    const claim = await createClaims({ store: temp.store, clock }).claim(`closing-digest:${asha}:2026-11-23`);
    const jobs = start();
    await jobs.runDue([digest, week]);
    expect(order).toEqual([]);
    if (claim.kind === "ours") await claim.done();
    await jobs.runDue([digest, week]);
    expect(order).toEqual(["week"]);
    at("15:50", "2026-11-25");
    await jobs.runDue([digest, week]);
    expect(order).toEqual(["week", "digest", "week"]);
  });

  it("does not wait for a job that is not due that day", async () => {
    await join(1001);
    const order: string[] = [];
    const digest: PerUserJob = { ...job, dueAt: () => null };
    const week: PerUserJob = { ...job, name: "week", after: job.name, run: async () => void order.push("week") };
    at("15:50");
    await start().runDue([digest, week]);
    expect(order).toEqual(["week"]);
  });

  it("are not late for a user who came after they were due", async () => {
    at("15:50");
    const due = clock.at;
    await join(1001);
    at("17:10");
    await join(1002);
    await start().runDue([job]);
    expect(ran.map(({ occasion }) => occasion.dueAt)).toEqual([due, clock.at]);
  });

  it("takes up what a killed process had claimed", async () => {
    const asha = await join(1001);
    at("15:50");
    await createClaims({ store: temp.store, clock }).claim(`closing-digest:${asha}:2026-11-23`);
    await start().runDue([job]);
    expect(ran).toEqual([]);
    at("15:56");
    await start().runDue([job]);
    expect(ran).toHaveLength(1);
  });

  it("takes up at once what was claimed before the clock was set back, instead of waiting for that time", async () => {
    const asha = await join(1001);
    at("18:00");
    await createClaims({ store: temp.store, clock }).claim(`closing-digest:${asha}:2026-11-23`);
    at("15:50");
    expect((await start().runDue([job])).done).toBe(1);
  });

  it("runs by hand at any time, and that counts as the day's run", async () => {
    const asha = await join(1001);
    await join(1002);
    at("10:00");
    expect(await start().runNow(job, asha)).toEqual({ done: 1, skipped: 0, failed: 0 });
    expect(await start().runNow(job, asha)).toEqual({ done: 0, skipped: 1, failed: 0 });
    at("15:50");
    await start().runDue([job]);
    expect(ran.map(({ user }) => user)).toEqual([asha, userId(1002)]);
  });

  it("skips users who are not admitted or have stopped the bot", async () => {
    await join(1001, "pending");
    const gone = await join(1002);
    await users.update(gone, () => ({ hasStopped: true }));
    at("15:50");
    await start().runDue([job]);
    expect(ran).toEqual([]);
  });

  it("runs a user's jobs in the order of the list", async () => {
    await join(1001);
    const order: string[] = [];
    const named = (name: string): PerUserJob => ({ ...job, name, run: async () => void order.push(name) });
    at("16:00");
    await start().runDue([named("digest"), named("week"), named("month")]);
    expect(order).toEqual(["digest", "week", "month"]);
  });
});
