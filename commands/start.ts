import { Composer, InlineKeyboard, type CommandContext } from "grammy";
import { callbackData } from "../src/bot/callbacks.ts";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { isLinked } from "../src/bot/no-account.ts";
import { INVITATION_PREFIX } from "../src/bot/people.ts";
import * as safety from "../src/bot/safety-text.ts";
import * as text from "../src/bot/text.ts";
import { send } from "../src/bot/view.ts";

export const start: CommandModule = {
  name: "start",
  description: "Where you stand and what to do next",
  group: "Start",
  role: "pending",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    composer.command("start", async (ctx) => {
      await claimOwnership(deps, ctx);
      if (ctx.user.role === "pending" && !(await letIn(deps, ctx))) return;
      const { _id, name } = ctx.user;
      const links = (await deps.accounts.all(_id)).filter(isLinked);
      if (links.length > 0) {
        await send(ctx, { html: text.start.back(name, links.length) });
        return;
      }
      const keyboard = new InlineKeyboard()
        .add({ text: "Open a paper account", callback_data: callbackData("lk", "paper"), style: "primary" })
        .row()
        .text("Link a broker", callbackData("lks"));
      await send(ctx, { html: text.start.welcome(name), keyboard });
    });
    return composer;
  },
};

/**
 * Makes the user the owner if they sent the code printed at start-up and nobody owns the bot. Any role may do so: a former
 * owner may have been forgotten, and left users behind.
 */
async function claimOwnership({ users }: BotDeps, ctx: CommandContext<SaudaContext>): Promise<void> {
  const code = ctx.match.trim();
  if (code === "" || !(await users.claimOwnership(ctx.user._id, code))) return;
  ctx.user = (await users.get(ctx.user._id)) ?? ctx.user;
  await send(ctx, { html: text.start.newOwner() });
}

/** Lets the user in by an invitation; without one, asks the owner. True when the user is in. */
async function letIn(deps: BotDeps, ctx: CommandContext<SaudaContext>): Promise<boolean> {
  const { user } = ctx;
  const match = ctx.match.trim();
  if (match.startsWith(INVITATION_PREFIX)) {
    const invited = await deps.admission.accept(user, match.slice(INVITATION_PREFIX.length));
    await send(ctx, { html: invited ? safety.users.invited(invited) : safety.users.inviteDead() });
    if (invited) ctx.user = invited;
    return invited !== null;
  }
  await deps.admission.knock(user);
  await send(ctx, { html: (await deps.users.owner()) ? text.start.pending(user.name) : text.start.noOwner() });
  return false;
}
