import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import type { UserId } from "../domain/ids.ts";
import { istDate } from "../domain/market.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../ports/clock.ts";
import type { Claims } from "./claims.ts";
import type { User, Users } from "./people/users.ts";

/** The jobs that `npm run job` can run by hand. */
export const JOB_NAMES = ["morning-login", "closing-digest", "nifty-shop", "instruments", "reconcile"] as const;
export type JobName = (typeof JOB_NAMES)[number];

/** A job that runs once a day for each user. */
export interface PerUserJob {
  readonly name: string;
  /** Epoch ms at which the user's run is due on the date; null when there is none. */
  readonly dueAt: (user: User, date: string) => number | null;
  /** A job in the same list that must be done or given up first, if it is due that day: this one reads its result. */
  readonly after?: string;
  /** Maps the date of a run by hand to the day that it is about; the same date when absent. */
  readonly dayByHand?: (date: string) => string;
  /** How long after `dueAt` a late run is still worth doing, for a process that was down. */
  readonly catchUpMs: number;
  /** Retries during all of `catchUpMs` instead of five times, for jobs that depend on an outside repair. */
  readonly triesThroughout?: true;
  /** May run twice if a process dies halfway, so whatever it posts needs a key that contains the date. */
  readonly run: (user: User, occasion: Occasion) => Promise<void>;
}
export interface Occasion {
  /** The trading day. */
  readonly date: string;
  /** Epoch ms at which it should have run: not before the user came, and now for a run by hand. */
  readonly dueAt: number;
}

export interface JobCount {
  readonly done: number;
  /** Already done or given up today, or held by another process. */
  readonly skipped: number;
  readonly failed: number;
}

export interface Jobs {
  /**
   * Runs the due jobs not done today, for every user, in list order. Several processes may share the work. Begins nothing
   * more once the signal is aborted.
   */
  runDue(jobs: readonly PerUserJob[], signal?: AbortSignal): Promise<JobCount>;
  /**
   * Runs the job now for one user or all, whatever the time. Counts as the day's run, so a second run does nothing.
   * Begins nothing more once the signal is aborted.
   */
  runNow(job: PerUserJob, only: UserId | null, signal?: AbortSignal): Promise<JobCount>;
}

type OccasionFor = (job: PerUserJob, user: User) => Occasion | null;

/** Users processed at the same time. The work is mostly waiting for brokers, not computing. */
const CONCURRENCY = 16;

export function createJobs(deps: { claims: Claims; clock: Clock; users: Users; log: Log }): Jobs {
  const { claims, clock, users, log } = deps;
  /** Users whose run of a job is known to be done or given up today. Saves asking the store every minute. */
  const finished = new Map<string, { date: string; users: Set<UserId> }>();

  function finishedToday(job: string, date: string): Set<UserId> {
    const known = finished.get(job);
    if (known?.date === date) return known.users;
    const fresh = new Set<UserId>();
    finished.set(job, { date, users: fresh });
    return fresh;
  }

  async function runAll(
    jobs: readonly PerUserJob[],
    occasionFor: OccasionFor,
    signal?: AbortSignal,
  ): Promise<JobCount> {
    const count = { done: 0, skipped: 0, failed: 0 };
    const everybody = users.all()[Symbol.asyncIterator]();
    const worker = async (): Promise<void> => {
      for (let next = await everybody.next(); next.done !== true; next = await everybody.next()) {
        const user = next.value;
        for (const job of takesPart(user) ? jobs : []) {
          if (signal?.aborted === true) return;
          const outcome = await runIfDue(job, user, occasionFor);
          if (outcome !== null) count[outcome] += 1;
        }
        // The embedded store answers synchronously, so thousands of users would block every message and tap.
        await yieldToEventLoop();
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
    return count;
  }

  /** Null when not due. A failure is logged and does not stop other users; it is retried once the claim has lapsed. */
  async function runIfDue(job: PerUserJob, user: User, occasionFor: OccasionFor): Promise<keyof JobCount | null> {
    try {
      const occasion = occasionFor(job, user);
      return occasion && (await runOnce(job, user, occasion));
    } catch (error) {
      log.error({ err: error, job: job.name, user: user._id }, "job failed for one user");
      return "failed";
    }
  }

  async function runOnce(job: PerUserJob, user: User, occasion: Occasion): Promise<keyof JobCount> {
    const finishedUsers = finishedToday(job.name, occasion.date);
    const maxTries = job.triesThroughout ? Infinity : undefined;
    const claim = await claims.claim(`${job.name}:${user._id}:${occasion.date}`, maxTries);
    if (claim.kind === "done" || claim.kind === "given-up") finishedUsers.add(user._id);
    if (claim.kind !== "ours") return "skipped";
    try {
      await job.run(user, occasion);
    } catch (error) {
      const about = { err: error, job: job.name, user: user._id, tries: claim.tries };
      if (claim.isLast) log.error(about, "job failed for one user; given up for today");
      else if (isWorthLogging(claim.tries)) log.error(about, "job failed for one user");
      return "failed";
    }
    await claim.done();
    finishedUsers.add(user._id);
    return "done";
  }

  return {
    runDue(jobs, signal) {
      const now = clock.now();
      const date = istDate(now);
      const isUnfinished = ({ name }: PerUserJob, user: User): boolean => !finishedToday(name, date).has(user._id);
      /** Whether the job that this one depends on is due that day and unfinished here; another process may be running it. */
      const isWaiting = ({ after }: PerUserJob, user: User): boolean =>
        jobs.some((other) => other.name === after && other.dueAt(user, date) !== null && isUnfinished(other, user));
      const occasionFor: OccasionFor = (job, user) => {
        if (!isUnfinished(job, user) || isWaiting(job, user)) return null;
        const dueAt = job.dueAt(user, date);
        if (dueAt === null || dueAt > now || now > dueAt + job.catchUpMs) return null;
        return { date, dueAt: Math.max(dueAt, user.createdAt) };
      };
      return runAll(jobs, occasionFor, signal);
    },
    runNow(job, only, signal) {
      const dueAt = clock.now();
      const today = istDate(dueAt);
      const occasion = { date: job.dayByHand?.(today) ?? today, dueAt };
      return runAll([job], (_, user) => (only === null || user._id === only ? occasion : null), signal);
    },
  };
}

/** Logs repeated failures ever more rarely: at try 1, 2, 4, 8, and then every sixth, which is half an hour later. */
const isWorthLogging = (tries: number): boolean =>
  tries <= 8 ? Number.isInteger(Math.log2(tries)) : (tries - 8) % 6 === 0;

/** Whether the owner has let the user in and the user has not stopped the bot. */
const takesPart = (user: User): boolean =>
  !user.hasStopped && (user.role === "owner" || user.role === "trader" || user.role === "viewer");
