import type { Update } from "grammy/types";

/** Freezing must not wait behind a handler that hangs. */
const URGENT_COMMANDS = /^\/(panic|lock)(@\w+)?(\s|$)/;
const URGENT_BUTTONS = /^(panic|lock)(:|$)/;

/** What is handled one after another: a chat's updates, or a person's where there is no chat. What is urgent has a lane of its own. */
export function laneOf(update: Update): string {
  const chat = update.message?.chat ?? update.callback_query?.message?.chat ?? update.my_chat_member?.chat;
  const from = update.message?.from ?? update.callback_query?.from ?? update.inline_query?.from;
  const lane = String(chat?.id ?? from?.id ?? "none");
  const isUrgent =
    URGENT_COMMANDS.test(update.message?.text ?? "") || URGENT_BUTTONS.test(update.callback_query?.data ?? "");
  if (isUrgent) return `urgent:${lane}`;
  // Typing ahead in inline mode need not wait for the chat.
  return update.inline_query ? `inline:${lane}` : lane;
}
