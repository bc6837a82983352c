import { Composer } from "grammy";
import type { CommandModule } from "../src/bot/commands.ts";

/** Listed for /help and the menu. Handled in src/bot/orders/panic-buttons.ts, above the lanes, so that nothing can delay it. */
export const panic: CommandModule = {
  name: "panic",
  description: "Cancel all orders, exit all positions",
  group: "Trade",
  role: "trader",
  register: () => new Composer(),
};
