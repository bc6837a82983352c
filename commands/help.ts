import { Composer } from "grammy";
import { COMMAND_GROUPS, type CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { helpView } from "../src/bot/render/help.ts";
import { send } from "../src/bot/view.ts";

export const help: CommandModule = {
  name: "help",
  description: "All commands",
  group: "Start",
  role: "pending",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    composer.command("help", (ctx) => send(ctx, helpView(COMMAND_GROUPS, deps.commands(), ctx.user.role)));
    return composer;
  },
};
