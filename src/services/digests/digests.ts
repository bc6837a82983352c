import type { BrokerConnector, Access } from "../../../connectors/base.ts";
import type { UnreadRow } from "../../domain/book.ts";
import { chargesOf } from "../../domain/charges.ts";
import { accountValue, isCarried, tradesIntoEvening, type DayFigures } from "../../domain/day.ts";
import { isOfOneDay, unrecorded, type Fill, type Owned } from "../../domain/fifo.ts";
import type { InstrumentKey, TradingSymbol, UserId } from "../../domain/ids.ts";
import { indexKey, isDerivative, type Instrument } from "../../domain/instrument.ts";
import { istDate } from "../../domain/market.ts";
import { changeInBasisPoints, sumPaise, valueOf, type Paise } from "../../domain/money.ts";
import { isDelivery, type Order } from "../../domain/order.ts";
import {
  isDeliverySale,
  type Funds,
  type Holding,
  type Position,
  type Quote,
  type Trade,
} from "../../domain/portfolio.ts";
import { datedPnl, dayPnlOf, undated } from "../../domain/totals.ts";
import type { Log } from "../../lib/log.ts";
import type { Clock } from "../../ports/clock.ts";
import { accountBehind, type Accounts, type Link, type LinkResult } from "../accounts/accounts.ts";
import { bookOf } from "../portfolio/books.ts";
import type { Candles } from "../quotes/candles.ts";
import type { Closes } from "../portfolio/closes.ts";
import { readToday } from "../portfolio/portfolio.ts";
import type { Quotes } from "../quotes/quotes.ts";
import { rebasedSales } from "../portfolio/rebased-sales.ts";
import { fillTime, type DayTotal, type Snapshot, type Snapshots } from "../portfolio/snapshots.ts";

/** One account's day as its broker reports it. */
export interface AccountDay {
  readonly positions: readonly Position[];
  readonly holdings: readonly Holding[];
  readonly orders: readonly Order[];
  readonly funds: Funds;
  readonly figures: DayFigures;
  readonly value: Paise;
  /** Traded symbols whose charges are missing from the figures, because no instrument list has them. */
  readonly uncharged: readonly TradingSymbol[];
}
export type DayParts = readonly LinkResult<AccountDay>[];

export interface Digest {
  readonly date: string;
  readonly parts: DayParts;
  /** The latest earlier snapshot of each account that could not be read. */
  readonly lastKnown: ReadonlyMap<Link["_id"], Snapshot>;
  /** The Nifty's change since the last close in 1/100 percent; null when unknown. */
  readonly index: number | null;
  /** The latest days with snapshots, oldest first, including this one. */
  readonly curve: readonly DayTotal[];
}

export interface Digests {
  /** Reads and stores the day of every switched-on account. A failed account is in `parts` as an error. */
  day(user: UserId, date: string): Promise<Digest>;
  /** Reads and stores the day of these accounts. A failed account is in the result as an error. */
  keep(links: readonly Link[], date: string): Promise<DayParts>;
}

export interface DigestsDeps {
  readonly accounts: Accounts;
  readonly closes: Closes;
  readonly snapshots: Snapshots;
  readonly quotes: Pick<Quotes, "many">;
  readonly candles: Candles;
  readonly instruments: { byKey(key: InstrumentKey): Promise<Instrument | undefined> };
  readonly clock: Clock;
  readonly log: Log;
}

interface DayRead extends AccountDay {
  readonly trades: readonly Trade[];
  /** Unread rows of the order book; orders enter no figure. */
  readonly unread: readonly UnreadRow[];
}

const CURVE_DAYS = 30;
/** The index is the same for everybody, so one answer serves all digests that are due together. */
const INDEX_FRESH_MS = 5 * 60_000;

