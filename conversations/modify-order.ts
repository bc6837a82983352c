import type { Conversation } from "@grammyjs/conversations";
import { InlineKeyboard } from "grammy";
import type { BotDeps } from "../src/bot/commands.ts";
import { answering } from "../src/bot/failure.ts";
import type { BareContext, SaudaContext } from "../src/bot/context.ts";
import { askToModify } from "../src/bot/change-flow.ts";
import * as text from "../src/bot/text.ts";
import type { BrokerOrderId, LinkId } from "../src/domain/ids.ts";
import { parseOrderText, type OrderWords } from "../src/domain/order-text.ts";
import { answersIn } from "./place-order.ts";

// Steps: 1 the new quantity and price in words. Ends with one request to the broker, made outside the replay log.
// What cannot be asked for like this is said, and asked for again. Left by: the request made, any command, "Stop", or ten minutes of silence.

export interface ModifyOrderStart {
  readonly link: LinkId;
  readonly orderId: BrokerOrderId;
}

export const modifyOrder =
  (deps: BotDeps) =>
  async (
    talk: Conversation<SaudaContext, BareContext>,
    ctx: BareContext,
    { link, orderId }: ModifyOrderStart,
  ): Promise<void> => {
    const asked = await ctx.reply(text.dialogue.newTerms().toString(), {
      parse_mode: "HTML",
      reply_markup: new InlineKeyboard().text("Stop", "dlg:stop"),
    });
    const nextAnswer = answersIn(talk);
    for (;;) {
      const answer = await nextAnswer(asked);
      if (answer === null) return;
      const words = changeWords(answer);
      if (words) {
        const isOver = await talk.external((outside) =>
          answering(outside, deps, () => askToModify(deps, outside, link, orderId, words)),
        );
        if (isOver) return;
      }
      await ctx.reply(text.dialogue.newTermsAgain().toString(), { parse_mode: "HTML" });
    }
  };

/** "20", "@ 812", "20 @ 812": at least one of quantity, price and trigger, and nothing else, which would be left out. */
export function changeWords(answer: string): OrderWords | null {
  const parsed = parseOrderText(`X ${answer}`);
  if (!parsed.ok || parsed.words.symbolText !== "X" || parsed.words.quantity?.kind === "all") return null;
  const { quantity, price, triggerPrice, product, accounts, validity, isAmo } = parsed.words;
  if (product !== null || accounts !== null || validity !== "DAY" || isAmo) return null;
  return quantity === null && price === null && triggerPrice === null ? null : parsed.words;
}
