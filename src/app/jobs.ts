import { callbackData } from "../bot/callbacks.ts";
import type { BotDeps } from "../bot/commands.ts";
import { niftyShopJob } from "../bot/nifty-shop-job.ts";
import { digestHtml } from "../bot/render/digest.ts";
import * as text from "../bot/text.ts";
import { mayTrade } from "../domain/calendar.ts";
import type { UserId } from "../domain/ids.ts";
import { istInstant } from "../domain/market.ts";
import { BrokerError } from "../errors.ts";
import type { Notifier } from "../ports/notifier.ts";
import type { Link } from "../services/accounts.ts";
import type { Digests } from "../services/digests.ts";
import { deliveryFor } from "../services/delivery.ts";
import type { JobCount, JobName, Jobs, PerUserJob } from "../services/jobs.ts";

/** A digest that could not be made in the evening is still worth reading until the night. */
const CATCH_UP_MS = 6 * 3_600_000;

/** The digest after the close, at each user's own time, on trading days. */
export function closingDigest(deps: { bot: BotDeps; digests: Digests; notifier: Notifier }): PerUserJob {
  const { bot, digests, notifier } = deps;
  return {
    name: "closing-digest",
    catchUpMs: CATCH_UP_MS,
    dueAt: ({ settings }, date) =>
      settings.digest !== "off" && mayTrade(date, bot.calendar.current()) ? istInstant(date, settings.digestAt) : null,
    async run(user, { date, dueAt }) {
      const parts = await digests.day(user._id);
      if (parts.length === 0) return;
      const now = bot.clock.now();
      await notifier.post({
        key: `closing-digest:${user._id}:${date}`,
        userId: user._id,
        priority: "digest",
        html: digestHtml(parts, bot.accounts, now).toString(),
        silent: deliveryFor(user.settings, "digest", now)?.silent ?? true,
        dueAt,
      });
    },
  };
}

/** After this the market is about to open and the reminder has missed its moment. */
const REMINDER_CATCH_UP_MS = 30 * 60_000;

/** One card with a login button for each account whose session is over; nothing when all are alive. */
export function morningLogin(deps: { bot: BotDeps; notifier: Notifier }): PerUserJob {
  const { bot, notifier } = deps;
  return {
    name: "morning-login",
    catchUpMs: REMINDER_CATCH_UP_MS,
    dueAt: ({ settings }, date) =>
      settings.reminder !== "off" && mayTrade(date, bot.calendar.current())
        ? istInstant(date, settings.reminderAt)
        : null,
    async run(user, { date, dueAt }) {
      const links = await bot.accounts.active(user._id);
      const dead = (await Promise.all(links.map((link) => stillDead(bot, link)))).filter((link) => link !== null);
      if (dead.length === 0) return;
      const titles = dead.map((link) => `${bot.accounts.broker(link).definition.title} (${link.label})`);
      await notifier.post({
        key: `morning-login:${user._id}:${date}`,
        userId: user._id,
        priority: "reminder",
        html: text.morningLogin(titles).toString(),
        buttons: dead.map((link) => [{ text: `Log in: ${link.label}`, data: callbackData("al", link._id) }]),
        silent: deliveryFor(user.settings, "reminder", bot.clock.now())?.silent ?? true,
        dueAt,
      });
    },
  };
}

/** What can be renewed without a person is; null when the session lives. */
async function stillDead(bot: BotDeps, link: Link): Promise<Link | null> {
  if (!bot.accounts.hasSession(link)) return (await bot.logins.renew(link)) === null ? link : null;
  try {
    const isValid = await bot.accounts.call(link, (connector, access) => connector.isTokenValid(access));
    if (isValid) return null;
    await bot.accounts.endSession(link);
    return link;
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    // A broker that cannot be asked says nothing about the session.
    return error.kind === "auth-expired" ? link : null;
  }
}

/** What `npm run job -- NAME` runs, in this process or in the one that is asked; answers one line. */
export type JobTable = Readonly<Record<JobName, (only: UserId | null) => Promise<string>>>;

export function createJobTable(deps: { bot: BotDeps; jobs: Jobs; digests: Digests; notifier: Notifier }): {
  table: JobTable;
  due: () => Promise<void>;
} {
  const { bot, jobs, notifier } = deps;
  const digest = closingDigest(deps);
  const login = morningLogin(deps);
  const shop = async (): Promise<PerUserJob> =>
    niftyShopJob({ bot, notifier, calendar: bot.calendar }, await bot.niftyShop.times());
  const counted = ({ done, skipped, failed }: JobCount): string =>
    `${done} done, ${skipped} had it already, ${failed} failed`;
  return {
    table: {
      "closing-digest": async (only) => counted(await jobs.runNow(digest, only)),
      "morning-login": async (only) => counted(await jobs.runNow(login, only)),
      "nifty-shop": async (only) => counted(await jobs.runNow(await shop(), only)),
      instruments: async () => {
        const masters = await bot.instruments.refresh();
        return masters
          .map(({ broker, rows, isStale }) => `${broker}: ${rows} rows${isStale ? ", stale" : ""}`)
          .join("\n");
      },
      reconcile: async () => `${await bot.watcher.sweep()} orders looked at`,
    },
    async due() {
      for (const job of [login, digest, await shop()]) await jobs.runDue(job);
    },
  };
}
