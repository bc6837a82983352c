import { openOrdersCommand } from "../src/bot/orders/open-orders.ts";
import * as text from "../src/bot/text.ts";

export const modify = openOrdersCommand(
  { name: "modify", description: "Change an open order" },
  "bm",
  text.orders.pickToModify,
);
