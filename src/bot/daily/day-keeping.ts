import { mayBeTradingDay, type TradingCalendar } from "../../domain/calendar.ts";
import { istDate, istInstant } from "../../domain/market.ts";
import type { Log } from "../../lib/log.ts";
import type { Link } from "../../services/accounts/accounts.ts";
import type { Digests } from "../../services/digests/digests.ts";
import type { PerUserJob } from "../../services/jobs.ts";
import { isPersonal } from "../../services/portfolio/shared-reads.ts";
import type { Snapshots } from "../../services/portfolio/snapshots.ts";
import type { BotDeps } from "../commands.ts";
import { pricesFinalAt } from "./closing.ts";

/** After the post-close session, which ends at 16:00. */
const KEPT_AT = "16:15";
const CATCH_UP_MS = 7 * 3_600_000;

export interface DayKeepingDeps {
  readonly bot: Pick<BotDeps, "accounts" | "calendar" | "clock">;
  readonly digests: Pick<Digests, "keep">;
  readonly snapshots: Pick<Snapshots, "takenAt">;
  readonly log: Log;
}

/** Epoch ms at which a trading day is recorded for good. */
export const keptFrom = (date: string, calendar: TradingCalendar): number =>
  Math.max(istInstant(date, KEPT_AT), pricesFinalAt(date, calendar));

/** Stores the day of each account that the digest could not read, or read before the last trade. */
export function dayKeeping({ bot, digests, snapshots, log }: DayKeepingDeps): PerUserJob {
  return {
    name: "snapshots",
    catchUpMs: CATCH_UP_MS,
    triesThroughout: true,
    dueAt(_, date) {
      const calendar = bot.calendar.current();
      return mayBeTradingDay(date, calendar) ? keptFrom(date, calendar) : null;
    },
    async run(user, { date, dueAt }) {
      const links = (await bot.accounts.active(user._id)).filter((link) => bot.accounts.hasSession(link));
      const taken = await Promise.all(links.map((link) => snapshots.takenAt(link._id, date)));
      const parts = await digests.keep(
        links.filter((_, at) => (taken[at] ?? 0) < dueAt),
        date,
      );
      const failed = parts.filter((part) => !part.ok);
      // A problem of the account itself, like an ended session, is not retried: the next login stores the day.
      for (const { link, error } of failed.filter((part) => isPersonal(part.error)))
        log.warn({ err: error, link: link._id, date }, "day not kept; the next login today keeps it");
      // A broker that is down is asked again later: a job that throws is run again.
      for (const { error } of failed) if (!isPersonal(error)) throw error;
    },
  };
}

/**
 * Stores the day of an account that is logged in after the close, unless it is recorded for good. Throws when the account
 * cannot be read.
 */
export async function keepDayOnLogin(
  { bot, digests, snapshots }: Omit<DayKeepingDeps, "log">,
  link: Link,
): Promise<void> {
  const [now, calendar] = [bot.clock.now(), bot.calendar.current()];
  const date = istDate(now);
  if (!mayBeTradingDay(date, calendar) || now < pricesFinalAt(date, calendar)) return;
  if (((await snapshots.takenAt(link._id, date)) ?? 0) >= keptFrom(date, calendar)) return;
  const [part] = await digests.keep([link], date);
  if (part?.ok === false) throw part.error;
}
