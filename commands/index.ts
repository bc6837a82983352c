import type { CommandModule } from "../src/bot/commands.ts";
import { accounts } from "./accounts.ts";
import { buy } from "./buy.ts";
import { cancel } from "./cancel.ts";
import { depth } from "./depth.ts";
import { funds } from "./funds.ts";
import { help } from "./help.ts";
import { holdings } from "./holdings.ts";
import { link } from "./link.ts";
import { modify } from "./modify.ts";
import { orders } from "./orders.ts";
import { pnl } from "./pnl.ts";
import { positions } from "./positions.ts";
import { profile } from "./profile.ts";
import { quote } from "./quote.ts";
import { search } from "./search.ts";
import { sell } from "./sell.ts";
import { settings } from "./settings.ts";
import { start } from "./start.ts";
import { trades } from "./trades.ts";

/** Every command, in the order that /help and Telegram's menu show. Adding one is one file and one line here. */
export const commands: readonly CommandModule[] = [
  start,
  help,
  link,
  accounts,
  profile,
  positions,
  holdings,
  funds,
  pnl,
  orders,
  trades,
  quote,
  depth,
  search,
  buy,
  sell,
  modify,
  cancel,
  settings,
];
