import { mayBeTradingDay } from "../../domain/calendar.ts";
import { ticker } from "../../domain/instrument.ts";
import { istInstant } from "../../domain/market.ts";
import { subtractPaise, ZERO_PAISE } from "../../domain/money.ts";
import { fundsTotal, holdingTotals } from "../../domain/totals.ts";
import { grossOf, shareOf } from "../../domain/day.ts";
import { renderPairs } from "../../lib/table.ts";
import type { Notifier } from "../../ports/notifier.ts";
import { deliveryFor } from "../../services/digests/delivery.ts";
import type { PerUserJob } from "../../services/jobs.ts";
import type { Mornings, Morning } from "../../services/digests/mornings.ts";
import type { BotDeps } from "../commands.ts";
import * as text from "../daily-text.ts";
import { html, lines, type Html } from "../html.ts";
import { notificationButtons } from "../notification-buttons.ts";
import { dateText, mark, percent } from "../render/amounts.ts";
import type { MoneyText } from "../render/money-text.ts";
import { unpricedNote } from "../render/notes.ts";
import { PAGE_WIDTH } from "../render/page.ts";
import { failures, heading, notReadRows } from "../render/answers.ts";
import { loginKeyboard } from "../render/login-buttons.ts";
import { userMoney } from "../user-money.ts";
import { calendarNote } from "./closing.ts";

/** Later than this, today's own figures matter more than the summary. */
const CATCH_UP_MS = 90 * 60_000;
const MAX_EXPIRIES = 5;

export interface SummaryDeps {
  readonly bot: Pick<BotDeps, "accounts" | "calendar" | "portfolio" | "snapshots">;
  readonly mornings: Mornings;
  readonly notifier: Notifier;
}

/** The summary before the market opens: funds, holdings, carried positions, expiries, alerts. Off unless switched on. */
export function morningSummary({ bot, mornings, notifier }: SummaryDeps): PerUserJob {
  return {
    name: "morning-summary",
    catchUpMs: CATCH_UP_MS,
    dueAt: ({ settings }, date) =>
      settings.summary !== "off" && mayBeTradingDay(date, bot.calendar.current())
        ? istInstant(date, settings.summaryAt)
        : null,
    async run(user, { date, dueAt }) {
      const delivery = deliveryFor(user.settings, "summary");
      if (delivery === null) return;
      const morning = await mornings.of(user._id, date);
      if (morning.parts.length === 0) return;
      const keyboard = loginKeyboard(morning.parts);
      await notifier.post({
        key: `morning-summary:${user._id}:${date}`,
        userId: user._id,
        priority: "reminder",
        html: lines(
          summaryText(morning, date, bot.accounts, await userMoney(bot, user)),
          calendarNote(date, bot.calendar.current()),
        ).toString(),
        ...(keyboard ? { buttons: notificationButtons(keyboard) } : {}),
        dueAt,
        ...delivery,
      });
    },
  };
}

function summaryText(morning: Morning, date: string, accounts: BotDeps["accounts"], money: MoneyText): Html {
  const days = morning.parts.flatMap((part) => (part.ok ? [part.value] : []));
  const totals = holdingTotals(days.flatMap(({ holdings }) => holdings));
  const funds = fundsTotal(days.map((day) => day.funds));
  const { before } = morning;
  const change = before ? grossOf(before.figures) : ZERO_PAISE;
  // In percent of the value before that day, as in that day's digest.
  const share = before ? shareOf(change, subtractPaise(before.value, change)) : null;
  const isShareAlone = money.hides && share !== null;
  const expiring = morning.expiring.map((symbol) => ticker(symbol));
  return lines(
    heading(`Morning of ${dateText(date)}`, morning.parts, accounts),
    days.length > 0 &&
      html`<pre>${renderPairs(
        [
          ...notReadRows(morning.parts),
          ["Available", money.plain(funds.available)],
          ["Holdings", money.plain(totals.value)],
          ...(before ? [[`  on ${dateText(before.date)}`, money.cell(before.figures.holdings)] as const] : []),
          ["Positions carried", String(morning.carried)],
          ["Alerts set", String(morning.alerts)],
        ],
        PAGE_WIDTH,
      )}</pre>`,
    unpricedNote(totals.unpriced),
    before &&
      html`${mark(change)} All of ${dateText(before.date)}: ${[...(isShareAlone ? [] : [money.signed(change)]), ...(share === null ? [] : [percent(share)])].join(", ")}`,
    morning.isBeforePartial && text.pnl.missed(1, 1),
    expiring.length > 0 &&
      html`Expire today: ${expiring.slice(0, MAX_EXPIRIES).join(", ")}${expiring.length > MAX_EXPIRIES ? " …" : ""}`,
    ...failures(morning.parts, accounts),
  );
}
