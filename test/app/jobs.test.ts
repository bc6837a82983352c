import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Assembled } from "../../src/app/assemble.ts";
import { createJobTable } from "../../src/app/jobs.ts";
import { userId } from "../../src/domain/ids.ts";
import { istInstant } from "../../src/domain/market.ts";
import { createLog } from "../../src/lib/log.ts";
import { ASHA, openFuzzWorld, type FuzzWorld } from "../fuzz/world.ts";

describe("the scheduled work", () => {
  let world: FuzzWorld;
  let tasks: ReturnType<typeof createJobTable>["tasks"];
  let table: ReturnType<typeof createJobTable>["table"];
  let now = 0;
  let claimed: string[] = [];

  beforeEach(async () => {
    world = await openFuzzWorld();
    await world.settle();
    await world.deps.users.update(userId(ASHA), ({ settings }) => ({ settings: { ...settings, summary: "on" } }));
    await world.deps.niftyShop.change(userId(ASHA), { mode: "dry" });
    const parts = {
      deps: world.deps,
      clock: { now: () => now, sleep: async () => undefined },
      claims: { claim: async (id: string) => (claimed.push(id), { kind: "done" }) },
    };
    ({ tasks, table } = createJobTable(parts as unknown as Assembled, createLog({ level: "silent" })));
  });
  afterEach(() => world.close());

  /** The jobs that begin at this minute for the owner. */
  async function begunAt(date: string, time: string): Promise<string[]> {
    now = istInstant(date, time);
    claimed = [];
    for (const { name, run } of tasks) if (name !== "instruments") await run(new AbortController().signal);
    return claimed.filter((id) => id.includes(`:${ASHA}:`)).map((id) => id.split(":")[0] ?? "");
  }

  it("begins every day at the times that operations.md gives", async () => {
    expect(await begunAt("2026-11-27", "08:29")).toEqual([]);
    expect(await begunAt("2026-11-27", "08:30")).toEqual(["morning-login"]);
    expect(await begunAt("2026-11-27", "08:52")).toEqual(["morning-nudge"]);
    expect(await begunAt("2026-11-27", "09:00")).toEqual(["morning-summary"]);
    expect(await begunAt("2026-11-27", "15:00")).toEqual(["nifty-shop"]);
    expect(await begunAt("2026-11-27", "15:49")).toEqual([]);
    expect(await begunAt("2026-11-27", "15:50")).toEqual(["closing-digest", "weekly-report"]);
    expect(await begunAt("2026-11-27", "16:15")).toEqual(["snapshots"]);
    expect(await begunAt("2026-11-30", "15:50")).toContain("monthly-report");
    expect(await begunAt("2026-11-24", "15:50")).toEqual([]);
    expect(await begunAt("2026-12-21", "10:00")).toContain("calendar-check");
  });

  it.each(["closing-digest", "morning-login", "nifty-shop"] as const)(
    "begins with nobody once the bot stops, and says so: %s by hand",
    async (name) => {
      now = istInstant("2026-11-27", "15:50");
      claimed = [];
      expect(await table[name](null, AbortSignal.abort())).toEqual({
        report: "0 done, 0 had it already, 0 failed, stopped before the rest",
        hasFailed: true,
      });
      expect(claimed).toEqual([]);
      expect((await table[name](null)).report).not.toContain("stopped");
      expect(claimed).not.toEqual([]);
    },
  );

  it("looks for what is due every minute, and renews the instrument lists at 08:35", () => {
    expect(tasks.map(({ name, at }) => `${name} ${at}`)).toEqual([
      "jobs * * * * *",
      "nifty-shop * * * * *",
      "instruments 35 8 * * *",
    ]);
  });
});
