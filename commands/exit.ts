import { Composer } from "grammy";
import { keyFromArgument, onCallback } from "../src/bot/callbacks.ts";
import type { CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { askWhatToExit, exitInstrument } from "../src/bot/orders/exit-flow.ts";

export const exit: CommandModule = {
  name: "exit",
  description: "Close a position, with a card to confirm",
  group: "Trade",
  example: "/exit SBIN",
  role: "trader",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    composer.command("exit", (ctx) => askWhatToExit(deps, ctx, ctx.match.trim()));
    onCallback(composer, "ex", (ctx, [key]) => exitInstrument(deps, ctx, keyFromArgument(key ?? "")));
    return composer;
  },
};
