import {
  closingTime,
  dayStatus,
  endsMonth,
  endsWeek,
  lastTradingDayUpTo,
  mayBeTradingDay,
  type TradingCalendar,
} from "../../domain/calendar.ts";
import { istInstant, istTime } from "../../domain/market.ts";
import { weekStart } from "../../domain/period.ts";
import type { Notification, Notifier } from "../../ports/notifier.ts";
import { deliveryFor } from "../../services/digests/delivery.ts";
import type { Digests } from "../../services/digests/digests.ts";
import type { PerUserJob } from "../../services/jobs.ts";
import type { Snapshots } from "../../services/portfolio/snapshots.ts";
import type { User } from "../../services/people/users.ts";
import type { BotDeps } from "../commands.ts";
import * as text from "../daily-text.ts";
import { visibleLength, type Html } from "../html.ts";
import { notificationButtons } from "../notification-buttons.ts";
import type { Svg } from "../../lib/chart/svg.ts";
import { inTheme } from "../../lib/chart/theme.ts";
import { periodPicture } from "../pictures/day.ts";
import { dateText } from "../render/amounts.ts";
import { digestMessage } from "../render/digest.ts";
import { moneyText } from "../render/money-text.ts";
import { periodText } from "../render/period.ts";

/** A digest that could not be made in the afternoon is still worth reading until midnight. */
const CATCH_UP_MS = 12 * 3_600_000;
/** How long after the close the brokers need to have final prices. */
const SETTLING_MS = 5 * 60_000;
/** For days whose hours are announced by circular, such as Muhurat trading in the evening. */
const FINAL_IF_BY_CIRCULAR = "21:00";
/** Telegram's limit for a caption is 1,024 characters; the rest is for the note that a message is late. */
const MAX_CAPTION = 980;
const CLOSING_DIGEST = "closing-digest";

export interface ClosingDeps {
  readonly bot: Pick<BotDeps, "accounts" | "calendar" | "clock">;
  readonly digests: Digests;
  readonly snapshots: Snapshots;
  readonly notifier: Notifier;
}

/** Epoch ms of the user's digest: at their own time, but not before prices are final. Null on days without trading. */
export function digestDueAt(user: User, date: string, calendar: TradingCalendar): number | null {
  if (!mayBeTradingDay(date, calendar)) return null;
  return Math.max(istInstant(date, user.settings.digestAt), pricesFinalAt(date, calendar));
}

/** Epoch ms from which the brokers have the final prices of a trading day. */
export function pricesFinalAt(date: string, calendar: TradingCalendar): number {
  const close = closingTime(date, calendar);
  return close === null ? istInstant(date, FINAL_IF_BY_CIRCULAR) : istInstant(date, close) + SETTLING_MS;
}

/** The digest after the close. The day's snapshot is stored for every user, also for those who want no message. */
export function closingDigest({ bot, digests, notifier }: ClosingDeps): PerUserJob {
  return {
    name: CLOSING_DIGEST,
    catchUpMs: CATCH_UP_MS,
    dayByHand: (date) => lastTradingDayUpTo(date, bot.calendar.current()),
    dueAt: (user, date) => digestDueAt(user, date, bot.calendar.current()),
    async run(user, { date, dueAt }) {
      const digest = await digests.day(user._id, date);
      const delivery = deliveryFor(user.settings, "digest");
      if (digest.parts.length === 0 || delivery === null) return;
      const message = digestMessage(digest, {
        accounts: bot.accounts,
        hidesAmounts: user.settings.hidesAmounts,
        notes: [earlyNote(date, bot), calendarNote(date, bot.calendar.current())],
      });
      const about = { key: `${CLOSING_DIGEST}:${user._id}:${date}`, userId: user._id, dueAt, ...delivery };
      for (const each of withPicture(about, message.html, themed(user, message.picture))) {
        const buttons = message.keyboard && each.key === about.key ? notificationButtons(message.keyboard) : null;
        await notifier.post({ ...each, ...(buttons ? { buttons } : {}) });
      }
    },
  };
}

/** A run by hand may come before the close, or before the brokers have final prices. */
function earlyNote(date: string, { calendar, clock }: ClosingDeps["bot"]): Html | null {
  const finalAt = pricesFinalAt(date, calendar.current());
  return clock.now() < finalAt ? text.calendar.notFinal(istTime(finalAt)) : null;
}

const themed = ({ settings }: User, picture: Svg | null): Svg | null => picture && inTheme(picture, settings.pictures);

/** One message if the text fits the picture's caption; else the text, and the picture in a second message. */
function withPicture(
  about: Pick<Notification, "key" | "userId" | "dueAt" | "silent">,
  body: Html,
  picture: string | null,
): Notification[] {
  const message = { ...about, priority: "digest" as const, html: body.toString() };
  if (picture === null) return [message];
  if (visibleLength(body) <= MAX_CAPTION) return [{ ...message, picture }];
  return [message, { ...message, key: `${about.key}:picture`, html: "", silent: true, picture }];
}

const REPORTS = {
  week: { name: "weekly-report", isDue: endsWeek, from: weekStart },
  month: { name: "monthly-report", isDue: endsMonth, from: (date: string) => `${date.slice(0, 7)}-01` },
} as const;

/**
 * The report of the week or month, sent after the digest of its last trading day. Due on holidays at its end as well, in
 * case they were declared after that day; the key keeps it from being sent twice.
 */
export function periodReport({ bot, snapshots, notifier }: ClosingDeps, kind: keyof typeof REPORTS): PerUserJob {
  const report = REPORTS[kind];
  return {
    name: report.name,
    after: CLOSING_DIGEST,
    catchUpMs: CATCH_UP_MS,
    dueAt(user, date) {
      const calendar = bot.calendar.current();
      if (!report.isDue(date, calendar)) return null;
      const isHoliday = dayStatus(date, calendar).kind === "holiday";
      return isHoliday ? istInstant(date, user.settings.digestAt) : digestDueAt(user, date, calendar);
    },
    async run(user, { date: today, dueAt }) {
      const date = lastTradingDayUpTo(today, bot.calendar.current());
      const delivery = deliveryFor(user.settings, "report");
      if (delivery === null) return;
      const links = await bot.accounts.active(user._id);
      const period = await snapshots.period(user._id, { from: report.from(date) }, links);
      if (period.span === null) return;
      const money = moneyText(user.settings.hidesAmounts, period.days.at(-1)?.value ?? period.net);
      const title = kind === "week" ? `Week to ${dateText(date)}` : `Month to ${dateText(date)}`;
      const body = periodText(period, { title, money, accounts: bot.accounts, calendar: bot.calendar.current() });
      const picture = periodPicture({ title, net: period.net, days: period.days, money });
      const about = { key: `${report.name}:${user._id}:${date}`, userId: user._id, dueAt, ...delivery };
      for (const each of withPicture(about, body, themed(user, picture))) await notifier.post(each);
    },
  };
}

export const calendarNote = (date: string, calendar: TradingCalendar): Html | null =>
  dayStatus(date, calendar).kind === "unknown" ? text.calendar.unknownYear(date) : null;
