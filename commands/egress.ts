import { Composer, InlineKeyboard } from "grammy";
import { callbackData, onCallback } from "../src/bot/callbacks.ts";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { pageUrl } from "../src/bot/link-flow.ts";
import { isLinked } from "../src/bot/no-account.ts";
import { Refusal } from "../src/bot/refusal.ts";
import { keys as text } from "../src/bot/safety-text.ts";
import { accounts } from "../src/bot/text.ts";
import { send } from "../src/bot/view.ts";
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
      const links = (await deps.accounts.all(ctx.user._id)).filter(
        (link) => isLinked(link) && !deps.accounts.broker(link).definition.isPaper,
      );
      if (links.length === 0) throw new Refusal(text.noEgress());
      const keyboard = new InlineKeyboard();
      for (const link of links) keyboard.text(link.label, callbackData("eg", link._id)).row();
      await send(ctx, { html: text.whichEgress(), keyboard });
    });
    onCallback(composer, "eg", async (ctx, [id, place]) => {
      const link = await deps.accounts.get(ctx.user._id, (id ?? "") as LinkId);
      if (!link) throw new Refusal(accounts.gone());
      if (deps.isPublic && place !== HERE) await offerPage(deps, ctx, link);
      else await askHere(deps, ctx, link);
    });
    return composer;
  },
};

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
