import { Composer, InlineKeyboard } from "grammy";
import { callbackData, onCallback } from "../src/bot/callbacks.ts";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { forget as text } from "../src/bot/safety-text.ts";
import { send, show } from "../src/bot/view.ts";

const ACTION = "forget";
const TTL_MS = 5 * 60_000;

export const forget: CommandModule = {
  name: "forget",
  description: "Delete everything I know about you",
  group: "Settings",
  example: "/forget me",
  role: "pending",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    composer.command("forget", async (ctx) => {
      if (ctx.match.trim().toLowerCase() !== "me") {
        await send(ctx, { html: text.how() });
        return;
      }
      const { _id, role } = ctx.user;
      const id = await deps.oneTime.issue({ userId: _id, action: ACTION, payload: {}, ttlMs: TTL_MS });
      const keyboard = new InlineKeyboard()
        .add({ text: "Forget me", callback_data: callbackData("fgy", id), style: "danger" })
        .text("Keep", callbackData("fgn"));
      await send(ctx, { html: text.ask(role === "owner"), keyboard });
    });
    onCallback(composer, "fgn", (ctx) => show(ctx, { html: text.kept() }));
    onCallback(composer, "fgy", async (ctx, [id]) => {
      if (await hasOrderUnderWay(deps, ctx)) {
        await show(ctx, { html: text.busy() });
        return;
      }
      // Only peeked at: it is deleted with the rest, so that after a crash in the middle the repeated tap continues.
      if ((await deps.oneTime.peek(id ?? "", ACTION))?.userId !== ctx.user._id) {
        await show(ctx, { html: text.stale() });
        return;
      }
      const links = await deps.accounts.all(ctx.user._id);
      await Promise.all(links.map((link) => deps.accounts.logOut(link)));
      await ctx.conversation.exitAll();
      await deps.forget(ctx.user._id);
      await show(ctx, { html: text.done() });
    });
    return composer;
  },
};

/** An order that may be live must be settled first: without our record of it nobody could follow it. */
async function hasOrderUnderWay(deps: BotDeps, ctx: SaudaContext): Promise<boolean> {
  const recent = await deps.journal.recent(ctx.user._id);
  return recent.some((intent) => intent.legs.some((leg) => leg.state === "sending" || leg.state === "unknown"));
}
