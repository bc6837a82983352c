import { GrammyError, type Api, type Context, type InlineKeyboard } from "grammy";
import { cutHtml, MAX_TEXT } from "../lib/cut-html.ts";
import type { Html } from "./html.ts";
import { Refusal } from "./refusal.ts";
import { link } from "./text.ts";

/** The content of a message. */
export interface View {
  readonly html: Html;
  readonly keyboard?: InlineKeyboard;
}

/** Where a message stands. */
export interface Place {
  readonly chatId: number;
  readonly messageId: number;
}

export const bodyOf = ({ html }: View): string => cutHtml(html.toString(), MAX_TEXT);

/** The message was deleted, or cannot be edited by us. */
const GONE = [/message to edit not found/, /message can't be edited/, /MESSAGE_ID_INVALID/];
const HARMLESS = [/message is not modified/, /query is too old/, /message to delete not found/, ...GONE];

const says = (error: unknown, patterns: readonly RegExp[]): boolean =>
  error instanceof GrammyError && patterns.some((pattern) => pattern.test(error.description));

/** Errors of Telegram's that need no reaction: there was nothing to do. */
export const isHarmless = (error: unknown): boolean => says(error, HARMLESS);

/** Without previews: a broker's message may contain a link. */
export const optionsOf = ({ keyboard }: View) => ({
  parse_mode: "HTML" as const,
  link_preview_options: { is_disabled: true },
  ...(keyboard ? { reply_markup: keyboard } : {}),
});

/** Replaces the message of a tapped button; sends a new one when that is gone or the update is no tap. Returns its place. */
export async function show(ctx: Context, view: View): Promise<Place> {
  const edited = ctx.callbackQuery?.message;
  // A picture's message has no text to replace.
  if (!edited || !("text" in edited) || edited.text === undefined) return send(ctx, view);
  const isThere = await isEdited(() => ctx.editMessageText(bodyOf(view), optionsOf(view)));
  return isThere ? { chatId: edited.chat.id, messageId: edited.message_id } : send(ctx, view);
}

/** Edits a message of ours. False when it is gone. */
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

export async function send(ctx: Context, view: View): Promise<Place> {
  const sent = await ctx.reply(bodyOf(view), optionsOf(view));
  return { chatId: sent.chat.id, messageId: sent.message_id };
}

/**
 * Deletes the message that carried a key or code, and ours at `shownIn` that shows it. If one cannot be deleted, tells the
 * user to do it; if even that cannot be sent now, a Refusal makes the error boundary post it later.
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
