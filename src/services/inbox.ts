import type { Log } from "../lib/log.ts";
import { createFailureLog } from "../lib/failure-log.ts";
import type { Clock } from "../ports/clock.ts";
import type { Collection, CollectionSpec, Document, Store, Stored } from "../ports/store.ts";
import type { Lease, Leases } from "./leases.ts";

/** Something that came in and must be handled, in order within its lane. */
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
  /** Whatever was typed: encrypted, and gone once it is handled. */
  readonly body?: string;
  /** Gone once it is handled, which takes it out of the index. */
  readonly isDue?: true;
  readonly receivedAt: number;
  /** How often it was begun after it had been left lying. */
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

/** Telegram repeats for 24 hours what was not answered. */
const REMEMBERED_MS = 25 * 3_600_000;
const LEFT_AFTER_MS = 5_000;
/** What came just now is in the hands of whoever stored it. */
const FRESH_MS = 1_000;
const MAX_TRIES = 3;
const MAX_LANES = 200;
/** More than that wait for the sweep. */
const MAX_QUEUED = 10_000;
const SWEEP_BATCH = 500;
const MAX_SWEEP_BATCH = 8_000;

export interface Inbox {
  /** Durable once this resolves; what came before with the same id is not taken again. Rejects when the store does. */
  accept(arrival: Arrival): Promise<void>;
  /** Takes up what a process left that died, or what found no room. Several processes may run it. */
  sweep(): Promise<void>;
  /** How much is waiting. */
  depth(): Promise<number>;
  running(): number;
}

export interface InboxDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly leases: Leases;
  /** Handles one; a rejection leaves it for another try. */
  readonly handle: (body: string) => Promise<void>;
}

/**
 * Every update is stored before it is acknowledged and handled under its lane's lease: in order wherever it lands, at
 * least once whoever dies. What must not happen twice is claimed in the store by whoever does it.
 */
export function createInbox(deps: InboxDeps): Inbox {
  const { clock, log, leases } = deps;
  const updates: Collection<ArrivalDocument> = deps.store.collection(updatesSpec);
  const running = new Set<string>();
  /** Lanes that got something while they were being worked off. */
  const calledAgain = new Set<string>();
  /** Lanes that found no room, in the order in which they came. */
  const queued = new Set<string>();
  /** Lanes that could not be worked off; each sweep tries them, since another process may have emptied one meanwhile. */
  const failing = new Set<string>();
  let sweepBatch = SWEEP_BATCH;
  const trouble = createFailureLog(log, {
    failed: "updates of a chat not worked off; they are tried again soon",
    recovered: "updates are worked off again",
  });

  /** What came in the future came before the clock was set back. */
  const age = ({ receivedAt }: Stored<ArrivalDocument>): number => Math.abs(clock.now() - receivedAt);

  const oldest = async (lane: string, limit: number): Promise<Due[]> =>
    (await updates.find("due", [true, lane], { limit, order: "asc" })).filter(hasBody);

  function work(lane: string): void {
    if (running.has(lane)) calledAgain.add(lane);
    else if (running.size < MAX_LANES) void workUntilQuiet(lane);
    else if (queued.size < MAX_QUEUED) queued.add(lane);
  }

  function workNext(): void {
    const [lane] = queued;
    if (lane === undefined) return;
    queued.delete(lane);
    work(lane);
  }

  async function workUntilQuiet(lane: string): Promise<void> {
    running.add(lane);
    try {
      do {
        calledAgain.delete(lane);
        await workOff(lane);
      } while (calledAgain.has(lane));
      if (failing.delete(lane) && failing.size === 0) trouble.recovered();
    } catch (error) {
      failing.add(lane);
      trouble.failed(error);
    } finally {
      calledAgain.delete(lane);
      running.delete(lane);
      workNext();
    }
  }

  /** Whoever stored an update while the lease was held relies on the look after the release. */
  async function workOff(lane: string): Promise<void> {
    do {
      const lease = await leases.take(`lane:${lane}`);
      if (!lease) return;
      try {
        if (!(await handleAll(lane, lease))) return;
      } finally {
        await lease.release();
      }
    } while ((await oldest(lane, 1)).length > 0);
  }

  /** False when the lane must rest: the lease is lost, or an update failed. */
  async function handleAll(lane: string, lease: Lease): Promise<boolean> {
    for (;;) {
      // Each is read anew when its turn comes: another process may have had the lease, and handled it.
      const [arrival, behind] = await oldest(lane, 2);
      if (!arrival) return true;
      if (lease.lost.aborted || !(await handleOne(arrival))) return false;
      if (!behind) return true;
    }
  }

  async function handleOne(arrival: Due): Promise<boolean> {
    const begun = age(arrival) < LEFT_AFTER_MS ? arrival : await countedTry(arrival);
    if (begun === null) return true;
    try {
      await deps.handle(begun.body);
    } catch (error) {
      log.error({ err: error, update: begun._id, tries: begun.tries }, "update failed");
      await countedTry(begun);
      return false;
    }
    await settle(begun);
    return true;
  }

  /** Null when it has been tried often enough: it may be what kills the process. */
  async function countedTry(arrival: Due): Promise<Due | null> {
    if (arrival.tries >= MAX_TRIES) {
      log.error({ update: arrival._id }, "update given up");
      await settle(arrival);
      return null;
    }
    const { version, ...document } = arrival;
    const counted = { ...document, tries: arrival.tries + 1 };
    return (await updates.replace(counted, version)) ? { ...counted, version: version + 1 } : null;
  }

  const settle = ({ version, body: _body, isDue: _isDue, ...remembered }: Due): Promise<boolean> =>
    updates.replace(remembered, version);

  return {
    async accept({ id, lane, order, body }) {
      const now = clock.now();
      const expiresAt = now + REMEMBERED_MS;
      if (await updates.insert({ _id: id, lane, order, body, isDue: true, receivedAt: now, tries: 0, expiresAt }))
        work(lane);
    },
    async sweep() {
      const due = await updates.find("due", [true], { limit: sweepBatch, order: "asc" });
      // A lane that fills it must not hide the ones behind until it is worked off: the next look goes further.
      sweepBatch = due.length < sweepBatch ? SWEEP_BATCH : Math.min(2 * sweepBatch, MAX_SWEEP_BATCH);
      const left = due.filter((arrival) => age(arrival) > FRESH_MS);
      for (const lane of new Set([...failing, ...left.map((arrival) => arrival.lane)])) work(lane);
    },
    depth: async () => (await updates.find("due", [true], { limit: 10_000 })).length,
    running: () => running.size,
  };
}

const hasBody = (document: Stored<ArrivalDocument>): document is Due => document.body !== undefined;
