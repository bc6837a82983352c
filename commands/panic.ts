import { Composer } from "grammy";
import type { CommandModule } from "../src/bot/commands.ts";

/** Listed here for /help and the menu; handled above the lanes, in src/bot/panic-buttons.ts, so that nothing holds it up. */
export const panic: CommandModule = {
  name: "panic",
  description: "Cancel all orders, exit all positions",
  group: "Trade",
  role: "trader",
  register: () => new Composer(),
};
