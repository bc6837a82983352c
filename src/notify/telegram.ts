import { GrammyError, HttpError, InlineKeyboard, type Api } from "grammy";
import type { Notification } from "../ports/notifier.ts";
import type { Delivery } from "./outbox.ts";

/** Sends one message and says what Telegram's answer means for the outbox. Throws nothing that Telegram may say. */
export async function sendNotification(
  api: Api,
  notification: Notification,
  lateText: string | null,
): Promise<Delivery> {
  try {
    await api.sendMessage(
      Number(notification.userId),
      lateText === null ? notification.html : `${lateText}\n${notification.html}`,
      {
        parse_mode: "HTML",
        link_preview_options: { is_disabled: true },
        ...(notification.silent ? { disable_notification: true } : {}),
        ...(notification.buttons ? { reply_markup: keyboardOf(notification.buttons) } : {}),
      },
    );
    return { kind: "sent" };
  } catch (error) {
    if (error instanceof HttpError) return { kind: "later", afterMs: null };
    if (error instanceof GrammyError) return meaningOf(error);
    throw error;
  }
}

function meaningOf(error: GrammyError): Delivery {
  const retryAfter = error.parameters.retry_after;
  if (error.error_code === 429) return { kind: "later", afterMs: retryAfter === undefined ? null : retryAfter * 1000 };
  if (error.error_code >= 500) return { kind: "later", afterMs: null };
  return { kind: "never", reason: error.error_code === 403 ? "blocked" : "refused" };
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
