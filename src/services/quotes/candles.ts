import type { CandleQuery, DataSource } from "../../../connectors/base.ts";
import { istDate, istInstant } from "../../domain/market.ts";
import { isIntraday, type Candle } from "../../domain/portfolio.ts";
import { brokerName } from "../../domain/ids.ts";
import { BrokerError } from "../../errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts, Link } from "../accounts/accounts.ts";
import { createMarketAccess } from "./market-access.ts";
import { createSharedReads, isPersonal } from "../portfolio/shared-reads.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** A range that ends before today no longer changes. */
const PAST_FRESH_MS = 6 * 60 * MINUTE_MS;
const TODAY_FRESH_MS = 2 * MINUTE_MS;
const INTRADAY_FRESH_MS = 30_000;
const MAX_SERIES = 300;

export interface CandleSeries {
  /** Oldest first, without those that have no price; the last one may still be running. */
  readonly candles: readonly Candle[];
  readonly source: DataSource["name"];
  /** Epoch ms at which the source was asked. A shared answer may be older than this call. */
  readonly readAt: number;
}
type Read = Pick<CandleSeries, "candles" | "readAt">;

export interface Candles {
  /**
   * From the link's data source; from Yahoo without a link, or when the broker has none, fails or refuses. Throws when
   * neither can answer: the broker's error, or Yahoo's if the broker's is about the link's own rights or session.
   */
  forLink(link: Link | null, query: CandleQuery): Promise<CandleSeries>;
}

/** Delegates to the broker or to Yahoo, and caches each range. */
export function createCandles(deps: { accounts: Accounts; clock: Clock; yahoo: DataSource | null }): Candles {
  const { clock, yahoo } = deps;
  const access = createMarketAccess(deps);
  const shared = createSharedReads<Read>({ clock, max: MAX_SERIES });

  async function read(
    source: string,
    query: CandleQuery,
    ask: (query: CandleQuery) => Promise<Candle[]>,
  ): Promise<Read> {
    const whole = wholeRange(query);
    const name = `${source} ${query.instrument.key} ${query.interval} ${whole.from} ${whole.to}`;
    const now = clock.now();
    const series = await shared.read(
      [name],
      freshMsFor(whole, now),
      async () => new Map([[name, { candles: await ask(whole), readAt: now }]]),
    );
    const { candles, readAt } = series.get(name) ?? { candles: [], readAt: now };
    const isWanted = ({ at, low }: Candle): boolean => at >= query.from && at <= query.to && low > 0;
    return { candles: candles.filter(isWanted), readAt };
  }

  async function fromBroker(link: Link, query: CandleQuery): Promise<Read | BrokerError | null> {
    if (!access.usesBroker(link, "candles")) return null;
    try {
      return await read(link.broker_name, query, (whole) =>
        access.call(link, "candles", (connector, access) => connector.getHistoricalData(access, whole)),
      );
    } catch (error) {
      if (error instanceof BrokerError) return error;
      throw error;
    }
  }

  return {
    async forLink(link, query) {
      const answer = link && (await fromBroker(link, query));
      const failure = answer instanceof BrokerError ? answer : null;
      const live = answer instanceof BrokerError ? null : answer;
      if (live && (live.candles.length > 0 || !yahoo)) return { ...live, source: "broker" };
      if (!yahoo) throw failure ?? noSource();
      try {
        const late = await read(yahoo.name, query, (whole) => yahoo.getHistoricalData(whole));
        return { ...late, source: "yfinance" };
      } catch (error) {
        // The broker did answer: there are no candles in this range.
        if (live && error instanceof BrokerError) return { ...live, source: "broker" };
        // If only the link's own rights or session failed, Yahoo was the source and its error is the reason.
        throw failure && !isPersonal(failure) ? failure : error;
      }
    },
  };
}

const noSource = (): BrokerError =>
  new BrokerError("no-permission", "no source of candles", { broker: brokerName("yahoo"), endpoint: "candles" });

/** Widens the range to whole days (daily bars) or 5-minute steps, so that "until now" hits the cache for a while. */
function wholeRange(query: CandleQuery): CandleQuery {
  if (!isIntraday(query.interval))
    return { ...query, from: istInstant(istDate(query.from)), to: istInstant(istDate(query.to)) + DAY_MS - 1_000 };
  const step = 5 * MINUTE_MS;
  return { ...query, from: Math.floor(query.from / step) * step, to: Math.ceil(query.to / step) * step };
}

function freshMsFor({ interval, to }: CandleQuery, now: number): number {
  if (to < istInstant(istDate(now))) return PAST_FRESH_MS;
  return isIntraday(interval) ? INTRADAY_FRESH_MS : TODAY_FRESH_MS;
}
