import type { UserId } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import type { Log } from "../../lib/log.ts";
import { createTurns, type Turns } from "../../lib/turns.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Store } from "../../ports/store.ts";
import type { Accounts } from "../accounts/accounts.ts";
import type { Closes } from "../portfolio/closes.ts";
import type { Instruments } from "../instruments/types.ts";
import type { Quotes } from "../quotes/quotes.ts";
import { createOrderCall } from "./order-call.ts";
import { type Changes, createChanges } from "./changes.ts";
import { createDesk, type Desk } from "./desk.ts";
import { createEgressRule, withEgressRule } from "./egress-rule.ts";
import { withExitRule } from "./exit-rule.ts";
import { createOrderExport, type OrderExport } from "./export.ts";
import type { MarketPhase } from "./findings.ts";
import { createJournal, type Intent, type Journal, type Origin } from "./journal.ts";
import { createLimits, type Limits } from "./limits.ts";
import { createPanic, type Panic } from "./panic.ts";
import type { NextTradingDay } from "./session-day.ts";
import { createTickets, type Tickets } from "./tickets.ts";
import { ORDER_TIMING, type OrderTiming } from "./timing.ts";
import { createWatcher, type Watcher } from "./watcher.ts";

export interface OrderServices {
  readonly journal: Journal;
  readonly tickets: Tickets;
  readonly desk: Desk;
  readonly changes: Changes;
  readonly watcher: Watcher;
  /** By order: whoever draws its card does so in a turn, so that an older drawing never comes last. */
  readonly cardTurns: Turns;
  readonly limits: Limits;
  readonly panic: Panic;
  readonly orderExport: OrderExport;
}

export interface OrderServicesDeps {
  readonly store: Store;
  readonly accounts: Accounts;
  readonly quotes: Quotes;
  readonly closes: Pick<Closes, "completePositions">;
  readonly instruments: Pick<Instruments, "byKey" | "resolve">;
  readonly clock: Clock;
  readonly log: Log;
  /** Draws the card of an order that has changed; throws when it cannot. */
  readonly onChange: (intent: Intent) => Promise<void>;
  /** Whether this user may trade right now (role, lock). */
  readonly mayTrade: (user: UserId, origin: Origin) => Promise<boolean>;
  /** Whether this user must order through a proxy of their own. */
  readonly needsEgress: (user: UserId) => Promise<boolean>;
  readonly protectionBasisPoints: (user: UserId) => Promise<number>;
  /** Which orders the exchange takes for the instrument at `at` (epoch ms). */
  readonly phaseOf: (instrument: Instrument, at: number) => MarketPhase;
  readonly nextTradingDay: NextTradingDay;
  readonly timing?: OrderTiming;
}

/** Wires all order services. They keep no state that another process needs, so several may run on one store. */
export function createOrderServices(deps: OrderServicesDeps): OrderServices {
  const { store, accounts, quotes, closes, clock, log, timing = ORDER_TIMING } = deps;
  const { mayTrade, needsEgress, phaseOf, nextTradingDay, protectionBasisPoints } = deps;
  const journal = createJournal({ store, clock });
  const orderCall = createOrderCall({ accounts, log, timeoutMs: timing.callMs });
  const egressRule = createEgressRule({ accounts, needsEgress });
  const own = createLimits({ store, clock, log, accounts, closes, journal, nextTradingDay });
  const cardTurns = createTurns();
  const { onChange } = deps;
  const watcher = createWatcher({ accounts, journal, clock, log, timing, cardTurns, nextTradingDay, onChange });
  const limits = withExitRule(withEgressRule(own, egressRule, accounts), { accounts, journal, watcher, clock, log });
  const tickets = createTickets({ accounts, quotes, journal, clock, guard: limits, phaseOf });
  const desk = createDesk({
    accounts,
    journal,
    quotes,
    clock,
    log,
    orderCall,
    timing,
    admission: limits,
    driftBasisPoints: async (user) => (await own.of(user)).values.driftBasisPoints,
    mayTrade,
    phaseOf,
  });
  const changes = createChanges({
    accounts,
    journal,
    quotes,
    clock,
    log,
    orderCall,
    timing,
    mayChange: async (user, link) =>
      (await mayTrade(user, "chat")) ? egressRule(user, [link]) : [{ level: "block", code: "not-allowed" }],
    checkLimits: (...asked) => limits.checkChange(...asked),
  });
  const panic = createPanic({
    accounts,
    changes,
    tickets,
    desk,
    watcher,
    journal,
    clock,
    log,
    protectionBasisPoints,
    async instrumentOf({ key, symbol }) {
      if (key !== null) return deps.instruments.byKey(key);
      const found = await deps.instruments.resolve(symbol);
      // The exact symbol only: a merely similar one is another contract.
      return found.kind === "one" && found.instrument.symbol === symbol ? found.instrument : undefined;
    },
  });
  return {
    journal,
    tickets,
    desk,
    changes,
    watcher,
    cardTurns,
    limits,
    panic,
    orderExport: createOrderExport({ journal, accounts }),
  };
}
