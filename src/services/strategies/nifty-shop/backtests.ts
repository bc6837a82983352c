import { BrokerError } from "../../../errors.ts";
import { istDate } from "../../../domain/market.ts";
import { paiseFromRupees } from "../../../domain/money.ts";
import type { Candle } from "../../../domain/portfolio.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { CandleQuery } from "../../../../connectors/base.ts";
import type { Link } from "../../accounts.ts";
import type { Candles, CandleSeries } from "../../candles.ts";
import type { Instruments } from "../../instruments/types.ts";
import { deliveryCharges, NIFTY_50, readSeries, shareNamed, type Range } from "./backtest-data.ts";
import { runBacktest, type BacktestResult } from "./backtest.ts";
import type { Constituents } from "./constituents.ts";
import { rulesOf, type ShopSettings } from "./settings.ts";

const CAPITAL = paiseFromRupees(1_000_000);

export interface BacktestReport extends BacktestResult {
  readonly sources: readonly CandleSeries["source"][];
  /** Later changes of the index may be missing. Null when the range ends before. */
  readonly membersKnownUntil: string | null;
}

export interface Backtests {
  /** How many shares have to be read. */
  sharesIn(range: Range): number;
  /** The user's own rules over history, on ten lakh or the capital of their sizing. */
  run(link: Link | null, settings: ShopSettings, range: Range): Promise<BacktestReport>;
}

export function createBacktests(deps: {
  candles: Candles;
  instruments: Pick<Instruments, "resolve">;
  constituents: Constituents;
  clock: Clock;
}): Backtests {
  const { candles, constituents } = deps;
  const untilToday = ({ from, to }: Range): Range => {
    const today = istDate(deps.clock.now());
    return { from, to: to < today ? to : today };
  };

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
      // Only "no such share" is an empty series: a source that is busy must not pass for a smaller index.
      if (error instanceof BrokerError && error.kind === "rejected") return [];
      throw error;
    }
  }

  return {
    sharesIn: (range) => constituents.everIn(range.from, untilToday(range).to).length,
    async run(link, settings, wanted) {
      const range = untilToday(wanted);
      const tickers = constituents.everIn(range.from, range.to);
      const sources = new Set<CandleSeries["source"]>();
      const prices = await readSeries(tickers, range, {
        index: (query) => read(link, { ...query, instrument: NIFTY_50 }, sources),
        async share(ticker, query) {
          const found = await deps.instruments.resolve(`NSE:${ticker}-EQ`);
          // A share that left the brokers' masters may still be known to Yahoo by its name.
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
    },
  };
}
