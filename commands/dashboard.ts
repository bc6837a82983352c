import { Composer } from "grammy";
import { onCallback } from "../src/bot/callbacks.ts";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { isUnderPicture, showPicture, toPng } from "../src/bot/picture-view.ts";
import { heatPicture } from "../src/bot/pictures/heat.ts";
import { labelIn } from "../src/bot/merged-command.ts";
import { nothingToRead } from "../src/bot/no-account.ts";
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
    composer.command("dashboard", (ctx) => answer(deps, ctx, { page: 0, isDrawn: true, label: labelIn(ctx.match) }));
    // The arguments: the page, "new" if the picture is drawn anew, the account if it is one alone.
    onCallback(composer, "dash", (ctx, [page, ...words]) =>
      answer(deps, ctx, {
        page: Number(page),
        isDrawn: words[0] === "new",
        label: words.find((word) => word !== "new"),
      }),
    );
    return composer;
  },
};

interface Asked {
  readonly page: number;
  /** Draws the picture (command, refresh); else only the caption changes (page). Without shares, sends text. */
  readonly isDrawn: boolean;
  readonly label: string | undefined;
}

async function answer(deps: BotDeps, ctx: SaudaContext, { page, isDrawn, label }: Asked): Promise<void> {
  const parts = await deps.portfolio.all(ctx.user._id, label);
  if (parts.length === 0) throw await nothingToRead(deps, ctx.user._id, label);
  const now = deps.clock.now();
  const about = { accounts: deps.accounts, now, pastSession: deps.pastSession() };
  const view = dashboardView({ parts, ...about, page, label, money: await userMoney(deps, ctx.user) });
  const svg = isDrawn ? heatPicture(mergeHoldings(holdingParts(parts)), "day", timeText(now, now)) : null;
  if (!isUnderPicture(ctx) && !svg) await show(ctx, view);
  else
    await showPicture(ctx, {
      ...view,
      png: svg === null ? null : await toPng(deps, ctx, svg),
    });
}
