import { Composer } from "grammy";
import { onCallback } from "../src/bot/callbacks.ts";
import { allows } from "../src/bot/updates/access.ts";
import type { CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { priceLink, withPriceLogin } from "../src/bot/price-link.ts";
import { Refusal } from "../src/bot/refusal.ts";
import { quoteView } from "../src/bot/render/market.ts";
import { accountTitle } from "../src/bot/render/source.ts";
import { instrumentFrom, resolveOrAsk } from "../src/bot/symbols.ts";
import * as text from "../src/bot/text.ts";
import { send, show } from "../src/bot/view.ts";
import type { Instrument } from "../src/domain/instrument.ts";

export const quote: CommandModule = {
  name: "quote",
  description: "Price of anything listed",
  group: "Market",
  example: "/quote SBIN",
  role: "viewer",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    const answer = async (ctx: SaudaContext, instrument: Instrument, draw = show): Promise<void> => {
      const link = await priceLink(deps, ctx.user);
      const price = await deps.quotes.forLink(link, instrument);
      const source = link && accountTitle(deps.accounts, link);
      const view = quoteView({
        instrument,
        quote: price,
        source,
        mayTrade: allows(ctx.user.role, "trader"),
        now: deps.clock.now(),
      });
      await draw(ctx, await withPriceLogin(deps, ctx.user, view));
    };
    composer.command("quote", async (ctx) => {
      if (ctx.match.trim() === "") throw new Refusal(text.example("/quote SBIN"));
      const instrument = await resolveOrAsk(deps, ctx, ctx.match, "qt");
      if (instrument) await answer(ctx, instrument);
    });
    onCallback(composer, "qt", async (ctx, [key, place]) => {
      const instrument = await instrumentFrom(deps, key);
      await answer(ctx, instrument, place === "new" ? send : show);
    });
    return composer;
  },
};
