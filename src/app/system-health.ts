import type { SystemHealth } from "../bot/commands.ts";
import type { Outbox } from "../notify/outbox.ts";
import type { Store } from "../ports/store.ts";
import type { Inbox } from "../services/inbox.ts";
import type { WriteProbe } from "./write-probe.ts";

/** The state of this process and its store, as the owner sees it in the chat. */
export async function systemHealth(parts: {
  readonly store: Store;
  readonly writes: WriteProbe;
  readonly inbox: Pick<Inbox, "depth">;
  readonly outbox: Pick<Outbox, "depth">;
}): Promise<SystemHealth> {
  const { store, writes, inbox, outbox } = parts;
  const startedAt = performance.now();
  const isReachable = await succeeds(store.ping());
  const storeMs = isReachable ? Math.round(performance.now() - startedAt) : null;
  return {
    storeMs,
    takesWrites: await succeeds(writes.check()),
    inboxDepth: await inbox.depth(),
    outboxDepth: await outbox.depth(),
    uptimeS: process.uptime(),
    memoryBytes: process.memoryUsage.rss(),
  };
}

const succeeds = (attempt: Promise<void>): Promise<boolean> =>
  attempt.then(
    () => true,
    () => false,
  );
