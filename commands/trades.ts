import { tradesView } from "../src/bot/render/books.ts";
import { mergedCommand } from "../src/bot/merged-command.ts";

export const trades = mergedCommand(
  { name: "trades", description: "Trades of today, all accounts", group: "Portfolio" },
  "trd",
  ({ portfolio }, user, label) => portfolio.trades(user, label),
  tradesView,
);
