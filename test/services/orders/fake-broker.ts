import type { Access, BrokerConnector, BrokerDefinition } from "../../../connectors/base.ts";
import type { UnreadRow } from "../../../src/domain/book.ts";
import { brokerName, brokerOrderId } from "../../../src/domain/ids.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { paiseFromRupees, price, type Price, ZERO_PRICE } from "../../../src/domain/money.ts";
import {
  isFinal,
  type Order,
  type OrderChange,
  type OrderOutcome,
  type OrderRequest,
} from "../../../src/domain/order.ts";
import type { Holding, Position, Profile, Quote } from "../../../src/domain/portfolio.ts";
import { BrokerError, type BrokerErrorKind, UnreadRows } from "../../../src/errors.ts";

/** What one order call does: whether the broker takes the order, and what it answers. */
export type Script =
  | "accept"
  | "refuse"
  | "not-sent"
  /** The order is taken, but the answer is lost. */
  | "lose-answer"
  /** The order is lost before it is taken. */
  | "lose-order"
  | "throw"
  /** The order is taken, and the calling process dies before the answer. */
  | "never-answer"
  /** The calling process dies before the order is taken. */
  | "never-ask";

export interface FakeBroker {
  readonly definition: BrokerDefinition;
  readonly connector: BrokerConnector;
  /** Scripts for the next order calls, in turn; `accept` after them. */
  readonly scripts: Script[];
  readonly book: Order[];
  readonly placed: OrderRequest[];
  readonly calls: string[];
  ltp: Price;
  /** Extra or replacing fields of its quotes. */
  quote: Partial<Quote>;
  /** While true, the book shows no orders. */
  hidden: boolean;
  positions: Position[];
  holdings: Holding[];
  /** Rows of an unknown kind in the order book and in the positions. */
  readonly unread: { orders: UnreadRow[]; positions: UnreadRow[] };
  profile: Profile;
  /** Every read fails with this kind. */
  failsWith: BrokerErrorKind | null;
  /** The read of this name fails as `unavailable`. */
  failsAt: string | null;
  /** Runs when an order call has reached the broker. */
  onPlace: () => void;
  /** Runs when a cancel has reached the broker, before it takes effect. */
  onCancel: () => void;
  set(orderId: string, change: Partial<Order>): void;
}

