import type { Composer } from "grammy";
import type { Accounts } from "../services/accounts.ts";
import type { Instruments } from "../services/instruments/types.ts";
import type { KeyCapture } from "../services/key-capture.ts";
import type { Logins } from "../services/logins.ts";
import type { Journal } from "../services/orders/journal.ts";
import type { Desk } from "../services/orders/desk.ts";
import type { Tickets } from "../services/orders/tickets.ts";
import type { Watcher } from "../services/orders/watcher.ts";
import type { Portfolio } from "../services/portfolio.ts";
import type { Quotes } from "../services/quotes.ts";
import type { Role, Users } from "../services/users.ts";
import type { Clock } from "../ports/clock.ts";
import type { SaudaContext } from "./context.ts";

/** What commands and dialogues may use. */
export interface BotDeps {
  readonly users: Users;
  readonly accounts: Accounts;
  readonly logins: Logins;
  readonly keyCapture: KeyCapture;
  readonly portfolio: Portfolio;
  readonly instruments: Instruments;
  readonly quotes: Quotes;
  readonly tickets: Tickets;
  readonly desk: Desk;
  readonly journal: Journal;
  readonly watcher: Watcher;
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
  /** At most 40 characters: it stands in Telegram's menu on a phone. */
  readonly description: string;
  readonly group: CommandGroup;
  /** What to type, for /help: `/buy SBIN 10 @ 810`. */
  readonly example?: string;
  /** The least role that may use it. */
  readonly role: Extract<Role, "pending" | "viewer" | "trader" | "owner">;
  register(deps: BotDeps): Composer<SaudaContext>;
}
