import { positionsView } from "../src/bot/render/portfolio.ts";
import { mergedCommand } from "../src/bot/merged-command.ts";

export const positions = mergedCommand(
  { name: "positions", description: "Open and closed positions, all accounts", group: "Portfolio" },
  "pos",
  ({ portfolio }, user, label) => portfolio.positions(user, label),
  positionsView,
);
