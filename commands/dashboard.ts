import { Composer } from "grammy";
import { onCallback } from "../src/bot/callbacks.ts";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { isUnderPicture, showPicture, toPng } from "../src/bot/picture-view.ts";
import { heatPicture } from "../src/bot/pictures/heat.ts";
import { noAccount } from "../src/bot/no-account.ts";
import { timeText } from "../src/bot/render/amounts.ts";
import { dashboardView, holdingParts } from "../src/bot/render/dashboard.ts";
import { mergeHoldings } from "../src/bot/render/portfolio.ts";
import { userMoney } from "../src/bot/user-money.ts";
import { show } from "../src/bot/view.ts";

export const dashboard: CommandModule = {
  name: "dashboard",
  description: "Everything at a glance, with a picture",
  group: "Portfolio",
  role: "viewer",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    composer.command("dashboard", (ctx) => answer(deps, ctx, 0, true));
    onCallback(composer, "dash", (ctx, [page, renewed]) => answer(deps, ctx, Number(page), renewed === "new"));
    return composer;
  },
};

/** `isDrawn`: draws the picture (command, refresh); else only the caption changes (page). Without shares, sends text. */
async function answer(deps: BotDeps, ctx: SaudaContext, page: number, isDrawn: boolean): Promise<void> {
  const parts = await deps.portfolio.all(ctx.user._id);
  if (parts.length === 0) throw await noAccount(deps, ctx.user._id);
  const now = deps.clock.now();
  const view = dashboardView({ parts, accounts: deps.accounts, now, page, money: await userMoney(deps, ctx.user) });
  const svg = isDrawn ? heatPicture(mergeHoldings(holdingParts(parts)), "day", timeText(now, now)) : null;
  if (!isUnderPicture(ctx) && !svg) await show(ctx, view);
  else
    await showPicture(ctx, {
      ...view,
      png: svg === null ? null : await toPng(deps, ctx, svg),
    });
}
