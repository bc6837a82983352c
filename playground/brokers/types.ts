import type { Exchange } from "../../connectors/paper/exchange/types.ts";

/** A broker's servers in its own dialect, over the simulated exchange. Connectors never know that it is simulated. */
export interface SimulatedBroker {
  readonly name: string;
  /**
   * Answers everything under the broker's base path: API, login page, master file. Faults are applied by the server
   * around it, playground/brokers/server.ts.
   */
  handle(request: Request, context: CallContext): Promise<Response>;
  /** The configuration's variables that point a connector here, given the base URL (no trailing slash). */
  roots(base: string): Readonly<Record<string, string>>;
  /** What a person types into /link, by field name, for the demo account. */
  readonly credentials: Readonly<Record<string, string>>;
  /** What that person pastes next, at a broker without a login page. */
  readonly paste?: string;
  /** The one-line hint that the login page and the playground's index show: who can log in here. */
  readonly hint: string;
  readonly switches: BrokerSwitches;
}

export interface CallContext {
  /** Path below the broker's base: `/orders/regular`. */
  readonly path: string;
  readonly remoteAddress: string;
}

/** Switches that tests and the playground's drawer change while the broker runs. */
export interface BrokerSwitches {
  /** Ends every session at once. */
  expireSessions(): void;
  /** When false, order calls get the broker's own refusal of an unregistered IP address. */
  isIpAllowed: boolean;
  /** Whether the plan includes quotes and candles; absent where every plan does. */
  hasMarketData?: boolean;
  /** Whether calls above the broker's rate limits are refused, with 429 or the broker's own equivalent. */
  enforcesRateLimits: boolean;
}

export interface SimulatedBrokerDeps {
  readonly exchange: Exchange;
  /** Account at the exchange behind the demo login; with different holdings for each broker. */
  readonly accountId: string;
  readonly random: () => number;
}

/** What goes wrong on purpose, once or for a share of the calls that match. */
export const FAULT_KINDS = [
  "latency", // answers after `ms`
  "drop-before", // the connection closes, nothing happened
  "drop-after", // the call took effect, the connection closes without a reply
  "hang-after", // the call took effect, no reply ever comes
  "html-502",
  "html-502-after", // the call took effect, then an HTML gateway page
  "truncated", // the first half of the JSON
  "too-many", // 429 with Retry-After
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** Only calls whose "METHOD /path" matches. */
  readonly match?: RegExp;
  /** How many calls it hits before it is used up; without it, all. */
  readonly times?: number;
  /** Share of the matching calls, 0 to 1; 1 when absent. */
  readonly share?: number;
  readonly ms?: number;
}

/** A running server of simulated brokers on loopback. */
export interface BrokersServer {
  readonly port: number;
  /** `http://127.0.0.1:PORT/zerodha` */
  base(name: string): string;
  inject(name: string, fault: Fault): void;
  clearFaults(name?: string): void;
  /** "METHOD /path" of every call that reached the broker, in order, for tests. */
  calls(name: string): readonly string[];
  close(): Promise<void>;
}
