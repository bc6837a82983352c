import { fundsView } from "../src/bot/render/portfolio.ts";
import { mergedCommand } from "../src/bot/merged-command.ts";

export const funds = mergedCommand(
  { name: "funds", description: "Cash and margin, all accounts", group: "Portfolio" },
  "funds",
  ({ portfolio }, user, label) => portfolio.funds(user, label),
  fundsView,
);
