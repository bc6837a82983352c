import type { Log } from "../lib/log.ts";
import { createFailureLog } from "../lib/failure-log.ts";
import type { Clock } from "../ports/clock.ts";
import type { Collection, CollectionSpec, Document, Store, Stored } from "../ports/store.ts";
import type { Lease, Leases } from "./leases.ts";

/** An incoming update. A lane (one chat) is handled in order. */
export interface Arrival {
  readonly id: string;
  readonly lane: string;
  /** Rising within a lane. */
  readonly order: number;
  readonly body: string;
}

interface ArrivalDocument extends Document {
  readonly _id: string;
  readonly lane: string;
  readonly order: number;
  /** Encrypted, because it holds whatever was typed. Removed once handled. */
  readonly body?: string;
  /** Removed once handled, which takes the document out of the `due` index. */
  readonly isDue?: true;
  readonly receivedAt: number;
  /** How often it failed, or was taken up after a process had left it. */
  readonly tries: number;
  readonly expiresAt: number;
}
type Due = Stored<ArrivalDocument> & { readonly body: string };

export const UPDATES = "updates";
const updatesSpec: CollectionSpec<ArrivalDocument> = {
  name: UPDATES,
  indexes: [{ name: "due", fields: ["isDue", "lane", "order"] }],
  encrypted: ["body"],
  durability: "normal",
};

/** Telegram redelivers an unacknowledged update for 24 hours. */
const REMEMBERED_MS = 25 * 3_600_000;
/** An update older than this was probably left by a process that died, so taking it up counts as a try. */
const LEFT_AFTER_MS = 5_000;
/** A newer update is still being handled by the process that stored it. */
const FRESH_MS = 1_000;
const MAX_TRIES = 3;
const MAX_LANES = 200;
/** Lanes beyond this wait for the sweep. */
const MAX_QUEUED = 10_000;
const SWEEP_BATCH = 500;
const MAX_SWEEP_BATCH = 8_000;

export interface Inbox {
  /** Durable once this resolves; a repeated id is ignored. Rejects when the store does. */
  accept(arrival: Arrival): Promise<void>;
  /** Takes up updates left by a dead process or not queued for lack of room. Several processes may run it. */
  sweep(): Promise<void>;
  /** How many updates are waiting; counted up to 10,000. */
  depth(): Promise<number>;
  /** How many lanes this process is working on. */
  running(): number;
}

export interface InboxDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly leases: Leases;
  /** Handles one update; a rejection leaves it for another try. */
  readonly handle: (body: string) => Promise<void>;
}

/**
 * Stores every update before it is acknowledged, then handles it under its lane's lease: in order across processes, and
 * at least once. A handler whose effect must not happen twice claims it in the store itself.
 */
