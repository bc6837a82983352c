import type { Access, BrokerConnector, BrokerDefinition, Session } from "../../connectors/base.ts";
import { brokerName, brokerOrderId, tradingSymbol, type UserId } from "../../src/domain/ids.ts";
import { equitySymbol, instrumentKey, type Equity } from "../../src/domain/instrument.ts";
import { paiseFromRupees, priceFromRupees, ZERO_PAISE } from "../../src/domain/money.ts";
import type { Order } from "../../src/domain/order.ts";
import type { Funds, Holding, Position, Trade } from "../../src/domain/portfolio.ts";
import { BrokerError } from "../../src/errors.ts";
import { Secret } from "../../src/lib/secret.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Store } from "../../src/ports/store.ts";
import type { Closes } from "../../src/services/portfolio/closes.ts";
import { createLog } from "../../src/lib/log.ts";
import { createAccounts, type Accounts, type Broker, type Link } from "../../src/services/accounts/accounts.ts";

export const ACME = brokerName("acme");
export const SBIN: Equity = {
  kind: "equity",
  key: instrumentKey("NSE", 3045),
  symbol: equitySymbol("NSE", "SBIN", "EQ"),
  segment: "NSE",
  name: "State Bank of India",
  lotSize: 1,
  tickSize: priceFromRupees("0.05"),
  series: "EQ",
};

const rupees = paiseFromRupees;

/** Ten shares bought at 800, now at 810. */
export const position: Position = {
  symbol: SBIN.symbol,
  key: SBIN.key,
  segment: "NSE",
  productType: "CNC",
  qty: 10,
  side: "BUY",
  avgPrice: priceFromRupees(800),
  ltp: priceFromRupees(810),
  pnl: rupees(100),
  realised: ZERO_PAISE,
  unrealised: rupees(100),
  dayPnl: rupees(100),
  buyQty: 10,
  buyValue: rupees(8_000),
  sellQty: 0,
  sellValue: ZERO_PAISE,
  multiplier: 1,
};
/** A hundred shares that fell from 200 to 198 today. */
export const holding: Holding = {
  symbol: tradingSymbol("NSE:ITC-EQ"),
  key: instrumentKey("NSE", 1660),
  isin: null,
  productType: "CNC",
  qty: 100,
  t1Qty: 0,
  sellableQty: 100,
  pledgedQty: 0,
  avgPrice: priceFromRupees(150),
  ltp: priceFromRupees(198),
  prevClose: priceFromRupees(200),
  pnl: rupees(4_800),
};
export const funds: Funds = {
  available: rupees(50_000),
  used: rupees(8_000),
  cash: rupees(58_000),
  collateral: ZERO_PAISE,
};
export const trade: Trade = {
  tradeId: "t1",
  orderId: brokerOrderId("o1"),
  symbol: SBIN.symbol,
  key: SBIN.key,
  side: "BUY",
  productType: "CNC",
  qty: 10,
  price: priceFromRupees(800),
  at: null,
};

/** Closes that change nothing: rows stay as the broker reported them. */
export const asGiven: Closes = {
  completeHoldings: async (_link, rows) => [...rows],
  completePositions: async (_link, rows) => [...rows],
};

/** What the stub broker answers. Tests change it as they like. */
export interface StubBook {
  positions: readonly Position[];
  holdings: readonly Holding[];
  trades: readonly Trade[];
  funds: Funds;
  orders: () => Promise<Order[]>;
  /** Links whose session the broker has declared dead. */
  readonly deadLinks: Set<string>;
  /** Whether `refreshToken` gives a new session. */
  renews: boolean;
  reads: number;
}

export interface StubBroker {
  readonly accounts: Accounts;
  readonly book: StubBook;
  readonly link: (user: UserId, hasSession?: boolean) => Promise<Link>;
  readonly logIn: (link: Link["_id"]) => Promise<void>;
}

const HOUR_MS = 3_600_000;

/** An in-memory broker, with accounts in the given store. Sessions last ten hours. */
export function stubBroker(store: Store, clock: Clock): StubBroker {
  const book: StubBook = {
    positions: [position],
    holdings: [holding],
    trades: [trade],
    funds,
    orders: async () => [],
    deadLinks: new Set(),
    renews: false,
    reads: 0,
  };
  const session = (): Session => ({
    accessToken: new Secret(`token-${clock.now()}`),
    accountId: "AB1234",
    issuedAt: clock.now(),
    expiresAt: clock.now() + 10 * HOUR_MS,
  });
  const read = async <T>({ link }: Access, value: T): Promise<T> => {
    book.reads += 1;
    await Promise.resolve();
    if (book.deadLinks.has(link)) throw new BrokerError("auth-expired", "dead", { broker: ACME, endpoint: "GET /x" });
    return value;
  };
  const connector: Partial<BrokerConnector> = {
    getPositions: (access) => read(access, [...book.positions]),
    getHoldings: (access) => read(access, [...book.holdings]),
    getOrders: async (access) => read(access, await book.orders()),
    getFunds: (access) => read(access, book.funds),
    getTrades: (access) => read(access, [...book.trades]),
    isTokenValid: async ({ link }) => !book.deadLinks.has(link),
    async refreshToken() {
      if (book.renews) return session();
      throw new BrokerError("auth-expired", "no", { broker: ACME, endpoint: "POST /refresh" });
    },
  };
  const definition: Partial<BrokerDefinition> = {
    name: ACME,
    title: "Acme",
    capabilities: { login: ["redirect"], refresh: true, quotes: true } as unknown as BrokerDefinition["capabilities"],
  };
  const broker = { definition, connector: async () => connector } as Broker;
  const accounts = createAccounts({
    store,
    clock,
    brokers: new Map([[ACME, broker]]),
    log: createLog({ level: "silent" }),
  });
  const logIn = async (link: Link["_id"]): Promise<void> => {
    book.deadLinks.delete(link);
    await accounts.update(link, () => ({ tokens: session(), is_active: true, account_id: "AB1234" }));
  };
  return {
    accounts,
    book,
    logIn,
    async link(user, hasSession = true) {
      const link = await accounts.add(user, ACME, {});
      await logIn(link._id);
      return accounts.update(link._id, () => (hasSession ? {} : { tokens: null }));
    },
  };
}
