import type { InstrumentKey } from "../../../domain/ids.ts";
import type { Paise, Price } from "../../../domain/money.ts";
import { negatePaise, paise, subtractPaise, sumPaise, valueOf, ZERO_PAISE } from "../../../domain/money.ts";
import type { Side } from "../../../domain/order.ts";
import type { Candle } from "../../../domain/portfolio.ts";
import type { Constituents } from "./constituents.ts";
import { createHistory, type History, type MarketView } from "./history.ts";
import { afterFill, averageCost, type HeldShare } from "./ledger.ts";
import { cagr, maxDrawdown, xirr, type EquityPoint, type Flow } from "./returns.ts";
import {
  AVERAGE_DAYS,
  decide,
  MIN_PRICED_FRACTION,
  type LegKind,
  type ShopDay,
  type ShopLeg,
  type ShopRules,
} from "./rules.ts";

export interface BacktestInput {
  /** YYYY-MM-DD, both included. Prices before `from` only feed the averages. */
  readonly from: string;
  readonly to: string;
  /** Daily candles by ticker. */
  readonly series: ReadonlyMap<string, readonly Candle[]>;
  /** Daily candles of the index, the benchmark. */
  readonly index: readonly Candle[];
  readonly constituents: Pick<Constituents, "membersOn">;
  readonly rules: ShopRules;
  readonly capital: Paise;
  /** All charges of a delivery order of this value. */
  readonly chargesOf: (side: Side, value: Paise) => Paise;
  /** When an order decided at a day's close fills: at the next day's open, or at that same close. */
  readonly fillAt: "next-open" | "close";
}

export interface BacktestTrade {
  readonly date: string;
  readonly kind: LegKind;
  readonly ticker: string;
  readonly qty: number;
  readonly price: Price;
  readonly charges: Paise;
  /** Profit of a sale after its charges; null for buys. */
  readonly profit: Paise | null;
}

export interface BacktestResult {
  readonly from: string;
  readonly to: string;
  readonly capital: Paise;
  readonly final: Paise;
  readonly cash: Paise;
  readonly charges: Paise;
  readonly totalReturn: number;
  readonly cagr: number | null;
  /** Yearly return on the money while it was invested; idle cash does not count. */
  readonly xirr: number | null;
  readonly drawdown: number;
  readonly trades: readonly BacktestTrade[];
  readonly curve: readonly EquityPoint[];
  /** The index scaled to the same starting capital. */
  readonly indexCurve: readonly EquityPoint[];
  readonly indexReturn: number | null;
  readonly indexCagr: number | null;
  readonly held: readonly { readonly ticker: string; readonly qty: number; readonly value: Paise }[];
  /** Members without any price in the range. */
  readonly withoutPrices: readonly string[];
}

interface Book {
  cash: Paise;
  charges: Paise;
  readonly held: Map<string, HeldShare>;
  readonly trades: BacktestTrade[];
  readonly flows: Flow[];
}

/** Runs the rules over history. They see a MarketView that ends at the day, so only the fills use the next open. */
export function runBacktest(input: BacktestInput): BacktestResult {
  const history = createHistory(input.series);
  const book: Book = { cash: input.capital, charges: ZERO_PAISE, held: new Map(), trades: [], flows: [] };
  const curve: EquityPoint[] = [];
  let pending: readonly ShopLeg[] = [];
  history.days.forEach((date, day) => {
    if (date < input.from || date > input.to) return;
    const view = history.viewOn(day);
    const members = input.constituents.membersOn(date);
    // Pending legs stay pending until the next day with trading.
    if (!hasTraded(view, members)) return;
    if (input.fillAt === "next-open") fillAll(input, book, pending, date, (ticker) => history.openOn(ticker, day));
    pending = decide(shopDay(view, members, book), input.rules).legs;
    if (input.fillAt === "close") fillAll(input, book, pending, date, (ticker) => view.close(ticker));
    curve.push({ date, equity: equityOf(book, (ticker) => view.lastClose(ticker)) });
  });
  return resultOf(input, history, book, curve);
}

/** Whether enough of the members with an average have a price: sources have stray bars on days without trading. */
function hasTraded(view: MarketView, members: readonly string[]): boolean {
  const known = members.filter((ticker) => view.mean(ticker, AVERAGE_DAYS) !== null);
  return known.filter((ticker) => view.close(ticker) !== null).length >= known.length * MIN_PRICED_FRACTION;
}

/** The rules' input: members that traded on the day and have an average. */
function shopDay(view: MarketView, members: readonly string[], book: Book): ShopDay {
  return {
    members: members.flatMap((ticker) => {
      const price = view.close(ticker);
      const average = view.mean(ticker, AVERAGE_DAYS);
      return price === null || average === null ? [] : [{ key: keyOf(ticker), price, average }];
    }),
    held: [...book.held].map(([ticker, share]) => ({
      key: share.key,
      qty: share.qty,
      avgPrice: averageCost(share),
      lastBuyPrice: share.lastBuyPrice,
      price: view.close(ticker),
    })),
    cash: book.cash,
  };
}

