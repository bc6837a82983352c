import { InlineKeyboard } from "grammy";
import { mayBeTradingDay, type TradingCalendar } from "../../domain/calendar.ts";
import type { UserId } from "../../domain/ids.ts";
import { isDerivative, isExpired } from "../../domain/instrument.ts";
import { istDate, istInstant, istTime } from "../../domain/market.ts";
import { isUnderWay } from "../../domain/order-intent.ts";
import type { Notifier } from "../../ports/notifier.ts";
import { preferredLink, type Link } from "../../services/accounts/accounts.ts";
import { deliveryFor } from "../../services/digests/delivery.ts";
import type { PerUserJob } from "../../services/jobs.ts";
import type { Renewals } from "../../services/accounts/renewals.ts";
import type { Snapshots } from "../../services/portfolio/snapshots.ts";
import { fitsDay } from "../../services/strategies/nifty-shop/settings.ts";
import type { User } from "../../services/people/users.ts";
import type { BotDeps } from "../commands.ts";
import * as text from "../daily-text.ts";
import { lines } from "../html.ts";
import { notificationButtons } from "../notification-buttons.ts";
import { hasOwnPrices } from "../price-link.ts";
import { addLogins } from "../render/login-buttons.ts";
import type { View } from "../view.ts";
import { calendarNote, digestDueAt } from "./closing.ts";
import { keptFrom } from "./day-keeping.ts";

/** A reminder is still useful until the market closes. */
const LOGIN_CATCH_UP_MS = 7 * 3_600_000;
const NUDGE_AT = "08:52";
const NUDGE_CATCH_UP_MS = 8 * 60_000;
/** No nudge to users whose reminder came less than this before it. */
const NUDGE_AFTER_MS = 10 * 60_000;
const RECENT_ORDERS = 50;

export interface MorningDeps {
  readonly bot: Pick<BotDeps, "accounts" | "calendar" | "clock" | "journal" | "alerts" | "niftyShop">;
  readonly renewals: Renewals;
  readonly snapshots: Snapshots;
  readonly notifier: Notifier;
}

type LoginBot = Pick<BotDeps, "accounts" | "calendar" | "clock">;

const loginCardKey = (user: UserId, date: string): string => `morning-login:${user}:${date}`;
const nudgeKey = (user: UserId, date: string): string => `morning-nudge:${user}:${date}`;

/** Epoch ms until which a session must last today: the day's recording and the closing digest, perhaps later, need it. */
const neededUntil = (user: User, date: string, { clock, calendar }: LoginBot): number =>
  Math.max(clock.now(), keptFrom(date, calendar.current()), digestDueAt(user, date, calendar.current()) ?? 0);

const needsLogins = (bot: LoginBot, link: Link): boolean =>
  !bot.accounts.broker(link).definition.capabilities.login.includes("none");

/** All accounts of brokers with logins and their state; a login button where the session is over or ends too early. */
function loginCard(bot: LoginBot, user: User, links: readonly Link[], date: string): View {
  const listed = links.filter((link) => needsLogins(bot, link));
  const dead = listed.filter((link) => !bot.accounts.hasSession(link, neededUntil(user, date, bot)));
  return {
    html: lines(
      dead.length > 0 ? text.morning.due(dead.length) : text.morning.allDone(),
      ...listed.map((link) =>
        text.morning.account(link.label, bot.accounts.broker(link).definition.title, standing(bot, link, dead)),
      ),
      calendarNote(date, bot.calendar.current()),
    ),
    keyboard: loginKeyboard(dead),
  };
}

function standing({ accounts }: LoginBot, link: Link, dead: readonly Link[]): text.SessionStanding {
  if (!dead.includes(link)) return { kind: "alive" };
  return link.tokens && accounts.hasSession(link)
    ? { kind: "ends", at: istTime(link.tokens.expiresAt) }
    : { kind: "dead" };
}

const loginKeyboard = (links: readonly Link[]): InlineKeyboard => addLogins(new InlineKeyboard(), links);

const dueOn = (date: string, time: string, calendar: TradingCalendar): number | null =>
  mayBeTradingDay(date, calendar) ? istInstant(date, time) : null;

/** The morning's login card. Not sent when every session is alive or could be renewed without the user. */
export function morningLogin({ bot, renewals, notifier }: MorningDeps): PerUserJob {
  return {
    name: "morning-login",
    catchUpMs: LOGIN_CATCH_UP_MS,
    dueAt: ({ settings }, date) => dueOn(date, settings.reminderAt, bot.calendar.current()),
    async run(user, { date, dueAt }) {
      const dead = await renewals.needingLogin(await bot.accounts.active(user._id), neededUntil(user, date, bot));
      const delivery = deliveryFor(user.settings, "reminder");
      if (dead.length === 0 || delivery === null) return;
      const card = loginCard(bot, user, await bot.accounts.active(user._id), date);
      await notifier.post({
        key: loginCardKey(user._id, date),
        userId: user._id,
        priority: "reminder",
        html: card.html.toString(),
        ...(card.keyboard ? { buttons: notificationButtons(card.keyboard) } : {}),
        dueAt,
        ...delivery,
      });
    },
  };
}

