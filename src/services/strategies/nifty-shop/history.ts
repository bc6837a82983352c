import { istDate } from "../../../domain/market.ts";
import type { Price } from "../../../domain/money.ts";
import type { Candle } from "../../../domain/portfolio.ts";

/** All that a strategy may know on a day: prices up to that day's close. Gives no access to later prices. */
export interface MarketView {
  /** Null when the share did not trade that day. */
  close(ticker: string): Price | null;
  /** The latest close up to the day; null when the share has not traded yet. */
  lastClose(ticker: string): Price | null;
  /** Rounded mean of the last `count` closes up to the day; null when there are fewer. */
  mean(ticker: string, count: number): Price | null;
}

/** Daily prices of many shares. A day is an index into `days`. */
export interface History {
  /** Days on which anything traded, oldest first. */
  readonly days: readonly string[];
  /** The market as known on that day. */
  viewOn(day: number): MarketView;
  /** For filling orders, never for a strategy. Null when the share did not trade. */
  openOn(ticker: string, day: number): Price | null;
  closeOn(ticker: string, day: number): Price | null;
}

interface Column {
  /** By day; 0 where the share did not trade. */
  readonly opens: Float64Array;
  readonly closes: Float64Array;
  /** Closes of traded days only. */
  readonly traded: Float64Array;
  /** Prefix sums of `traded`: `sums[n]` is the sum of its first n entries. */
  readonly sums: Float64Array;
  /** By day: how many traded days there are up to and including it. */
  readonly countUpTo: Uint32Array;
}

export function createHistory(series: ReadonlyMap<string, readonly Candle[]>): History {
  // A daily candle's time is midnight of its day, so equal times mean equal dates.
  const times = [...new Set([...series.values()].flatMap((candles) => candles.map(({ at }) => at)))].sort(
    (a, b) => a - b,
  );
  const dayAt = new Map(times.map((at, day) => [at, day]));
  const days = times.map(istDate);
  const columns = new Map([...series].map(([ticker, candles]) => [ticker, columnOf(dayAt, candles)]));

  const at = (ticker: string, day: number, pick: "opens" | "closes"): Price | null => {
    const value = columns.get(ticker)?.[pick][day] ?? 0;
    return value > 0 ? (value as Price) : null;
  };

  return {
    days,
    viewOn(day) {
      if (days[day] === undefined) throw new RangeError(`no such day: ${day}`);
      return {
        close: (ticker) => at(ticker, day, "closes"),
        lastClose(ticker) {
          const column = columns.get(ticker);
          const count = column?.countUpTo[day] ?? 0;
          return count === 0 ? null : (column?.traded[count - 1] as Price);
        },
        mean(ticker, count) {
          const column = columns.get(ticker);
          const end = column?.countUpTo[day] ?? 0;
          if (!column || end < count) return null;
          return Math.round(((column.sums[end] ?? 0) - (column.sums[end - count] ?? 0)) / count) as Price;
        },
      };
    },
    openOn: (ticker, day) => at(ticker, day, "opens"),
    closeOn: (ticker, day) => at(ticker, day, "closes"),
  };
}

function columnOf(dayAt: ReadonlyMap<number, number>, candles: readonly Candle[]): Column {
  const days = dayAt.size;
  const opens = new Float64Array(days);
  const closes = new Float64Array(days);
  for (const { at, open, close } of candles) {
    const day = dayAt.get(at) ?? 0;
    opens[day] = open;
    closes[day] = close;
  }
  const traded = closes.filter((close) => close > 0);
  const sums = new Float64Array(traded.length + 1);
  traded.forEach((close, at) => (sums[at + 1] = (sums[at] ?? 0) + close));
  const countUpTo = new Uint32Array(days);
  let count = 0;
  closes.forEach((close, day) => {
    if (close > 0) count += 1;
    countUpTo[day] = count;
  });
  return { opens, closes, traded, sums, countUpTo };
}
