import { BrokerError } from "../../../errors.ts";
import { paiseFromRupees } from "../../../domain/money.ts";
import type { Candle } from "../../../domain/portfolio.ts";
import { createTurns } from "../../../lib/turns.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { CandleQuery } from "../../../../connectors/base.ts";
import type { Link } from "../../accounts/accounts.ts";
import type { Candles, CandleSeries } from "../../quotes/candles.ts";
import type { Instruments } from "../../instruments/types.ts";
import { deliveryCharges, NIFTY_50, readSeries, shareNamed, untilYesterday, type Range } from "./backtest-data.ts";
import { runBacktest, type BacktestResult } from "./backtest.ts";
import type { Constituents } from "./constituents.ts";
import { rulesOf, type ShopSettings } from "./settings.ts";

const CAPITAL = paiseFromRupees(1_000_000);

export interface BacktestReport extends BacktestResult {
  readonly sources: readonly CandleSeries["source"][];
  /** Index changes after this date may be missing; null when the range ends before it. */
  readonly membersKnownUntil: string | null;
}

export interface Backtests {
  /** How many shares a backtest over the range has to read. */
  sharesIn(range: Range): number;
  /** Runs the user's rules over history, with ₹10 lakh or the capital in their settings. One backtest at a time. */
  run(link: Link | null, settings: ShopSettings, range: Range): Promise<BacktestReport>;
}

export function createBacktests(deps: {
  candles: Candles;
  instruments: Pick<Instruments, "resolve">;
  constituents: Constituents;
  clock: Clock;
}): Backtests {
  const { candles, constituents } = deps;
  const turns = createTurns();
  const closedPart = (range: Range): Range => untilYesterday(range, deps.clock.now());

  async function read(
    link: Link | null,
    query: CandleQuery,
    sources: Set<CandleSeries["source"]>,
  ): Promise<readonly Candle[]> {
    try {
      const series = await candles.forLink(link, query);
      if (series.candles.length > 0) sources.add(series.source);
      return series.candles;
    } catch (error) {
      // Only "no such share" means an empty series. Any other failure must not silently shrink the index.
      if (error instanceof BrokerError && error.kind === "rejected") return [];
      throw error;
    }
  }

  async function run(link: Link | null, settings: ShopSettings, wanted: Range): Promise<BacktestReport> {
    const range = closedPart(wanted);
    const tickers = constituents.everIn(range.from, range.to);
    const sources = new Set<CandleSeries["source"]>();
    const prices = await readSeries(tickers, range, {
      index: (query) => read(link, { ...query, instrument: NIFTY_50 }, sources),
      async share(ticker, query) {
        const found = await deps.instruments.resolve(`NSE:${ticker}-EQ`);
        // Yahoo may still know a share by name after it has left the brokers' masters.
        return found.kind === "one"
          ? read(link, { ...query, instrument: found.instrument }, sources)
          : read(null, { ...query, instrument: shareNamed(ticker) }, sources);
      },
    });
    const { sizing } = settings;
    const result = runBacktest({
      ...range,
      ...prices,
      constituents,
      rules: rulesOf(settings),
      capital: sizing.kind === "parts" ? sizing.capital : CAPITAL,
      chargesOf: deliveryCharges,
      fillAt: "next-open",
    });
    const isBeyond = range.to > constituents.knownUntil;
    return { ...result, sources: [...sources], membersKnownUntil: isBeyond ? constituents.knownUntil : null };
  }

  return {
    sharesIn: (range) => constituents.everIn(range.from, closedPart(range).to).length,
    run: (...wanted) => turns.take("backtest", () => run(...wanted)),
  };
}
