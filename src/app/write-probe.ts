import type { Log } from "../lib/log.ts";
import type { Clock } from "../ports/clock.ts";
import type { CollectionSpec, Document, Store } from "../ports/store.ts";

interface ProbeDocument extends Document {
  readonly _id: string;
  readonly at: number;
}

const probesSpec: CollectionSpec<ProbeDocument> = { name: "probes", indexes: [], encrypted: [], durability: "full" };
const PROBE = "write";
const KEPT_MS = 30_000;
/** What is well again should not count as broken for long. */
const FAILURE_KEPT_MS = 5_000;

export interface WriteProbe {
  /** Rejects when the store did not take the last write that was tried. */
  check(): Promise<void>;
}

/** A full disk answers every read. One small write tells, now and then, however often somebody asks. */
export function createWriteProbe({ store, clock, log }: { store: Store; clock: Clock; log: Log }): WriteProbe {
  const probes = store.collection(probesSpec);
  let last: { readonly at: number; readonly outcome: Promise<void> } | null = null;
  let isFailing = false;

  async function write(): Promise<void> {
    const document = { _id: PROBE, at: clock.now() };
    const stored = await probes.get(PROBE);
    // Another process may come first: then it is its write that was taken.
    await (stored ? probes.replace(document, stored.version) : probes.insert(document));
  }

  async function told(): Promise<void> {
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
      if (!last || Math.abs(now - last.at) >= (isFailing ? FAILURE_KEPT_MS : KEPT_MS))
        last = { at: now, outcome: told() };
      return last.outcome;
    },
  };
}
