import type { UserId } from "../domain/ids.ts";

/** Highest first: order news before reminders before digests. */
export const PRIORITIES = ["order", "reminder", "digest"] as const;
export type Priority = (typeof PRIORITIES)[number];

export interface NotificationButton {
  readonly text: string;
  /** Either a callback (our codec's data) or a web address. */
  readonly data?: string;
  readonly url?: string;
}

export interface Notification {
  /** A second notification with the same key is dropped. */
  readonly key: string;
  readonly userId: UserId;
  readonly priority: Priority;
  /** Telegram HTML, already escaped. */
  readonly html: string;
  readonly buttons?: readonly (readonly NotificationButton[])[];
  readonly silent?: boolean;
  /** SVG, rendered when the message is sent. The text becomes its caption, and is cut to Telegram's caption limit. */
  readonly picture?: string;
  /** Epoch ms at which it was due; default: when posted. A message that is much later says so. */
  readonly dueAt?: number;
}

/** For messages that must arrive: durable once `post` resolves, delivered at least once, in order within a chat. */
export interface Notifier {
  post(notification: Notification): Promise<void>;
}
