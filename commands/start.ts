import { Composer, InlineKeyboard } from "grammy";
import { callbackData } from "../src/bot/callbacks.ts";
import type { CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import * as text from "../src/bot/text.ts";
import { send } from "../src/bot/view.ts";

export const start: CommandModule = {
  name: "start",
  description: "Where you stand and what to do next",
  group: "Start",
  role: "pending",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    composer.command("start", async (ctx) => {
      const { _id, name, role } = ctx.user;
      if (role === "pending") {
        if (ctx.match !== "" && (await deps.users.claimOwnership(_id, ctx.match))) {
          await send(ctx, { html: text.start.newOwner() });
        } else {
          await send(ctx, { html: (await deps.users.owner()) ? text.start.pending(name) : text.start.noOwner() });
          return;
        }
      }
      const links = await deps.accounts.active(_id);
      if (links.length > 0) {
        await send(ctx, { html: text.start.back(name, links.length) });
        return;
      }
      const keyboard = new InlineKeyboard()
        .add({ text: "Open a paper account", callback_data: callbackData("lk", "paper"), style: "primary" })
        .row()
        .text("Link a broker", callbackData("lks"));
      await send(ctx, { html: text.start.welcome(name), keyboard });
    });
    return composer;
  },
};
