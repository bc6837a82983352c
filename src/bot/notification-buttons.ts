import type { InlineKeyboard } from "grammy";
import type { NotificationButton } from "../ports/notifier.ts";

/** Turns a keyboard's callback and URL buttons into a notification's; empty rows are left out. */
export const notificationButtons = (keyboard: InlineKeyboard): NotificationButton[][] =>
  keyboard.inline_keyboard
    .map((row) =>
      row.flatMap((button): NotificationButton[] => {
        if ("callback_data" in button) return [{ text: button.text, data: button.callback_data }];
        return "url" in button ? [{ text: button.text, url: button.url }] : [];
      }),
    )
    .filter((row) => row.length > 0);
