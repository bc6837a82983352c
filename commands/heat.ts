import { Composer, InlineKeyboard } from "grammy";
import { callbackData, onCallback } from "../src/bot/callbacks.ts";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { showPicture, toPng } from "../src/bot/picture-view.ts";
import { heatPicture, type HeatMeasure } from "../src/bot/pictures/heat.ts";
import { noAccount } from "../src/bot/no-account.ts";
import { Refusal } from "../src/bot/refusal.ts";
import { heatCaption } from "../src/bot/render/dashboard.ts";
import { timeText } from "../src/bot/render/amounts.ts";
import { mergeHoldings } from "../src/bot/render/portfolio.ts";

export const heat: CommandModule = {
  name: "heat",
  description: "Holdings as a map of gains and losses",
  group: "Portfolio",
  role: "viewer",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    composer.command("heat", (ctx) => answer(deps, ctx, "day"));
    onCallback(composer, "heat", (ctx, [measure]) => answer(deps, ctx, measure === "total" ? "total" : "day"));
    return composer;
  },
};

async function answer(deps: BotDeps, ctx: SaudaContext, measure: HeatMeasure): Promise<void> {
  const parts = await deps.portfolio.holdings(ctx.user._id);
  if (parts.length === 0) throw await noAccount(deps, ctx.user._id);
  const now = deps.clock.now();
  const holdings = mergeHoldings(parts);
  const svg = heatPicture(
    holdings,
    measure,
    `${timeText(now, now)} · ${parts.flatMap(({ ok, link }) => (ok ? link.label : [])).join(", ")}`,
  );
  const { html, keyboard: logins } = heatCaption(parts, deps.accounts, holdings);
  if (!svg) throw new Refusal(html, logins);
  const keyboard = new InlineKeyboard()
    .text(measure === "day" ? "· Today ·" : "Today", callbackData("heat", "day"))
    .text(measure === "total" ? "· Since bought ·" : "Since bought", callbackData("heat", "total"));
  await showPicture(ctx, {
    png: await toPng(deps, ctx, svg),
    html,
    keyboard: logins ? keyboard.row().append(logins) : keyboard,
  });
}
