import { Composer, InlineKeyboard } from "grammy";
import { callbackData, onCallback } from "../src/bot/callbacks.ts";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import * as daily from "../src/bot/daily-text.ts";
import { showPicture, toPng } from "../src/bot/picture-view.ts";
import { periodPicture } from "../src/bot/pictures/day.ts";
import { noAccount } from "../src/bot/no-account.ts";
import { Refusal } from "../src/bot/refusal.ts";
import { dateText } from "../src/bot/render/amounts.ts";
import { moneyText } from "../src/bot/render/money-text.ts";
import { periodText } from "../src/bot/render/period.ts";
import { pnlView } from "../src/bot/render/portfolio.ts";
import { userMoney } from "../src/bot/user-money.ts";
import { send, show } from "../src/bot/view.ts";
import { istDate } from "../src/domain/market.ts";
import { parsePeriod, type PeriodName } from "../src/domain/period.ts";
import type { DateSpan } from "../src/services/portfolio/snapshots.ts";

const VERB = "pnl";
const CHART_DAYS = 30;

export const pnl: CommandModule = {
  name: "pnl",
  description: "Profit and loss: today, week, month, year",
  group: "Portfolio",
  example: "/pnl month",
  role: "viewer",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    composer.command("pnl", (ctx) => answer(deps, ctx, ctx.match));
    // The buttons of today's view carry a page number instead of a period.
    onCallback(composer, VERB, (ctx, [what = ""]) => answer(deps, ctx, /^\d*$/.test(what) ? "today" : what));
    return composer;
  },
};

async function answer(deps: BotDeps, ctx: SaudaContext, words: string): Promise<void> {
  if (words.trim().toLowerCase() === "chart") return showChart(deps, ctx);
  const period = parsePeriod(words, istDate(deps.clock.now()));
  if (period === null) throw new Refusal(daily.pnl.usage());
  if (period.kind === "bad-date") throw new Refusal(daily.pnl.badDate());
  if (period.kind === "today") return showToday(deps, ctx);
  return showPeriod(deps, ctx, period.name, period);
}

async function showToday(deps: BotDeps, ctx: SaudaContext): Promise<void> {
  const parts = await deps.portfolio.today(ctx.user._id);
  if (parts.length === 0) throw await noAccount(deps, ctx.user._id);
  const view = pnlView(parts, {
    accounts: deps.accounts,
    now: deps.clock.now(),
    pastSession: deps.pastSession(),
    page: 0,
    money: await userMoney(deps, ctx.user),
  });
  const keyboard = new InlineKeyboard([...(view.keyboard?.inline_keyboard ?? []), ...periodRow("today")]);
  await show(ctx, { html: view.html, keyboard });
}

const pageOf = ({ accounts, calendar }: BotDeps) => ({ accounts, calendar: calendar.current() });

async function showPeriod(deps: BotDeps, ctx: SaudaContext, name: PeriodName, span: DateSpan): Promise<void> {
  const period = await deps.snapshots.period(ctx.user._id, span, await deps.accounts.active(ctx.user._id));
  const money = moneyText(ctx.user.settings.hidesAmounts, period.days.at(-1)?.value ?? period.net);
  const body = periodText(period, { ...pageOf(deps), title: titleOf(name, span.from), money });
  await show(ctx, { html: body, keyboard: new InlineKeyboard(periodRow(name)) });
}

async function showChart(deps: BotDeps, ctx: SaudaContext): Promise<void> {
  const links = await deps.accounts.active(ctx.user._id);
  const ids = links.map(({ _id }) => _id);
  const days = await deps.snapshots.latestDays(ctx.user._id, CHART_DAYS, ids);
  const last = days.at(-1);
  if (!last) throw new Refusal(daily.pnl.none());
  const money = moneyText(ctx.user.settings.hidesAmounts, last.value);
  const period = await deps.snapshots.period(ctx.user._id, { from: days[0]?.date ?? last.date }, links);
  const title = `${days.length} ${days.length === 1 ? "day" : "days"} to ${dateText(last.date)}`;
  const svg = periodPicture({ title, net: period.net, days, money });
  const body = periodText(period, { ...pageOf(deps), title, money });
  if (svg === null) return void (await send(ctx, { html: body }));
  await showPicture(ctx, { png: await toPng(deps, ctx, svg), html: body });
}

const NAMES = [
  ["today", "Today"],
  ["week", "Week"],
  ["month", "Month"],
  ["year", "Year"],
  ["chart", "Chart"],
] as const;

const periodRow = (shown: string) => [
  NAMES.filter(([name]) => name !== shown).map(([name, label]) => InlineKeyboard.text(label, callbackData(VERB, name))),
];

function titleOf(name: PeriodName, from: string): string {
  switch (name) {
    case "week":
      return "P&L this week";
    case "month":
      return "P&L this month";
    case "year":
      return "P&L this financial year";
    case "since":
      return `P&L since ${dateText(from)}`;
    case "named-day":
      return `P&L on ${dateText(from)}`;
    case "last-week":
      return "P&L last week";
    case "named-month":
      return `P&L in ${dateText(from).slice("1 ".length)}`;
    case "last-year":
      return "P&L in the last financial year";
  }
}
