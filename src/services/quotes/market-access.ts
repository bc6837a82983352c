import type { Access, BrokerConnector } from "../../../connectors/base.ts";
import { BrokerError } from "../../errors.ts";
import { monotonic } from "../../lib/clock.ts";
import { trim } from "../../lib/trim.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts, Link } from "../accounts/accounts.ts";

/** How long to wait after "your plan does not include this" before asking again. */
const REFUSAL_KEPT_MS = 60 * 60_000;
const MAX_REFUSALS = 2_000;

/** Market data that brokers often sell apart from trading. */
export type MarketData = "quotes" | "candles";

export interface MarketAccess {
  /** Whether to ask the link's broker: its data source (paper always is), offered, logged in, not refused lately. */
  usesBroker(link: Link, what: MarketData): boolean;
  /** Runs the call. Remembers a `no-permission` refusal for an hour, or until the next login. */
  call<T>(link: Link, what: MarketData, call: (connector: BrokerConnector, access: Access) => Promise<T>): Promise<T>;
}

/** Decides, link by link, between the broker's market data and Yahoo's. */
export function createMarketAccess({ accounts, clock }: { accounts: Accounts; clock: Clock }): MarketAccess {
  const refusedUntil = new Map<string, number>();
  const steady = monotonic(clock);
  // The key contains the login time, because the user may have subscribed before logging in again.
  const refusalKey = (link: Link, what: MarketData): string => `${link._id} ${link.tokens?.issuedAt ?? 0} ${what}`;

  return {
    usesBroker(link, what) {
      const { capabilities, isPaper } = accounts.broker(link).definition;
      const isWanted = isPaper === true || link.data_source === "broker";
      const isRefused = steady.now() < (refusedUntil.get(refusalKey(link, what)) ?? 0);
      return isWanted && capabilities[what] && accounts.hasSession(link) && !isRefused;
    },
    async call(link, what, call) {
      try {
        return await accounts.call(link, call);
      } catch (error) {
        if (error instanceof BrokerError && error.kind === "no-permission") {
          refusedUntil.set(refusalKey(link, what), steady.now() + REFUSAL_KEPT_MS);
          trim(refusedUntil, MAX_REFUSALS);
        }
        throw error;
      }
    },
  };
}
