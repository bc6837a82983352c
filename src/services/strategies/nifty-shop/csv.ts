import { istInstant, parseIst } from "../../../domain/market.ts";
import { istDate } from "../../../domain/market.ts";
import { priceFromRupees } from "../../../domain/money.ts";
import type { Candle } from "../../../domain/portfolio.ts";

const COLUMNS = ["date", "open", "high", "low", "close", "volume"] as const;
type Column = (typeof COLUMNS)[number];
/** Names of the date column in files from Yahoo, Kite and NSE. */
const DATE_NAMES = new Set(["date", "datetime", "timestamp", "time"]);

/**
 * Parses daily candles from a CSV file of Yahoo, Kite or NSE. Its header names Date, Open, High, Low, Close and
 * optionally Volume, in any order. Skips rows without prices ("null"). Throws, naming the line, on anything else.
 */
export function parseCandles(text: string): Candle[] {
  const [header, ...rows] = text.trim().split(/\r?\n/);
  const at = columnsOf(header ?? "");
  const candles = rows.flatMap((row, index) => {
    const cells = cellsOf(row);
    if (row.trim() === "" || isEmpty(cells, at)) return [];
    try {
      return [toCandle(cells, at)];
    } catch (error) {
      throw new RangeError(`line ${index + 2}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  });
  return candles.sort((a, b) => a.at - b.at);
}

/** Splits a row, allowing quoted cells: NSE writes amounts with commas, "1,234.50". */
const cellsOf = (row: string): string[] =>
  [...`,${row}`.matchAll(/,\s*(?:"([^"]*)"|([^,]*))/g)].map(([, quoted, plain = ""]) => (quoted ?? plain).trim());

function columnsOf(header: string): Map<Column, number> {
  const names = cellsOf(header).map((name) => name.toLowerCase());
  const at = new Map<Column, number>();
  names.forEach((name, index) => {
    const column = DATE_NAMES.has(name) ? "date" : COLUMNS.find((each) => each === name);
    if (column && !at.has(column)) at.set(column, index);
  });
  for (const column of COLUMNS)
    if (column !== "volume" && !at.has(column)) throw new RangeError(`the header has no column ${column}`);
  return at;
}

const cell = (cells: readonly string[], at: ReadonlyMap<Column, number>, column: Column): string =>
  cells[at.get(column) ?? -1] ?? "";

const isEmpty = (cells: readonly string[], at: ReadonlyMap<Column, number>): boolean =>
  (["open", "high", "low", "close"] as const).some((column) => /^(null|nan|)$/i.test(cell(cells, at, column)));

function toCandle(cells: readonly string[], at: ReadonlyMap<Column, number>): Candle {
  const number = (column: Column): number => Number(cell(cells, at, column).replaceAll(",", ""));
  const rupees = (column: Column) => priceFromRupees(number(column).toFixed(2));
  const volume = number("volume");
  return {
    at: istInstant(istDate(parseIst(cell(cells, at, "date").slice(0, 19)))),
    open: rupees("open"),
    high: rupees("high"),
    low: rupees("low"),
    close: rupees("close"),
    volume: Number.isFinite(volume) ? volume : 0,
  };
}
