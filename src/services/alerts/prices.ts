import type { InstrumentKey } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import type { Quote } from "../../domain/portfolio.ts";
import { createFailureLog } from "../../lib/failure-log.ts";
import type { Log } from "../../lib/log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Link } from "../accounts/accounts.ts";
import type { Quotes } from "../quotes/quotes.ts";
import { createDayCloses } from "./day-closes.ts";
import { createPriceTimes } from "./price-times.ts";

const MAX_LINKS_TRIED = 3;

interface WantedPrice {
  readonly instrument: Instrument;
  /** The link of the user who wants it. */
  readonly link: Link | null;
  /** For an alert on the day's change. */
  readonly needsClose: boolean;
  /** Whether it matters of which session this price is. */
  readonly needsTime: (quote: Quote) => boolean;
}

/** Reads the prices of one broker's alerts in bulk, and the previous closes and times that bulk quotes lack. */
export function createAlertPrices(deps: {
  readonly quotes: Pick<Quotes, "many" | "forLink">;
  readonly clock: Clock;
  readonly log: Log;
}): (wanted: readonly WantedPrice[]) => Promise<Map<InstrumentKey, Quote>> {
  const dayCloses = createDayCloses(deps);
  const priceTimes = createPriceTimes(deps);
  const failures = createFailureLog(deps.log, {
    failed: "no prices for alerts; retrying",
    recovered: "prices for alerts are available again",
  });

  return async (wanted) => {
    const instruments = new Map(wanted.map(({ instrument }) => [instrument.key, instrument]));
    const links = wanted.map(({ link }) => link);
    const quotes = await quotesThrough(deps.quotes, links, instruments);
    // `quotes.many` hides failures, and a user does not notice that an alert stays silent: log it here.
    if (quotes.size > 0) failures.recovered();
    else failures.failed(new Error(`neither a broker nor Yahoo has any of ${instruments.size} prices`));
    const wantingClose = wanted.filter(({ needsClose }) => needsClose);
    await completeEach(quotes, wantingClose, dayCloses.complete);
    const wantingTime = wanted.filter(({ instrument, needsTime }) => {
      const quote = quotes.get(instrument.key);
      return quote?.at === null && needsTime(quote);
    });
    await completeEach(quotes, wantingTime, priceTimes.complete);
    return quotes;
  };
}

/** Replaces the quote of each instrument by a more complete one, all at the same time. */
async function completeEach(
  quotes: Map<InstrumentKey, Quote>,
  wanted: readonly WantedPrice[],
  complete: (link: Link | null, instrument: Instrument, quote: Quote) => Promise<Quote>,
): Promise<void> {
  const oneEach = new Map(wanted.map((each) => [each.instrument.key, each]));
  await Promise.all(
    [...oneEach].map(async ([key, { link, instrument }]) => {
      const quote = quotes.get(key);
      if (quote) quotes.set(key, await complete(link, instrument, quote));
    }),
  );
}

/** Tries several links: what one link's plan does not include, another's may. */
async function quotesThrough(
  quotes: Pick<Quotes, "many">,
  links: readonly (Link | null)[],
  wanted: ReadonlyMap<InstrumentKey, Instrument>,
): Promise<Map<InstrumentKey, Quote>> {
  const found = new Map<InstrumentKey, Quote>();
  const tried = new Map(links.map((link) => [link?._id, link]));
  for (const link of [...tried.values()].slice(0, MAX_LINKS_TRIED)) {
    const missing = [...wanted.values()].filter(({ key }) => found.get(key)?.source !== "broker");
    if (missing.length === 0) break;
    for (const [key, quote] of await quotes.many(link, missing)) found.set(key, quote);
  }
  return found;
}
