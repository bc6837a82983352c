import { conflict } from "./failure.ts";
import { UPDATE_KINDS, type Update, type UpdateKind } from "./types.ts";

const KEPT_MS = 24 * 3_600_000;
const MAX_BATCH = 100;
const MAX_WAIT_SECONDS = 50;

export interface PendingUpdate {
  readonly update: Update;
  readonly at: number;
  /** Updates of one lane are delivered in order: the chat's, or the user's when there is no chat. */
  readonly lane: number;
}

export interface GetUpdates {
  readonly offset?: number | undefined;
  readonly limit?: number | undefined;
  readonly timeout?: number | undefined;
  readonly allowed_updates?: readonly string[] | undefined;
}

export interface UpdateQueue {
  push(kind: UpdateKind, lane: number, payload: unknown): void;
  /** Long polling. A newer call ends an older one that still waits, with 409, as Telegram does. */
  take(request: GetUpdates, signal?: AbortSignal): Promise<readonly Update[]>;
  pending(): readonly PendingUpdate[];
  confirm(updateId: number): void;
  clear(): void;
  /** Telegram remembers the last list that it was given; empty means all. */
  allow(kinds: readonly string[] | undefined): void;
  allowed(): readonly string[];
  onPush(listener: () => void): void;
  nextId(): number;
  close(): void;
}

interface Waiter {
  wake(): void;
  fail(error: Error): void;
}

export interface UpdateQueueOptions {
  readonly now: () => number;
  readonly firstId: number;
  readonly saved: readonly PendingUpdate[];
  readonly allowed: readonly string[];
  readonly changed: () => void;
}

export function createUpdateQueue({ now, firstId, saved, changed, ...kept }: UpdateQueueOptions): UpdateQueue {
  let queue = [...saved];
  let nextId = firstId;
  let { allowed } = kept;
  let waiter: Waiter | null = null;
  const listeners: (() => void)[] = [];

  function fresh(): PendingUpdate[] {
    const oldest = now() - KEPT_MS;
    if (queue.some(({ at }) => at < oldest)) queue = queue.filter(({ at }) => at >= oldest);
    return queue;
  }

  function forget(offset: number): void {
    if (offset > 0) queue = queue.filter(({ update }) => update.update_id >= offset);
    else if (offset < 0) queue = queue.slice(offset);
    if (offset !== 0) changed();
  }

  const allow = (kinds: readonly string[] | undefined): void => {
    if (!kinds) return;
    const known = kinds.filter((kind) => (UPDATE_KINDS as readonly string[]).includes(kind));
    if (known.join() === allowed.join()) return;
    allowed = known;
    changed();
  };

  return {
    push(kind, lane, payload) {
      if (allowed.length > 0 && !allowed.includes(kind)) return;
      queue.push({ update: { update_id: nextId, [kind]: payload }, at: now(), lane });
      nextId += 1;
      changed();
      waiter?.wake();
      for (const listener of listeners) listener();
    },
    async take({ offset = 0, limit = MAX_BATCH, timeout = 0, allowed_updates: kinds }, signal) {
      waiter?.fail(conflict("terminated by other getUpdates request; make sure that only one bot instance is running"));
      allow(kinds);
      forget(offset);
      const batch = (): Update[] =>
        fresh()
          .slice(0, clamp(limit, 1, MAX_BATCH))
          .map(({ update }) => update);
      if (fresh().length === 0 && timeout > 0) {
        await waitForOne(
          clamp(timeout, 1, MAX_WAIT_SECONDS),
          signal,
          (made) => (waiter = made),
          (gone) => {
            if (waiter === gone) waiter = null;
          },
        );
      }
      return batch();
    },
    pending: fresh,
    confirm(updateId) {
      queue = queue.filter(({ update }) => update.update_id !== updateId);
      changed();
    },
    clear() {
      queue = [];
      changed();
    },
    allow,
    allowed: () => allowed,
    onPush: (listener) => void listeners.push(listener),
    nextId: () => nextId,
    close: () => waiter?.wake(),
  };
}

/** Resolves when woken, when `seconds` are over or when the caller hung up. */
function waitForOne(
  seconds: number,
  signal: AbortSignal | undefined,
  begin: (waiter: Waiter) => void,
  end: (waiter: Waiter) => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const waiter: Waiter = { wake: resolve, fail: reject };
  const timer = setTimeout(resolve, seconds * 1000);
  const hangUp = (): void => resolve();
  signal?.addEventListener("abort", hangUp, { once: true });
  begin(waiter);
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", hangUp);
    end(waiter);
  });
}

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
