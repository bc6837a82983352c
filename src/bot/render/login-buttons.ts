import { InlineKeyboard } from "grammy";
import type { Link, LinkResult } from "../../services/accounts/accounts.ts";
import { callbackData } from "../callbacks.ts";

/** A login button for each account whose session is over. */
export const withLogins = (keyboard: InlineKeyboard, parts: readonly LinkResult<unknown>[]): InlineKeyboard =>
  addLogins(
    keyboard,
    parts.flatMap((part) => (!part.ok && part.error.kind === "auth-expired" ? [part.link] : [])),
  );

/** Adds a login button for each of the links that has none yet. */
export function addLogins(keyboard: InlineKeyboard, links: readonly Pick<Link, "_id" | "label">[]): InlineKeyboard {
  for (const link of links) {
    const data = callbackData("al", link._id);
    const known = keyboard.inline_keyboard
      .flat()
      .some((each) => "callback_data" in each && each.callback_data === data);
    if (!known) keyboard.row().text(`Log in: ${link.label}`, data);
  }
  return keyboard;
}

/** Only the login buttons, for messages without others; null when every session is alive. */
export function loginKeyboard(parts: readonly LinkResult<unknown>[]): InlineKeyboard | null {
  const keyboard = withLogins(new InlineKeyboard(), parts);
  return keyboard.inline_keyboard.some((row) => row.length > 0) ? keyboard : null;
}
