import type { InstrumentKey } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import type { Quote } from "../../domain/portfolio.ts";
import { trim } from "../../lib/trim.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Link } from "../accounts/accounts.ts";
import type { Quotes } from "../quotes/quotes.ts";

/** After this, the time of an unchanged price is asked for again: there may have been another trade at it. */
const RETRY_MS = 60_000;
const MAX_KNOWN = 5_000;

/**
 * Reads a price again singly where a broker's bulk quotes lack its time (Fyers' and Groww's do): after the opening, an
 * illiquid share still has the last session's price.
 */
export function createPriceTimes({ quotes, clock }: { quotes: Pick<Quotes, "forLink">; clock: Clock }) {
  const known = new Map<InstrumentKey, { readonly askedAt: number; readonly quote: Quote }>();

  async function complete(link: Link | null, instrument: Instrument, bulk: Quote): Promise<Quote> {
    const now = clock.now();
    const kept = known.get(instrument.key);
    if (kept?.quote.ltp === bulk.ltp && Math.abs(now - kept.askedAt) < RETRY_MS) return kept.quote;
    const quote = (await quotes.forLink(link, instrument)) ?? bulk;
    known.delete(instrument.key);
    known.set(instrument.key, { askedAt: now, quote });
    trim(known, MAX_KNOWN);
    return quote;
  }

  return { complete };
}
