import { Composer, InlineQueryResultBuilder } from "grammy";
import { listingName, type Instrument } from "../domain/instrument.ts";
import type { Quote } from "../domain/portfolio.ts";
import { allows } from "./updates/access.ts";
import type { BotDeps } from "./commands.ts";
import type { SaudaContext } from "./context.ts";
import { html, lines, type Html } from "./html.ts";
import { priceLink } from "./price-link.ts";
import { changePercent, rupeePrice } from "./render/amounts.ts";
import { describe, noPrice, priceLine } from "./render/market.ts";
import { isPaperAccount, pricedAt, sourceLabel } from "./render/source.ts";
import { PAPER_MARK } from "./text.ts";

const MAX_RESULTS = 8;
const MAX_QUERY = 60;
/** How long Telegram may answer the same query from its cache. */
const CACHE_S = 10;

/** `@bot sbin` in any chat: prices to send there, without any account data. Users who are not let in get no results. */
export function inlineQuotes(deps: BotDeps): Composer<SaudaContext> {
  const composer = new Composer<SaudaContext>();
  composer.on("inline_query", async (ctx) => {
    const wanted = ctx.inlineQuery.query.trim().slice(0, MAX_QUERY);
    const isKnown = allows(ctx.user.role, "viewer");
    const found = isKnown && wanted !== "" ? await deps.instruments.search(wanted, MAX_RESULTS) : [];
    const link = found.length > 0 ? await priceLink(deps, ctx.user) : null;
    const quotes = await deps.quotes.many(link, found);
    const now = deps.clock.now();
    const source = link !== null && isPaperAccount(deps.accounts, link) ? PAPER_MARK : "live";
    const results = found.map((each) => articleOf(each, { quote: quotes.get(each.key) ?? null, source, now }));
    await ctx.answerInlineQuery(results, { cache_time: CACHE_S, is_personal: true });
  });
  return composer;
}

interface Shown {
  readonly quote: Quote | null;
  /** What a broker's price is called. Its name would tell the other chat where the sender has an account. */
  readonly source: string;
  readonly now: number;
}

function articleOf(instrument: Instrument, shown: Shown) {
  const { quote, source } = shown;
  const id = instrument.key.replace(":", "-");
  const name = listingName(instrument);
  const title = quote ? `${name}  ${titlePrice(quote)}` : name;
  const description = quote ? `${describe(instrument)} · ${sourceLabel(quote.source, source)}` : describe(instrument);
  return InlineQueryResultBuilder.article(id, title, { description }).text(inlineText(instrument, shown).toString(), {
    parse_mode: "HTML",
  });
}

const titlePrice = ({ ltp, prevClose }: Quote): string =>
  prevClose === null ? rupeePrice(ltp) : `${rupeePrice(ltp)} ${changePercent(ltp, prevClose)}`;

function inlineText(instrument: Instrument, { quote, source, now }: Shown): Html {
  const title = html`<b>${listingName(instrument)}</b> ${describe(instrument)}`;
  if (!quote) return lines(title, noPrice());
  return lines(title, priceLine(quote), html`<i>${pricedAt(quote, source, now)}</i>`);
}
