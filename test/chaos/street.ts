import { setTimeout as delay } from "node:timers/promises";
import type { Access, BrokerConnector, BrokerDefinition, Session } from "../../connectors/base.ts";
import { brokerDefinitions } from "../../connectors/index.ts";
import { createExchange } from "../../connectors/paper/exchange/exchange.ts";
import type { Exchange, ExchangeOrder } from "../../connectors/paper/exchange/types.ts";
import { simulations } from "../../playground/brokers/index.ts";
import { startBrokersServer } from "../../playground/brokers/server.ts";
import type { BrokersServer, Fault, SimulatedBroker } from "../../playground/brokers/types.ts";
import { linkId } from "../../src/domain/ids.ts";
import { instrumentKey } from "../../src/domain/instrument.ts";
import { paiseFromRupees, price, roundToTick } from "../../src/domain/money.ts";
import { isFinal, type Order } from "../../src/domain/order.ts";
import type { Position } from "../../src/domain/portfolio.ts";
import { createHttpClient } from "../../src/lib/http.ts";
import { Secret } from "../../src/lib/secret.ts";

export const DEFINITIONS = brokerDefinitions;

/** The simulated brokers over one exchange, in the process that is not killed: the exchange's book is the truth. */
export interface Street {
  readonly server: BrokersServer;
  readonly roots: Readonly<Record<string, string>>;
  readonly credentials: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** A session of each broker's demo account. */
  logIn(name: string): Promise<Session>;
  /** Every order that exists, by the tag that the broker was given. */
  book(): Map<string, Order[]>;
  /** Trades at every account outside the bot, as in the broker's own app; resolves when the orders are final. */
  tradeByHand(order: Pick<ExchangeOrder, "key" | "side" | "productType" | "qty">): Promise<void>;
  /** Every account's positions in the instruments that were traded by hand. */
  positions(): Map<string, Position[]>;
  injectFaults(): void;
  clearFaults(): void;
  close(): Promise<void>;
}

/** A share that every account has held since before today. */
export const OWNED = instrumentKey("NSE", 1594);
const OWNED_QTY = 100_000;
const BY_HAND = "by hand";
const REDIRECT = "http://127.0.0.1:9/oauth/callback";
const accountOf = (name: string): string => `chaos-${name}`;
/** Every call but logins and master files: orders, books and quotes. */
const NOT_LOGIN = /^(?!.*(instrument|master|scrip|sym_|login|connect|token|session|consent|web))/i;

/** Any number of them may apply to a call; about one order call in three gets one. */
const FAULTS: readonly Fault[] = [
  { kind: "latency", ms: 150, share: 0.08, match: NOT_LOGIN },
  { kind: "drop-before", share: 0.05, match: NOT_LOGIN },
  { kind: "drop-after", share: 0.08, match: NOT_LOGIN },
  { kind: "hang-after", share: 0.03, match: /^(POST|PUT|DELETE) .*order/i },
  { kind: "html-502", share: 0.03, match: NOT_LOGIN },
  { kind: "html-502-after", share: 0.05, match: NOT_LOGIN },
  { kind: "truncated", share: 0.04, match: NOT_LOGIN },
  { kind: "too-many", share: 0.03, match: NOT_LOGIN },
];

/** `onCall` hears "METHOD /path" of every call the moment a broker gets it. */
export async function openStreet(
  now: () => number,
  random: () => number,
  onCall: (call: string) => void = () => undefined,
): Promise<Street> {
  const exchange = createExchange({ seed: 29, now });
  const simulated = Object.entries(simulations).map(([name, make]) => {
    exchange.account(accountOf(name), {
      cash: paiseFromRupees(500_000_000),
      holdings: [{ key: OWNED, qty: OWNED_QTY, avgPrice: exchange.quote(OWNED).ltp }],
    });
    const broker: SimulatedBroker = make({ exchange, accountId: accountOf(name), random, redirectUrl: REDIRECT });
    return Object.assign(broker, {
      handle: heard(onCall, broker.handle.bind(broker)),
    });
  });
  const server = await startBrokersServer({ port: 0, brokers: simulated, random });
  const roots: Record<string, string> = Object.assign({}, ...simulated.map((one) => one.roots(server.base(one.name))));
  const credentials = new Map(simulated.map((one) => [one.name, one.credentials]));

  return {
    server,
    roots,
    credentials,
    async logIn(name) {
      const one = simulated.find((broker) => broker.name === name);
      const definition = DEFINITIONS.find((each) => each.name === name);
      if (!one || !definition) throw new Error(`no broker ${name}`);
      return logIn(definition, one, server.base(name), roots, now);
    },
    book() {
      const orders = simulated.flatMap(({ name }) => exchange.account(accountOf(name)).orders());
      return Map.groupBy(
        orders.filter(({ tag }) => tag !== BY_HAND),
        (order) => order.tag ?? "",
      );
    },
    async tradeByHand(order) {
      const accounts = simulated.map(({ name }) => exchange.account(accountOf(name)));
      for (const account of accounts) {
        const reply = account.place({ ...order, ...termsAcross(exchange, order), tag: BY_HAND });
        if (reply.kind === "refused") throw new Error(reply.message);
      }
      const isOpen = ({ tag, status }: Order): boolean => tag === BY_HAND && !isFinal(status);
      while (accounts.some((account) => account.orders().some(isOpen))) await delay(50);
    },
    positions: () =>
      new Map(
        simulated.map(({ name }) => {
          const account = exchange.account(accountOf(name));
          const byHand = new Set(account.orders().flatMap(({ tag, key }) => (tag === BY_HAND ? [key] : [])));
          return [name, account.positions().filter(({ key }) => byHand.has(key))];
        }),
      ),
    injectFaults() {
      for (const { name } of simulated) for (const fault of FAULTS) server.inject(name, fault);
    },
    clearFaults: () => server.clearFaults(),
    close: () => server.close(),
  };
}