export function fakeBroker(name = "zerodha", more: Partial<BrokerDefinition> = {}): FakeBroker {
  const broker = brokerName(name);
  let serial = 0;

  const answer = (script: Script, outcome: OrderOutcome): Promise<OrderOutcome> => {
    switch (script) {
      case "accept":
        return Promise.resolve(outcome);
      case "refuse":
        return Promise.resolve({
          kind: "rejected",
          reason: "Margin is short",
          raw: "MarginException: Margin is short",
        });
      case "not-sent":
        return Promise.resolve({ kind: "not-sent", reason: "session over", cause: "session-expired" });
      case "lose-answer":
      case "lose-order":
        return Promise.resolve({ kind: "unknown", reason: "no answer in 7000 ms" });
      case "throw":
        return Promise.reject(new TypeError("cannot read properties of undefined"));
      case "never-answer":
      case "never-ask":
        return new Promise(() => undefined);
    }
  };
  const isTaken = (script: Script): boolean =>
    script === "accept" || script === "lose-answer" || script === "never-answer" || script === "throw";

  const read = <T>(endpoint: string, value: () => T): Promise<T> => {
    fake.calls.push(endpoint);
    const failure = fake.failsAt === endpoint ? "unavailable" : fake.failsWith;
    if (failure) return Promise.reject(new BrokerError(failure, "no", { broker, endpoint }));
    return Promise.resolve(value());
  };
  const asBook = async <T>(endpoint: string, reading: Promise<T[]>, unread: readonly UnreadRow[]): Promise<T[]> => {
    const rows = await reading;
    if (unread.length > 0) throw new UnreadRows("not as documented", { broker, endpoint }, { rows, unread });
    return rows;
  };
  const visible = (): Order[] => (fake.hidden ? [] : [...fake.book]);

  const quoteOf = ({ key, symbol }: Instrument): Quote => ({
    key,
    symbol,
    ltp: fake.ltp,
    open: null,
    high: null,
    low: null,
    prevClose: null,
    bid: null,
    ask: null,
    volume: null,
    openInterest: null,
    lowerCircuit: null,
    upperCircuit: null,
    at: null,
    source: "broker",
    ...fake.quote,
  });

  const connector: BrokerConnector = {
    generateSession: () => Promise.reject(new Error("not scripted")),
    isTokenValid: async () => true,
    getProfile: () => read("getProfile", () => fake.profile),
    getFunds: () =>
      read("getFunds", () => ({
        available: paiseFromRupees(100_000),
        used: paiseFromRupees(0),
        cash: paiseFromRupees(100_000),
        collateral: paiseFromRupees(0),
      })),
    getHoldings: () => read("getHoldings", () => fake.holdings),
    getPositions: () => {
      const reading = read("getPositions", () => fake.positions);
      return asBook("getPositions", reading, fake.unread.positions);
    },
    getOrders: () => asBook("getOrders", read("getOrders", visible), fake.unread.orders),
    getTrades: () => read("getTrades", () => []),
    getQuotes: (_access, instruments) =>
      read("getQuotes", () => new Map(instruments.map((instrument) => [instrument.key, quoteOf(instrument)]))),
    getQuote: (_access, instrument) => read("getQuote", () => quoteOf(instrument)),
    getOrderbook: () => Promise.reject(new Error("not scripted")),
    getHistoricalData: () => Promise.reject(new Error("not scripted")),
    placeOrder(_access: Access, request: OrderRequest) {
      const script = fake.scripts.shift() ?? "accept";
      fake.calls.push("placeOrder");
      fake.placed.push(request);
      const orderId = brokerOrderId(`${name}-${(serial += 1)}`);
      if (isTaken(script)) fake.book.push(toOrder(request, orderId));
      fake.onPlace();
      return answer(script, { kind: "accepted", orderId, handle: { variety: "regular" } });
    },
    modifyOrder(_access: Access, order: Order, change: OrderChange) {
      const script = fake.scripts.shift() ?? "accept";
      fake.calls.push("modifyOrder");
      if (isTaken(script)) fake.set(order.orderId, changed(change));
      return answer(script, { kind: "accepted", orderId: order.orderId, handle: {} });
    },
    cancelOrder(_access: Access, order: Order) {
      const script = fake.scripts.shift() ?? "accept";
      fake.calls.push("cancelOrder");
      fake.onCancel();
      if (isTaken(script)) fake.set(order.orderId, { status: "cancelled" });
      return answer(script, { kind: "accepted", orderId: order.orderId, handle: {} });
    },
    findOrdersByTag: (_access, tag) => read("findOrdersByTag", () => visible().filter((order) => order.tag === tag)),
    getOrder: (_access, orderId) =>
      read("getOrder", () => visible().find((order) => order.orderId === orderId) ?? null),
  };

  const fake: FakeBroker = {
    definition: definitionOf(name, async () => connector, more),
    connector,
    scripts: [],
    book: [],
    placed: [],
    calls: [],
    ltp: price(8_000_000),
    quote: {},
    hidden: false,
    positions: [],
    holdings: [],
    unread: { orders: [], positions: [] },
    profile: { accountId: "X1", name: "Asha", canSellWithoutAuthorisation: true, hasMarketData: true },
    failsWith: null,
    failsAt: null,
    onPlace: () => undefined,
    onCancel: () => undefined,
    set(orderId, change) {
      const at = fake.book.findIndex((order) => order.orderId === orderId);
      const order = fake.book[at];
      if (!order) throw new Error(`no order ${orderId}`);
      if (!isFinal(order.status)) fake.book[at] = { ...order, ...change };
    },
  };
  return fake;
}

const changed = ({ qty, terms }: OrderChange): Partial<Order> => ({
  ...(qty === undefined ? {} : { qty }),
  ...(terms && "price" in terms ? { type: terms.type, price: terms.price } : {}),
});

const toOrder = (request: OrderRequest, orderId: Order["orderId"]): Order => ({
  orderId,
  exchangeOrderId: null,
  tag: request.tag,
  symbol: request.symbol,
  key: request.key,
  side: request.side,
  type: request.terms.type,
  productType: request.productType,
  validity: request.validity,
  qty: request.qty,
  filledQty: 0,
  avgPrice: ZERO_PRICE,
  price: "price" in request.terms ? request.terms.price : ZERO_PRICE,
  triggerPrice: ZERO_PRICE,
  status: "open",
  message: null,
  isAmo: request.isAmo,
  placedAt: null,
  handle: { variety: "regular" },
});

const definitionOf = (
  name: string,
  create: BrokerDefinition["create"],
  more: Partial<BrokerDefinition>,
): BrokerDefinition => ({
  name: brokerName(name),
  title: name,
  capabilities: {
    login: ["redirect"],
    refresh: false,
    segments: ["NSE", "BSE", "NFO"],
    orderTypes: ["MARKET", "LIMIT", "SL", "SL-M"],
    products: ["CNC", "INTRADAY", "MARGIN"],
    amo: true,
    quotes: true,
    depth: false,
    candles: false,
    orderCost: false,
    instruments: false,
    postback: "none",
  },
  credentials: [],
  setup: { consoleUrl: "", steps: [], staticIp: "" },
  rateLimits: {},
  notFoundBelievedAfterMs: 30_000,
  roots: {},
  create,
  ...more,
});
