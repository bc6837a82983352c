import { Composer, InlineKeyboard } from "grammy";
import { callbackData, onCallback } from "../src/bot/callbacks.ts";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { beginLink, beginNewKeys, brokerKeyboard, linkToLogIn, offerLogin } from "../src/bot/link-flow.ts";
import { labelIn } from "../src/bot/merged-command.ts";
import { isLinked, nothingToRead } from "../src/bot/no-account.ts";
import { Refusal } from "../src/bot/refusal.ts";
import { accountView, accountsView } from "../src/bot/render/accounts.ts";
import { isPaperAccount } from "../src/bot/render/source.ts";
import * as text from "../src/bot/text.ts";
import { show } from "../src/bot/view.ts";
import type { LinkId } from "../src/domain/ids.ts";
import { isUnderWay } from "../src/domain/order-intent.ts";
import { switchPrices, type Link } from "../src/services/accounts/accounts.ts";

export const accounts: CommandModule = {
  name: "accounts",
  description: "Status, login, new keys, default, unlink",
  group: "Accounts",
  role: "viewer",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    composer.command("accounts", async (ctx) => {
      const label = labelIn(ctx.match);
      if (label === undefined) await showAll(deps, ctx);
      else await showNamed(deps, ctx, label);
    });
    onCallback(composer, "acc", (ctx) => showAll(deps, ctx));
    const onLink = (verb: string, act: (ctx: SaudaContext, link: Link, wanted?: string) => Promise<void>): void =>
      onCallback(composer, verb, async (ctx, [id, wanted]) => {
        const link = await deps.accounts.get(ctx.user._id, (id ?? "") as LinkId);
        if (!link) throw new Refusal(text.accounts.gone());
        await act(ctx, link, wanted);
      });
    onLink("acd", (ctx, link) => showOne(deps, ctx, link));
    onCallback(composer, "al", async (ctx, [id]) => offerLogin(deps, ctx, await linkToLogIn(deps, ctx, id)));
    onLink("ak", async (ctx, link) => {
      // Only made-up button data asks it of a paper account.
      if (isPaperAccount(deps.accounts, link)) await showOne(deps, ctx, link);
      else if (isLinked(link)) await beginNewKeys(deps, ctx, link);
      else await beginLink(deps, ctx, link.broker_name);
    });
    onLink("as", async (ctx, link, wanted) => {
      const isOn = wanted === undefined ? !link.is_active : wanted === "on";
      await showOne(deps, ctx, await deps.accounts.update(link._id, () => ({ is_active: isOn })));
    });
    onLink("ay", async (ctx, link, wanted) => showOne(deps, ctx, await switchPrices(deps.accounts, link, wanted)));
    onLink("ad", async (ctx, link) => {
      ctx.user = await deps.users.update(ctx.user._id, () => ({ defaultLink: link._id }));
      await showOne(deps, ctx, link);
    });
    onLink("au", async (ctx, link) => {
      const keyboard = new InlineKeyboard()
        .add({ text: "Unlink", callback_data: callbackData("auy", link._id), style: "danger" })
        .text("Keep", callbackData("acd", link._id));
      const open = await openOrders(deps, link);
      await show(ctx, {
        html: text.accounts.confirmUnlink(link.label, isPaperAccount(deps.accounts, link), open),
        keyboard,
      });
    });
    onLink("auy", (ctx, link) => unlink(deps, ctx, link));
    return composer;
  },
};

async function showAll(deps: BotDeps, ctx: SaudaContext): Promise<void> {
  const links = await deps.accounts.all(ctx.user._id);
  if (links.length === 0) {
    await show(ctx, { html: text.accounts.none(), keyboard: brokerKeyboard(deps) });
    return;
  }
  await show(ctx, accountsView(links, deps.accounts, ctx.user.defaultLink, deps.clock.now()));
}

async function showNamed(deps: BotDeps, ctx: SaudaContext, label: string): Promise<void> {
  const link = (await deps.accounts.all(ctx.user._id)).find((each) => each.label === label);
  if (!link) throw await nothingToRead(deps, ctx.user._id, label);
  await showOne(deps, ctx, link);
}

async function showOne(deps: BotDeps, ctx: SaudaContext, link: Link): Promise<void> {
  const { accounts, clock, publicUrl } = deps;
  const isDefault = ctx.user.defaultLink === link._id;
  await show(ctx, accountView(link, accounts, { isDefault, publicUrl, now: clock.now() }));
}

async function unlink(deps: BotDeps, ctx: SaudaContext, link: Link): Promise<void> {
  await deps.accounts.logOut(link);
  await deps.accounts.remove(ctx.user._id, link._id);
  if (ctx.user.defaultLink === link._id) await deps.users.update(ctx.user._id, () => ({ defaultLink: null }));
  await show(ctx, { html: text.accounts.unlinked(link.label, isPaperAccount(deps.accounts, link)) });
}

/** How many orders placed here may be open at this account. */
async function openOrders({ journal }: BotDeps, { _id, user_id }: Link): Promise<number> {
  const recent = await journal.recent(user_id);
  return recent.flatMap(({ legs }) => legs).filter((leg) => leg.link === _id && isUnderWay(leg)).length;
}
