import { Composer } from "grammy";
import type { BrokerOrderId, LinkId } from "../domain/ids.ts";
import type { ConfirmResult } from "../services/orders/desk.ts";
import type { Intent } from "../services/orders/journal.ts";
import { onCallback } from "./callbacks.ts";
import type { BotDeps } from "./commands.ts";
import type { SaudaContext } from "./context.ts";
import { askToCancel, instrumentFrom, ownIntent, repeatTicket, showOrder } from "./order-flow.ts";
import * as text from "./text.ts";
import { allows } from "./access.ts";
import { show } from "./view.ts";

/** The buttons of ticket and order cards. Each is checked against the user it was made for, in the store. */
export function orderButtons(deps: BotDeps): Composer<SaudaContext> {
  const composer = new Composer<SaudaContext>();
  const trading = composer.filter((ctx) => allows(ctx.user.role, "trader"));

  onCallback(trading, "x", async (ctx, [confirmId]) => {
    const result = await deps.desk.confirm(ctx.user._id, confirmId ?? "");
    await afterConfirm(deps, ctx, result);
  });
  onCallback(trading, "td", async (ctx, [id]) => {
    const intent = await ownIntent(deps, ctx.user._id, id);
    const dropped = intent && (await deps.desk.drop(ctx.user._id, intent._id, "cancelled"));
    if (dropped) await show(ctx, { html: text.orders.dropped() });
    else await ctx.answerCallbackQuery({ text: text.orders.used });
  });
  onCallback(trading, "te", async (ctx, [id]) => {
    const intent = await ownIntent(deps, ctx.user._id, id);
    const dropped = intent && (await deps.desk.drop(ctx.user._id, intent._id, "edited"));
    if (!dropped) {
      await ctx.answerCallbackQuery({ text: text.orders.used });
      return;
    }
    await show(ctx, { html: text.orders.dropped() });
    await ctx.conversation.enter("place-order", { side: dropped.plan.side, key: dropped.plan.key });
  });
  onCallback(trading, "tkt", async (ctx, [side, key]) => {
    const instrument = await instrumentFrom(deps, key);
    if (instrument)
      await ctx.conversation.enter("place-order", { side: side === "S" ? "SELL" : "BUY", key: instrument.key });
  });
  onCallback(trading, "oc", (ctx, [id, leg]) => cancelOrder(deps, ctx, id, Number(leg)));
  onCallback(trading, "om", async (ctx, [id, leg]) => {
    const intent = await ownIntent(deps, ctx.user._id, id);
    const target = intent?.legs[Number(leg)];
    if (target && target.orderId !== null)
      await ctx.conversation.enter("modify-order", { link: target.link, orderId: target.orderId });
  });
  onCallback(trading, "bc", (ctx, [link, order]) =>
    askToCancel(deps, ctx, (link ?? "") as LinkId, (order ?? "") as BrokerOrderId),
  );
  onCallback(trading, "bm", (ctx, [link, orderId]) => ctx.conversation.enter("modify-order", { link, orderId }));
  onCallback(composer, "or", async (ctx, [id]) => {
    const intent = await ownIntent(deps, ctx.user._id, id);
    if (intent) await showOrder(deps, ctx, await deps.watcher.look(intent));
  });
  onCallback(trading, "oq", async (ctx, [id]) => {
    const intent = await ownIntent(deps, ctx.user._id, id);
    if (intent) await repeatTicket(deps, ctx, intent);
  });
  return composer;
}

async function afterConfirm(deps: BotDeps, ctx: SaudaContext, result: ConfirmResult): Promise<void> {
  switch (result.kind) {
    case "confirmed": {
      // The card shows that the tap counted while the broker is still being asked; the answer replaces it.
      const [, sent] = await Promise.all([showOrder(deps, ctx, result.intent), result.sent]);
      await showOrder(deps, ctx, await deps.watcher.look(sent));
      return;
    }
    case "moved":
      await dropAndRepeat(deps, ctx, result.intent, result.basisPoints);
      return;
    case "lapsed":
      await deps.desk.drop(ctx.user._id, result.intent._id, "lapsed");
      await show(ctx, { html: text.orders.lapsed() });
      return;
    case "used":
      await ctx.answerCallbackQuery({ text: text.orders.used });
  }
}

async function dropAndRepeat(deps: BotDeps, ctx: SaudaContext, intent: Intent, basisPoints: number): Promise<void> {
  if (!(await deps.desk.drop(ctx.user._id, intent._id, "edited"))) return;
  await show(ctx, { html: text.orders.moved(basisPoints) });
  await repeatTicket(deps, ctx, intent);
}

async function cancelOrder(deps: BotDeps, ctx: SaudaContext, id: string | undefined, leg: number): Promise<void> {
  const intent = await ownIntent(deps, ctx.user._id, id);
  if (!intent) return;
  const result = await deps.desk.cancel(ctx.user._id, intent._id, leg);
  if (result.kind === "busy") {
    await ctx.answerCallbackQuery({ text: text.orders.busy });
    return;
  }
  if (result.kind === "nothing-to-do") await ctx.answerCallbackQuery({ text: text.orders.nothingToDo });
  await showOrder(deps, ctx, await deps.watcher.look(result.intent));
}
