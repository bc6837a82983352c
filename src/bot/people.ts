import { InlineKeyboard } from "grammy";
import type { Notification, NotificationButton } from "../ports/notifier.ts";
import type { Grantable } from "../services/admission.ts";
import type { User } from "../services/users.ts";
import { callbackData } from "./callbacks.ts";
import { users as text, type Person } from "./safety-text.ts";

/** Before the token in an invitation's deep link. */
export const INVITATION_PREFIX = "inv_";

const CHOICES: readonly (readonly [Grantable, string])[] = [
  ["viewer", "Viewer"],
  ["trader", "Trader"],
  ["blocked", "Block"],
];

export const personOf = ({ _id, name, role }: User): Person => ({ id: _id, name, role });

/** What the owner can make of somebody. */
export function roleButtons(user: User): NotificationButton[] {
  if (user.role === "owner") return [];
  return CHOICES.filter(([role]) => role !== user.role).map(([role, text]) => ({
    text,
    data: callbackData("ur", user._id, role),
  }));
}

export function roleKeyboard(user: User): InlineKeyboard {
  const keyboard = new InlineKeyboard();
  for (const { text, data } of roleButtons(user)) keyboard.text(text, data ?? "");
  return keyboard;
}

/** Asks the owner to decide about somebody who waits. */
export const letInNotification = (owner: User, about: User, key: string): Notification => ({
  key,
  userId: owner._id,
  priority: "reminder",
  html: text.wantsIn(personOf(about)).toString(),
  buttons: [roleButtons(about)],
});

export const roleNotification = (user: User, key: string): Notification => ({
  key,
  userId: user._id,
  priority: "reminder",
  html: text.changed(user.role).toString(),
});
