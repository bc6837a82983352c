import { ordersView } from "../src/bot/render/books.ts";
import { mergedCommand } from "../src/bot/merged-command.ts";

export const orders = mergedCommand(
  { name: "orders", description: "Orders of today, all accounts", group: "Portfolio" },
  "ord",
  (deps, user) => deps.portfolio.orders(user),
  ordersView,
);