export function createInbox(deps: InboxDeps): Inbox {
  const { clock, log, leases } = deps;
  const updates: Collection<ArrivalDocument> = deps.store.collection(updatesSpec);
  const running = new Set<string>();
  /** Lanes that received an update while they were running. */
  const calledAgain = new Set<string>();
  /** Lanes waiting for a free slot, first come first served. */
  const queued = new Set<string>();
  /** Lanes whose store or lease calls failed. Sweeps retry all: one emptied by another process is no longer due. */
  const failing = new Set<string>();
  /** By lane, an update that was handled, but the store did not take that: only that is tried again. */
  const unmarked = new Map<string, string>();
  let sweepBatch = SWEEP_BATCH;
  const failures = createFailureLog(log, {
    failed: "updates of a chat could not be handled; retrying soon",
    recovered: "updates are handled again",
  });

  /** Absolute, because an update "from the future" was received before the clock was set back. */
  const age = ({ receivedAt }: Stored<ArrivalDocument>): number => Math.abs(clock.now() - receivedAt);

  const oldestDue = async (lane: string, limit: number): Promise<Due[]> =>
    (await updates.find("due", [true, lane], { limit, order: "asc" })).filter(hasBody);

  function startLane(lane: string): void {
    if (running.has(lane)) calledAgain.add(lane);
    else if (running.size < MAX_LANES) void runLane(lane);
    else if (queued.size < MAX_QUEUED) queued.add(lane);
  }

  function startNextQueued(): void {
    const [lane] = queued;
    if (lane === undefined) return;
    queued.delete(lane);
    startLane(lane);
  }

  async function runLane(lane: string): Promise<void> {
    running.add(lane);
    try {
      do {
        calledAgain.delete(lane);
        await drainLane(lane);
      } while (calledAgain.has(lane));
      if (failing.delete(lane) && failing.size === 0) failures.recovered();
    } catch (error) {
      failing.add(lane);
      failures.failed(error);
    } finally {
      calledAgain.delete(lane);
      running.delete(lane);
      startNextQueued();
    }
  }

  /** Looks again after the release: whoever stored an update while the lease was held could not take it. */
  async function drainLane(lane: string): Promise<void> {
    do {
      const lease = await leases.take(`lane:${lane}`);
      if (!lease) return;
      try {
        if (!(await handleAll(lane, lease))) return;
      } finally {
        await lease.release();
      }
    } while ((await oldestDue(lane, 1)).length > 0);
  }

  /** False when the lane must stop: the lease is lost, or an update failed. */
  async function handleAll(lane: string, lease: Lease): Promise<boolean> {
    for (;;) {
      // Read each update again when its turn comes: another process may have held the lease and handled it.
      const [arrival, behind] = await oldestDue(lane, 2);
      if (!arrival) return true;
      if (lease.lost.aborted || !(await handleOne(arrival))) return false;
      if (!behind) return true;
    }
  }

  async function handleOne(arrival: Due): Promise<boolean> {
    if (unmarked.get(arrival.lane) === arrival._id) {
      await markHandled(arrival);
      return true;
    }
    const begun = age(arrival) < LEFT_AFTER_MS ? arrival : await countedTry(arrival);
    if (begun === null) return true;
    try {
      await deps.handle(begun.body);
    } catch (error) {
      log.error({ err: error, update: begun._id, tries: begun.tries }, "update failed");
      await countedTry(begun);
      return false;
    }
    await markHandled(begun);
    return true;
  }

  /** Null, and given up, after MAX_TRIES: the update itself may be what kills the process. */
  async function countedTry(arrival: Due): Promise<Due | null> {
    if (arrival.tries >= MAX_TRIES) {
      log.error({ update: arrival._id }, "update given up");
      await markHandled(arrival);
      return null;
    }
    const { version, ...document } = arrival;
    const counted = { ...document, tries: arrival.tries + 1 };
    return (await updates.replace(counted, version)) ? { ...counted, version: version + 1 } : null;
  }

  async function markHandled({ version, body: _body, isDue: _isDue, ...remembered }: Due): Promise<void> {
    unmarked.set(remembered.lane, remembered._id);
    await updates.replace(remembered, version);
    unmarked.delete(remembered.lane);
  }

  return {
    async accept({ id, lane, order, body }) {
      const now = clock.now();
      const expiresAt = now + REMEMBERED_MS;
      if (await updates.insert({ _id: id, lane, order, body, isDue: true, receivedAt: now, tries: 0, expiresAt }))
        startLane(lane);
    },
    async sweep() {
      const due = await updates.find("due", [true], { limit: sweepBatch, order: "asc" });
      // One lane may fill the whole batch and hide the lanes behind it, so the next sweep reads further.
      sweepBatch = due.length < sweepBatch ? SWEEP_BATCH : Math.min(2 * sweepBatch, MAX_SWEEP_BATCH);
      const left = due.filter((arrival) => age(arrival) > FRESH_MS);
      for (const lane of new Set([...failing, ...left.map((arrival) => arrival.lane)])) startLane(lane);
    },
    depth: async () => (await updates.find("due", [true], { limit: 10_000 })).length,
    running: () => running.size,
  };
}

const hasBody = (document: Stored<ArrivalDocument>): document is Due => document.body !== undefined;
