import { Composer, InlineKeyboard } from "grammy";
import { callbackData, onCallback } from "../src/bot/callbacks.ts";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { limitWords } from "../src/bot/limit-words.ts";
import { Refusal } from "../src/bot/refusal.ts";
import { limitsText } from "../src/bot/render/limits.ts";
import * as text from "../src/bot/text.ts";
import { show } from "../src/bot/view.ts";

/** Label and the words of /limits that the button stands for; other values must be typed. */
const CHOICES = [
  ["10 orders a day", "orders 10"],
  ["₹50,000 an order", "value 50000"],
  ["₹5,000 loss a day", "loss 5000"],
  ["Shares only", "segments NSE BSE"],
  ["0.5% price move", "move 0.5"],
] as const;
const OFF = [
  ["Any number", "orders off"],
  ["Any value", "value off"],
  ["Any loss", "loss off"],
  ["All segments", "segments off"],
  ["Any price move", "move off"],
] as const;

export const limits: CommandModule = {
  name: "limits",
  description: "What you allow yourself in a day",
  group: "Trade",
  example: "/limits value 50000",
  role: "trader",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    composer.command("limits", async (ctx) => {
      const asked = ctx.match.trim();
      if (asked !== "") await change(deps, ctx, asked);
      await showLimits(deps, ctx);
    });
    onCallback(composer, "lim", async (ctx, [row, column]) => {
      const choice = [CHOICES, OFF][Number(column)]?.[Number(row)];
      if (choice) await change(deps, ctx, choice[1]);
      await showLimits(deps, ctx);
    });
    return composer;
  },
};

async function change(deps: BotDeps, ctx: SaudaContext, asked: string): Promise<void> {
  const words = limitWords(asked);
  if (!words) throw new Refusal(text.limits.example());
  await deps.limits.set(ctx.user._id, words.name, words.value);
}

async function showLimits(deps: BotDeps, ctx: SaudaContext): Promise<void> {
  const keyboard = new InlineKeyboard();
  CHOICES.forEach(([label], row) => {
    keyboard.text(label, callbackData("lim", row, 0)).text(OFF[row]?.[0] ?? "", callbackData("lim", row, 1));
    keyboard.row();
  });
  await show(ctx, { html: limitsText(await deps.limits.of(ctx.user._id)), keyboard });
}
