import type { Conversation } from "@grammyjs/conversations";
import type { InlineKeyboard } from "grammy";
import type { Message } from "grammy/types";
import type { BareContext, SaudaContext } from "../src/bot/context.ts";
import * as text from "../src/bot/text.ts";

export type Dialogue = Conversation<SaudaContext, BareContext>;

const STOP = "dlg:stop";
const ANSWER_TIMEOUT_MS = 10 * 60_000;

export const addStop = (keyboard: InlineKeyboard): InlineKeyboard => keyboard.text("Stop", STOP);

/**
 * Waits for the next answer: a text, or a tap on a dialogue button of the question or below it; null on "Stop".
 * Anything else, such as a photo or a button of an earlier question, is passed on, and the dialogue waits on. An update that
 * Telegram repeats after a crash is not taken twice.
 */
export function answersTo(conversation: Dialogue): (asked: Pick<Message, "message_id">) => Promise<string | null> {
  let taken: number | null = null;
  return async (asked) => {
    for (;;) {
      const next = await conversation.wait({ maxMilliseconds: ANSWER_TIMEOUT_MS });
      const { update_id: id } = next.update;
      if (id === taken) continue;
      const data = next.callbackQuery?.data;
      if (data === STOP) {
        await next.editMessageText(text.dialogue.stopped().toString(), { parse_mode: "HTML" });
        return null;
      }
      const under = next.callbackQuery?.message?.message_id ?? 0;
      const tapped = data?.startsWith("dlg:") && under >= asked.message_id ? data : undefined;
      const answer = tapped ?? next.message?.text?.trim() ?? "";
      if (answer === "") return conversation.skip({ next: true });
      taken = id;
      return answer;
    }
  };
}
