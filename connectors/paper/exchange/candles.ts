import { joinDays, periodStart } from "../../../src/domain/candles.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { isDerivative } from "../../../src/domain/instrument.ts";
import { addDays, istDate, istInstant } from "../../../src/domain/market.ts";
import type { Candle, Interval } from "../../../src/domain/portfolio.ts";
import type { Calendar } from "./calendar.ts";
import { SECOND_MS, isMarketDay } from "./calendar.ts";
import type { Market } from "./market.ts";
import { barOf } from "./path.ts";
import type { Pricing } from "./pricing.ts";
import { pricingOf } from "./pricing.ts";
import type { Universe } from "./universe.ts";
import type { Walks } from "./walk.ts";
import { MINUTE_MS } from "./walk.ts";

const INTRADAY_MINUTES = { "1m": 1, "5m": 5, "15m": 15, "30m": 30, "1h": 60 } as const;
/** Days before expiry from which a contract has bars. */
const LISTED_DAYS = 120;
const FIRST_DAY = "2005-01-01";

export interface CandleSource {
  readonly calendar: Calendar;
  readonly walks: Walks;
  readonly universe: Universe;
  readonly market: Market;
}

export interface CandleSpan {
  readonly interval: Interval;
  readonly from: number;
  readonly to: number;
  readonly now: number;
}

/** Bars that start in [from, to], oldest first. The current bar ends now. Bars agree with earlier quotes. */
export function candlesOf(source: CandleSource, instrument: Instrument, span: CandleSpan): Candle[] {
  const { interval, from, now } = span;
  const to = Math.min(span.to, now);
  if (from > to) return [];
  switch (interval) {
    case "1w":
    case "1mo": {
      const daily = dailyBars(source, instrument, periodStart(interval, from), now, now);
      return joinDays(daily, interval).filter(({ at }) => at >= from && at <= to);
    }
    case "1d":
      return dailyBars(source, instrument, from, to, now);
    default:
      return intradayBars(source, instrument, { ...span, to }, INTRADAY_MINUTES[interval] * MINUTE_MS);
  }
}

function* days(source: CandleSource, instrument: Instrument, from: number, to: number, now: number): Generator<string> {
  const listed = isDerivative(instrument) ? addDays(instrument.expiry, -LISTED_DAYS) : FIRST_DAY;
  const wanted = istDate(from);
  const today = source.calendar.priceDay(now);
  const last = istDate(to) < today ? istDate(to) : today;
  for (let date = wanted > listed ? wanted : listed; date <= last; date = addDays(date, 1)) {
    // Past weekends of an always-open exchange end at the price that they start with, so they get no bars.
    if (isMarketDay(date) || date === today) yield date;
  }
}

function pricingOn({ walks, universe }: CandleSource, instrument: Instrument, date: string): Pricing {
  return pricingOf(instrument, walks.spanOnce(universe.walkOf(instrument), date), date);
}

function dailyBars(source: CandleSource, instrument: Instrument, from: number, to: number, now: number): Candle[] {
  const bars: Candle[] = [];
  for (const date of days(source, instrument, from, to, now)) {
    const at = istInstant(date);
    if (at < from) continue;
    const pricing = pricingOn(source, instrument, date);
    const { start, end } = pricing.span;
    if (start <= now) bars.push({ ...candle(source, instrument, pricing, start, Math.min(end - SECOND_MS, now)), at });
  }
  return bars;
}

function intradayBars(source: CandleSource, instrument: Instrument, span: CandleSpan, width: number): Candle[] {
  const { from, to, now } = span;
  const bars: Candle[] = [];
  for (const date of days(source, instrument, from, to, now)) {
    const pricing = pricingOn(source, instrument, date);
    const { start, end } = pricing.span;
    const skipped = Math.max(0, Math.ceil((from - start) / width));
    for (let at = start + skipped * width; at < end && at <= to; at += width) {
      bars.push(candle(source, instrument, pricing, at, Math.min(at + width, end, now + 1) - 1));
    }
  }
  return bars;
}

function candle(
  { market }: CandleSource,
  instrument: Instrument,
  pricing: Pricing,
  from: number,
  until: number,
): Candle {
  const last = Math.floor(until / SECOND_MS) * SECOND_MS;
  const bar = barOf(pricing.span, from, last);
  return {
    at: from,
    open: pricing.toPrice(bar.open),
    high: pricing.toPrice(pricing.isRising ? bar.high : bar.low),
    low: pricing.toPrice(pricing.isRising ? bar.low : bar.high),
    close: pricing.toPrice(bar.close),
    volume: market.volume(instrument, pricing, last + SECOND_MS) - market.volume(instrument, pricing, from),
  };
}
