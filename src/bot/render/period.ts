import { tradingDays, type TradingCalendar } from "../../domain/calendar.ts";
import { grossOf } from "../../domain/day.ts";
import type { Uncounted } from "../../domain/fifo.ts";
import type { TradingSymbol } from "../../domain/ids.ts";
import { ticker } from "../../domain/instrument.ts";
import { renderPairs } from "../../lib/table.ts";
import type { Accounts } from "../../services/accounts/accounts.ts";
import type { Period } from "../../services/portfolio/snapshots.ts";
import * as text from "../daily-text.ts";
import { html, lines, type Html } from "../html.ts";
import { paperNote } from "../text.ts";
import { dateText, mark } from "./amounts.ts";
import { firstNames } from "./names.ts";
import type { MoneyText } from "./money-text.ts";
import { PAGE_WIDTH } from "./page.ts";

export interface PeriodPage {
  readonly title: string;
  readonly money: MoneyText;
  readonly accounts: Pick<Accounts, "brokers">;
  readonly calendar: TradingCalendar;
}

/** A period's figures from the stored days, and the dates of those days. */
export function periodText(period: Period, { title, money, accounts, calendar }: PeriodPage): Html {
  const { span, figures, best, worst, days } = period;
  if (!span || !best || !worst) return lines(html`<b>${title}</b>`, text.pnl.noneThen());
  const isPaper = period.brokers.map((name) => accounts.brokers.get(name)?.definition.isPaper === true);
  const gross = grossOf(figures);
  const isOneDay = days.length === 1;
  const kept = new Set(days.map(({ date }) => date));
  const gaps = tradingDays(span.from, span.to, calendar).filter((date) => !kept.has(date)).length;
  const up = days.filter((day) => grossOf(day.figures) > 0).length;
  const amongDays: readonly (readonly [string, string])[] = [
    [`Best, ${dateText(best.date)}`, money.cell(grossOf(best.figures))],
    [`Worst, ${dateText(worst.date)}`, money.cell(grossOf(worst.figures))],
    ["Days up", `${up} of ${days.length}`],
  ];
  return lines(
    html`<b>${title}</b>${paperNote(isPaper)}`,
    html`${mark(gross)} <b>${money.signed(gross)}</b>, ${money.signed(period.net)} net of charges`,
    html`<pre>${renderPairs(
      [
        ["Positions, day by day", money.cell(figures.positions)],
        ["Holdings, day by day", money.cell(figures.holdings)],
        ["Charges, estimated", money.plain(figures.charges)],
        ["Realised, FIFO", money.cell(period.realisedFifo)],
        ...(isOneDay ? [] : amongDays),
      ],
      PAGE_WIDTH,
    )}</pre>`,
    isOneDay ? text.pnl.keptDay(span.from) : text.pnl.keptDays(span.from, span.to),
    gaps > 0 && text.pnl.gaps(gaps),
    period.missed > 0 && text.pnl.missed(period.missed, days.length),
    undatedLine(period.undated),
    tradedOnLine(period.tradedOn),
    uncountedLine(period.uncounted),
    unchargedLine(period.uncharged),
  );
}

/** Names instruments (commodities, currencies) that trade on after the day is stored, so that later gains are missing. */
export const tradedOnLine = (symbols: readonly TradingSymbol[]): Html | null =>
  symbols.length === 0 ? null : text.pnl.tradedOn(namesOf(symbols));

const undatedLine = (symbols: readonly TradingSymbol[]): Html | null =>
  symbols.length === 0 ? null : text.pnl.undated(namesOf(symbols));

function uncountedLine(uncounted: readonly Uncounted[]): Html | null {
  const all = [...new Set(uncounted.map(({ symbol, why }) => text.pnl.uncountedName(ticker(symbol), why)))];
  return all.length === 0 ? null : text.pnl.uncounted(all.length, named(all));
}

/** Names traded instruments whose charges could not be estimated, so that the net figure lacks their charges. */
export const unchargedLine = (symbols: readonly TradingSymbol[]): Html | null =>
  symbols.length === 0 ? null : text.pnl.uncharged(namesOf(symbols));

const namesOf = (symbols: readonly TradingSymbol[]): string => named([...new Set(symbols.map(ticker))]);

/** Few, because the text may have to fit a picture's caption. */
const MAX_NAMED = 5;
const named = (all: readonly string[]): string => firstNames(all, MAX_NAMED);
