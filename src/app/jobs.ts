import type { BotDeps } from "../bot/commands.ts";
import { digestHtml } from "../bot/render/digest.ts";
import { mayTrade } from "../domain/calendar.ts";
import { istInstant } from "../domain/market.ts";
import type { Notifier } from "../ports/notifier.ts";
import type { Digests } from "../services/digests.ts";
import { deliveryFor } from "../services/delivery.ts";
import type { PerUserJob } from "../services/jobs.ts";

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
