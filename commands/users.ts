import { Composer, InlineKeyboard } from "grammy";
import { onBareCommand } from "../src/bot/bare-command.ts";
import { callbackData, onCallback } from "../src/bot/callbacks.ts";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { lines } from "../src/bot/html.ts";
import { INVITATION_PREFIX, personOf, roleKeyboard } from "../src/bot/people.ts";
import { addArrows, pageOf } from "../src/bot/render/page.ts";
import { users as text } from "../src/bot/safety-text.ts";
import { show } from "../src/bot/view.ts";
import type { UserId } from "../src/domain/ids.ts";
import { isGrantable } from "../src/services/people/admission.ts";
import type { User } from "../src/services/people/users.ts";

/** Users who wait to be let in come first. */
const ORDER = ["pending", "owner", "trader", "viewer", "blocked"];

export const users: CommandModule = {
  name: "users",
  description: "Who may use this bot, and how",
  group: "Settings",
  role: "owner",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    onBareCommand(composer, "users", (ctx) => showAll(deps, ctx));
    onCallback(composer, "usp", (ctx, [page]) => showAll(deps, ctx, Number(page)));
    onCallback(composer, "us", async (ctx, [id]) => {
      const user = id === undefined ? null : await deps.users.get(id as UserId);
      await (user ? showOne(ctx, user) : showAll(deps, ctx));
    });
    onCallback(composer, "ur", async (ctx, [id, grant]) => {
      if (!isGrantable(grant)) return;
      const who = (id ?? "") as UserId;
      const changed = await deps.admission.decide(ctx.user, who, grant);
      if (changed) await showOne(ctx, changed);
      else await ctx.answerCallbackQuery({ text: (await deps.users.get(who)) ? text.notOwner : text.gone });
    });
    onCallback(composer, "ui", async (ctx, [grant]) => {
      if (!isGrantable(grant) || grant === "blocked") return;
      const token = await deps.admission.invite(ctx.user, grant);
      const link = `https://t.me/${ctx.me.username}?start=${INVITATION_PREFIX}${token}`;
      await show(ctx, {
        html: text.invite(link, grant),
        keyboard: new InlineKeyboard().text("Back", callbackData("us")),
      });
    });
    return composer;
  },
};

async function showAll(deps: BotDeps, ctx: SaudaContext, page = 0): Promise<void> {
  const known: User[] = [];
  for await (const user of deps.users.all()) known.push(user);
  known.sort((a, b) => ORDER.indexOf(a.role) - ORDER.indexOf(b.role) || a.createdAt - b.createdAt);
  const listed = pageOf(known, page);
  const keyboard = new InlineKeyboard();
  for (const user of listed.entries) keyboard.text(user.name || user._id, callbackData("us", user._id)).row();
  addArrows(keyboard, "usp", listed);
  keyboard.text("Invite a viewer", callbackData("ui", "viewer")).row();
  keyboard.text("Invite family", callbackData("ui", "trader")).text("Invite others", callbackData("ui", "outsider"));
  const rows = listed.entries.map((user) => text.line(personOf(user)));
  await show(ctx, { html: lines(text.title(known.length), ...rows), keyboard });
}

async function showOne(ctx: SaudaContext, user: User): Promise<void> {
  await show(ctx, {
    html: text.card(personOf(user)),
    keyboard: roleKeyboard(user).text("Back", callbackData("us")),
  });
}
