import { Composer, InlineKeyboard } from "grammy";
import { onBareCommand } from "../src/bot/bare-command.ts";
import { callbackData, onCallback } from "../src/bot/callbacks.ts";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { nextOf } from "../src/bot/next-of.ts";
import { priceSource } from "../src/bot/render/accounts.ts";
import { settingLabels, settingsText } from "../src/bot/render/settings.ts";
import { show } from "../src/bot/view.ts";
import type { LinkId } from "../src/domain/ids.ts";
import { THEMES } from "../src/lib/chart/theme.ts";
import { otherPrices, switchPrices } from "../src/services/accounts/accounts.ts";
import { isMessageKind, MESSAGE_KINDS } from "../src/services/digests/delivery.ts";
import { DELIVERIES, type Delivery, type Settings } from "../src/services/people/users.ts";

const DIGEST_TIMES = ["15:50", "16:10", "18:00", "20:00"];
const REMINDER_TIMES = ["07:30", "08:00", "08:30", "08:45"];
const SUMMARY_TIMES = ["08:45", "09:00", "09:10"];
const PROTECTIONS = [50, 100, 200, 300];
const QUIET_HOURS: readonly Settings["quietHours"][] = [
  null,
  ["22:00", "07:00"],
  ["20:00", "08:00"],
  ["16:00", "08:00"],
];
/** How amounts are shown, as the button's argument. */
const [PERCENT, RUPEES] = ["percent", "rupees"];

export const settings: CommandModule = {
  name: "settings",
  description: "Messages, times, prices, pictures",
  group: "Settings",
  role: "viewer",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    onBareCommand(composer, "settings", (ctx) => answer(deps, ctx));
    onCallback(composer, "setp", async (ctx, [id, wanted]) => {
      const link = await deps.accounts.get(ctx.user._id, (id ?? "") as LinkId);
      if (link) await switchPrices(deps.accounts, link, wanted);
      await answer(deps, ctx);
    });
    onCallback(composer, "set", async (ctx, [name, value]) => {
      await change(deps, ctx, (current) => changed(current, name ?? "", value));
    });
    return composer;
  },
};

async function answer(deps: BotDeps, ctx: SaudaContext): Promise<void> {
  const buttons = keyboard(ctx.user.settings);
  for (const link of await deps.accounts.active(ctx.user._id)) {
    const source = priceSource(link, deps.accounts.broker(link).definition);
    if (source !== null)
      buttons.row().text(settingLabels.prices(link.label, source), callbackData("setp", link._id, otherPrices(link)));
  }
  await show(ctx, { html: settingsText(ctx.user.settings), keyboard: buttons });
}

async function change(
  deps: BotDeps,
  ctx: SaudaContext,
  apply: (settings: Settings) => Partial<Settings>,
): Promise<void> {
  ctx.user = await deps.users.update(ctx.user._id, ({ settings: current }) => ({
    settings: { ...current, ...apply(current) },
  }));
  await answer(deps, ctx);
}

/**
 * Message kinds and hidden amounts take the value of their button, so that a tap that Telegram repeats does not undo
 * itself; any other setting takes its next value. An unknown name changes nothing.
 */
function changed(current: Settings, name: string, value: string | undefined): Partial<Settings> {
  if (isMessageKind(name)) {
    const delivery = DELIVERIES.find((each) => each === value) ?? nextOf<Delivery>(DELIVERIES, current[name]);
    return { [name]: delivery };
  }
  switch (name) {
    case "digestAt":
      return { digestAt: nextOf(DIGEST_TIMES, current.digestAt) };
    case "reminderAt":
      return { reminderAt: nextOf(REMINDER_TIMES, current.reminderAt) };
    case "summaryAt":
      return { summaryAt: nextOf(SUMMARY_TIMES, current.summaryAt) };
    case "quiet":
      return { quietHours: nextQuietHours(current.quietHours) };
    case "hide":
      return { hidesAmounts: value === undefined ? !current.hidesAmounts : value === PERCENT };
    case "pictures":
      return { pictures: nextOf(THEMES, current.pictures) };
    case "protection":
      return { protectionBasisPoints: nextOf(PROTECTIONS, current.protectionBasisPoints) };
    default:
      return {};
  }
}

function nextQuietHours(current: Settings["quietHours"]): Settings["quietHours"] {
  const at = QUIET_HOURS.findIndex((each) => each?.join() === current?.join());
  return QUIET_HOURS[(at + 1) % QUIET_HOURS.length] ?? null;
}

/** One row for each message kind, with its deliveries (the chosen one marked); then the other settings. */
function keyboard(current: Settings): InlineKeyboard {
  const buttons = new InlineKeyboard();
  for (const kind of MESSAGE_KINDS) {
    buttons.text(settingLabels.kinds[kind], callbackData("set", kind));
    for (const delivery of DELIVERIES)
      buttons.text(current[kind] === delivery ? `● ${delivery}` : delivery, callbackData("set", kind, delivery));
    buttons.row();
  }
  return buttons
    .text(settingLabels.digestAt(current), callbackData("set", "digestAt"))
    .text(settingLabels.reminderAt(current), callbackData("set", "reminderAt"))
    .row()
    .text(settingLabels.summaryAt(current), callbackData("set", "summaryAt"))
    .text(settingLabels.quiet(current), callbackData("set", "quiet"))
    .row()
    .text(settingLabels.amounts(current), callbackData("set", "hide", current.hidesAmounts ? RUPEES : PERCENT))
    .text(settingLabels.pictures(current), callbackData("set", "pictures"))
    .row()
    .text(settingLabels.protection(current), callbackData("set", "protection"));
}
