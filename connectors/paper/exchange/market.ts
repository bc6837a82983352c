import type { InstrumentKey } from "../../../src/domain/ids.ts";
import { isDerivative } from "../../../src/domain/instrument.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { istDate } from "../../../src/domain/market.ts";
import { PRICE_SCALE, price } from "../../../src/domain/money.ts";
import type { Price } from "../../../src/domain/money.ts";
import type { Quote } from "../../../src/domain/portfolio.ts";
import type { Calendar } from "./calendar.ts";
import { SECOND_MS } from "./calendar.ts";
import { hash2, streamOf, unit } from "./noise.ts";
import { barOf, valueAt, volumeShare } from "./path.ts";
import type { Pricing } from "./pricing.ts";
import { pricingOf } from "./pricing.ts";
import type { Universe } from "./universe.ts";
import type { Walks } from "./walk.ts";

/** Prices at an instant: seeded ones, or those of an outside source. */
export interface Market {
  /** The outside source's price; undefined without a source. */
  sourced(key: InstrumentKey): Quote | undefined;
  /** True with an outside source: prices between two reads are unknown, so orders only match the current one. */
  readonly hasSource: boolean;
  /** False if the source's price is of another day: orders must not be matched with it. */
  knows(instrument: Instrument, at: number): boolean;
  pricing(instrument: Instrument, at: number): Pricing;
  quote(instrument: Instrument, at: number): Quote;
  touch(instrument: Instrument, at: number): Touch;
  /** Units traded from the start of the day to an instant. */
  volume(instrument: Instrument, pricing: Pricing, at: number): number;
  stream(instrument: Instrument): number;
}

/** Last price, best bid and best ask in one second. */
export interface Touch {
  readonly ltp: Price;
  readonly bid: Price;
  readonly ask: Price;
}

export interface MarketOptions {
  readonly seed: number;
  readonly calendar: Calendar;
  readonly walks: Walks;
  readonly universe: Universe;
  readonly priceSource?: ((key: InstrumentKey) => Quote | undefined) | undefined;
}

const MAX_PRICINGS = 4_000;
/** Rupees traded in a share per day, before a random factor. */
const CASH_TURNOVER = 4_000_000_000;
const CONTRACTS_A_DAY = 60_000;

export function createMarket({ seed, calendar, walks, universe, priceSource }: MarketOptions): Market {
  const pricings = new Map<InstrumentKey, { day: string; pricing: Pricing }>();
  const streams = new Map<InstrumentKey, number>();

  function stream(instrument: Instrument): number {
    let known = streams.get(instrument.key);
    if (known === undefined) streams.set(instrument.key, (known = streamOf(seed, instrument.key)));
    return known;
  }

  // Cached for a minute, because computing a date is slow compared with a price.
  let minute = -1;
  let day = "";
  function dayAt(at: number): string {
    const now = Math.floor(at / 60_000);
    if (now !== minute) [minute, day] = [now, calendar.priceDay(at)];
    return day;
  }

  function pricing(instrument: Instrument, at: number): Pricing {
    const day = dayAt(at);
    const known = pricings.get(instrument.key);
    if (known?.day === day) return known.pricing;
    if (pricings.size >= MAX_PRICINGS) pricings.clear();
    const made = pricingOf(instrument, walks.span(universe.walkOf(instrument), day), day);
    pricings.set(instrument.key, { day, pricing: made });
    return made;
  }

  function touch(instrument: Instrument, at: number): Touch {
    const tick = instrument.tickSize;
    if (priceSource) {
      const source = sourcedQuote(priceSource, instrument);
      const { ltp } = source;
      return { ltp, bid: source.bid ?? ltp, ask: source.ask ?? price(ltp + tick) };
    }
    const { span, toPrice } = pricing(instrument, at);
    const ltp = toPrice(valueAt(span, at));
    // The last trade was at the bid or at the ask.
    return hash2(stream(instrument), Math.floor(at / SECOND_MS), 1) % 2 === 0
      ? { ltp, bid: ltp, ask: price(ltp + tick) }
      : { ltp, bid: price(Math.max(0, ltp - tick)), ask: ltp };
  }

  function dayVolume(instrument: Instrument, of: Pricing): number {
    const share = 0.5 + unit(stream(instrument), Math.floor(of.span.start / 86_400_000), 2);
    if (!isDerivative(instrument)) {
      const exchange = instrument.segment === "BSE" ? 0.06 : 1;
      return (CASH_TURNOVER * exchange * share) / (of.prevClose / PRICE_SCALE);
    }
    if (instrument.kind === "future") return CONTRACTS_A_DAY * share * instrument.lotSize;
    const distance = Math.abs(instrument.strike / PRICE_SCALE / of.span.prevClose - 1);
    return CONTRACTS_A_DAY * 4 * share * Math.exp(-distance * 60) * instrument.lotSize;
  }

  function volume(instrument: Instrument, of: Pricing, at: number): number {
    if (instrument.kind === "index") return 0;
    return Math.floor((dayVolume(instrument, of) * volumeShare(of.span, at)) / instrument.lotSize) * instrument.lotSize;
  }

  function openInterest(instrument: Instrument, of: Pricing): number | null {
    if (!isDerivative(instrument)) return null;
    return Math.round((dayVolume(instrument, of) * 1.7) / instrument.lotSize) * instrument.lotSize;
  }

  function seededQuote(instrument: Instrument, at: number): Quote {
    const of = pricing(instrument, at);
    const { span, toPrice } = of;
    const until = Math.min(at, span.end - SECOND_MS);
    const bar = barOf(span, span.start, until);
    const { ltp, bid, ask } = touch(instrument, at);
    const isIndex = instrument.kind === "index";
    return {
      key: instrument.key,
      symbol: instrument.symbol,
      ltp,
      open: toPrice(bar.open),
      high: toPrice(of.isRising ? bar.high : bar.low),
      low: toPrice(of.isRising ? bar.low : bar.high),
      prevClose: of.prevClose,
      bid: isIndex || bid === 0 ? null : bid,
      ask: isIndex ? null : ask,
      volume: isIndex ? null : volume(instrument, of, until + SECOND_MS),
      openInterest: openInterest(instrument, of),
      lowerCircuit: of.lowerCircuit,
      upperCircuit: of.upperCircuit,
      at: Math.min(at, calendar.isAlwaysOpen ? at : closeOfDay(instrument, span.start)),
      source: "broker",
    };
  }

  const closeOfDay = (instrument: Instrument, start: number): number =>
    calendar.hours(calendar.priceDay(start), instrument.segment).end;

  return {
    hasSource: priceSource !== undefined,
    knows({ key }, at) {
      const pricedAt = priceSource?.(key)?.at ?? null;
      return pricedAt === null || istDate(pricedAt) === istDate(at);
    },
    pricing,
    touch,
    volume,
    stream,
    sourced: (key) => priceSource?.(key),
    quote: (instrument, at) => (priceSource ? sourcedQuote(priceSource, instrument) : seededQuote(instrument, at)),
  };
}

/** With an outside source there is no fallback to seeded prices: they would look real. */
function sourcedQuote(source: (key: InstrumentKey) => Quote | undefined, { key, symbol }: Instrument): Quote {
  const quote = source(key);
  if (!quote) throw new RangeError(`no price of ${symbol}`);
  return quote;
}
