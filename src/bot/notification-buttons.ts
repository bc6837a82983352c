import type { InlineKeyboard } from "grammy";
import type { NotificationButton } from "../ports/notifier.ts";

/** A keyboard's callback and link buttons as a notification carries them; rows that would be empty are left out. */
export const notificationButtons = (keyboard: InlineKeyboard): NotificationButton[][] =>
  keyboard.inline_keyboard
    .map((row) =>
      row.flatMap((button): NotificationButton[] => {
        if ("callback_data" in button) return [{ text: button.text, data: button.callback_data }];
        return "url" in button ? [{ text: button.text, url: button.url }] : [];
      }),
    )
    .filter((row) => row.length > 0);