/** A second reminder shortly before the opening, only about accounts that a position, order, alert or strategy needs. */
export function morningNudge(deps: MorningDeps): PerUserJob {
  const { bot, renewals, notifier } = deps;
  return {
    name: "morning-nudge",
    catchUpMs: NUDGE_CATCH_UP_MS,
    dueAt({ settings }, date) {
      const at = dueOn(date, NUDGE_AT, bot.calendar.current());
      return at !== null && at - istInstant(date, settings.reminderAt) >= NUDGE_AFTER_MS ? at : null;
    },
    async run(user, { date, dueAt }) {
      const links = await bot.accounts.active(user._id);
      const until = neededUntil(user, date, bot);
      const lacking = links.filter((link) => needsLogins(bot, link) && !bot.accounts.hasSession(link, until));
      // Tried again: their brokers may not have answered at the time of the reminder.
      const dead = await renewals.needingLogin(lacking, until);
      const delivery = deliveryFor(user.settings, "reminder");
      if (delivery === null) return;
      const waiting = await Promise.all(
        dead.map(async (link) => ({ link, what: await dependents(deps, user, link, date) })),
      );
      const pressing = waiting.filter(({ what }) => what.length > 0);
      if (pressing.length === 0) return;
      await notifier.post({
        key: nudgeKey(user._id, date),
        userId: user._id,
        priority: "reminder",
        html: lines(
          text.morning.nudge(),
          ...pressing.map(({ link, what }) => text.morning.depends(link.label, what)),
        ).toString(),
        buttons: notificationButtons(loginKeyboard(pressing.map(({ link }) => link))),
        dueAt,
        ...delivery,
      });
    },
  };
}

/** In words, what needs this account to be logged in. */
async function dependents(
  { bot, snapshots }: MorningDeps,
  user: User,
  link: Link,
  date: string,
): Promise<readonly string[]> {
  const [last, orders, alerts, shop, links] = await Promise.all([
    snapshots.lastBefore(link._id, date),
    bot.journal.ofUser(user._id, { limit: RECENT_ORDERS, order: "desc" }),
    bot.alerts.armed(user._id),
    bot.niftyShop.settings(user._id),
    bot.accounts.active(user._id),
  ]);
  const isUsual = preferredLink(links, user.defaultLink)?._id === link._id;
  const isAwaited = pricesAwaitedFrom(bot, user, links)?._id === link._id;
  const shopRuns = shop.mode !== "off" && fitsDay(shop.at, date, bot.calendar.current());
  const shopLink = shopRuns ? await bot.niftyShop.account(user, shop) : null;
  const open = orders.flatMap(({ legs }) => legs.filter((leg) => leg.link === link._id && isUnderWay(leg)));
  const needing = alerts.filter(
    ({ instrument, order }) =>
      instrument === null ||
      (order !== null && isUsual) ||
      (isAwaited && isDerivative(instrument) && !isExpired(instrument, date)),
  );
  return [
    ...(last && last.carried > 0 ? [text.morning.carried(last.carried)] : []),
    ...(open.length > 0 ? [text.morning.openOrders(open.length)] : []),
    ...(needing.length > 0 ? [text.morning.alerts(needing.length)] : []),
    ...(shopLink?._id === link._id ? [text.morning.strategy()] : []),
  ];
}

/** The account whose login would bring prices of contracts, which Yahoo has none of; null while another one tells them. */
function pricesAwaitedFrom({ accounts }: LoginBot, user: User, links: readonly Link[]): Link | null {
  const priced = links.filter((link) => hasOwnPrices(accounts, link));
  return priced.some((link) => accounts.hasSession(link)) ? null : preferredLink(priced, user.defaultLink);
}

/** Today's login card as it should look now, and the keys of the two notifications to redraw with it. */
export async function cardOfToday(
  bot: LoginBot,
  user: User,
): Promise<{ readonly keys: readonly string[]; readonly view: View } | null> {
  const date = istDate(bot.clock.now());
  const links = await bot.accounts.active(user._id);
  if (links.length === 0) return null;
  return { keys: [loginCardKey(user._id, date), nudgeKey(user._id, date)], view: loginCard(bot, user, links, date) };
}
