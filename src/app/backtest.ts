import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOTS as YAHOO_ROOTS } from "../../connectors/yahoo/facts.ts";
import { createYahoo } from "../../connectors/yahoo/index.ts";
import { equityPicture } from "../bot/pictures/equity.ts";
import { backtestPairs, NOT_COUNTED } from "../bot/render/backtest.ts";
import { priceText, signedRupees } from "../bot/render/amounts.ts";
import { paiseFromRupees, type Paise } from "../domain/money.ts";
import type { Candle } from "../domain/portfolio.ts";
import { BrokerError, ConfigError } from "../errors.ts";
import { createPictures } from "../lib/chart/png.ts";
import { createHttpClient } from "../lib/http.ts";
import { renderPairs, renderTable } from "../lib/table.ts";
import {
  deliveryCharges,
  NIFTY_50,
  parseRange,
  readSeries,
  shareNamed,
  untilYesterday,
  type Range,
} from "../services/strategies/nifty-shop/backtest-data.ts";
import { runBacktest, type BacktestInput, type BacktestTrade } from "../services/strategies/nifty-shop/backtest.ts";
import { loadNifty50 } from "../services/strategies/nifty-shop/constituents.ts";
import { parseCandles } from "../services/strategies/nifty-shop/csv.ts";
import {
  DEFAULT_SHOP_SETTINGS,
  parseSetting,
  rulesOf,
  type ShopSettings,
} from "../services/strategies/nifty-shop/settings.ts";
import { readSettings } from "./settings.ts";

const USAGE = `npm run backtest -- 2020-01..2025-07 [options]
  --csv FOLDER      daily candles from FOLDER/TICKER.csv and FOLDER/NIFTY50.csv instead of Yahoo
  --capital RUPEES  1000000
  --amount RUPEES   of each trade; without it, capital / 40
  --buys N  --target PERCENT  --average PERCENT
  --fill next-open|close   when an order that was decided at the close is filled
  --trades          list every trade
  --png FILE        the equity picture`;
