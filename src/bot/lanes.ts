import type { Context } from "grammy";
import type { Update } from "grammy/types";

/** Neither waits behind a handler that hangs, nor one behind the other: a panic asks brokers, which may hang as well. */
const URGENT_COMMAND = /^\/(panic|lock)(?:@\w+)?(?:\s|$)/i;
const URGENT_BUTTON = /^(panic|lock)(?::|$)/;

/** What is handled one after another: a chat's updates, or a person's where there is no chat. What is urgent has lanes of its own. */
export function laneOf(update: Update): string {
  const chat = update.message?.chat ?? update.callback_query?.message?.chat ?? update.my_chat_member?.chat;
  const from = update.message?.from ?? update.callback_query?.from ?? update.inline_query?.from;
  const lane = String(chat?.id ?? from?.id ?? "none");
  const urgent =
    URGENT_COMMAND.exec(update.message?.text ?? "") ?? URGENT_BUTTON.exec(update.callback_query?.data ?? "");
  if (urgent) return `${urgent[1]?.toLowerCase()}:${lane}`;
  // Typing ahead in inline mode need not wait for the chat.
  return update.inline_query ? `inline:${lane}` : lane;
}

/** What one process handles one after another whatever brought it there: a person's and a chat's updates, and by themselves those of inline mode. */
export const constraintsOf = (ctx: Context): string[] =>
  ctx.inlineQuery ? [laneOf(ctx.update)] : [ctx.from?.id, ctx.chat?.id].filter((id) => id !== undefined).map(String);
