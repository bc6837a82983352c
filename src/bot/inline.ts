import { Composer, InlineQueryResultBuilder } from "grammy";
import { ticker, type Instrument } from "../domain/instrument.ts";
import type { Quote } from "../domain/portfolio.ts";
import { allows } from "./access.ts";
import type { BotDeps } from "./commands.ts";
import type { SaudaContext } from "./context.ts";
import { html, lines, type Html } from "./html.ts";
import { priceLink } from "./price-link.ts";
import { changePercent, mark, rupeePrice, timeText } from "./render/amounts.ts";
import { describe } from "./render/market.ts";
import { sourceLabel } from "./render/source.ts";

const MAX_RESULTS = 8;
const MAX_QUERY = 60;
/** Telegram may answer the same query by itself for this long. */
const CACHE_S = 10;

/** `@bot sbin` in any chat: prices to send there. Nothing of any account is in them, and strangers get none. */
export function inlineQuotes(deps: BotDeps): Composer<SaudaContext> {
  const composer = new Composer<SaudaContext>();
  composer.on("inline_query", async (ctx) => {
    const wanted = ctx.inlineQuery.query.trim().slice(0, MAX_QUERY);
    const isKnown = allows(ctx.user.role, "viewer");
    const found = isKnown && wanted !== "" ? await deps.instruments.search(wanted, MAX_RESULTS) : [];
    const link = found.length > 0 ? await priceLink(deps, ctx.user) : null;
    const quotes = await deps.quotes.many(link, found);
    const now = deps.clock.now();
    const results = found.flatMap((instrument) => {
      const quote = quotes.get(instrument.key);
      return quote ? [articleOf(instrument, quote, now)] : [];
    });
    await ctx.answerInlineQuery(results, { cache_time: CACHE_S, is_personal: true });
  });
  return composer;
}

function articleOf(instrument: Instrument, quote: Quote, now: number) {
  const change = quote.prevClose === null ? "" : ` ${changePercent(quote.ltp, quote.prevClose)}`;
  return InlineQueryResultBuilder.article(
    instrument.key.replace(":", "-"),
    `${ticker(instrument.symbol)}  ${rupeePrice(quote.ltp)}${change}`,
    { description: `${describe(instrument)} · ${sourceLabel(quote.source, "live")}` },
  ).text(inlineText(instrument, quote, now).toString(), { parse_mode: "HTML" });
}

const inlineText = (instrument: Instrument, quote: Quote, now: number): Html =>
  lines(
    html`<b>${ticker(instrument.symbol)}</b> ${describe(instrument)}`,
    html`${quote.prevClose === null ? "" : `${mark(quote.ltp - quote.prevClose)} `}<b>${rupeePrice(quote.ltp)}</b>${quote.prevClose === null ? "" : ` ${changePercent(quote.ltp, quote.prevClose)}`}`,
    html`<i>${sourceLabel(quote.source, "live")} · ${timeText(quote.at ?? now, now)}</i>`,
  );
