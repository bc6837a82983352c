import { Composer, InlineKeyboard } from "grammy";
import { callbackData, onCallback } from "../src/bot/callbacks.ts";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { settingsText } from "../src/bot/render/settings.ts";
import { show } from "../src/bot/view.ts";
import { DELIVERIES, type Delivery, type Settings } from "../src/services/users.ts";

const MESSAGES = [
  ["digest", "Closing digest"],
  ["reminder", "Login reminder"],
  ["orderUpdates", "Order updates"],
] as const;
const DIGEST_TIMES = ["15:50", "16:10", "18:00", "20:00"];
const REMINDER_TIMES = ["07:30", "08:00", "08:30", "08:50"];
const PROTECTIONS = [50, 100, 200, 300];

export const settings: CommandModule = {
  name: "settings",
  description: "Messages, times, order protection",
  group: "Settings",
  role: "viewer",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    composer.command("settings", (ctx) => answer(ctx));
    onCallback(composer, "set", async (ctx, [name]) => {
      await change(deps, ctx, (current) => changed(current, name ?? ""));
    });
    return composer;
  },
};

const answer = (ctx: SaudaContext): Promise<unknown> =>
  show(ctx, { html: settingsText(ctx.user.settings), keyboard: keyboard(ctx.user.settings) });

async function change(
  deps: BotDeps,
  ctx: SaudaContext,
  apply: (settings: Settings) => Partial<Settings>,
): Promise<void> {
  ctx.user = await deps.users.update(ctx.user._id, ({ settings: current }) => ({
    settings: { ...current, ...apply(current) },
  }));
  await answer(ctx);
}

/** Every button goes to the next value of its setting; an unknown one changes nothing. */
function changed(current: Settings, name: string): Partial<Settings> {
  switch (name) {
    case "digest":
    case "reminder":
    case "orderUpdates":
      return { [name]: after<Delivery>(DELIVERIES, current[name]) };
    case "digestAt":
      return { digestAt: after(DIGEST_TIMES, current.digestAt) };
    case "reminderAt":
      return { reminderAt: after(REMINDER_TIMES, current.reminderAt) };
    case "protection":
      return { protectionBasisPoints: after(PROTECTIONS, current.protectionBasisPoints) };
    default:
      return {};
  }
}

function after<T>(values: readonly T[], current: T): T {
  return values[(values.indexOf(current) + 1) % values.length] ?? current;
}

function keyboard(current: Settings): InlineKeyboard {
  const buttons = new InlineKeyboard();
  for (const [name, label] of MESSAGES) buttons.text(`${label}: ${current[name]}`, callbackData("set", name)).row();
  return buttons
    .text(`Digest at ${current.digestAt}`, callbackData("set", "digestAt"))
    .text(`Reminder at ${current.reminderAt}`, callbackData("set", "reminderAt"))
    .row()
    .text(`Market orders within ${current.protectionBasisPoints / 100}%`, callbackData("set", "protection"));
}
