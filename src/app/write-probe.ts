import type { Log } from "../lib/log.ts";
import type { Clock } from "../ports/clock.ts";
import type { CollectionSpec, Document, Store } from "../ports/store.ts";

interface ProbeDocument extends Document {
  readonly _id: string;
  readonly at: number;
}

const probesSpec: CollectionSpec<ProbeDocument> = { name: "probes", indexes: [], encrypted: [], durability: "full" };
const PROBE = "write";
const CACHE_MS = 30_000;
/** Shorter, so that a recovery is noticed soon. */
const FAILURE_CACHE_MS = 5_000;

export interface WriteProbe {
  /** Rejects when the last test write failed; makes a new one when the last is too old. */
  check(): Promise<void>;
}

/**
 * Detects a full disk, on which reads still work, by a small write now and then. The result is cached between writes.
 */
export function createWriteProbe({ store, clock, log }: { store: Store; clock: Clock; log: Log }): WriteProbe {
  const probes = store.collection(probesSpec);
  let last: { readonly at: number; readonly outcome: Promise<void> } | null = null;
  let isFailing = false;

  async function write(): Promise<void> {
    const document = { _id: PROBE, at: clock.now() };
    const stored = await probes.get(PROBE);
    // False when another process wrote first, which proves as much.
    await (stored ? probes.replace(document, stored.version) : probes.insert(document));
  }

  async function writeAndLog(): Promise<void> {
    try {
      await write();
      if (isFailing) log.info("the store takes writes again");
      isFailing = false;
    } catch (error) {
      if (!isFailing) log.error({ err: error }, "the store takes no writes; the disk may be full");
      isFailing = true;
      throw error;
    }
  }

  return {
    check() {
      const now = clock.now();
      if (!last || Math.abs(now - last.at) >= (isFailing ? FAILURE_CACHE_MS : CACHE_MS))
        last = { at: now, outcome: writeAndLog() };
      return last.outcome;
    },
  };
}
