import { InlineKeyboard } from "grammy";
import type { InstrumentKey } from "../../domain/ids.ts";
import { isExpired, listingName, type Instrument } from "../../domain/instrument.ts";
import { istDate } from "../../domain/market.ts";
import type { Quote } from "../../domain/portfolio.ts";
import { renderPairs, renderTable } from "../../lib/table.ts";
import { callbackData, keyArgument } from "../callbacks.ts";
import { html, lines, type Html } from "../html.ts";
import type { View } from "../view.ts";
import { changePercent, priceText } from "./amounts.ts";
import { PAGE_WIDTH, pageKeyboard, pageOf, stamp } from "./page.ts";
import { allPricedAt } from "./source.ts";

export interface WatchCard {
  readonly instruments: readonly Instrument[];
  readonly quotes: ReadonlyMap<InstrumentKey, Quote>;
  readonly broker: string | null;
  readonly now: number;
  readonly page: number;
}

const FIGURES = [
  { title: "Last", align: "right" },
  { title: "Day", align: "right" },
] as const;

export function watchView({ instruments, quotes, broker, now, page }: WatchCard): View {
  const shown = pageOf(instruments, page);
  const rows = shown.entries.map((instrument) => {
    if (isExpired(instrument, istDate(now))) return ["expired", ""];
    const quote = quotes.get(instrument.key);
    if (!quote) return ["no price", ""];
    return [priceText(quote.ltp), quote.prevClose === null ? "" : changePercent(quote.ltp, quote.prevClose)];
  });
  const [head = "", ...figures] = renderTable(FIGURES, rows).split("\n");
  // Names are not cut to fit the table: an option's strike and type stand at the end.
  const table = renderPairs(
    [
      ["Watchlist", head],
      ...shown.entries.map((instrument, at) => [listingName(instrument), (figures[at] ?? "").trimStart()] as const),
    ],
    PAGE_WIDTH,
  );
  const shownQuotes = shown.entries.flatMap(({ key }) => quotes.get(key) ?? []);
  const keyboard = pageKeyboard("wat", shown).text("Remove", callbackData("wae", shown.page));
  return {
    html: lines(
      html`<pre>${table}</pre>`,
      shownQuotes.length > 0 ? html`<i>${allPricedAt(shownQuotes, broker, now)}</i>` : stamp(now),
    ),
    keyboard,
  };
}

/** The same page, with a button for each row that removes it from the watchlist. */
export function watchEditView(instruments: readonly Instrument[], page: number): View {
  const shown = pageOf(instruments, page);
  const keyboard = new InlineKeyboard();
  for (const instrument of shown.entries)
    keyboard.text(`✕ ${listingName(instrument)}`, callbackData("wax", keyArgument(instrument.key), shown.page)).row();
  return { html: watchText.edit(), keyboard: keyboard.text("Done", callbackData("wat", shown.page)) };
}

export const watchText = {
  empty: (): Html =>
    html`Your watchlist is empty. <code>/watch SBIN</code> puts a share on it, <code>/watch -SBIN</code> takes it off.`,
  full: (most: number): Html => html`The watchlist is full: ${most} at most. <code>/watch -SBIN</code> takes one off.`,
  edit: (): Html => html`Tap what to remove from the watchlist.`,
};
