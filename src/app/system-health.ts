import type { SystemHealth } from "../bot/commands.ts";
import type { Outbox } from "../notify/outbox.ts";
import type { Store } from "../ports/store.ts";
import type { Inbox } from "../services/inbox.ts";

/** What the owner sees of this process and the store that it shares. */
export async function systemHealth(
  store: Store,
  inbox: Pick<Inbox, "depth">,
  outbox: Pick<Outbox, "depth">,
): Promise<SystemHealth> {
  const startedAt = performance.now();
  const isReachable = await store.ping().then(
    () => true,
    () => false,
  );
  return {
    storeMs: isReachable ? Math.round(performance.now() - startedAt) : null,
    inboxDepth: await inbox.depth(),
    outboxDepth: await outbox.depth(),
    uptimeS: process.uptime(),
    memoryBytes: process.memoryUsage.rss(),
  };
}