export function createDigests(deps: DigestsDeps): Digests {
  const { accounts, snapshots, clock } = deps;
  const today = readToday(deps.closes);
  let index: { readonly at: number; readonly quote: Promise<Quote | null> } | null = null;

  async function read(connector: BrokerConnector, access: Access, link: Link): Promise<DayRead> {
    const [{ positions, holdings }, { rows: orders, unread }, funds, trades] = await Promise.all([
      today(connector, access, link),
      bookOf(connector.getOrders(access), deps.log),
      connector.getFunds(access),
      connector.getTrades(access),
    ]);
    const { charges, uncharged } = await chargesOfTrades(trades);
    const figures = { ...dayPnlOf(positions, holdings), charges };
    const value = accountValue(funds, holdings, positions);
    return { positions, holdings, orders, unread, funds, trades, figures, value, uncharged };
  }

  /** Grouped by order, because brokerage is capped per order. Trades of unknown instruments are listed as uncharged. */
  async function chargesOfTrades(
    trades: readonly Trade[],
  ): Promise<{ charges: Paise } & Pick<AccountDay, "uncharged">> {
    const orders = [...Map.groupBy(trades, ({ orderId }) => orderId).values()];
    const charges = await Promise.all(orders.map(chargesOfOrder));
    const unknown = orders.filter((_, i) => charges[i] === null).flat();
    return {
      charges: sumPaise(charges.filter((each) => each !== null)),
      uncharged: [...new Set(unknown.map(({ symbol }) => symbol))],
    };
  }

  async function chargesOfOrder(trades: readonly Trade[]): Promise<Paise | null> {
    const [first] = trades;
    const instrument = first?.key ? await deps.instruments.byKey(first.key) : undefined;
    if (!first || !instrument || instrument.kind === "index") return null;
    const value = sumPaise(trades.map(({ price, qty }) => valueOf(price, qty)));
    return chargesOf(instrument, first.productType, first.side, value);
  }

  async function keep(links: readonly Link[], date: string): Promise<DayParts> {
    const parts = await accounts.callEach(links, read);
    for (const part of parts) if (part.ok) await saveSnapshot(part.link, date, part.value);
    return parts.map((part) => (part.ok ? { ...part, unread: part.value.unread } : part));
  }

  async function saveSnapshot(link: Link, date: string, day: DayRead): Promise<void> {
    // No broker reports the multiplier with a trade, but whatever was traded today is among today's positions.
    const multipliers = new Map(day.positions.map(({ symbol, multiplier }) => [symbol, multiplier]));
    const withoutClose = undated(day.positions, day.holdings);
    const stillTrading = day.positions.filter(tradesIntoEvening);
    const expiries = await Promise.all(day.positions.filter(isCarried).map(expiryOf));
    const account = accountBehind(link);
    const snapshot: Snapshot = {
      userId: link.user_id,
      link: link._id,
      ...(account === null ? {} : { account }),
      date,
      // Leaves out P&L since entry: summed over days, it would count again every day.
      figures: { ...day.figures, positions: datedPnl(day.positions) },
      value: day.value,
      // A contract that expired today is settled overnight, so it is not carried.
      carried: expiries.filter(({ expiry }) => expiry === undefined || expiry > date).length,
      ...(day.uncharged.length > 0 ? { uncharged: day.uncharged } : {}),
      ...(withoutClose.length > 0 ? { undated: [...new Set(withoutClose.map(({ symbol }) => symbol))] } : {}),
      ...(stillTrading.length > 0 ? { tradedOn: stillTrading.map(({ symbol }) => symbol) } : {}),
      fills: await Promise.all(
        day.trades.map(async (trade) => ({
          ...trade,
          at: fillTime(trade.at, date),
          multiplier: multipliers.get(trade.symbol) ?? 1,
          ...(await expiryOf(trade)),
        })),
      ),
    };
    await snapshots.keep({ ...snapshot, ...(await notRealised(link, snapshot, day)) });
  }

  /** What was closed that day at entries that the account's fills do not tell, or no longer tell. */
  async function notRealised(
    link: Link,
    snapshot: Snapshot,
    day: AccountDay,
  ): Promise<Pick<Snapshot, "rebased" | "unrecorded">> {
    const { date } = snapshot;
    if (!snapshot.fills.some(mayCloseCarried)) return {};
    const fills = await snapshots.fillsUpTo(snapshot);
    const rebased = await rebasedSales(deps, link, { date, fills });
    const gaps = unrecorded(fills, date, ownedIn(day));
    return { ...(rebased.length > 0 ? { rebased } : {}), ...(gaps.length > 0 ? { unrecorded: gaps } : {}) };
  }

  /** Stored with the trade, because an expired contract is no longer in any instrument list. */
  async function expiryOf({ key }: Pick<Trade, "key">): Promise<Pick<Fill, "expiry">> {
    const instrument = key === null ? undefined : await deps.instruments.byKey(key);
    return instrument && isDerivative(instrument) ? { expiry: instrument.expiry } : {};
  }

  /** Null when the last price is of another day: its change would pass for that day's. */
  async function indexChange(link: Link | null, date: string): Promise<number | null> {
    const quote = await indexQuote(link);
    if (!quote?.prevClose || (quote.at !== null && istDate(quote.at) !== date)) return null;
    return changeInBasisPoints(quote.ltp, quote.prevClose);
  }

  /** Cached. A stale answer is refreshed through whichever link asks first. */
  function indexQuote(link: Link | null): Promise<Quote | null> {
    if (index && Math.abs(clock.now() - index.at) < INDEX_FRESH_MS) return index.quote;
    const quote = askIndex(link).catch(() => null);
    index = { at: clock.now(), quote };
    return quote;
  }

  async function askIndex(link: Link | null): Promise<Quote | null> {
    const nifty = await deps.instruments.byKey(indexKey("NIFTY50"));
    return (nifty && (await deps.quotes.many(link, [nifty])).get(nifty.key)) ?? null;
  }

  async function lastKnown(parts: DayParts, date: string): Promise<Map<Link["_id"], Snapshot>> {
    const failed = parts.filter((part) => !part.ok);
    const known = await Promise.all(
      failed.map(async ({ link }) => [link._id, await snapshots.lastBefore(link._id, date)] as const),
    );
    return new Map(known.flatMap(([link, snapshot]) => (snapshot ? [[link, snapshot]] : [])));
  }

  return {
    keep,
    async day(user, date) {
      const links = await accounts.active(user);
      const parts = await keep(links, date);
      const readableLink = parts.find((part) => part.ok)?.link ?? null;
      return {
        date,
        parts,
        lastKnown: await lastKnown(parts, date),
        index: readableLink === null ? null : await indexChange(readableLink, date),
        curve: await snapshots.latestDays(
          user,
          CURVE_DAYS,
          links.map(({ _id }) => _id),
        ),
      };
    },
  };
}

/** A delivery purchase only opens. Anything else is looked up in all the account's days. */
const mayCloseCarried = ({ side, productType }: Fill): boolean =>
  !isOfOneDay(productType) && !(side === "BUY" && isDelivery(productType));

/** Shares bought today are among the positions, and shares sold today have left the holdings. */
const ownedIn = ({ positions, holdings }: AccountDay): Owned[] => [
  ...holdings,
  ...positions
    .filter((row) => !isDeliverySale(row))
    .map((row) => ({ ...row, qty: row.side === "SELL" ? -row.qty : row.qty, pledgedQty: 0 })),
];
