import type { CommandModule } from "../src/bot/commands.ts";
import { accounts } from "./accounts.ts";
import { activity } from "./activity.ts";
import { alert } from "./alert.ts";
import { buy } from "./buy.ts";
import { cancel } from "./cancel.ts";
import { chart } from "./chart.ts";
import { dashboard } from "./dashboard.ts";
import { depth } from "./depth.ts";
import { egress } from "./egress.ts";
import { exit } from "./exit.ts";
import { exportOrders } from "./export.ts";
import { forget } from "./forget.ts";
import { funds } from "./funds.ts";
import { health } from "./health.ts";
import { heat } from "./heat.ts";
import { help } from "./help.ts";
import { holdings } from "./holdings.ts";
import { limits } from "./limits.ts";
import { link } from "./link.ts";
import { lock } from "./lock.ts";
import { market } from "./market.ts";
import { modify } from "./modify.ts";
import { niftyshop } from "./niftyshop.ts";
import { orders } from "./orders.ts";
import { panic } from "./panic.ts";
import { pnl } from "./pnl.ts";
import { positions } from "./positions.ts";
import { profile } from "./profile.ts";
import { quote } from "./quote.ts";
import { search } from "./search.ts";
import { sell } from "./sell.ts";
import { settings } from "./settings.ts";
import { start } from "./start.ts";
import { trades } from "./trades.ts";
import { users } from "./users.ts";
import { watch } from "./watch.ts";

/** Every command, in the order that /help and Telegram's menu show. Adding one is one file and one line here. */
export const commands: readonly CommandModule[] = [
  start,
  help,
  link,
  accounts,
  profile,
  dashboard,
  positions,
  holdings,
  funds,
  pnl,
  heat,
  orders,
  trades,
  quote,
  depth,
  market,
  search,
  chart,
  watch,
  alert,
  buy,
  sell,
  modify,
  cancel,
  exit,
  panic,
  limits,
  exportOrders,
  niftyshop,
  settings,
  lock,
  egress,
  activity,
  users,
  health,
  forget,
];
