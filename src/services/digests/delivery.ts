import { istTime } from "../../domain/market.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Notification } from "../../ports/notifier.ts";
import type { Settings, Users } from "../people/users.ts";

/** The kinds of message that a user can set to on, silent or off. */
export const MESSAGE_KINDS = ["orderUpdates", "alerts", "strategy", "reminder", "summary", "digest", "report"] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

export const isMessageKind = (name: string): name is MessageKind => MESSAGE_KINDS.some((kind) => kind === name);

/** How to deliver a message of the kind; null when the user has switched it off. */
export function deliveryFor(settings: Settings, kind: MessageKind): { readonly silent: boolean } | null {
  const wanted = settings[kind];
  return wanted === "off" ? null : { silent: wanted === "silent" };
}

/**
 * Makes the message silent in its reader's quiet hours. Called when it is sent, not when it is posted, because it may
 * have waited in the outbox.
 */
export async function withQuietHours(
  notification: Notification,
  { users, clock }: { readonly users: Pick<Users, "get">; readonly clock: Clock },
): Promise<Notification> {
  if (notification.silent) return notification;
  const user = await users.get(notification.userId);
  return user && isQuiet(user.settings, clock.now()) ? { ...notification, silent: true } : notification;
}

/** Quiet hours may span midnight. The end time is exclusive. */
export function isQuiet({ quietHours }: Pick<Settings, "quietHours">, at: number): boolean {
  if (quietHours === null) return false;
  const [from, to] = quietHours;
  const time = istTime(at);
  return from <= to ? time >= from && time < to : time >= from || time < to;
}
