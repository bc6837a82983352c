import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { nextWeekday } from "../../../src/domain/calendar.ts";
import type { UserId } from "../../../src/domain/ids.ts";
import { userId } from "../../../src/domain/ids.ts";
import { type Equity, equitySymbol, instrumentKey } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import type { LegState } from "../../../src/domain/order-intent.ts";
import { createKeyring, parseKey } from "../../../src/lib/crypto.ts";
import { createLog } from "../../../src/lib/log.ts";
import { Secret } from "../../../src/lib/secret.ts";
import type { Store } from "../../../src/ports/store.ts";
import { type Accounts, createAccounts, type Link } from "../../../src/services/accounts/accounts.ts";
import type { ConfirmResult } from "../../../src/services/orders/desk.ts";
import type { Intent } from "../../../src/services/orders/journal.ts";
import {
  createOrderServices,
  type OrderServices,
  type OrderServicesDeps,
} from "../../../src/services/orders/orders.ts";
import type { TicketRequest, TicketView } from "../../../src/services/orders/tickets.ts";
import { createQuotes } from "../../../src/services/quotes/quotes.ts";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import { asGiven } from "../stub-broker.ts";
import type { FakeBroker } from "./fake-broker.ts";

export const ASHA = userId(1001);
export const VIKRAM = userId(1002);

export const SBIN: Equity = {
  kind: "equity",
  key: instrumentKey("NSE", 3045),
  symbol: equitySymbol("NSE", "SBIN", "EQ"),
  segment: "NSE",
  series: "EQ",
  name: "State Bank of India",
  lotSize: 1,
  tickSize: priceFromRupees("0.05"),
};

/**
 * Test harness: the order services over the embedded store, with scripted brokers and a clock that moves only when
 * told.
 */
export interface Floor extends OrderServices {
  readonly clock: { at: number; now(): number; sleep(ms: number): Promise<void> };
  readonly accounts: Accounts;
  readonly link: Link;
  readonly drawn: Intent[];
  store: Store;
  pass(ms: number): void;
  /** Simulates a crash: a new process without the old one's memory, on the same store and brokers. */
  crash(): Floor;
  close(): Promise<void>;
}

export interface FloorOptions extends Partial<Omit<OrderServicesDeps, "store" | "clock">> {
  readonly brokers: readonly FakeBroker[];
  /** Wraps the store, to inject failures. */
  readonly wrap?: (store: Store) => Store;
}

export async function openFloor(options: FloorOptions): Promise<Floor> {
  const dir = mkdtempSync(join(tmpdir(), "floor-"));
  const clock = {
    at: istInstant("2026-11-23", "11:00"),
    now: () => clock.at,
    sleep: async (ms: number) => {
      clock.at += ms;
    },
  };
  const store = openSqliteStore({
    dir,
    now: () => clock.at,
    keyring: createKeyring({ current: parseKey(randomBytes(32).toString("base64")) }),
  });
  const close = async (): Promise<void> => {
    await store.close();
    rmSync(dir, { recursive: true, force: true });
  };
  const accounts = accountsOver(store, clock, options.brokers);
  const links: Link[] = [];
  for (const broker of options.brokers) {
    // Accounts are listed by creation time.
    clock.at += 1;
    links.push(await openLink(accounts, broker, ASHA, clock.at));
  }
  const [link] = links;
  if (!link) throw new Error("a floor needs a broker");
  return build({ ...options, store, clock, link, close, drawn: [] });
}

const accountsOver = (store: Store, clock: Floor["clock"], brokers: readonly FakeBroker[]): Accounts =>
  createAccounts({
    store,
    clock,
    log: createLog({ level: "silent" }),
    brokers: new Map(
      brokers.map(({ definition, connector }) => [definition.name, { definition, connector: async () => connector }]),
    ),
  });

export async function openLink(accounts: Accounts, broker: FakeBroker, user: UserId, now: number): Promise<Link> {
  const { _id } = await accounts.add(user, broker.definition.name, {});
  return accounts.update(_id, () => ({
    is_active: true,
    tokens: { accessToken: new Secret("t"), accountId: "X1", issuedAt: now, expiresAt: now + 48 * 3_600_000 },
  }));
}

function build(
  parts: FloorOptions & { store: Store; clock: Floor["clock"]; link: Link; close: Floor["close"]; drawn: Intent[] },
): Floor {
  const { clock, drawn } = parts;
  const store = parts.wrap?.(parts.store) ?? parts.store;
  const accounts = accountsOver(store, clock, parts.brokers);
  const services = createOrderServices({
    accounts,
    quotes: createQuotes({ accounts, clock, yahoo: null }),
    closes: asGiven,
    instruments: {
      byKey: async (key) => (key === SBIN.key ? SBIN : undefined),
      resolve: async (text) =>
        text.includes("SBIN") ? { kind: "one", instrument: SBIN } : { kind: "none", suggestions: [] },
    },
    log: createLog({ level: "silent" }),
    onChange: async (intent) => void drawn.push(intent),
    mayTrade: async () => true,
    needsEgress: async () => false,
    phaseOf: () => "open",
    nextTradingDay: nextWeekday,
    protectionBasisPoints: async () => 100,
    ...parts,
    store,
    clock,
  });
  return {
    ...services,
    clock,
    accounts,
    store,
    link: parts.link,
    drawn,
    pass: (ms) => void (clock.at += ms),
    crash: () => build({ ...parts, wrap: (inner) => inner, drawn }),
    close: parts.close,
  };
}

/** A request for a market order of ten shares, unless `more` says otherwise. */
export function asked(floor: Floor, more: Partial<TicketRequest> = {}): TicketRequest {
  return {
    userId: ASHA,
    instrument: SBIN,
    side: "BUY",
    type: "MARKET",
    price: null,
    triggerPrice: null,
    productType: null,
    validity: "DAY",
    isAmo: false,
    parts: [{ link: floor.link, qty: 10 }],
    origin: "chat",
    protectionBasisPoints: 100,
    ...more,
  };
}

export const ticket = (floor: Floor, more: Partial<TicketRequest> = {}): Promise<TicketView> =>
  floor.tickets.make(asked(floor, more));

/** Confirms a ticket and waits for the broker's answer. */
export async function sent(floor: Floor, view: Pick<TicketView, "intent">): Promise<Intent> {
  const result = await floor.desk.confirm(ASHA, view.intent.confirmId);
  if (result.kind !== "confirmed") throw new Error(`not confirmed: ${result.kind}`);
  return result.sent;
}

/** Waits until every confirmed order has been answered. */
export async function allSent(results: readonly ConfirmResult[]): Promise<void> {
  await Promise.all(results.flatMap((result) => (result.kind === "confirmed" ? [result.sent] : [])));
}

export const states = (intent: Intent | null): LegState[] => intent?.legs.map((leg) => leg.state) ?? [];

export async function statesNow(floor: Floor, intent: Pick<Intent, "_id">): Promise<LegState[]> {
  return states(await floor.journal.get(intent._id));
}

/** Lets pending asynchronous work proceed as far as it can. */
export const letWorkProceed = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Lets time pass in steps with a sweep after each, like the watcher's loop. */
export async function watch(floor: Floor, forMs: number, stepMs = 500): Promise<void> {
  for (let passed = 0; passed < forMs; passed += stepMs) {
    floor.pass(stepMs);
    await floor.watcher.sweep();
  }
}
