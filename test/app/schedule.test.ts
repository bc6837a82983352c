import { describe, expect, it, vi } from "vitest";
import { startSchedule } from "../../src/app/schedule.ts";
import { createLog } from "../../src/lib/log.ts";

const log = createLog({ level: "silent" });
const MINUTE = 60_000;

/** A test clock: `pass` moves it on and wakes the sleeper, `set` changes the time without waking it. */
function clockAt(start: string) {
  let at = Date.parse(`${start}+05:30`);
  let sleeper: { left: number; wake: () => void } | null = null;
  return {
    now: () => at,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        sleeper = { left: ms, wake: resolve };
        signal?.addEventListener("abort", () => reject(new Error("stopped")));
      }),
    set: (time: string) => void (at = Date.parse(`${time}+05:30`)),
    async pass(ms: number) {
      for (let left = ms; left > 0;) {
        const step = sleeper ? Math.min(left, sleeper.left) : left;
        [at, left] = [at + step, left - step];
        if (sleeper) sleeper.left -= step;
        if (sleeper?.left === 0) {
          const { wake } = sleeper;
          sleeper = null;
          wake();
        }
        await new Promise(setImmediate);
      }
    },
  };
}

describe("the schedule", () => {
  it("runs what is due on the Indian clock once a minute, and not again while it is still running", async () => {
    const clock = clockAt("2026-11-30T08:03:30");
    const ran: string[] = [];
    const run = (name: string, done: Promise<void>) => async () => {
      ran.push(`${name} ${new Date(clock.now()).toISOString().slice(11, 16)}`);
      await done;
    };
    const slow = Promise.withResolvers<void>();
    const schedule = startSchedule(
      [
        { name: "jobs", at: "* * * * *", run: run("jobs", Promise.resolve()) },
        { name: "slow", at: "* * * * *", run: run("slow", slow.promise) },
        { name: "instruments", at: "5 8 * * *", run: run("instruments", Promise.resolve()) },
      ],
      { clock, log },
    );
    await clock.pass(3 * MINUTE);
    expect(ran).toEqual(["jobs 02:34", "slow 02:34", "jobs 02:35", "instruments 02:35", "jobs 02:36"]);
    slow.resolve();
    await schedule.stop();
    await clock.pass(3 * MINUTE);
    expect(ran).toHaveLength(5);
  });

  it("finishes what is running before it is stopped, and tells it to begin nothing more", async () => {
    const clock = clockAt("2026-11-30T15:49:30");
    const stopping = new AbortController();
    const heard = Promise.withResolvers<void>();
    let hasEnded = false;
    const run = async (signal: AbortSignal): Promise<void> => {
      signal.addEventListener("abort", () => heard.resolve());
      await heard.promise;
      await new Promise(setImmediate);
      hasEnded = true;
    };
    const tasks = [{ name: "digest", at: "* * * * *", run }];
    const schedule = startSchedule(tasks, { clock, log, stopping: stopping.signal });
    await clock.pass(MINUTE);
    stopping.abort();
    await heard.promise;
    await schedule.stop();
    expect(hasEnded).toBe(true);
  });

  it("waits at its stop for what was run by hand, whose caller gets the result or the failure", async () => {
    const schedule = startSchedule([], { clock: clockAt("2026-11-30T15:49:30"), log });
    const ended: string[] = [];
    const untilStopped = async (name: string, signal: AbortSignal): Promise<string> => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      await new Promise(setImmediate);
      ended.push(name);
      return name;
    };
    const results = Promise.allSettled([
      schedule.runNow(async (signal) => Promise.reject(await untilStopped("failing", signal))),
      schedule.runNow((signal) => untilStopped("working", signal)),
    ]);
    await schedule.stop();
    expect(ended).toEqual(["failing", "working"]);
    expect(await results).toEqual([
      { status: "rejected", reason: "failing" },
      { status: "fulfilled", value: "working" },
    ]);
  });

  it("goes on with the next minute after the machine's clock was set back or forward", async () => {
    const clock = clockAt("2026-11-30T10:00:30");
    const said = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    let runs = 0;
    const schedule = startSchedule([{ name: "jobs", at: "* * * * *", run: async () => void (runs += 1) }], {
      clock,
      log,
    });
    await clock.pass(MINUTE);
    expect(runs).toBe(1);
    clock.set("2026-11-30T08:00:30");
    await clock.pass(10 * MINUTE);
    expect(runs).toBe(11);
    clock.set("2026-12-07T08:00:30");
    await clock.pass(10 * MINUTE);
    expect(runs).toBe(21);
    expect(said).not.toHaveBeenCalled();
    await schedule.stop();
  });
});
