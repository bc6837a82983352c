import type { BrokerDefinition } from "../../connectors/base.ts";
import type { Exchange } from "../../connectors/paper/exchange/types.ts";
import type { SimulatedBroker, SimulatedBrokerDeps } from "../../playground/brokers/types.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import type { OrderType } from "../../src/domain/order.ts";
import type { Depth, Funds, Holding, Position, Quote } from "../../src/domain/portfolio.ts";

/** Cases that a broker cannot run, by "group" or "group > case", each list with its reason. */
export interface Skip {
  readonly reason: string;
  readonly cases: readonly string[];
}

/** One connector under the contract: what it is, what stands in for its broker, and what the broker tells differently. */
export interface Conformance {
  readonly definition: BrokerDefinition | ((exchange: Exchange) => BrokerDefinition);
  /** Absent where there is no broker to call: then every case that needs a wire must be skipped by name. */
  readonly simulate?: (deps: SimulatedBrokerDeps & { readonly redirectUrl: string }) => SimulatedBroker;
  readonly login?: LoginFacts;
  readonly wire?: WireFacts;
  /** What the broker's book calls an order that was placed as `type`. As placed where absent. */
  readonly bookShows?: (type: OrderType, instrument: Instrument) => OrderType;
  /** What the broker tells of the exchange's records; each difference is a fact about the broker. */
  readonly asTold?: AsTold;
  readonly skip?: readonly Skip[];
}

export interface LoginFacts {
  /** The callback's parameter that ends the login; absent where there is no login page. */
  readonly code?: string;
  /** The credential whose change must keep a login from working. */
  readonly secret: string;
  /** When a session that starts now ends. */
  readonly endsAt: (now: number) => number;
  /** What a person may paste instead of being sent back to `landing`, or because there is no login page. */
  readonly pastes?: (landing: URL, base: string) => Promise<readonly string[]>;
}

export interface WireFacts {
  readonly place: RegExp;
  readonly modify: RegExp;
  readonly cancel: RegExp;
  /** The order book, and the names of three fields of its rows. */
  readonly book: RegExp;
  readonly orderId: string;
  /** The id's name in the answer to placing, where it is another. */
  readonly placedId?: string;
  readonly status: string;
  readonly product: string;
}

export interface AsTold {
  readonly funds?: (funds: Funds) => Funds;
  readonly holding?: (holding: Holding) => Holding;
  readonly position?: (position: Position, isCarried: boolean) => Position;
  /** One at a time, and in a batch. */
  readonly quote?: (quote: Quote, how: "one" | "batch") => Quote;
  readonly depth?: (depth: Depth) => Depth;
  readonly instrument?: (instrument: Instrument) => Instrument;
}

/** For masters that tell neither ISIN, nor freeze quantity, nor BSE's groups. */
export function withoutDetails(instrument: Instrument): Instrument {
  const { isin: _isin, freezeQty: _freeze, ...rest } = instrument;
  return rest.kind === "equity" && rest.segment === "BSE" ? { ...rest, series: "" } : rest;
}
