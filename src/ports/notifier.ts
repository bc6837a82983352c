import type { UserId } from "../domain/ids.ts";

/** Fills come before reminders, reminders before digests. */
export const PRIORITIES = ["order", "reminder", "digest"] as const;
export type Priority = (typeof PRIORITIES)[number];

export interface NotificationButton {
  readonly text: string;
  /** Either a callback (our codec's data) or a web address. */
  readonly data?: string;
  readonly url?: string;
}

export interface Notification {
  /** Two notifications with one key are one: the later is dropped. */
  readonly key: string;
  readonly userId: UserId;
  readonly priority: Priority;
  /** Telegram HTML, already escaped. */
  readonly html: string;
  readonly buttons?: readonly (readonly NotificationButton[])[];
  readonly silent?: boolean;
  /** SVG that becomes the message's picture when it is sent; the text is its caption and must fit one. */
  readonly picture?: string;
  /** Epoch ms at which it should have come; when posted, if absent. A message that is late against it says so. */
  readonly dueAt?: number;
}

/** Messages that must arrive: accepted once `post` resolves, delivered at least once, in order within a chat. */
export interface Notifier {
  post(notification: Notification): Promise<void>;
}
