import type { DataSource } from "../../../connectors/base.ts";
import type { InstrumentKey } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import type { Depth, Quote } from "../../domain/portfolio.ts";
import { BrokerError } from "../../errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts, Link } from "../accounts/accounts.ts";
import { createMarketAccess } from "./market-access.ts";
import { createSharedReads } from "../portfolio/shared-reads.ts";

/** Yahoo's quotes may be cached longer, because they are 15 minutes late anyway. */
const BROKER_FRESH_MS = 1_000;
const YAHOO_FRESH_MS = 20_000;
const MAX_CACHED = 5_000;

export interface Quotes {
  /** From the link's data source, else (or without a link) Yahoo; null when neither has it. Throws no BrokerError. */
  forLink(link: Link | null, instrument: Instrument): Promise<Quote | null>;
  /** The same in bulk: unknown instruments are missing, and a broker's bulk quotes may have fewer fields. */
  many(link: Link | null, instruments: readonly Instrument[]): Promise<Map<InstrumentKey, Quote>>;
  depth(link: Link, instrument: Instrument): Promise<Depth>;
}

/** Caches quotes per broker, not per link: one call serves everybody who asks for the same price at one moment. */
export function createQuotes(deps: { accounts: Accounts; clock: Clock; yahoo: DataSource | null }): Quotes {
  const { accounts, clock, yahoo } = deps;
  const access = createMarketAccess(deps);
  const shared = createSharedReads<Quote>({ clock, max: MAX_CACHED });

  /** Reads through the cache, keyed by source. A source that fails counts as having nothing. */
  async function read(
    source: string,
    freshMs: number,
    instruments: readonly Instrument[],
    ask: (missing: readonly Instrument[]) => Promise<Map<InstrumentKey, Quote>>,
  ): Promise<Quote[]> {
    const byName = new Map(instruments.map((instrument) => [`${source} ${instrument.key}`, instrument]));
    const quotes = await shared
      .read([...byName.keys()], freshMs, async (names) => {
        const wanted = names.flatMap((name) => byName.get(name) ?? []);
        const got = await ask(wanted);
        return new Map([...got].map(([key, quote]) => [`${source} ${key}`, quote]));
      })
      .catch((error: unknown) => {
        if (error instanceof BrokerError) return new Map<string, Quote>();
        throw error;
      });
    return [...quotes.values()];
  }

  const fromBroker = (link: Link, instruments: readonly Instrument[]): Promise<Quote[]> =>
    read(link.broker_name, BROKER_FRESH_MS, instruments, (missing) =>
      access.call(link, "quotes", (connector, access) => connector.getQuotes(access, missing)),
    );

  /** A single quote may have more fields: Fyers' bulk quotes lack circuit limits and time. */
  const fullQuote = (link: Link, instrument: Instrument): Promise<Quote[]> =>
    read(`${link.broker_name} single`, BROKER_FRESH_MS, [instrument], () =>
      access.call(link, "quotes", async (connector, access) => {
        const quote = await connector.getQuote(access, instrument);
        return new Map([[instrument.key, quote]]);
      }),
    );

  const fromYahoo = async (instruments: readonly Instrument[]): Promise<Quote[]> =>
    yahoo ? read(yahoo.name, YAHOO_FRESH_MS, instruments, (missing) => yahoo.getQuotes(missing)) : [];

  async function many(link: Link | null, instruments: readonly Instrument[]): Promise<Map<InstrumentKey, Quote>> {
    if (instruments.length === 0) return new Map();
    const usesBroker = link !== null && access.usesBroker(link, "quotes");
    const live = new Map((usesBroker ? await fromBroker(link, instruments) : []).map((quote) => [quote.key, quote]));
    const missing = instruments.filter(({ key }) => !live.has(key));
    for (const quote of missing.length > 0 ? await fromYahoo(missing) : []) live.set(quote.key, quote);
    return live;
  }

  return {
    async forLink(link, instrument) {
      const [own] = link !== null && access.usesBroker(link, "quotes") ? await fullQuote(link, instrument) : [];
      return own ?? (await fromYahoo([instrument]))[0] ?? null;
    },
    many,
    depth: (link, instrument) => accounts.call(link, (connector, access) => connector.getOrderbook(access, instrument)),
  };
}