/** A limit so far across the spread that the order fills at once. */
function termsAcross(exchange: Exchange, { key, side }: Pick<ExchangeOrder, "key" | "side">) {
  const { ltp } = exchange.quote(key);
  const tick = exchange.find(key)?.tickSize ?? price(1);
  const limit = roundToTick(price(Math.round(ltp * (side === "BUY" ? 1.02 : 0.98))), tick, "nearest");
  return { validity: "DAY", isAmo: false, terms: { type: "LIMIT", price: limit } } as const;
}

const heard =
  (onCall: (call: string) => void, handle: SimulatedBroker["handle"]): SimulatedBroker["handle"] =>
  (request, context) => {
    onCall(`${request.method} ${context.path}`);
    return handle(request, context);
  };

async function logIn(
  definition: BrokerDefinition,
  broker: SimulatedBroker,
  base: string,
  roots: Readonly<Record<string, string>>,
  now: () => number,
): Promise<Session> {
  const http = createHttpClient({ now, sleep: () => Promise.resolve() });
  const connector = await definition.create({
    http,
    limiter: { run: (_key, _windows, call) => call() },
    instruments: () => Promise.reject(new Error("no master at login")),
    now,
    roots,
    warn: () => undefined,
  });
  const credentials = Object.fromEntries(
    Object.entries(broker.credentials).map(([field, value]) => [field, new Secret(value)]),
  );
  try {
    if (definition.name === "dhan") return await pasteToken(connector, credentials, base);
    if (broker.paste !== undefined) return await paste(connector, credentials, broker.paste);
    const params = await throughThePage(connector, credentials);
    const link = linkId(`login-${definition.name}`);
    return await connector.generateSession({ kind: "callback", link, credentials, redirectUrl: REDIRECT, params });
  } finally {
    await http.close();
  }
}

/** Presses the login page's button as a person would, and returns the parameters of the redirect. */
async function throughThePage(
  connector: BrokerConnector,
  credentials: Access["credentials"],
): Promise<Record<string, string>> {
  const login = await connector.getLoginUrl?.({ credentials, redirectUrl: REDIRECT, state: "state-1" });
  const url = login?.url ?? "";
  const page = await (await fetch(url)).text();
  const fields = new URLSearchParams();
  for (const [, name = "", value = ""] of page.matchAll(/name="(\w+)"[^>]*? value="([^"]*)"/g))
    fields.set(name, value.replaceAll("&#38;", "&").replaceAll("&amp;", "&"));
  const action = /action="([^"]+)"/.exec(page)?.[1]?.replaceAll("&amp;", "&") ?? "";
  const back = await fetch(action === "" ? url : new URL(action, url), {
    method: "POST",
    redirect: "manual",
    ...(fields.size > 0 ? { body: fields } : {}),
  });
  return Object.fromEntries(new URL(back.headers.get("location") ?? "").searchParams);
}

async function pasteToken(
  connector: BrokerConnector,
  credentials: Access["credentials"],
  base: string,
): Promise<Session> {
  const page = await (await fetch(`${base}/web/access-token`, { method: "POST" })).text();
  return paste(connector, credentials, /readonly>([^<]+)</.exec(page)?.[1] ?? "");
}

const paste = (connector: BrokerConnector, credentials: Access["credentials"], text: string): Promise<Session> =>
  connector.generateSession({ kind: "token", link: linkId("login-paste"), credentials, token: new Secret(text) });
