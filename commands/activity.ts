import { Composer } from "grammy";
import { onBareCommand } from "../src/bot/bare-command.ts";
import { onCallback } from "../src/bot/callbacks.ts";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { activityView } from "../src/bot/render/activity.ts";
import { pageOf } from "../src/bot/render/page.ts";
import { show } from "../src/bot/view.ts";
import type { UserId } from "../src/domain/ids.ts";
import type { AuditEntry } from "../src/services/people/audit.ts";

export const activity: CommandModule = {
  name: "activity",
  description: "Logins, roles, locks: what changed when",
  group: "Settings",
  role: "viewer",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    onBareCommand(composer, "activity", (ctx) => showPage(deps, ctx, 0));
    onCallback(composer, "act", (ctx, [page]) => showPage(deps, ctx, Number(page)));
    return composer;
  },
};

async function showPage(deps: BotDeps, ctx: SaudaContext, wanted: number): Promise<void> {
  const page = pageOf(await deps.audit.recent(ctx.user._id), wanted);
  const names = await namesIn(deps, page.entries);
  await show(
    ctx,
    activityView(page, (id) => names.get(id) ?? id),
  );
}

async function namesIn({ users }: BotDeps, entries: readonly AuditEntry[]): Promise<ReadonlyMap<UserId, string>> {
  const ids = new Set(entries.flatMap(({ event }) => (event.what === "granted" ? [event.about] : [])));
  const known = await Promise.all([...ids].map((id) => users.get(id)));
  return new Map(known.flatMap((user) => (user ? [[user._id, user.name] as const] : [])));
}
