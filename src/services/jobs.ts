import { setImmediate as breathe } from "node:timers/promises";
import type { UserId } from "../domain/ids.ts";
import { istDate } from "../domain/market.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../ports/clock.ts";
import type { Claims } from "./claims.ts";
import type { User, Users } from "./users.ts";

/** What `npm run job` runs by hand. */
export const JOB_NAMES = ["morning-login", "closing-digest", "nifty-shop", "instruments", "reconcile"] as const;
export type JobName = (typeof JOB_NAMES)[number];

/** Work that each user gets once a day. */
export interface PerUserJob {
  readonly name: string;
  /** Epoch ms at which this user's is due on the date, or null when there is none. */
  readonly dueAt: (user: User, date: string) => number | null;
  /** The job of the same list that must be over for this user's day first: what it leaves is read here. */
  readonly after?: string;
  /** The day that a run by hand on a date is about: the date itself, when absent. */
  readonly dayByHand?: (date: string) => string;
  /** How long after that it is still worth doing, by a process that was down. */
  readonly catchUpMs: number;
  /** One that waits for somebody else's repair: it is tried again as long as it is worth doing, not five times. */
  readonly triesThroughout?: true;
  /** May run twice when a process dies in the middle: what it posts must carry a key of the date. */
  readonly run: (user: User, occasion: Occasion) => Promise<void>;
}
export interface Occasion {
  /** The trading day. */
  readonly date: string;
  /** Epoch ms at which it should have run; now, when it was asked for by hand. */
  readonly dueAt: number;
}

export interface JobCount {
  readonly done: number;
  /** Had it before today, or another process has it now. */
  readonly skipped: number;
  readonly failed: number;
}

export interface Jobs {
  /** For every user, in the order of the list, those whose time has come and that they have not had today. Several processes share the work. */
  runDue(jobs: readonly PerUserJob[]): Promise<JobCount>;
  /** Runs it now for one user or all, whatever the time; it counts as today's, so that a second run does nothing. */
  runNow(job: PerUserJob, only: UserId | null): Promise<JobCount>;
}

type OccasionFor = (job: PerUserJob, user: User) => Occasion | null;

/** Users in work at one time: brokers' answers are waited for, not computed. */
const CONCURRENCY = 16;

export function createJobs(deps: { claims: Claims; clock: Clock; users: Users; log: Log }): Jobs {
  const { claims, clock, users, log } = deps;
  /** Whom this process knows to be through with a job today: saves asking the store every minute. */
  const through = new Map<string, { date: string; users: Set<UserId> }>();

  function throughToday(job: string, date: string): Set<UserId> {
    const known = through.get(job);
    if (known?.date === date) return known.users;
    const fresh = new Set<UserId>();
    through.set(job, { date, users: fresh });
    return fresh;
  }

  async function runAll(jobs: readonly PerUserJob[], occasionFor: OccasionFor): Promise<JobCount> {
    const count = { done: 0, skipped: 0, failed: 0 };
    const everybody = users.all()[Symbol.asyncIterator]();
    const worker = async (): Promise<void> => {
      for (let next = await everybody.next(); next.done !== true; next = await everybody.next()) {
        const user = next.value;
        for (const job of takesPart(user) ? jobs : []) {
          const outcome = await turn(job, user, occasionFor);
          if (outcome !== null) count[outcome] += 1;
        }
        // The embedded store answers at once: without a pause, thousands of users would hold up every message and tap.
        await breathe();
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
    return count;
  }

  /** One user's failure is only theirs: it is logged, and tried again once the claim has lapsed. Null when it is not due. */
  async function turn(job: PerUserJob, user: User, occasionFor: OccasionFor): Promise<keyof JobCount | null> {
    try {
      const occasion = occasionFor(job, user);
      return occasion && (await runOnce(job, user, occasion));
    } catch (error) {
      log.error({ err: error, job: job.name, user: user._id }, "job failed for one user");
      return "failed";
    }
  }

  async function runOnce(job: PerUserJob, user: User, occasion: Occasion): Promise<keyof JobCount> {
    const had = throughToday(job.name, occasion.date);
    const maxTries = job.triesThroughout ? Infinity : undefined;
    const claim = await claims.claim(`${job.name}:${user._id}:${occasion.date}`, maxTries);
    if (claim.kind === "done" || claim.kind === "given-up") had.add(user._id);
    if (claim.kind !== "ours") return "skipped";
    try {
      await job.run(user, occasion);
    } catch (error) {
      const about = { err: error, job: job.name, user: user._id, tries: claim.tries };
      if (claim.isLast) log.error(about, "job failed for one user, who goes without it today");
      else if (isWorthSaying(claim.tries)) log.error(about, "job failed for one user");
      return "failed";
    }
    await claim.done();
    had.add(user._id);
    return "done";
  }

  /** Another process may have the job that this one waits for. */
  const isWaiting = ({ after }: PerUserJob, user: User, date: string): boolean =>
    after !== undefined && !throughToday(after, date).has(user._id);

  return {
    runDue(jobs) {
      const now = clock.now();
      const date = istDate(now);
      return runAll(jobs, (job, user) => {
        if (throughToday(job.name, date).has(user._id) || isWaiting(job, user, date)) return null;
        const dueAt = job.dueAt(user, date);
        return dueAt !== null && dueAt <= now && now <= dueAt + job.catchUpMs ? { date, dueAt } : null;
      });
    },
    runNow(job, only) {
      const dueAt = clock.now();
      const today = istDate(dueAt);
      const occasion = { date: job.dayByHand?.(today) ?? today, dueAt };
      return runAll([job], (_, user) => (only === null || user._id === only ? occasion : null));
    },
  };
}

/** What fails all evening is said ever more rarely: at the first try, the second, the fourth, the eighth … */
const isWorthSaying = (tries: number): boolean => Number.isInteger(Math.log2(tries));

/** Those whom the owner has let in and who have not stopped the bot. */
const takesPart = (user: User): boolean =>
  !user.hasStopped && (user.role === "owner" || user.role === "trader" || user.role === "viewer");
