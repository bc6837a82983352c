import type { UserId } from "../domain/ids.ts";
import { mayTrade } from "../domain/calendar.ts";
import { istInstant } from "../domain/market.ts";
import type { Notifier } from "../ports/notifier.ts";
import type { CalendarSource } from "../services/calendar.ts";
import { deliveryFor } from "../services/delivery.ts";
import type { PerUserJob } from "../services/jobs.ts";
import { fitsDay } from "../services/strategies/nifty-shop/settings.ts";
import type { BotDeps } from "./commands.ts";
import { notificationButtons } from "./notification-buttons.ts";
import { proposalView } from "./render/nifty-shop.ts";
import { accountTitle } from "./render/source.ts";

/** A proposal that comes later than this is about another market. */
const CATCH_UP_MS = 10 * 60_000;

/**
 * The daily proposal at each user's own time, decided also for who wants no message of it: a dry run remembers what it
 * would have done. `times` is read anew for every run: `niftyShop.times()`.
 */
export function niftyShopJob(
  deps: { readonly bot: BotDeps; readonly notifier: Notifier; readonly calendar: CalendarSource },
  times: ReadonlyMap<UserId, string>,
): PerUserJob {
  const { bot, notifier, calendar } = deps;
  return {
    name: "nifty-shop",
    catchUpMs: CATCH_UP_MS,
    dueAt(user, date) {
      const [at, days] = [times.get(user._id), calendar.current()];
      return at !== undefined && mayTrade(date, days) && fitsDay(at, date, days) ? istInstant(date, at) : null;
    },
    async run(user, { date, dueAt }) {
      const proposal = await bot.niftyShop.propose(user, `${user._id}-${date}`);
      const delivery = deliveryFor(user.settings, "strategy");
      if (delivery === null) return;
      const link = proposal.link === null ? null : await bot.accounts.get(user._id, proposal.link);
      const view = proposalView({
        proposal,
        account: link && accountTitle(bot.accounts, link),
        now: bot.clock.now(),
      });
      await notifier.post({
        key: `nifty-shop:${user._id}:${date}`,
        userId: user._id,
        priority: "reminder",
        html: view.html.toString(),
        ...(view.keyboard ? { buttons: notificationButtons(view.keyboard) } : {}),
        silent: delivery.silent || proposal.legs.length === 0 || proposal.isDry,
        dueAt,
      });
    },
  };
}
