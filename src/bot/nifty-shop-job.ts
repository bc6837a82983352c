import type { UserId } from "../domain/ids.ts";
import { mayBeTradingDay } from "../domain/calendar.ts";
import { istInstant } from "../domain/market.ts";
import type { Notifier } from "../ports/notifier.ts";
import { deliveryFor } from "../services/digests/delivery.ts";
import type { PerUserJob } from "../services/jobs.ts";
import { fitsDay } from "../services/strategies/nifty-shop/settings.ts";
import type { BotDeps } from "./commands.ts";
import { notificationButtons } from "./notification-buttons.ts";
import { proposalCard } from "./shop-flow.ts";

/** A later proposal would be made at prices that have moved on. */
const CATCH_UP_MS = 10 * 60_000;

/**
 * The daily proposal, at each user's own time. Made even for users who switched its messages off, because a dry run keeps
 * what it would have done. `times` is `niftyShop.times()`, which the caller reads before every run.
 */
export function niftyShopJob(
  { bot, notifier }: { readonly bot: BotDeps; readonly notifier: Notifier },
  times: ReadonlyMap<UserId, string>,
): PerUserJob {
  return {
    name: "nifty-shop",
    catchUpMs: CATCH_UP_MS,
    dueAt(user, date) {
      const [at, days] = [times.get(user._id), bot.calendar.current()];
      return at !== undefined && mayBeTradingDay(date, days) && fitsDay(at, date, days) ? istInstant(date, at) : null;
    },
    async run(user, { date, dueAt }) {
      const proposal = await bot.niftyShop.propose(user, `${user._id}-${date}`);
      const delivery = deliveryFor(user.settings, "strategy");
      if (delivery === null) return;
      const view = await proposalCard(bot, user._id, proposal);
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
