import type { InstrumentTable } from "../../connectors/base.ts";
import type { BrokerName, InstrumentKey } from "../domain/ids.ts";
import type { Instrument } from "../domain/instrument.ts";
import { istDate } from "../domain/market.ts";
import type { Paise, Price } from "../domain/money.ts";
import { type Holding, isDeliverySale, type Position, type Quote, type Trade } from "../domain/portfolio.ts";
import { carriedDayPnl, saleDayPnl } from "../domain/totals.ts";
import { BrokerError } from "../errors.ts";
import { monotonic } from "../lib/clock.ts";
import { trim } from "../lib/trim.ts";
import type { Clock } from "../ports/clock.ts";
import type { Link } from "./accounts.ts";
import type { Quotes } from "./quotes.ts";

/** A broker's becomes another one once a day, hours before the market opens. */
const FRESH_MS = 10 * 60_000;
const MAX_KNOWN = 5_000;

export interface ClosesDeps {
  readonly clock: Clock;
  readonly quotes: Pick<Quotes, "many">;
  /** The broker's list of instruments. */
  readonly table: (broker: BrokerName) => Promise<InstrumentTable>;
  /** Whether the exchanges' day has begun, or is over. */
  readonly hasOpened: (at: number) => boolean;
}

export interface Closes {
  /** The same shares with the previous close that their broker left out; what nobody knows stays null. */
  ofHoldings(link: Link, holdings: readonly Holding[]): Promise<Holding[]>;
  /**
   * The same positions with the day's part that their broker left out, or counts as if sold shares were owed. The day's
   * trades are read only where nothing else tells it.
   */
  ofPositions(link: Link, positions: readonly Position[], trades: () => Promise<readonly Trade[]>): Promise<Position[]>;
}

/** Fyers and Dhan tell no previous close, and so no day's change: it comes from quotes, or from Yahoo. */
export function createCloses({ clock, quotes, table, hasOpened }: ClosesDeps): Closes {
  const steady = monotonic(clock);
  /**
   * What came, whoever asked: the quote, since which of its prices is the close changes when the day begins. That nothing
   * came is not kept: it may be due to the asker's broker, plan or choice of prices.
   */
  const known = new Map<string, { readonly quote: Quote; readonly until: number }>();

  async function ask(link: Link, keys: readonly string[]): Promise<Map<string, Quote>> {
    const listed = await tableOf(link.broker_name);
    const wanted = keys.flatMap((key) => listed?.byKey(key as InstrumentKey)?.instrument ?? []);
    const own = await tellingClose(link, wanted);
    const missing = wanted.filter(({ key }) => !own.has(key));
    return new Map([...own, ...(await tellingClose(null, missing))]);
  }

  const tableOf = (broker: BrokerName): Promise<InstrumentTable | null> => orNone(table(broker));

  async function tellingClose(link: Link | null, wanted: readonly Instrument[]): Promise<Map<string, Quote>> {
    const found = await quotes.many(link, wanted);
    return new Map([...found].filter(([, quote]) => closeBefore(quote) !== null));
  }

  /**
   * Yahoo's prices of today come a quarter of an hour late, and of what does not trade never: until then its last price
   * is the close before today, and its previous close that of the day before.
   */
  function closeBefore({ source, at, ltp, prevClose }: Quote): Price | null {
    const now = clock.now();
    const isOfBefore = source === "yfinance" && at !== null && istDate(at) < istDate(now);
    return isOfBefore && hasOpened(now) ? ltp : prevClose;
  }

  async function closesOf(link: Link, keys: readonly (InstrumentKey | null)[]): Promise<ReadonlyMap<string, Price>> {
    const now = steady.now();
    const kept = (key: string): Quote | null => {
      const entry = known.get(key);
      return entry && now < entry.until ? entry.quote : null;
    };
    const wanted = keys.filter((key) => key !== null);
    const missing = wanted.filter((key) => kept(key) === null);
    const came = missing.length > 0 ? await ask(link, missing) : new Map<string, Quote>();
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
    async ofHoldings(link, holdings) {
      const lacking = holdings.filter(({ prevClose }) => prevClose === null);
      const closes = await closesOf(
        link,
        lacking.map(({ key }) => key),
      );
      return holdings.map((row) => ({ ...row, prevClose: row.prevClose ?? closes.get(row.key ?? "") ?? null }));
    },
    async ofPositions(link, positions, readTrades) {
      const lacking = positions.filter(needsClose);
      const keys = lacking.map(({ key }) => key);
      const needsTrades = lacking.some(({ carried }) => carried?.dayCash === null);
      const [closes, trades] = await Promise.all([
        closesOf(link, keys),
        needsTrades ? orNone(readTrades()) : Promise.resolve(null),
      ]);
      return positions.map((row) =>
        needsClose(row) ? { ...row, dayPnl: dayFrom(row, closes.get(row.key ?? ""), trades) } : row,
      );
    },
  };
}

/** What cannot be had now is no reason to show nothing. */
async function orNone<T>(wanted: Promise<T>): Promise<T | null> {
  try {
    return await wanted;
  } catch (error) {
    if (error instanceof BrokerError) return null;
    throw error;
  }
}

const needsClose = (row: Position): boolean =>
  isDeliverySale(row) || (row.dayPnl === null && row.carried !== undefined);

function dayFrom(row: Position, prevClose: Price | undefined, trades: readonly Trade[] | null): Paise | null {
  if (prevClose === undefined) return null;
  if (isDeliverySale(row)) return saleDayPnl(row, prevClose);
  return row.carried ? carriedDayPnl(row, row.carried, { prevClose, trades }) : null;
}