const WIDTH = 44;
const PARTS = 40;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  await main();
} catch (error) {
  if (!(error instanceof ConfigError) && !(error instanceof RangeError) && !(error instanceof BrokerError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { positionals, values } = readArguments();
  const asked = parseRange(positionals[0] ?? "");
  if (!asked) throw new ConfigError([USAGE]);
  const range = values.csv === undefined ? untilYesterday(asked, Date.now()) : asked;
  const { fill } = values;
  if (fill !== "next-open" && fill !== "close") throw new ConfigError(["--fill: expected next-open or close", USAGE]);
  const capital = capitalOf(values.capital);
  const rules = rulesOf(settingsOf(values, capital));
  const constituents = loadNifty50();
  const tickers = constituents.everIn(range.from, range.to);
  const prices =
    values.csv === undefined ? await fromYahoo(tickers, range) : await fromFolder(values.csv, tickers, range);
  const startedAt = performance.now();
  const result = runBacktest({
    ...range,
    ...prices,
    constituents,
    rules,
    capital,
    chargesOf: deliveryCharges,
    fillAt: fill,
  });
  const ms = Math.round(performance.now() - startedAt);
  if (values.trades) say(tradeTable(result.trades));
  say(renderPairs([["Nifty Shop", `${result.from} to ${result.to}`], ...backtestPairs(result)], WIDTH));
  if (result.withoutPrices.length > 0) say(`Without prices, so left out: ${result.withoutPrices.join(", ")}`);
  if (range.to > constituents.knownUntil) say(`Members of the index are known until ${constituents.knownUntil}.`);
  say(`Charges are those of today, the depository's included. ${NOT_COUNTED}`);
  say(`Daily prices: ${values.csv === undefined ? "Yahoo" : values.csv}. Computed in ${ms} ms.`);
  if (values.png !== undefined) await writePicture(values.png, equityPicture(result));
}

function readArguments() {
  try {
    return parseArgs({
      // argv[2] is the name of this command.
      args: process.argv.slice(3),
      allowPositionals: true,
      options: {
        csv: { type: "string" },
        capital: { type: "string", default: "1000000" },
        amount: { type: "string" },
        buys: { type: "string" },
        target: { type: "string" },
        average: { type: "string" },
        fill: { type: "string", default: "next-open" },
        trades: { type: "boolean", default: false },
        png: { type: "string" },
      },
    });
  } catch (error) {
    throw new ConfigError([error instanceof Error ? error.message : String(error), USAGE]);
  }
}

function capitalOf(text: string): Paise {
  const rupees = Number(text.replaceAll(",", ""));
  if (!(rupees > 0)) throw new ConfigError([`--capital: expected a positive number of rupees, got ${text}`, USAGE]);
  return paiseFromRupees(rupees);
}

function settingsOf(values: Readonly<Record<string, string | boolean | undefined>>, capital: Paise): ShopSettings {
  const changes = ["amount", "buys", "target", "average"].flatMap((name) => {
    const value = values[name];
    if (typeof value !== "string") return [];
    const parsed = parseSetting(`${name} ${value}`);
    if (!parsed.ok) throw new ConfigError([`--${name}: ${value} is not a valid value`, USAGE]);
    return [parsed.change];
  });
  return Object.assign({}, DEFAULT_SHOP_SETTINGS, { sizing: { kind: "parts", capital, parts: PARTS } }, ...changes);
}

type Prices = Pick<BacktestInput, "series" | "index">;

/** Shares that Yahoo no longer has (mostly delisted ones) become empty series, which the report lists at the end. */
async function fromYahoo(tickers: readonly string[], range: Range): Promise<Prices> {
  const now = (): number => Date.now();
  const http = createHttpClient({ now, sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) });
  const root = readSettings().roots["YAHOO_API_ROOT"] ?? YAHOO_ROOTS.YAHOO_API_ROOT;
  const warn = (message: string): void => void process.stderr.write(`${message}\n`);
  const yahoo = createYahoo({ http, root, now, warn });
  const orNone = (error: unknown): readonly Candle[] => {
    if (error instanceof BrokerError && error.kind === "rejected") return [];
    throw error;
  };
  try {
    say(`Reading ${tickers.length} shares from Yahoo …`);
    return await readSeries(tickers, range, {
      share: (ticker, query) => yahoo.getHistoricalData({ ...query, instrument: shareNamed(ticker) }).catch(orNone),
      index: (query) => yahoo.getHistoricalData({ ...query, instrument: NIFTY_50 }).catch(orNone),
    });
  } finally {
    await http.close();
  }
}

async function fromFolder(folder: string, tickers: readonly string[], range: Range): Promise<Prices> {
  const read = (name: string): readonly Candle[] => {
    const file = join(folder, `${name}.csv`);
    if (!existsSync(file)) return [];
    try {
      return parseCandles(readFileSync(file, "utf8"));
    } catch (error) {
      throw new RangeError(`${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  };
  return readSeries(tickers, range, { share: async (ticker) => read(ticker), index: async () => read("NIFTY50") });
}

function tradeTable(trades: readonly BacktestTrade[]): string {
  return renderTable(
    [
      { title: "Date", align: "left" },
      { title: "What", align: "left" },
      { title: "Share", align: "left" },
      { title: "Qty", align: "right" },
      { title: "Price", align: "right" },
      { title: "Profit", align: "right" },
    ],
    trades.map(({ date, kind, ticker, qty, price, profit }) => [
      date,
      kind,
      ticker,
      String(qty),
      priceText(price),
      profit === null ? "" : signedRupees(profit),
    ]),
  );
}

async function writePicture(file: string, svg: string): Promise<void> {
  const pictures = createPictures();
  try {
    writeFileSync(file, await pictures.draw(svg));
    say(`Picture: ${file}`);
  } finally {
    await pictures.close();
  }
}
