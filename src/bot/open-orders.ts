import { Composer, InlineKeyboard } from "grammy";
import { ticker } from "../domain/instrument.ts";
import { isFinal } from "../domain/order.ts";
import { callbackData } from "./callbacks.ts";
import type { CommandModule } from "./commands.ts";
import type { SaudaContext } from "./context.ts";
import { lines, type Html } from "./html.ts";
import { Refusal } from "./refusal.ts";
import { quantity } from "./render/amounts.ts";
import { failures, nothing } from "./render/portfolio.ts";
import { orders } from "./text.ts";
import { send } from "./view.ts";

const MAX_LISTED = 20;

/** /cancel and /modify: the open orders of every account, whoever placed them, one button each. */
export function openOrdersCommand(
  about: Pick<CommandModule, "name" | "description">,
  verb: string,
  ask: () => Html,
): CommandModule {
  return {
    ...about,
    group: "Trade",
    role: "trader",
    register(deps) {
      const composer = new Composer<SaudaContext>();
      composer.command(about.name, async (ctx) => {
        const parts = await deps.portfolio.orders(ctx.user._id);
        const keyboard = new InlineKeyboard();
        const open = parts.flatMap((part) =>
          part.ok
            ? part.value.filter((order) => !isFinal(order.status)).map((order) => ({ order, link: part.link }))
            : [],
        );
        for (const { order, link } of open.slice(0, MAX_LISTED)) {
          const label = `${order.side} ${quantity(order.qty)} ${ticker(order.symbol)} · ${link.label}`;
          keyboard.text(label, callbackData(verb, link._id, order.orderId)).row();
        }
        const notes = failures(parts, deps.accounts);
        if (open.length === 0) throw new Refusal(lines(nothing("order is open", parts), ...notes));
        const rest = open.length > MAX_LISTED && orders.firstOf(MAX_LISTED, open.length);
        await send(ctx, { html: lines(ask(), rest, ...notes), keyboard });
      });
      return composer;
    },
  };
}
