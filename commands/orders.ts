import { Composer } from "grammy";
import { allows } from "../src/bot/updates/access.ts";
import { onCallback } from "../src/bot/callbacks.ts";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { lines } from "../src/bot/html.ts";
import { labelIn } from "../src/bot/merged-command.ts";
import { nothingToRead } from "../src/bot/no-account.ts";
import { ordersView } from "../src/bot/render/books.ts";
import { unbookedOrders } from "../src/bot/render/our-orders.ts";
import { show } from "../src/bot/view.ts";
import type { LinkResult } from "../src/services/accounts/accounts.ts";
import type { Intent } from "../src/services/orders/journal.ts";

/** As many orders as a busy user places in a day. */
const RECENT = 100;

/** The brokers' order books, and below them orders placed here that are in none. */
export const orders: CommandModule = {
  name: "orders",
  description: "Orders of today, all accounts",
  group: "Portfolio",
  role: "viewer",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    composer.command("orders", (ctx) => answer(deps, ctx, 0, labelIn(ctx.match)));
    onCallback(composer, "ord", (ctx, [page, label]) => answer(deps, ctx, Number(page), label));
    return composer;
  },
};

async function answer(deps: BotDeps, ctx: SaudaContext, page: number, label?: string): Promise<void> {
  const user = ctx.user._id;
  const [parts, intents, links] = await Promise.all([
    deps.portfolio.orders(user, label),
    deps.journal.ofUser(user, { limit: RECENT, order: "desc" }),
    deps.accounts.all(user),
  ]);
  if (parts.length === 0) throw await nothingToRead(deps, user, label);
  const now = deps.clock.now();
  const mayTrade = allows(ctx.user.role, "trader");
  const view = ordersView(parts, { accounts: deps.accounts, now, page, label, mayTrade });
  const booked = parts.flatMap((part) => (part.ok ? part.value : []));
  const ours = unbookedOrders({
    intents: label === undefined ? intents : intents.map(atShown(parts)),
    links,
    booked,
    now,
  });
  await show(ctx, ours ? { ...view, html: lines(view.html, ours) } : view);
}

/** Leaves out the legs at accounts that are not shown. */
const atShown =
  (parts: readonly LinkResult<unknown>[]) =>
  (intent: Intent): Intent => ({
    ...intent,
    legs: intent.legs.filter((leg) => parts.some(({ link }) => link._id === leg.link)),
  });
