import { BrokerError } from "../../../errors.ts";
import { istDate } from "../../../domain/market.ts";
import { paiseFromRupees } from "../../../domain/money.ts";
import type { Candle } from "../../../domain/portfolio.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { CandleQuery } from "../../../../connectors/base.ts";
import type { Link } from "../../accounts.ts";
import type { Candles } from "../../candles.ts";
import type { Instruments } from "../../instruments/types.ts";
import { deliveryCharges, NIFTY_50, readSeries, shareNamed, type Range } from "./backtest-data.ts";
import { runBacktest, type BacktestResult } from "./backtest.ts";
import type { Constituents } from "./constituents.ts";
import { rulesOf, type ShopSettings } from "./settings.ts";

const CAPITAL = paiseFromRupees(1_000_000);

export interface Backtests {
  /** How many shares have to be read. */
  sharesIn(range: Range): number;
  /** The user's own rules over history, on ten lakh or the capital of their sizing. */
  run(link: Link | null, settings: ShopSettings, range: Range): Promise<BacktestResult>;
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

  async function read(link: Link | null, query: CandleQuery): Promise<readonly Candle[]> {
    try {
      return (await candles.forLink(link, query)).candles;
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
      const prices = await readSeries(tickers, range, {
        index: (query) => read(link, { ...query, instrument: NIFTY_50 }),
        async share(ticker, query) {
          const found = await deps.instruments.resolve(`NSE:${ticker}-EQ`);
          // A share that left the brokers' masters may still be known to Yahoo by its name.
          return found.kind === "one"
            ? read(link, { ...query, instrument: found.instrument })
            : read(null, { ...query, instrument: shareNamed(ticker) });
        },
      });
      const { sizing } = settings;
      return runBacktest({
        ...range,
        ...prices,
        constituents,
        rules: rulesOf(settings),
        capital: sizing.kind === "parts" ? sizing.capital : CAPITAL,
        chargesOf: deliveryCharges,
        fillAt: "next-open",
      });
    },
  };
}
