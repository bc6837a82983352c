import { Composer, InlineKeyboard } from "grammy";
import { callbackData, onCallback } from "../src/bot/callbacks.ts";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { showPicture, toPng } from "../src/bot/picture-view.ts";
import { heatPicture, type HeatMeasure } from "../src/bot/pictures/heat.ts";
import { labelIn } from "../src/bot/merged-command.ts";
import { nothingToRead } from "../src/bot/no-account.ts";
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
    composer.command("heat", (ctx) => answer(deps, ctx, "day", labelIn(ctx.match)));
    onCallback(composer, "heat", (ctx, [measure, label]) =>
      answer(deps, ctx, measure === "total" ? "total" : "day", label),
    );
    return composer;
  },
};

async function answer(deps: BotDeps, ctx: SaudaContext, measure: HeatMeasure, label?: string): Promise<void> {
  const parts = await deps.portfolio.holdings(ctx.user._id, label);
  if (parts.length === 0) throw await nothingToRead(deps, ctx.user._id, label);
  const now = deps.clock.now();
  const holdings = mergeHoldings(parts);
  const svg = heatPicture(
    holdings,
    measure,
    `${timeText(now, now)} · ${parts.flatMap(({ ok, link }) => (ok ? link.label : [])).join(", ")}`,
  );
  const pastSession = measure === "day" ? deps.pastSession() : null;
  const { html, keyboard: logins } = heatCaption(parts, { accounts: deps.accounts, label, holdings, pastSession });
  if (!svg) throw new Refusal(html, logins);
  const only = label === undefined ? [] : [label];
  const keyboard = new InlineKeyboard()
    .text(measure === "day" ? "· Today ·" : "Today", callbackData("heat", "day", ...only))
    .text(measure === "total" ? "· Since bought ·" : "Since bought", callbackData("heat", "total", ...only));
  await showPicture(ctx, {
    png: await toPng(deps, ctx, svg),
    html,
    keyboard: logins ? keyboard.row().append(logins) : keyboard,
  });
}
