import { z } from "zod";
import { ApiFailure, badRequest } from "./failure.ts";

const MAX_BUTTONS = 100;
const MAX_BUTTONS_IN_ROW = 8;
const MAX_CALLBACK_DATA_BYTES = 64;
const MAX_COPY_TEXT = 256;

const styleSchema = z.enum(["danger", "success", "primary"]).optional();

const inlineButtonSchema = z.object({
  text: z.string(),
  icon_custom_emoji_id: z.string().optional(),
  style: styleSchema,
  url: z.string().optional(),
  callback_data: z.string().optional(),
  web_app: z.object({ url: z.string() }).optional(),
  switch_inline_query: z.string().optional(),
  switch_inline_query_current_chat: z.string().optional(),
  copy_text: z.object({ text: z.string() }).optional(),
  disabled: z.object({}).optional(),
  login_url: z.unknown().optional(),
  switch_inline_query_chosen_chat: z.unknown().optional(),
  callback_game: z.unknown().optional(),
  pay: z.unknown().optional(),
});
export const inlineKeyboardSchema = z.object({ inline_keyboard: z.array(z.array(inlineButtonSchema)) });
export type InlineKeyboardMarkup = z.infer<typeof inlineKeyboardSchema>;
type InlineButton = z.infer<typeof inlineButtonSchema>;

const keyboardButtonSchema = z.union([
  z.string().transform((text) => ({ text })),
  z.object({
    text: z.string(),
    style: styleSchema,
    request_contact: z.boolean().optional(),
    request_location: z.boolean().optional(),
  }),
]);
const replyKeyboardSchema = z.object({
  keyboard: z.array(z.array(keyboardButtonSchema)),
  is_persistent: z.boolean().optional(),
  resize_keyboard: z.boolean().optional(),
  one_time_keyboard: z.boolean().optional(),
  input_field_placeholder: z.string().max(64).optional(),
});
export type ReplyKeyboardMarkup = z.infer<typeof replyKeyboardSchema>;

export const replyMarkupSchema = z.union([
  inlineKeyboardSchema,
  replyKeyboardSchema,
  z.object({ remove_keyboard: z.literal(true) }),
  z.object({ force_reply: z.literal(true), input_field_placeholder: z.string().max(64).optional() }),
]);
export type ReplyMarkup = z.infer<typeof replyMarkupSchema>;

const SERVED_ACTIONS = [
  "url",
  "callback_data",
  "web_app",
  "switch_inline_query",
  "switch_inline_query_current_chat",
  "copy_text",
  "disabled",
] as const satisfies readonly (keyof InlineButton)[];
const UNSERVED_ACTIONS = [
  "login_url",
  "switch_inline_query_chosen_chat",
  "callback_game",
  "pay",
] as const satisfies readonly (keyof InlineButton)[];

/** An inline keyboard as Telegram keeps it: checked, empty rows dropped; undefined when nothing is left. */
export function checkedInlineKeyboard(markup: InlineKeyboardMarkup | undefined): InlineKeyboardMarkup | undefined {
  const rows = (markup?.inline_keyboard ?? []).filter((row) => row.length > 0);
  if (rows.length === 0) return undefined;
  checkSize(rows);
  return { inline_keyboard: rows.map((row) => row.map(checkedInlineButton)) };
}

export function checkReplyKeyboard(markup: ReplyKeyboardMarkup): void {
  checkSize(markup.keyboard);
  if (markup.keyboard.flat().length === 0) throw badRequest("reply keyboard has no buttons");
  if (markup.keyboard.flat().some((button) => button.text.trim() === ""))
    throw badRequest("keyboard button text must be non-empty");
}

function checkSize(rows: readonly (readonly unknown[])[]): void {
  if (rows.flat().length > MAX_BUTTONS || rows.some((row) => row.length > MAX_BUTTONS_IN_ROW))
    throw badRequest("reply markup is too long");
}

function checkedInlineButton(button: InlineButton): InlineButton {
  if (button.text.trim() === "") throw badRequest("inline keyboard button text must be non-empty");
  const unserved = UNSERVED_ACTIONS.find((action) => button[action] !== undefined);
  if (unserved) throw badRequest(`inline keyboard button action ${unserved} is not served by the playground`);
  const actions = SERVED_ACTIONS.filter((action) => button[action] !== undefined);
  if (actions.length === 0) throw badRequest("Text buttons are unallowed in the inline keyboard");
  if (actions.length > 1) throw badRequest(`inline keyboard button has several actions: ${actions.join(", ")}`);
  checkAction(button);
  return button.url === undefined ? button : { ...button, url: checkedUrl(button.url) };
}

function checkAction({ callback_data: data, copy_text: copy, web_app: webApp }: InlineButton): void {
  if (data !== undefined && (data === "" || Buffer.byteLength(data) > MAX_CALLBACK_DATA_BYTES))
    throw badRequest("BUTTON_DATA_INVALID");
  if (copy && (copy.text === "" || copy.text.length > MAX_COPY_TEXT)) throw badRequest("BUTTON_COPY_TEXT_INVALID");
  if (webApp && !/^https:\/\//i.test(webApp.url))
    throw badRequest(`inline keyboard button Web App URL '${webApp.url}' is invalid: Only HTTPS links are allowed`);
}

/**
 * Telegram refuses `http://localhost…` with "Wrong HTTP URL". Loopback is accepted here: the bot's own login pages
 * live there while it runs against the playground.
 */
function checkedUrl(url: string): string {
  if (/^(tg|ton):\/\/\S+$/i.test(url)) return url;
  const address = /^[a-z][a-z0-9+.-]*:/i.test(url) && !/^[\w.-]+:\d/.test(url) ? url : `http://${url}`;
  if (!/^https?:\/\//i.test(address) || /\s/.test(address) || !URL.canParse(address)) throw wrongUrl(url);
  const { hostname } = new URL(address);
  if (!hostname.includes(".") && !isLoopback(hostname)) throw wrongUrl(url);
  return address;
}

const wrongUrl = (url: string): ApiFailure =>
  badRequest(`inline keyboard button URL '${url}' is invalid: Wrong HTTP URL`);

/** `hostname` as URL has it: IPv6 in brackets. */
export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" ||
  hostname.endsWith(".localhost") ||
  hostname === "[::1]" ||
  /^127\.\d+\.\d+\.\d+$/.test(hostname);
