import type { InstrumentTable } from "../../../connectors/base.ts";
import type { BrokerName, InstrumentKey } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import { istDate } from "../../domain/market.ts";
import type { Paise, Price } from "../../domain/money.ts";
import { type Holding, isDeliverySale, type Position, type Quote, type Trade } from "../../domain/portfolio.ts";
import { carriedDayPnl, saleDayPnl } from "../../domain/totals.ts";
import { monotonic } from "../../lib/clock.ts";
import { trim } from "../../lib/trim.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Link } from "../accounts/accounts.ts";
import { nullIfFailed } from "../null-if-failed.ts";
import type { Quotes } from "../quotes/quotes.ts";

/** A broker's previous close changes once a day, hours before the market opens. */
const FRESH_MS = 10 * 60_000;
const MAX_KNOWN = 5_000;

export interface ClosesDeps {
  readonly clock: Clock;
  readonly quotes: Pick<Quotes, "many">;
  /** The broker's list of instruments. */
  readonly table: (broker: BrokerName) => Promise<InstrumentTable>;
  /** Whether the trading day has begun at `at` (still true once it is over). */
  readonly hasOpened: (at: number) => boolean;
}

export interface Closes {
  /** Fills in the previous closes that the broker left out; null where no source has one. */
  completeHoldings(link: Link, holdings: readonly Holding[]): Promise<Holding[]>;
  /**
   * Fills in the day's P&L that the broker left out, and corrects it for shares sold from holdings, which brokers count
   * as a short. Reads the day's trades only when a position needs them.
   */
  completePositions(
    link: Link,
    positions: readonly Position[],
    trades: () => Promise<readonly Trade[]>,
  ): Promise<Position[]>;
}

/** Previous closes from quotes or Yahoo, since Fyers and Dhan report none with positions and holdings. */
export function createCloses({ clock, quotes, table, hasOpened }: ClosesDeps): Closes {
  const steady = monotonic(clock);
  /**
   * Shared by all users. Keeps the quote, not the close, because which of its prices is the close changes when the day
   * begins. A missing quote is not cached: it may be due to the asking link's broker, plan or data source.
   */
  const known = new Map<string, { readonly quote: Quote; readonly until: number }>();

  async function fetchQuotes(link: Link, keys: readonly string[]): Promise<Map<string, Quote>> {
    const listed = await tableOf(link.broker_name);
    const wanted = keys.flatMap((key) => listed?.byKey(key as InstrumentKey)?.instrument ?? []);
    const own = await quotesWithClose(link, wanted);
    const missing = wanted.filter(({ key }) => !own.has(key));
    return new Map([...own, ...(await quotesWithClose(null, missing))]);
  }

  const tableOf = (broker: BrokerName): Promise<InstrumentTable | null> => nullIfFailed(table(broker));

  async function quotesWithClose(link: Link | null, wanted: readonly Instrument[]): Promise<Map<string, Quote>> {
    const found = await quotes.many(link, wanted);
    return new Map([...found].filter(([, quote]) => closeBefore(quote) !== null));
  }

  /**
   * Yahoo's prices are 15 minutes late, and an instrument that does not trade today gets none. Until today's first
   * price arrives, Yahoo's `ltp` is the previous close and its `prevClose` is the one before that. Before the day begins,
   * the last session is still the day that is shown, so `prevClose` stays.
   */
  function closeBefore({ source, at, ltp, prevClose }: Quote): Price | null {
    const now = clock.now();
    const isFromEarlierDay = source === "yfinance" && at !== null && istDate(at) < istDate(now);
    return isFromEarlierDay && hasOpened(now) ? ltp : prevClose;
  }

  async function closesOf(link: Link, keys: readonly (InstrumentKey | null)[]): Promise<ReadonlyMap<string, Price>> {
    const now = steady.now();
    const kept = (key: string): Quote | null => {
      const entry = known.get(key);
      return entry && now < entry.until ? entry.quote : null;
    };
    const wanted = keys.filter((key) => key !== null);
    const missing = wanted.filter((key) => kept(key) === null);
    const came = missing.length > 0 ? await fetchQuotes(link, missing) : new Map<string, Quote>();
    for (const [key, quote] of came) {
      known.delete(key);
      known.set(key, { quote, until: now + FRESH_MS });
    }
    const closes = new Map(
      wanted.flatMap((key): [string, Price][] => {
        const quote = came.get(key) ?? kept(key);
        const close = quote ? closeBefore(quote) : null;
        return close === null ? [] : [[key, close]];
      }),
    );
    trim(known, MAX_KNOWN);
    return closes;
  }

  return {
    async completeHoldings(link, holdings) {
      const lacking = holdings.filter(({ prevClose }) => prevClose === null);
      const closes = await closesOf(
        link,
        lacking.map(({ key }) => key),
      );
      return holdings.map((row) => ({ ...row, prevClose: row.prevClose ?? closes.get(row.key ?? "") ?? null }));
    },
    async completePositions(link, positions, readTrades) {
      const lacking = positions.filter(needsClose);
      const keys = lacking.map(({ key }) => key);
      const needsTrades = lacking.some(({ carried }) => carried?.dayCash === null);
      const [closes, trades] = await Promise.all([
        closesOf(link, keys),
        needsTrades ? nullIfFailed(readTrades()) : Promise.resolve(null),
      ]);
      return positions.map((row) =>
        needsClose(row) ? { ...row, dayPnl: dayFrom(row, closes.get(row.key ?? ""), trades) } : row,
      );
    },
  };
}

const needsClose = (row: Position): boolean =>
  isDeliverySale(row) || (row.dayPnl === null && row.carried !== undefined);

function dayFrom(row: Position, prevClose: Price | undefined, trades: readonly Trade[] | null): Paise | null {
  if (prevClose === undefined) return null;
  if (isDeliverySale(row)) return saleDayPnl(row, prevClose);
  return row.carried ? carriedDayPnl(row, row.carried, { prevClose, trades }) : null;
}
