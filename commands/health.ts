import { Composer } from "grammy";
import { onBareCommand } from "../src/bot/bare-command.ts";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { healthView, type LinkRow, type LinkRows } from "../src/bot/render/health.ts";
import { send } from "../src/bot/view.ts";

/** About 150 characters each, of the 4,096 of a message. */
const MAX_ROWS = 25;

export const health: CommandModule = {
  name: "health",
  description: "How this bot and its links are doing",
  group: "Settings",
  role: "owner",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    onBareCommand(composer, "health", async (ctx) => {
      const system = await deps.systemHealth();
      await send(ctx, healthView(system, await rows(deps), deps.clock.now()));
    });
    return composer;
  },
};

async function rows(deps: BotDeps): Promise<LinkRows> {
  const found: LinkRow[] = [];
  let more = 0;
  for await (const link of deps.accounts.allLinks()) {
    if (!link.is_active) continue;
    if (found.length === MAX_ROWS) {
      more += 1;
      continue;
    }
    const user = await deps.users.get(link.user_id);
    const { definition } = deps.accounts.broker(link);
    found.push({
      userName: user?.name ?? "",
      label: link.label,
      hasSession: deps.accounts.hasSession(link),
      sessionFrom: link.tokens?.issuedAt ?? null,
      health: deps.linkHealth(link._id),
      budgetPerMinute: budgetOf(definition.rateLimits),
    });
  }
  return { shown: found, more };
}

const MINUTE_MS = 60_000;

/** The strictest limit, in calls a minute. Windows longer than a minute are ignored: they do not limit a single minute. */
export function budgetOf(limits: Readonly<Record<string, readonly { count: number; perMs: number }[]>>): number | null {
  const perMinute = Object.values(limits)
    .flat()
    .filter(({ perMs }) => perMs <= MINUTE_MS)
    .map(({ count, perMs }) => (count * MINUTE_MS) / perMs);
  return perMinute.length === 0 ? null : Math.floor(Math.min(...perMinute));
}
