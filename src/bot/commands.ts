import type { Composer } from "grammy";
import type { Pictures } from "../lib/chart/png.ts";
import type { Turns } from "../lib/turns.ts";
import type { Accounts } from "../services/accounts/accounts.ts";
import type { Alerts } from "../services/alerts/alerts.ts";
import type { CalendarSource } from "../services/calendar.ts";
import type { Candles } from "../services/quotes/candles.ts";
import type { Instruments } from "../services/instruments/types.ts";
import type { Admission } from "../services/people/admission.ts";
import type { Audit } from "../services/people/audit.ts";
import type { KeyCapture } from "../services/accounts/key-capture.ts";
import type { KeyForms } from "../services/accounts/key-forms.ts";
import type { OrderLock } from "../services/people/lock.ts";
import type { OneTime } from "../services/one-time.ts";
import type { Logins } from "../services/accounts/logins.ts";
import type { Changes } from "../services/orders/changes.ts";
import type { Desk } from "../services/orders/desk.ts";
import type { OrderExport } from "../services/orders/export.ts";
import type { Journal } from "../services/orders/journal.ts";
import type { Limits } from "../services/orders/limits.ts";
import type { Panic } from "../services/orders/panic.ts";
import type { Tickets } from "../services/orders/tickets.ts";
import type { Watcher } from "../services/orders/watcher.ts";
import type { Portfolio } from "../services/portfolio/portfolio.ts";
import type { Quotes } from "../services/quotes/quotes.ts";
import type { Snapshots } from "../services/portfolio/snapshots.ts";
import type { Backtests } from "../services/strategies/nifty-shop/backtests.ts";
import type { NiftyShop } from "../services/strategies/nifty-shop/shop.ts";
import type { Role, Users } from "../services/people/users.ts";
import type { Watchlist } from "../services/quotes/watchlist.ts";
import type { Clock } from "../ports/clock.ts";
import type { Notifier } from "../ports/notifier.ts";
import type { LinkId, UserId } from "../domain/ids.ts";
import type { SaudaContext } from "./context.ts";

/** The broker calls of one link since this process started. */
export interface LinkHealth {
  readonly lastGoodAt: number | null;
  /** Duration of the last call. */
  readonly latencyMs: number | null;
  readonly lastFailure: { readonly at: number; readonly kind: string } | null;
  /** Calls in the last minute. */
  readonly lastMinute: number;
}

/** The state of the process and its store right now. */
export interface SystemHealth {
  /** Null when the store does not answer. */
  readonly storeMs: number | null;
  /** Checked apart from `storeMs`: with a full disk, reads still work. */
  readonly takesWrites: boolean;
  readonly inboxDepth: number;
  readonly outboxDepth: number;
  readonly uptimeS: number;
  readonly memoryBytes: number;
}

/** What commands and dialogues may use. */
export interface BotDeps {
  readonly users: Users;
  readonly accounts: Accounts;
  readonly logins: Logins;
  readonly keyCapture: KeyCapture;
  readonly keyForms: KeyForms;
  readonly admission: Admission;
  readonly orderLock: OrderLock;
  readonly audit: Audit;
  readonly oneTime: OneTime;
  /** Deletes everything stored about a user; returns the number of documents. */
  readonly forget: (user: UserId) => Promise<number>;
  readonly linkHealth: (link: LinkId) => LinkHealth;
  readonly systemHealth: () => Promise<SystemHealth>;
  readonly portfolio: Portfolio;
  readonly instruments: Instruments;
  readonly quotes: Quotes;
  readonly snapshots: Snapshots;
  readonly candles: Candles;
  readonly alerts: Alerts;
  readonly watchlist: Watchlist;
  readonly niftyShop: NiftyShop;
  readonly backtests: Backtests;
  readonly pictures: Pictures;
  readonly tickets: Tickets;
  readonly desk: Desk;
  readonly changes: Changes;
  readonly limits: Limits;
  readonly panic: Panic;
  readonly orderExport: OrderExport;
  readonly journal: Journal;
  readonly watcher: Watcher;
  readonly cardTurns: Turns;
  readonly calendar: CalendarSource;
  /** The date of the last session while none has begun today: the brokers still tell its changes. Null once one has. */
  readonly pastSession: () => string | null;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly publicUrl: string;
  /** Whether a person's browser can open `publicUrl`. */
  readonly isPublic: boolean;
  /** All commands, for /help. */
  readonly commands: () => readonly CommandModule[];
}

export const COMMAND_GROUPS = ["Start", "Accounts", "Portfolio", "Market", "Trade", "Settings"] as const;
export type CommandGroup = (typeof COMMAND_GROUPS)[number];

/** One command: its file registers the handlers, the list feeds /help and Telegram's menu. */
export interface CommandModule {
  readonly name: string;
  /** At most 40 characters, so that Telegram's command menu shows it whole on a phone. */
  readonly description: string;
  readonly group: CommandGroup;
  /** A line to type, shown in /help: `/buy SBIN 10 @ 810`. */
  readonly example?: string;
  /** The lowest role that may use it. */
  readonly role: Extract<Role, "pending" | "viewer" | "trader" | "owner">;
  register(deps: BotDeps): Composer<SaudaContext>;
}