// To the rules a key is opaque, so a backtest uses the ticker.
const keyOf = (ticker: string): InstrumentKey => ticker as InstrumentKey;

/** Fills sales first, because Indian brokers let their proceeds pay for purchases of the same day. */
function fillAll(
  input: BacktestInput,
  book: Book,
  legs: readonly ShopLeg[],
  date: string,
  priceOf: (ticker: string) => Price | null,
): void {
  for (const leg of [...legs].sort((a, b) => Number(b.kind === "sell") - Number(a.kind === "sell"))) {
    const price = priceOf(leg.key);
    if (price !== null) fill(input, book, leg, date, price);
  }
}

function fill({ chargesOf }: BacktestInput, book: Book, leg: ShopLeg, date: string, price: Price): void {
  const ticker: string = leg.key;
  const held = book.held.get(ticker);
  const value = valueOf(price, leg.qty);
  const side: Side = leg.kind === "sell" ? "SELL" : "BUY";
  const charges = chargesOf(side, value);
  // An overnight gap may have made the purchase dearer than the cash left.
  if (side === "BUY" && value + charges > book.cash) return;
  if (side === "SELL" && (held?.qty ?? 0) < leg.qty) return;
  const amount = side === "BUY" ? negatePaise(sumPaise([value, charges])) : subtractPaise(value, charges);
  const cost = held && side === "SELL" ? valueOf(averageCost(held), leg.qty) : null;
  book.cash = sumPaise([book.cash, amount]);
  book.charges = sumPaise([book.charges, charges]);
  book.flows.push({ date, amount });
  book.trades.push({
    date,
    kind: leg.kind,
    ticker,
    qty: leg.qty,
    price,
    charges,
    profit: cost === null ? null : subtractPaise(amount, cost),
  });
  const next = afterFill(held, { kind: leg.kind, key: leg.key, qty: leg.qty, price, date });
  if (next) book.held.set(ticker, next);
  else book.held.delete(ticker);
}

/** Cash plus shares at their last close, which also values a share that stopped trading. */
const equityOf = (book: Book, priceOf: (ticker: string) => Price | null): Paise =>
  sumPaise([book.cash, ...[...book.held].map(([ticker, share]) => worth(share, priceOf(ticker)))]);
const worth = (share: HeldShare, price: Price | null): Paise =>
  price === null ? share.cost : valueOf(price, share.qty);

function resultOf(input: BacktestInput, history: History, book: Book, curve: readonly EquityPoint[]): BacktestResult {
  const [first, last] = [curve[0], curve.at(-1)];
  if (!first || !last) throw new RangeError(`no prices between ${input.from} and ${input.to}`);
  const view = history.viewOn(history.days.indexOf(last.date));
  const held = [...book.held].map(([ticker, share]) => ({
    ticker,
    qty: share.qty,
    value: worth(share, view.lastClose(ticker)),
  }));
  const indexCurve = indexCurveOf(input, curve);
  const indexLast = indexCurve.at(-1)?.equity ?? null;
  const holdings: Flow = { date: last.date, amount: sumPaise(held.map(({ value }) => value)) };
  const members = new Set(curve.flatMap(({ date }) => input.constituents.membersOn(date)));
  return {
    from: first.date,
    to: last.date,
    capital: input.capital,
    final: last.equity,
    cash: book.cash,
    charges: book.charges,
    totalReturn: last.equity / input.capital - 1,
    cagr: cagr(input.capital, last.equity, first.date, last.date),
    xirr: xirr([...book.flows, holdings]),
    drawdown: maxDrawdown(curve),
    trades: book.trades,
    curve,
    indexCurve,
    indexReturn: indexLast === null ? null : indexLast / input.capital - 1,
    indexCagr: indexLast === null ? null : cagr(input.capital, indexLast, first.date, last.date),
    held,
    withoutPrices: [...members].filter((ticker) => (input.series.get(ticker)?.length ?? 0) === 0).sort(),
  };
}

/** The value of the whole capital invested in the index at the first day's close. */
function indexCurveOf({ index, capital }: BacktestInput, curve: readonly EquityPoint[]): EquityPoint[] {
  const history = createHistory(new Map([["index", index]]));
  const closes = new Map(history.days.map((date, day) => [date, history.closeOn("index", day)]));
  const known = curve.flatMap(({ date }) => {
    const close = closes.get(date) ?? null;
    return close === null ? [] : [{ date, close }];
  });
  const base = known[0]?.close;
  if (base === undefined) return [];
  return known.map(({ date, close }) => ({ date, equity: paise(Math.round((capital / base) * close)) }));
}
