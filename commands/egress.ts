import { Composer, InlineKeyboard } from "grammy";
import { callbackData, onCallback } from "../src/bot/callbacks.ts";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { pageUrl } from "../src/bot/link-flow.ts";
import { labelIn } from "../src/bot/merged-command.ts";
import { isLinked, nothingToRead } from "../src/bot/no-account.ts";
import { Refusal } from "../src/bot/refusal.ts";
import { isPaperAccount } from "../src/bot/render/source.ts";
import { keys as text } from "../src/bot/safety-text.ts";
import { accounts } from "../src/bot/text.ts";
import { deleteSecret, send } from "../src/bot/view.ts";
import type { LinkId } from "../src/domain/ids.ts";
import type { Link } from "../src/services/accounts/accounts.ts";

/** The button argument for typing the proxy into the chat although there is a web page for it. */
const HERE = "here";

export const egress: CommandModule = {
  name: "egress",
  description: "A proxy for one account's orders",
  group: "Accounts",
  role: "trader",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    composer.command("egress", async (ctx) => {
      const isProxy = /[:@]/.test(ctx.match);
      // Not taken, because no account awaits it; but it may hold a password, and must not stay in the chat.
      if (isProxy) await deleteSecret(ctx);
      await answer(deps, ctx, isProxy ? undefined : labelIn(ctx.match));
    });
    onCallback(composer, "eg", async (ctx, [id, place]) => {
      const link = await deps.accounts.get(ctx.user._id, (id ?? "") as LinkId);
      if (!link) throw new Refusal(accounts.gone());
      await ask(deps, ctx, link, place);
    });
    return composer;
  },
};

async function answer(deps: BotDeps, ctx: SaudaContext, label: string | undefined): Promise<void> {
  const linked = (await deps.accounts.all(ctx.user._id)).filter(isLinked);
  const atBrokers = linked.filter((link) => !isPaperAccount(deps.accounts, link));
  if (atBrokers.length === 0) throw new Refusal(text.noEgress());
  if (label === undefined) {
    const keyboard = new InlineKeyboard();
    for (const link of atBrokers) keyboard.text(link.label, callbackData("eg", link._id)).row();
    await send(ctx, { html: text.whichEgress(), keyboard });
    return;
  }
  const named = linked.find((link) => link.label === label);
  if (!named) throw await nothingToRead(deps, ctx.user._id, label);
  if (!atBrokers.includes(named)) throw new Refusal(text.paperEgress(label));
  await ask(deps, ctx, named);
}

async function ask(deps: BotDeps, ctx: SaudaContext, link: Link, place?: string): Promise<void> {
  if (deps.isPublic && place !== HERE) await offerPage(deps, ctx, link);
  else await askHere(deps, ctx, link);
}

async function offerPage(deps: BotDeps, ctx: SaudaContext, link: Link): Promise<void> {
  const keyboard = new InlineKeyboard()
    .url(text.egressPageButton, await pageUrl(deps, link, "egress"))
    .row()
    .text(text.egressHereButton, callbackData("eg", link._id, HERE));
  await send(ctx, { html: text.egressOnPage(link.label), keyboard });
}

async function askHere(deps: BotDeps, ctx: SaudaContext, link: Link): Promise<void> {
  await deps.orderLock.stop(link.user_id);
  await deps.keyCapture.awaitEgress(link);
  await send(ctx, { html: text.askEgress(link.label) });
}
