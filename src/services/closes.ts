import type { InstrumentTable } from "../../connectors/base.ts";
import type { BrokerName, InstrumentKey } from "../domain/ids.ts";
import type { Instrument } from "../domain/instrument.ts";
import { istDate } from "../domain/market.ts";
import type { Paise, Price } from "../domain/money.ts";
import { type Holding, isDeliverySale, type Position, type Quote, type Trade } from "../domain/portfolio.ts";
import { carriedDayPnl, saleDayPnl } from "../domain/totals.ts";
import { BrokerError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Link } from "./accounts.ts";
import type { Quotes } from "./quotes.ts";
import { createSharedReads } from "./shared-reads.ts";

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
  const shared = createSharedReads<Quote>({ clock, max: MAX_KNOWN });

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
    const wanted = keys.filter((key) => key !== null);
    const own = new Set<string>();
    const found = await shared.read(wanted, FRESH_MS, (missing) => {
      for (const key of missing) own.add(key);
      return ask(link, missing);
    });
    // Another account's broker, plan or choice of prices may be why it was told nothing.
    const untold = wanted.filter((key) => !found.has(key) && !own.has(key));
    const nameOf = (key: string): string => `${link._id} ${key}`;
    const told = await shared.read(untold.map(nameOf), FRESH_MS, async (names) => {
      const quoted = await ask(
        link,
        untold.filter((key) => names.includes(nameOf(key))),
      );
      return new Map([...quoted].map(([key, quote]) => [nameOf(key), quote]));
    });
    // What is kept is the quote: which of its prices is the close changes when the day begins.
    return new Map(
      wanted.flatMap((key) => {
        const quote = found.get(key) ?? told.get(nameOf(key));
        const close = quote ? closeBefore(quote) : null;
        return close === null ? [] : [[key, close]];
      }),
    );
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
