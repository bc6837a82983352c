import { istTime } from "../domain/market.ts";
import type { Settings } from "./users.ts";

/** The kinds of message that a user can have with a sound, without, or not at all. */
export const MESSAGE_KINDS = ["orderUpdates", "reminder", "summary", "digest", "report"] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

export const isMessageKind = (name: string): name is MessageKind => MESSAGE_KINDS.some((kind) => kind === name);

/** Whether a message of the kind is wanted, and whether it may make a sound at the instant; null when it is not wanted. */
export function deliveryFor(settings: Settings, kind: MessageKind, at: number): { readonly silent: boolean } | null {
  const wanted = settings[kind];
  if (wanted === "off") return null;
  return { silent: wanted === "silent" || isQuiet(settings, at) };
}

/** Quiet hours may go over midnight; their end does not belong to them. */
export function isQuiet({ quietHours }: Settings, at: number): boolean {
  if (quietHours === null) return false;
  const [from, to] = quietHours;
  const time = istTime(at);
  return from <= to ? time >= from && time < to : time >= from || time < to;
}
