import type { UserId } from "../domain/ids.ts";
import { istDate } from "../domain/market.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../ports/clock.ts";
import type { Collection, CollectionSpec, Document, Store } from "../ports/store.ts";
import type { User, Users } from "./users.ts";

export const JOB_NAMES = ["morning-login", "closing-digest", "nifty-shop", "instruments", "reconcile"] as const;
export type JobName = (typeof JOB_NAMES)[number];

interface JobDocument extends Document {
  readonly _id: string;
  readonly claimedAt: number;
  readonly isDone: boolean;
  readonly expiresAt: number;
}

const jobsSpec: CollectionSpec<JobDocument> = { name: "jobs", indexes: [], encrypted: [], durability: "normal" };
/** Whoever claimed a piece of work and was killed gives it back after this. */
const CLAIM_MS = 5 * 60_000;
const REMEMBERED_MS = 14 * 86_400_000;

export interface PerUserJob {
  readonly name: JobName;
  /** Whether this user's time for it has come today. */
  readonly isDue: (user: User, now: number) => boolean;
  readonly run: (user: User) => Promise<void>;
}

export interface Jobs {
  /** Runs the job for every user whose time has come and who has not had it today. Several processes share the work. */
  runDue(job: PerUserJob): Promise<number>;
  /** Runs it now for one user or all, whatever the time: again on the same day it does nothing new. */
  runNow(job: PerUserJob, only: UserId | null): Promise<number>;
}

export function createJobs(deps: { store: Store; clock: Clock; users: Users; log: Log }): Jobs {
  const { clock, log } = deps;
  const jobs: Collection<JobDocument> = deps.store.collection(jobsSpec);

  async function runAll(job: PerUserJob, wants: (user: User) => boolean): Promise<number> {
    let count = 0;
    for await (const user of deps.users.all()) {
      if (!wants(user) || user.hasStopped) continue;
      if (await runOnce(job, user)) count += 1;
    }
    return count;
  }

  /** One user's failure is only theirs: it is logged, and tried again once the claim has lapsed. */
  async function runOnce(job: PerUserJob, user: User): Promise<boolean> {
    const id = `${job.name}:${user._id}:${istDate(clock.now())}`;
    if (!(await claim(id))) return false;
    try {
      await job.run(user);
    } catch (error) {
      log.error({ err: error, job: job.name }, "job failed for one user");
      return false;
    }
    await finish(id);
    return true;
  }

  async function claim(id: string): Promise<boolean> {
    const now = clock.now();
    const fresh = { _id: id, claimedAt: now, isDone: false, expiresAt: now + REMEMBERED_MS };
    if (await jobs.insert(fresh)) return true;
    const held = await jobs.get(id);
    if (!held || held.isDone || now - held.claimedAt < CLAIM_MS) return false;
    return jobs.replace(fresh, held.version);
  }

  async function finish(id: string): Promise<void> {
    const held = await jobs.get(id);
    if (!held) return;
    const { version, ...job } = held;
    await jobs.replace({ ...job, isDone: true }, version);
  }

  return {
    runDue: (job) => runAll(job, (user) => job.isDue(user, clock.now())),
    runNow: (job, only) => runAll(job, (user) => only === null || user._id === only),
  };
}
