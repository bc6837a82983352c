import { Composer } from "grammy";
import { onBareCommand } from "../src/bot/bare-command.ts";
import type { CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { marketText } from "../src/bot/render/market-day.ts";
import { show } from "../src/bot/view.ts";

export const market: CommandModule = {
  name: "market",
  description: "Today's sessions, the next holiday",
  group: "Market",
  role: "viewer",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    onBareCommand(composer, "market", (ctx) =>
      show(ctx, { html: marketText(deps.calendar.current(), deps.clock.now()) }),
    );
    return composer;
  },
};
