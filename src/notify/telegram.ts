import { GrammyError, HttpError, InlineKeyboard, InputFile, type Api } from "grammy";
import type { Message } from "grammy/types";
import { cutHtml, MAX_CAPTION, MAX_TEXT } from "../lib/cut-html.ts";
import type { Notification } from "../ports/notifier.ts";
import type { Delivery } from "./outbox.ts";

/** For a 429 reply without `retry_after`. */
const WAIT_MS = 5_000;

export interface TelegramSender {
  /** Must not retry by itself, because the outbox does. */
  readonly api: Api;
  /** SVG to PNG. */
  readonly draw: (svg: string) => Promise<Uint8Array>;
  readonly onDrawFailure: (error: unknown) => void;
}

/** Draws the picture, if there is one, and returns the function that sends the message. */
export async function prepareNotification(
  sender: TelegramSender,
  notification: Notification,
  lateText: string | null,
): Promise<() => Promise<Delivery>> {
  const picture = notification.picture === undefined ? null : await drawn(sender, notification.picture);
  return () => sendNotification(sender.api, notification, picture, lateText);
}

/** Telegram's errors become a Delivery; only bugs throw. */
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
  // The text says the same as the picture, so send it alone when Telegram refuses the picture.
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

/** The picture as PNG; null when it cannot be drawn, and the message is sent without it. */
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
  // 401 and 404 mean a wrong or revoked bot token: the messages stay queued until it is fixed.
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
