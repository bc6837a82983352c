import { GrammyError, HttpError, InlineKeyboard, InputFile, type Api } from "grammy";
import type { Message } from "grammy/types";
import { cutHtml, MAX_CAPTION, MAX_TEXT } from "../lib/cut-html.ts";
import type { Notification } from "../ports/notifier.ts";
import type { Delivery } from "./outbox.ts";

/** Without a number from Telegram. */
const WAIT_MS = 5_000;

export interface TelegramSender {
  /** Must not retry on its own: waiting is the outbox's business. */
  readonly api: Api;
  /** SVG to PNG. */
  readonly draw: (svg: string) => Promise<Uint8Array>;
  readonly onDrawFailure: (error: unknown) => void;
}

/** Draws the picture, if there is one; what it answers sends the message and says what Telegram's answer means. */
export async function prepareNotification(
  sender: TelegramSender,
  notification: Notification,
  lateText: string | null,
): Promise<() => Promise<Delivery>> {
  const picture = notification.picture === undefined ? null : await drawn(sender, notification.picture);
  return () => sendNotification(sender.api, notification, picture, lateText);
}

/** Throws nothing that Telegram may say. */
async function sendNotification(
  api: Api,
  notification: Notification,
  picture: Uint8Array | null,
  lateText: string | null,
): Promise<Delivery> {
  const html = lateText === null ? notification.html : `${lateText}\n${notification.html}`;
  const chat = Number(notification.userId);
  const options = {
    parse_mode: "HTML" as const,
    ...(notification.silent ? { disable_notification: true } : {}),
    ...(notification.buttons ? { reply_markup: keyboardOf(notification.buttons) } : {}),
  };
  const withPicture = (file: Uint8Array): Promise<Message> =>
    api.sendPhoto(chat, new InputFile(file, "day.png"), { ...options, caption: cutHtml(html, MAX_CAPTION) });
  const text = (): Promise<Message> =>
    api.sendMessage(chat, cutHtml(html, MAX_TEXT), { ...options, link_preview_options: { is_disabled: true } });
  if (picture === null) return delivered(text);
  const delivery = await delivered(() => withPicture(picture));
  // What the picture says is in the text as well, so a picture that Telegram does not take is no reason to lose both.
  return isRefused(delivery) && notification.html !== "" ? delivered(text) : delivery;
}

const isRefused = (delivery: Delivery): boolean => delivery.kind === "never" && delivery.reason === "refused";

async function delivered(send: () => Promise<Message>): Promise<Delivery> {
  try {
    return { kind: "sent", messageId: (await send()).message_id };
  } catch (error) {
    if (error instanceof HttpError) return { kind: "outage", error };
    if (error instanceof GrammyError) return meaningOf(error);
    throw error;
  }
}

/** A message whose picture cannot be drawn goes without it. */
async function drawn({ draw, onDrawFailure }: TelegramSender, svg: string): Promise<Uint8Array | null> {
  try {
    return await draw(svg);
  } catch (error) {
    onDrawFailure(error);
    return null;
  }
}

function meaningOf(error: GrammyError): Delivery {
  const { error_code, description, parameters } = error;
  if (error_code === 429)
    return { kind: "wait", ms: parameters.retry_after === undefined ? WAIT_MS : parameters.retry_after * 1_000 };
  // 401 and 404 mean that the token is wrong or revoked: the messages are good and wait for a right one.
  if (error_code >= 500 || error_code === 401 || error_code === 404) return { kind: "outage", error };
  const isGone = error_code === 403 || /chat not found/i.test(description);
  return { kind: "never", reason: isGone ? "blocked" : "refused", detail: description };
}

function keyboardOf(rows: NonNullable<Notification["buttons"]>): InlineKeyboard {
  const keyboard = new InlineKeyboard();
  for (const row of rows) {
    for (const { text, data, url } of row) {
      if (url !== undefined) keyboard.url(text, url);
      else if (data !== undefined) keyboard.text(text, data);
    }
    keyboard.row();
  }
  return keyboard;
}
