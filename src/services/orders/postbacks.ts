import type { BrokerOrderId, LinkId } from "../../domain/ids.ts";
import { linkId } from "../../domain/ids.ts";
import { trim } from "../../lib/trim.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts } from "../accounts/accounts.ts";
import type { Intent, Journal } from "./journal.ts";
import type { Watcher } from "./watcher.ts";

export type PostbackUse = "looked" | "not-ours" | "refused" | "too-soon";

export interface Postbacks {
  /** Re-reads the order that the postback names. Nothing else in the postback is trusted. */
  take(broker: string, link: string, body: string): Promise<PostbackUse>;
}

/** At most one read per second and link, however many postbacks arrive. */
const PAUSE_MS = 1_000;
const MAX_REMEMBERED = 5_000;

export function createPostbacks(deps: {
  accounts: Pick<Accounts, "byId" | "broker">;
  clock: Clock;
  journal: Pick<Journal, "recent">;
  watcher: Pick<Watcher, "follow">;
}): Postbacks {
  const lastLooks = new Map<LinkId, number>();

  /** One fill causes a burst of postbacks. Only the first triggers a read; the watcher's polling covers the rest. */
  function mayLook(link: LinkId): boolean {
    const now = deps.clock.now();
    if (Math.abs(now - (lastLooks.get(link) ?? 0)) < PAUSE_MS) return false;
    lastLooks.delete(link);
    lastLooks.set(link, now);
    trim(lastLooks, MAX_REMEMBERED);
    return true;
  }

  return {
    async take(broker, id, body) {
      const link = await deps.accounts.byId(linkId(id));
      if (link?.broker_name !== broker) return "refused";
      const { definition } = deps.accounts.broker(link);
      const named = (await definition.readPostback?.(body, link.credentials)) ?? null;
      if (named === null) return "refused";
      if (!mayLook(link._id)) return "too-soon";
      const intents = await deps.journal.recent(link.user_id);
      const intent = intents.find((each) => carries(each, link._id, named.orderId));
      if (!intent) return "not-ours";
      await deps.watcher.follow(intent);
      return "looked";
    },
  };
}

const carries = (intent: Intent, link: LinkId, orderId: BrokerOrderId): boolean =>
  intent.legs.some((leg) => leg.link === link && leg.orderId === orderId);
