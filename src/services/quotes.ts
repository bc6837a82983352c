import type { InstrumentKey } from "../domain/ids.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { Depth, Quote } from "../domain/portfolio.ts";
import type { Clock } from "../ports/clock.ts";
import type { Accounts, Link } from "./accounts.ts";
import type { DataSource } from "../../connectors/base.ts";

/** A price this young is as good as asking again. */
const FRESH_MS = 1_000;
const MAX_CACHED = 5_000;

export interface Quotes {
  /** By the link's data source; from Yahoo when the broker has none; null when nobody knows. Never throws. */
  forLink(link: Link, instrument: Instrument): Promise<Quote | null>;
  depth(link: Link, instrument: Instrument): Promise<Depth>;
}

/** One call serves everybody who asks for the same price at the same moment. */
export function createQuotes(deps: { accounts: Accounts; clock: Clock; yahoo: DataSource | null }): Quotes {
  const { accounts, clock } = deps;
  const cache = new Map<string, { at: number; quote: Promise<Quote | null> }>();

  function cached(key: string, ask: () => Promise<Quote | null>): Promise<Quote | null> {
    const known = cache.get(key);
    if (known && clock.now() - known.at < FRESH_MS) return known.quote;
    if (cache.size >= MAX_CACHED) cache.clear();
    const quote = ask();
    cache.set(key, { at: clock.now(), quote });
    return quote;
  }

  const fromBroker = (link: Link, instrument: Instrument): Promise<Quote | null> =>
    cached(`${link._id} ${instrument.key}`, () =>
      accounts.call(link, (connector, access) => connector.getQuote(access, instrument)).catch(() => null),
    );

  const fromYahoo = async (instrument: Instrument): Promise<Quote | null> =>
    cached(`yahoo ${instrument.key}`, async () => {
      const quotes: ReadonlyMap<InstrumentKey, Quote> | undefined = await deps.yahoo
        ?.getQuotes([instrument])
        .catch(() => new Map());
      return quotes?.get(instrument.key) ?? null;
    });

  return {
    async forLink(link, instrument) {
      const { capabilities, isPaper } = accounts.broker(link).definition;
      const asksBroker = capabilities.quotes && (isPaper === true || link.data_source === "broker");
      const quote = asksBroker ? await fromBroker(link, instrument) : null;
      return quote ?? fromYahoo(instrument);
    },
    depth: (link, instrument) => accounts.call(link, (connector, access) => connector.getOrderbook(access, instrument)),
  };
}
