import { BrokerError } from "../../errors.ts";
import { trim } from "../../lib/trim.ts";
import type { Clock } from "../../ports/clock.ts";

/** Failures that concern one link, not the broker: they must not be shared with other links. */
const PERSONAL: ReadonlySet<BrokerError["kind"]> = new Set([
  "auth-expired",
  "auth-invalid",
  "ip-not-allowed",
  "no-permission",
]);
export const isPersonal = (error: unknown): boolean => error instanceof BrokerError && PERSONAL.has(error.kind);

export interface SharedReads<V> {
  /**
   * The values of the keys that have one. Fresh entries and pending reads are shared; the remaining keys are asked in
   * one call. Missing values and failures of the source are shared too, for 30 seconds at most. If a shared read fails
   * for a reason of the other caller's link, `ask` is called for all shared keys.
   */
  read(
    keys: readonly string[],
    freshMs: number,
    ask: (missing: readonly string[]) => Promise<ReadonlyMap<string, V>>,
  ): Promise<Map<string, V>>;
}

interface Entry<V> {
  readonly at: number;
  readonly value: Promise<V | null>;
  /** `empty`: the read failed, or the source had no value. */
  state: "pending" | "found" | "empty";
}

/** Values may be cached for hours; what failed or was missing is retried sooner, since it may be there by then. */
const EMPTY_KEPT_MS = 30_000;

/** A cache of answers and pending reads. Drops the oldest entries beyond `max`. */
export function createSharedReads<V>({ clock, max }: { clock: Clock; max: number }): SharedReads<V> {
  const entries = new Map<string, Entry<V>>();

  function fresh(key: string, freshMs: number): Entry<V> | undefined {
    const entry = entries.get(key);
    if (entry?.state === "pending") return entry;
    const keptMs = entry?.state === "empty" ? Math.min(freshMs, EMPTY_KEPT_MS) : freshMs;
    // Absolute: a read "in the future" was made before the clock was set back.
    return entry && Math.abs(clock.now() - entry.at) < keptMs ? entry : undefined;
  }

  function askFor(
    keys: readonly string[],
    ask: (missing: readonly string[]) => Promise<ReadonlyMap<string, V>>,
  ): Map<string, Entry<V>> {
    const at = clock.now();
    const asked = ask(keys);
    const made = new Map<string, Entry<V>>();
    for (const key of keys) {
      const value = asked.then((values) => values.get(key) ?? null);
      const entry: Entry<V> = { at, value, state: "pending" };
      value.then(
        (known) => (entry.state = known === null ? "empty" : "found"),
        (error: unknown) => {
          entry.state = "empty";
          if (isPersonal(error) && entries.get(key) === entry) entries.delete(key);
        },
      );
      entries.delete(key);
      entries.set(key, entry);
      made.set(key, entry);
    }
    trim(entries, max);
    return made;
  }

  return {
    async read(keys, freshMs, ask) {
      const shared = new Map<string, Entry<V>>();
      for (const key of keys) {
        const entry = fresh(key, freshMs);
        if (entry) shared.set(key, entry);
      }
      const missing = [...new Set(keys)].filter((key) => !shared.has(key));
      const own = missing.length > 0 ? await resolveAll(askFor(missing, ask)) : new Map<string, V>();
      const others = await resolveAll(shared).catch((error: unknown) => {
        if (!isPersonal(error)) throw error;
        return resolveAll(askFor([...shared.keys()], ask));
      });
      return new Map([...own, ...others]);
    },
  };
}

async function resolveAll<V>(entries: ReadonlyMap<string, Entry<V>>): Promise<Map<string, V>> {
  const values = await Promise.all([...entries].map(async ([key, { value }]) => [key, await value] as const));
  return new Map(values.flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
}
