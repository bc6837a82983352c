import { digestHtml } from "../bot/render/digest.ts";
import type { BotDeps } from "../bot/commands.ts";
import { istDate, istTime } from "../domain/market.ts";
import type { Notifier } from "../ports/notifier.ts";
import type { Digests } from "../services/digests.ts";
import type { PerUserJob } from "../services/jobs.ts";

/** The digest after the close, at each user's own time. */
export function closingDigest(deps: { bot: BotDeps; digests: Digests; notifier: Notifier }): PerUserJob {
  const { bot, digests, notifier } = deps;
  return {
    name: "closing-digest",
    isDue: (user, now) => user.settings.digest !== "off" && istTime(now) >= user.settings.digestAt,
    async run(user) {
      const parts = await digests.day(user._id);
      if (parts.length === 0) return;
      const now = bot.clock.now();
      await notifier.post({
        key: `closing-digest:${user._id}:${istDate(now)}`,
        userId: user._id,
        priority: "digest",
        html: digestHtml(parts, bot.accounts, now).toString(),
        silent: user.settings.digest === "silent",
      });
    },
  };
}
