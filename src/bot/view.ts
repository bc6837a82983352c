import { GrammyError, type Api, type Context, type InlineKeyboard } from "grammy";
import { cutHtml, MAX_TEXT } from "../lib/cut-html.ts";
import type { Html } from "./html.ts";
import { Refusal } from "./refusal.ts";
import { link } from "./text.ts";

/** A message as it should stand in the chat. */
export interface View {
  readonly html: Html;
  readonly keyboard?: InlineKeyboard;
}

export interface Place {
  readonly chatId: number;
  readonly messageId: number;
}

export const bodyOf = ({ html }: View): string => cutHtml(html.toString(), MAX_TEXT);

/** It was deleted since, or is not ours to edit. */
const GONE = [/message to edit not found/, /message can't be edited/, /MESSAGE_ID_INVALID/];
const HARMLESS = [/message is not modified/, /query is too old/, /message to delete not found/, ...GONE];

const says = (error: unknown, patterns: readonly RegExp[]): boolean =>
  error instanceof GrammyError && patterns.some((pattern) => pattern.test(error.description));

/** Telegram's "nothing to do" answers, which are no failures. */
export const isHarmless = (error: unknown): boolean => says(error, HARMLESS);

/** A link in what a broker said must not fill the chat with a preview of its page. */
export const optionsOf = ({ keyboard }: View) => ({
  parse_mode: "HTML" as const,
  link_preview_options: { is_disabled: true },
  ...(keyboard ? { reply_markup: keyboard } : {}),
});

/** A button's answer replaces its message, or stands below where that is gone; anything else is a new one. Says where it stands. */
export async function show(ctx: Context, view: View): Promise<Place> {
  const edited = ctx.callbackQuery?.message;
  // A picture's message has no text to replace.
  if (!edited || !("text" in edited) || edited.text === undefined) return send(ctx, view);
  const isThere = await isEdited(() => ctx.editMessageText(bodyOf(view), optionsOf(view)));
  return isThere ? { chatId: edited.chat.id, messageId: edited.message_id } : send(ctx, view);
}

/** Replaces a message of ours wherever it stands in the chat. False when it is gone. */
export const redraw = (api: Pick<Api, "editMessageText">, { chatId, messageId }: Place, view: View): Promise<boolean> =>
  isEdited(() => api.editMessageText(chatId, messageId, bodyOf(view), optionsOf(view)));

async function isEdited(edit: () => Promise<unknown>): Promise<boolean> {
  try {
    await edit();
  } catch (error) {
    if (says(error, GONE)) return false;
    if (!isHarmless(error)) throw error;
  }
  return true;
}

/** A new message, whatever the update was. */
export async function send(ctx: Context, view: View): Promise<Place> {
  const sent = await ctx.reply(bodyOf(view), optionsOf(view));
  return { chatId: sent.chat.id, messageId: sent.message_id };
}

/**
 * The message that carried a key or a code, and the one of ours that shows it. Whose they are hears when one stays, later
 * where that cannot be said now; not when it is gone already.
 */
export async function deleteSecret(ctx: Context, shownIn: number | null = null): Promise<void> {
  const { chatId = 0, msgId = 0 } = ctx;
  const ids = shownIn === null ? [msgId] : [msgId, shownIn];
  const deleted = await Promise.allSettled(ids.map((id) => ctx.api.deleteMessage(chatId, id)));
  if (!deleted.some((each) => each.status === "rejected" && !isHarmless(each.reason))) return;
  const html = link.deleteFailed();
  await send(ctx, { html }).catch(() => {
    throw new Refusal(html);
  });
}
