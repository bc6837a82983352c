import { InlineKeyboard } from "grammy";
import type { BotDeps } from "../src/bot/commands.ts";
import { withFailuresAnswered } from "../src/bot/updates/failure.ts";
import type { BareContext } from "../src/bot/context.ts";
import { askToModify } from "../src/bot/orders/change-flow.ts";
import * as text from "../src/bot/text.ts";
import type { BrokerOrderId, LinkId } from "../src/domain/ids.ts";
import { parseOrderText, type OrderWords } from "../src/domain/order-text.ts";
import { addStop, answersTo, type Dialogue } from "./answers.ts";

// Step: the new quantity and price, as text. Ends with one modify request to the broker, in an `external`.
// Asks again when the text is not understood or cannot be requested. Ends also on any command, "Stop", or after ten minutes
// without an answer.

export interface ModifyOrderStart {
  readonly link: LinkId;
  readonly orderId: BrokerOrderId;
  /** What the question calls the order. */
  readonly about: string;
}

export const modifyOrder =
  (deps: BotDeps) =>
  async (conversation: Dialogue, ctx: BareContext, { link, orderId, about }: ModifyOrderStart): Promise<void> => {
    const asked = await ctx.reply(text.dialogue.newTerms(about).toString(), {
      parse_mode: "HTML",
      reply_markup: addStop(new InlineKeyboard()),
    });
    const nextAnswer = answersTo(conversation);
    for (;;) {
      const answer = await nextAnswer(asked);
      if (answer === null) return;
      const words = changeWords(answer);
      if (!words) {
        await ctx.reply(text.dialogue.newTermsAgain().toString(), { parse_mode: "HTML" });
        continue;
      }
      const isOver = await conversation.external((outside) =>
        withFailuresAnswered(outside, deps, () => askToModify(deps, outside, link, orderId, words)),
      );
      if (isOver) return;
    }
  };

/** Parses "20", "@ 812", "20 @ 812". Null if nothing would change, or other words are there, which a change would ignore. */
export function changeWords(answer: string): OrderWords | null {
  const parsed = parseOrderText(`X ${answer}`);
  if (!parsed.ok || parsed.words.symbolText !== "X" || parsed.words.quantity?.kind === "all") return null;
  const { quantity, price, triggerPrice, product, accounts, validity, isAmo } = parsed.words;
  if (product !== null || accounts !== null || validity !== "DAY" || isAmo) return null;
  return quantity === null && price === null && triggerPrice === null ? null : parsed.words;
}
