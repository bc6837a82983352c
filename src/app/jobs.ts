import { calendarCheck } from "../bot/daily/calendar-check.ts";
import { closingDigest, periodReport } from "../bot/daily/closing.ts";
import { dayKeeping } from "../bot/daily/day-keeping.ts";
import { morningLogin, morningNudge } from "../bot/daily/morning.ts";
import { morningSummary } from "../bot/daily/summary.ts";
import { niftyShopJob } from "../bot/nifty-shop-job.ts";
import type { UserId } from "../domain/ids.ts";
import type { Log } from "../lib/log.ts";
import { createDigests } from "../services/digests/digests.ts";
import { createJobs, type JobCount, type JobName, type PerUserJob } from "../services/jobs.ts";
import { createMornings } from "../services/digests/mornings.ts";
import { createRenewals } from "../services/accounts/renewals.ts";
import type { Assembled } from "./assemble.ts";
import type { JobOutcome } from "../web/jobs.ts";
import type { ScheduledTask } from "./schedule.ts";

/** The jobs of `npm run job -- NAME`. Once the signal is aborted, a job begins with no other user. */
export type JobTable = Readonly<Record<JobName, (only: UserId | null, signal?: AbortSignal) => Promise<JobOutcome>>>;

const EVERY_MINUTE = "* * * * *";
/** Brokers publish new instrument files every morning. Each process keeps its own copy. */
const INSTRUMENTS_AT = "35 8 * * *";

export function createJobTable(parts: Assembled, log: Log): { table: JobTable; tasks: readonly ScheduledTask[] } {
  const { deps: bot, claims, clock, outbox: notifier } = parts;
  const jobs = createJobs({ claims, clock, users: bot.users, log });
  const daily = {
    bot,
    jobs,
    notifier,
    log,
    snapshots: bot.snapshots,
    digests: createDigests({ ...bot, closes: parts.closes, log }),
    mornings: createMornings(bot),
    renewals: createRenewals(bot),
  };
  const digest = closingDigest(daily);
  const login = morningLogin(daily);
  const everyDay: readonly PerUserJob[] = [
    login,
    morningNudge(daily),
    morningSummary(daily),
    digest,
    dayKeeping(daily),
    periodReport(daily, "week"),
    periodReport(daily, "month"),
    calendarCheck({ calendar: bot.calendar, notifier }),
  ];
  const shop = async (): Promise<PerUserJob> => niftyShopJob({ bot, notifier }, await bot.niftyShop.times());
  const counted = ({ done, skipped, failed }: JobCount, isCutShort = false): JobOutcome => ({
    report: `${done} done, ${skipped} had it already, ${failed} failed${isCutShort ? ", stopped before the rest" : ""}`,
    hasFailed: failed > 0 || isCutShort,
  });
  const perUser =
    (job: PerUserJob): JobTable[JobName] =>
    async (only, signal) =>
      counted(await jobs.runNow(job, only, signal), signal?.aborted);

  async function runShop(only: UserId | null, signal?: AbortSignal): Promise<JobOutcome> {
    const times = await bot.niftyShop.times();
    const users = [...times.keys()].filter((user) => only === null || user === only);
    if (users.length === 0)
      return { report: "Nifty Shop is not switched on for anybody; /niftyshop does that", hasFailed: false };
    const counts = await Promise.all(users.map(async (user) => jobs.runNow(await shop(), user, signal)));
    const total = {
      done: sum(counts.map(({ done }) => done)),
      skipped: sum(counts.map(({ skipped }) => skipped)),
      failed: sum(counts.map(({ failed }) => failed)),
    };
    return counted(total, signal?.aborted);
  }

  return {
    table: {
      "closing-digest": perUser(digest),
      "morning-login": perUser(login),
      "nifty-shop": runShop,
      instruments: async () => {
        const masters = await bot.instruments.refresh();
        return {
          report: masters
            .map(({ broker, rows, isStale }) => `${broker}: ${rows} rows${isStale ? ", stale" : ""}`)
            .join("\n"),
          hasFailed: masters.some(({ rows, isStale }) => isStale || rows === 0),
        };
      },
      reconcile: async () => ({ report: `${await bot.watcher.sweep()} orders looked at`, hasFailed: false }),
    },
    tasks: [
      { name: "jobs", at: EVERY_MINUTE, run: (signal) => jobs.runDue(everyDay, signal) },
      // A separate task, because it trades and must not wait behind ten thousand digests.
      { name: "nifty-shop", at: EVERY_MINUTE, run: async (signal) => jobs.runDue([await shop()], signal) },
      { name: "instruments", at: INSTRUMENTS_AT, run: () => bot.instruments.refresh() },
    ],
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
