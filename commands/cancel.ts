import { openOrdersCommand } from "../src/bot/orders/open-orders.ts";
import * as text from "../src/bot/text.ts";

export const cancel = openOrdersCommand(
  { name: "cancel", description: "Cancel an open order" },
  "bc",
  text.orders.pickToCancel,
);
