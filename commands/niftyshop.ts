import { Composer } from "grammy";
import { onCallback } from "../src/bot/callbacks.ts";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { requireTrader } from "../src/bot/updates/access.ts";
import {
  approveLeg,
  backtest,
  changeSetting,
  nextSettings,
  propose,
  showProposal,
  showSettings,
  showStatus,
} from "../src/bot/shop-flow.ts";
import { Refusal } from "../src/bot/refusal.ts";
import { shopText } from "../src/bot/render/nifty-shop.ts";
import { historyView } from "../src/bot/render/nifty-shop-proposal.ts";
import { show } from "../src/bot/view.ts";

const HISTORY_SHOWN = 12;

export const niftyshop: CommandModule = {
  name: "niftyshop",
  description: "The Nifty Shop strategy, off by default",
  group: "Trade",
  example: "/niftyshop backtest 2020-01..2025-07",
  role: "viewer",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    composer.command("niftyshop", async (ctx) => {
      const [, verb = "", rest = ""] = /^(\S*)\s*(.*)$/s.exec(ctx.match.trim()) ?? [];
      const name = verb === "" ? "status" : verb.toLowerCase();
      const act = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
      if (!act) throw new Refusal(shopText.verbs());
      await act(deps, ctx, rest);
    });
    onCallback(composer, "nst", (ctx) => showStatus(deps, ctx));
    onCallback(composer, "nsh", (ctx) => showHistory(deps, ctx));
    onCallback(composer, "nsc", (ctx) => showSettings(deps, ctx));
    onCallback(composer, "nsx", async (ctx, [name]) => {
      await changeSetting(deps, ctx, await nextSettings(deps, ctx, name ?? ""));
    });
    onCallback(composer, "nsr", (ctx) => propose(deps, ctx));
    onCallback(composer, "nsv", (ctx, [id = ""]) => showProposal(deps, ctx, id));
    onTrading(composer, "nsa", (ctx, [id = "", at]) => approveLeg(deps, ctx, id, Number(at)));
    onTrading(composer, "nse", (ctx, [id = "", at]) => showProposal(deps, ctx, id, Number(at)));
    onTrading(composer, "nsq", async (ctx, [id = "", at, qty]) => {
      if (await deps.niftyShop.resize(ctx.user._id, id, Number(at), Number(qty)))
        await showProposal(deps, ctx, id, Number(at));
      else await ctx.answerCallbackQuery({ text: shopText.sent });
    });
    onTrading(composer, "nss", async (ctx, [id = "", at]) => {
      if (await deps.niftyShop.skip(ctx.user._id, id, Number(at))) await showProposal(deps, ctx, id);
      else await ctx.answerCallbackQuery({ text: shopText.sent });
    });
    return composer;
  },
};

type Verb = (deps: BotDeps, ctx: SaudaContext, rest: string) => Promise<void>;

const VERBS: Readonly<Record<string, Verb>> = {
  status: alone(showStatus),
  history: alone(showHistory),
  settings: showSettings,
  run: alone(propose),
  backtest,
};

/** A verb that takes no words; any are refused, so that none is ignored. */
function alone(act: (deps: BotDeps, ctx: SaudaContext) => Promise<void>): Verb {
  return async (deps, ctx, rest) => {
    if (rest !== "") throw new Refusal(shopText.verbs());
    await act(deps, ctx);
  };
}

async function showHistory(deps: BotDeps, ctx: SaudaContext): Promise<void> {
  await show(ctx, historyView(await deps.niftyShop.history(ctx.user._id, HISTORY_SHOWN), deps.clock.now()));
}

/** Buttons that lead to an order, only for users who may trade. */
function onTrading(
  composer: Composer<SaudaContext>,
  verb: string,
  handle: (ctx: SaudaContext, args: readonly string[]) => Promise<unknown>,
): void {
  onCallback(composer, verb, async (ctx, args) => {
    requireTrader(ctx.user);
    await handle(ctx, args);
  });
}
