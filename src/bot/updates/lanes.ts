import type { Context } from "grammy";
import type { Update } from "grammy/types";
import { withoutInvisible } from "../../lib/invisible.ts";

/**
 * These wait for no other handler, which may hang, and not for each other: a panic calls brokers and may hang too. "/lock off"
 * is none of them: it waits for the chat's handlers, and a bare /lock must not wait for it.
 */
const URGENT_COMMAND = /^\/(panic(?=(?:@\w+)?(?:\s|$))|lock(?=(?:@\w+)?(?:\s+on)?\s*$))/i;
const URGENT_BUTTON = /^(panic)(?::|$)/;

/** The queue of an update: its chat's, or its sender's when there is no chat. Updates of one lane are handled in order. */
export function laneOf(update: Update): string {
  const message = update.message ?? update.edited_message;
  const chat = message?.chat ?? update.callback_query?.message?.chat ?? update.my_chat_member?.chat;
  const from = message?.from ?? update.callback_query?.from ?? update.inline_query?.from;
  const lane = String(chat?.id ?? from?.id ?? "none");
  // Handlers see the text without invisible characters and leading spaces, too.
  const typed = withoutInvisible(update.message?.text ?? "").trimStart();
  const urgent = URGENT_COMMAND.exec(typed) ?? URGENT_BUTTON.exec(update.callback_query?.data ?? "");
  if (urgent) return `${urgent[1]?.toLowerCase()}:${lane}`;
  // Inline queries come with every keystroke: they need not wait for the chat.
  return update.inline_query ? `inline:${lane}` : lane;
}

/** The keys for grammY's `sequentialize`: sender and chat, whichever lane an update came by; inline queries apart. */
export const constraintsOf = (ctx: Context): string[] =>
  ctx.inlineQuery ? [laneOf(ctx.update)] : [ctx.from?.id, ctx.chat?.id].filter((id) => id !== undefined).map(String);
