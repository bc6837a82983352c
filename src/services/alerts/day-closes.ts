import type { InstrumentKey } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import { istDate } from "../../domain/market.ts";
import type { Price } from "../../domain/money.ts";
import type { Quote } from "../../domain/portfolio.ts";
import { trim } from "../../lib/trim.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Link } from "../accounts/accounts.ts";
import type { Quotes } from "../quotes/quotes.ts";

/** After this, a close that nobody had is asked for again. */
const RETRY_MS = 10 * 60_000;
const MAX_KNOWN = 5_000;

/**
 * Fills in the previous close that a broker's bulk quotes lack (Groww's do): without it no alert on the day's change goes
 * off. Asks for each instrument singly, once a day.
 */
export function createDayCloses({ quotes, clock }: { quotes: Pick<Quotes, "forLink">; clock: Clock }) {
  const known = new Map<InstrumentKey, { readonly askedAt: number; readonly close: Price | null }>();

  async function closeOf(link: Link | null, instrument: Instrument): Promise<Price | null> {
    const now = clock.now();
    const kept = known.get(instrument.key);
    const isOfToday = kept !== undefined && istDate(kept.askedAt) === istDate(now);
    if (isOfToday && (kept.close !== null || Math.abs(now - kept.askedAt) < RETRY_MS)) return kept.close;
    const quote = await quotes.forLink(link, instrument);
    const close = quote && closeBefore(quote, now);
    known.delete(instrument.key);
    known.set(instrument.key, { askedAt: now, close });
    trim(known, MAX_KNOWN);
    return close;
  }

  return {
    complete: async (link: Link | null, instrument: Instrument, quote: Quote): Promise<Quote> =>
      quote.prevClose === null ? { ...quote, prevClose: await closeOf(link, instrument) } : quote,
  };
}

/** The last price of an earlier day is the previous close; that quote's own `prevClose` is the one before. */
const closeBefore = ({ at, ltp, prevClose }: Quote, now: number): Price | null =>
  at !== null && istDate(at) < istDate(now) ? ltp : prevClose;
