import { Composer } from "grammy";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import type { Html } from "../src/bot/html.ts";
import { Refusal } from "../src/bot/refusal.ts";
import { choiceKeyboard } from "../src/bot/symbols.ts";
import * as text from "../src/bot/text.ts";
import { send } from "../src/bot/view.ts";

const MAX_RESULTS = 6;

export const search: CommandModule = {
  name: "search",
  description: "Find instruments by name",
  group: "Market",
  example: "/search state bank",
  role: "viewer",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    composer.command("search", async (ctx) => {
      const wanted = ctx.match.trim();
      if (wanted === "") throw new Refusal(text.example("/search state bank"));
      const found = await deps.instruments.search(wanted, MAX_RESULTS);
      if (found.length === 0) throw new Refusal(await nothingFound(deps, wanted));
      await send(ctx, { html: text.searchResults(wanted), keyboard: choiceKeyboard(found, "qt") });
    });
    return composer;
  },
};

async function nothingFound({ instruments }: BotDeps, wanted: string): Promise<Html> {
  const why = await instruments.resolve(wanted);
  return why.kind === "none" && why.lacksList ? text.orders.noList(wanted) : text.nothingFound(wanted);
}
