import { Composer } from "grammy";
import { onCallback } from "../src/bot/callbacks.ts";
import type { CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { noAccount } from "../src/bot/no-account.ts";
import { depthLink, priceLink } from "../src/bot/price-link.ts";
import { Refusal } from "../src/bot/refusal.ts";
import { depthView, noDepth, noIndexDepth } from "../src/bot/render/market.ts";
import { accountTitle } from "../src/bot/render/source.ts";
import { instrumentFrom, resolveOrAsk } from "../src/bot/symbols.ts";
import * as text from "../src/bot/text.ts";
import { show } from "../src/bot/view.ts";
import type { Instrument } from "../src/domain/instrument.ts";

export const depth: CommandModule = {
  name: "depth",
  description: "Best five bids and asks",
  group: "Market",
  example: "/depth SBIN",
  role: "viewer",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    const answer = async (ctx: SaudaContext, instrument: Instrument): Promise<void> => {
      if (instrument.kind === "index") throw new Refusal(noIndexDepth(instrument));
      const link = await depthLink(deps, ctx.user);
      if (!link && !(await priceLink(deps, ctx.user))) throw await noAccount(deps, ctx.user._id);
      if (!link) throw new Refusal(noDepth());
      const book = await deps.quotes.depth(link, instrument);
      await show(ctx, depthView(instrument, book, accountTitle(deps.accounts, link), deps.clock.now()));
    };
    composer.command("depth", async (ctx) => {
      if (ctx.match.trim() === "") throw new Refusal(text.example("/depth SBIN"));
      const instrument = await resolveOrAsk(deps, ctx, ctx.match, "dep");
      if (instrument) await answer(ctx, instrument);
    });
    onCallback(composer, "dep", async (ctx, [key]) => {
      const instrument = await instrumentFrom(deps, key);
      await answer(ctx, instrument);
    });
    return composer;
  },
};
