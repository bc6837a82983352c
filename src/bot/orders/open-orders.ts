import { Composer, InlineKeyboard } from "grammy";
import { ticker } from "../../domain/instrument.ts";
import { isFinal, type Order } from "../../domain/order.ts";
import { isWhole, type Link, type LinkResult } from "../../services/accounts/accounts.ts";
import { callbackData } from "../callbacks.ts";
import type { BotDeps, CommandModule } from "../commands.ts";
import type { SaudaContext } from "../context.ts";
import { lines, type Html } from "../html.ts";
import { Refusal } from "../refusal.ts";
import { quantity } from "../render/amounts.ts";
import { requestedTermsText } from "../render/books.ts";
import { choices } from "../render/choices.ts";
import { failures, nothingText } from "../render/answers.ts";
import { loginKeyboard, withLogins } from "../render/login-buttons.ts";
import { rowsNamed } from "../symbols.ts";
import { orders } from "../text.ts";
import { send } from "../view.ts";

const MAX_LISTED = 20;

interface OpenOrder {
  readonly order: Order;
  readonly link: Link;
}

/** /cancel and /modify: a button for each open order, of all accounts or of one instrument, also those placed elsewhere. */
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
        const wanted = ctx.match.trim();
        const { parts, open, notes } = await openOrders(deps, ctx);
        const meant = wanted === "" ? open : await rowsNamed(deps, open, wanted, ({ order }) => order);
        if (meant.length === 0)
          throw new Refusal(lines(noneOpen(about.name, parts, wanted), ...notes), loginKeyboard(parts));
        const rest = meant.length > MAX_LISTED && orders.firstOf(MAX_LISTED, meant.length);
        const { keyboard, list } = orderChoices(meant, verb);
        await send(ctx, { html: lines(ask(), list, rest, ...notes), keyboard: withLogins(keyboard, parts) });
      });
      return composer;
    },
  };
}

async function openOrders(deps: BotDeps, ctx: SaudaContext) {
  const parts = await deps.portfolio.orders(ctx.user._id);
  const open = parts.flatMap(({ link, ...part }): OpenOrder[] =>
    part.ok ? part.value.filter((order) => !isFinal(order.status)).map((order) => ({ order, link })) : [],
  );
  return { parts, open, notes: failures(parts, deps.accounts) };
}

/** Says "none" only when every account answered: the order may be at one that did not. */
const noneOpen = (command: string, parts: readonly LinkResult<unknown>[], wanted: string): Html | null =>
  wanted === ""
    ? nothingText("order is open", parts)
    : parts.every(isWhole)
      ? orders.noneOpen(command, wanted)
      : nothingText("such order is open", parts);

function orderChoices(open: readonly OpenOrder[], verb: string): { keyboard: InlineKeyboard; list: Html | null } {
  const byLabel = Map.groupBy(open, (each) => labelOf(each, ""));
  const shown = open.slice(0, MAX_LISTED);
  const { labels, list } = choices(
    shown.map((each) => {
      const short = labelOf(each, "");
      return byLabel.get(short)?.length === 1 ? short : labelWithTerms(each);
    }),
  );
  const keyboard = new InlineKeyboard();
  shown.forEach(({ link, order }, at) => {
    keyboard.text(labels[at] ?? "", callbackData(verb, link._id, order.orderId)).row();
  });
  return { keyboard, list };
}

/** "BUY 3 TCS @ 3,000.00 · zerodha" */
export const labelWithTerms = (each: OpenOrder): string => labelOf(each, ` ${requestedTermsText(each.order)}`);

/** Short, for a phone. `terms` is added where two orders, like a target and a stop, would read the same without it. */
const labelOf = ({ order, link }: OpenOrder, terms: string): string =>
  `${order.side} ${quantity(order.qty)} ${ticker(order.symbol)}${terms} · ${link.label}`;
