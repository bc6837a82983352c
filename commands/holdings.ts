import { holdingsView } from "../src/bot/render/portfolio.ts";
import { mergedCommand } from "../src/bot/merged-command.ts";

export const holdings = mergedCommand(
  { name: "holdings", description: "Shares held, all accounts", group: "Portfolio" },
  "hold",
  ({ portfolio }, user, label) => portfolio.holdings(user, label),
  holdingsView,
);
