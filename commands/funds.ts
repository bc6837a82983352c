import { fundsView } from "../src/bot/render/portfolio.ts";
import { mergedCommand } from "../src/bot/merged-command.ts";

export const funds = mergedCommand(
  { name: "funds", description: "Cash and margin, all accounts", group: "Portfolio" },
  "funds",
  (deps, user) => deps.portfolio.funds(user),
  fundsView,
);
