import { Composer } from "grammy";
import { COMMAND_GROUPS, type CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { Refusal } from "../src/bot/refusal.ts";
import { helpView } from "../src/bot/render/help.ts";
import * as text from "../src/bot/text.ts";
import { allows } from "../src/bot/updates/access.ts";
import { send } from "../src/bot/view.ts";

export const help: CommandModule = {
  name: "help",
  description: "All commands",
  group: "Start",
  role: "pending",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    composer.command("help", async (ctx) => {
      const { role } = ctx.user;
      const name = ctx.match.trim().toLowerCase().replace(/^\//, "");
      const asked = deps.commands().filter((command) => name === "" || command.name === name);
      if (!asked.some((command) => allows(role, command.role))) throw new Refusal(text.unknownCommand());
      await send(ctx, helpView(COMMAND_GROUPS, asked, role));
    });
    return composer;
  },
};
