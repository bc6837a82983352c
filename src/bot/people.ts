import { InlineKeyboard } from "grammy";
import type { Notification, NotificationButton } from "../ports/notifier.ts";
import { grantOf, type Grantable } from "../services/people/admission.ts";
import type { Role, User } from "../services/people/users.ts";
import { allows } from "./updates/access.ts";
import { callbackData } from "./callbacks.ts";
import { users as text, type Person } from "./safety-text.ts";

/** Prefix of the token in an invitation's deep link. */
export const INVITATION_PREFIX = "inv_";

const CHOICES: readonly (readonly [Grantable, string])[] = [
  ["viewer", "Viewer"],
  ["trader", "Family trader"],
  ["outsider", "Other trader"],
  ["blocked", "Block"],
];

export const personOf = ({ _id, name, role, needsEgress }: User): Person => ({ id: _id, name, role, needsEgress });

/** A button for each role that the owner can give this user. */
function roleButtons(user: User): NotificationButton[] {
  if (user.role === "owner") return [];
  return CHOICES.filter(([grant]) => grant !== grantOf(user)).map(([grant, text]) => ({
    text,
    data: callbackData("ur", user._id, grant),
  }));
}

export function roleKeyboard(user: User): InlineKeyboard {
  const keyboard = new InlineKeyboard();
  for (const row of inPairs(roleButtons(user))) {
    for (const { text, data } of row) keyboard.text(text, data ?? "");
    keyboard.row();
  }
  return keyboard;
}

/** Two buttons to a row, the most that a phone shows without cutting the labels. */
const inPairs = (buttons: readonly NotificationButton[]): NotificationButton[][] =>
  [buttons.slice(0, 2), buttons.slice(2)].filter((row) => row.length > 0);

/** Asks the owner to decide about a user who is waiting to be let in. */
export const letInNotification = (owner: User, about: User, key: string): Notification => ({
  key,
  userId: owner._id,
  priority: "reminder",
  html: text.wantsIn(personOf(about)).toString(),
  buttons: inPairs(roleButtons(about)),
});

export const roleNotification = (user: User, before: Role, key: string): Notification => ({
  key,
  userId: user._id,
  priority: "reminder",
  html: text.changed(user, allows(before, "viewer")).toString(),
});
