import { Composer } from "grammy";
import { onCallback } from "../src/bot/callbacks.ts";
import type { CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { askInChat, beginLink, brokerKeyboard, linkToLogIn } from "../src/bot/link-flow.ts";
import * as text from "../src/bot/text.ts";
import { send, show } from "../src/bot/view.ts";
import { squash } from "../src/domain/instrument-text.ts";
import type { BrokerName } from "../src/domain/ids.ts";

export const link: CommandModule = {
  name: "link",
  description: "Link an account at a broker",
  group: "Accounts",
  example: "/link zerodha",
  role: "viewer",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    composer.command("link", async (ctx) => {
      const name = ctx.match.trim();
      const broker = [...deps.accounts.brokers.values()].find(({ definition: { name: short, title } }) =>
        [short, title].some((each) => squash(each) === squash(name)),
      );
      if (broker) {
        await beginLink(deps, ctx, broker.definition.name);
        return;
      }
      await send(ctx, {
        html: name === "" ? text.link.which() : text.link.unknown(name),
        keyboard: brokerKeyboard(deps),
      });
    });
    onCallback(composer, "lks", (ctx) => show(ctx, { html: text.link.which(), keyboard: brokerKeyboard(deps) }));
    onCallback(composer, "lkh", async (ctx, [id]) => {
      await askInChat(deps, ctx, await linkToLogIn(deps, ctx, id));
    });
    onCallback(composer, "lk", (ctx, [name]) => beginLink(deps, ctx, (name ?? "") as BrokerName));
    return composer;
  },
};
