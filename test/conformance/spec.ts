import type { BrokerDefinition } from "../../connectors/base.ts";
import type { Exchange } from "../../connectors/paper/exchange/types.ts";
import type { SimulatedBroker, SimulatedBrokerDeps } from "../../playground/brokers/types.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import type { OrderType } from "../../src/domain/order.ts";
import type { Depth, Funds, Holding, Position, Quote } from "../../src/domain/portfolio.ts";

/** Cases that a broker cannot run, as "group" or "group > case", and why. */
export interface Skip {
  readonly reason: string;
  readonly cases: readonly string[];
}

/** One connector under test: its definition, its simulated broker, and where the broker reports differently. */
export interface Conformance {
  readonly definition: BrokerDefinition | ((exchange: Exchange) => BrokerDefinition);
  /** Absent if the connector makes no calls; cases that need them must then be skipped by name. */
  readonly simulate?: (deps: SimulatedBrokerDeps & { readonly redirectUrl: string }) => SimulatedBroker;
  readonly login?: LoginFacts;
  readonly wire?: WireFacts;
  /** The order type that the broker's book shows for an order placed as `type`. Default: the same. */
  readonly bookShows?: (type: OrderType, instrument: Instrument) => OrderType;
  /** How the broker reports the exchange's records, where that differs. */
  readonly asReported?: AsReported;
  readonly skip?: readonly Skip[];
}

export interface LoginFacts {
  /** The callback's parameter with the code; absent if there is no login page. */
  readonly code?: string;
  /** The credential with whose wrong value a login must fail. */
  readonly secret: string;
  /** End of a session that starts now. */
  readonly endsAt: (now: number) => number;
  /** What the user can paste instead of being redirected to `landing`, or because there is no login page. */
  readonly pastes?: (landing: URL, base: string) => Promise<readonly string[]>;
}

export interface WireFacts {
  readonly place: RegExp;
  readonly modify: RegExp;
  readonly cancel: RegExp;
  /** The order book's endpoint; the fields below are those of its rows. */
  readonly book: RegExp;
  readonly orderId: string;
  /** The id's field in the reply to placing, if it is another one. */
  readonly placedId?: string;
  readonly status: string;
  readonly product: string;
}

export interface AsReported {
  readonly funds?: (funds: Funds) => Funds;
  readonly holding?: (holding: Holding) => Holding;
  readonly position?: (position: Position, isCarried: boolean) => Position;
  /** `how`: a single quote, or one of a batch. */
  readonly quote?: (quote: Quote, how: "one" | "batch") => Quote;
  readonly depth?: (depth: Depth) => Depth;
  readonly instrument?: (instrument: Instrument) => Instrument;
}

/** For masters without ISIN, freeze quantity and BSE groups. */
export function withoutDetails(instrument: Instrument): Instrument {
  const { isin: _isin, freezeQty: _freeze, ...rest } = instrument;
  return rest.kind === "equity" && rest.segment === "BSE" ? { ...rest, series: "" } : rest;
}
