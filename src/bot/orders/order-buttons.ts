import { Composer } from "grammy";
import type { BrokerOrderId, LinkId } from "../../domain/ids.ts";
import type { OrderWords } from "../../domain/order-text.ts";
import type { ConfirmResult } from "../../services/orders/desk.ts";
import type { BrokerError } from "../../errors.ts";
import { reducesRisk, type Intent } from "../../services/orders/journal.ts";
import { legBehind } from "../../services/strategies/nifty-shop/shop.ts";
import { allows } from "../updates/access.ts";
import { onCallback } from "../callbacks.ts";
import { askNewTerms, askToCancel } from "./change-flow.ts";
import type { BotDeps } from "../commands.ts";
import type { SaudaContext } from "../context.ts";
import { enterDialogue } from "../updates/dialogues.ts";
import type { Html } from "../html.ts";
import { confirmedBy, drawOrder, notThere, ownIntent, showOrder, showRenewed } from "./order-flow.ts";
import { Refusal } from "../refusal.ts";
import { repeatOrder, showProposal } from "../shop-flow.ts";
import * as text from "../text.ts";
import { show } from "../view.ts";
import { continueWithChoice, continueWithKept } from "./trade-command.ts";
import { instrumentFrom } from "../symbols.ts";

/** When the broker has not answered after this, the card says that the order is being sent. */
const SLOW_BROKER_MS = 250;

/** The buttons of ticket and order cards. Whichever names an order is checked in the store to be its user's. */
export function orderButtons(deps: BotDeps): Composer<SaudaContext> {
  const composer = new Composer<SaudaContext>();
  const trading = composer.filter((ctx) => allows(ctx.user.role, "trader"));
  ticketButtons(deps, trading);
  orderCardButtons(deps, trading);
  onCallback(composer, "or", async (ctx, [id]) => {
    const intent = await tappedOrder(deps, ctx, id);
    if (intent) await refresh(deps, ctx, intent);
  });
  return composer;
}

function ticketButtons(deps: BotDeps, trading: Composer<SaudaContext>): void {
  onCallback(trading, "x", async (ctx, [confirmId = ""]) => {
    const card = ctx.callbackQuery?.message;
    const at = card && { chatId: card.chat.id, messageId: card.message_id };
    const result = await deps.desk.confirm(ctx.user._id, confirmId, at);
    const earlier = result.kind === "used" ? await confirmedBy(deps, ctx.user._id, confirmId) : null;
    if (!earlier) return afterConfirm(deps, ctx, result);
    await ctx.answerCallbackQuery({ text: text.orders.confirmed });
    if (earlier.isCardStale) await showOrder(deps, ctx, earlier);
  });
  onCallback(trading, "td", async (ctx, [id]) => {
    const intent = await dropTicket(deps, ctx, id, "cancelled");
    if (intent) await showDropped(deps, ctx, intent);
  });
  onCallback(trading, "te", async (ctx, [id]) => {
    const intent = await dropTicket(deps, ctx, id, "edited");
    if (!intent) return;
    const behind = legBehind(intent);
    if (behind) {
      await showProposal(deps, ctx, behind.id, behind.leg);
      await deps.journal.markDrawn(intent);
      return;
    }
    await showDropped(deps, ctx, intent);
    await enterDialogue(deps, ctx, "place-order", {
      side: intent.plan.side,
      key: intent.plan.key,
      kept: await keptWords(deps, ctx, intent),
      ...(reducesRisk(intent.origin) ? { origin: "exit" } : {}),
    });
  });
  onCallback(trading, "ta", async (ctx, [id]) => {
    const intent = await ownIntent(deps, ctx.user._id, id);
    const isRenewed = intent !== null && (await showRenewed(deps, ctx, intent, null, { isAmo: true }));
    if (!isRenewed) await ctx.answerCallbackQuery({ text: text.orders.used });
  });
  onCallback(trading, "tkw", (ctx, args) => continueWithChoice(deps, ctx, args));
  onCallback(trading, "tko", (ctx, args) => continueWithKept(deps, ctx, args));
  onCallback(trading, "tkt", async (ctx, [side, key]) => {
    const instrument = await instrumentFrom(deps, key);
    await enterDialogue(deps, ctx, "place-order", { side: side === "S" ? "SELL" : "BUY", key: instrument.key });
  });
}

/** What an edited ticket keeps; its quantity and price are asked for again. Never another account in place of its own. */
async function keptWords(
  deps: BotDeps,
  ctx: SaudaContext,
  { plan, legs }: Intent,
): Promise<Pick<OrderWords, "accounts" | "product" | "validity" | "isAmo">> {
  const links = await deps.accounts.active(ctx.user._id);
  const parts = links
    .filter(({ _id }) => legs.some((leg) => leg.link === _id))
    .map(({ label }) => ({ label, quantity: null }));
  if (parts.length === 0) throw await notThere(deps, ctx, legs);
  const { productType: product, validity, isAmo } = plan;
  return { accounts: { kind: "named", parts }, product, validity, isAmo };
}

/** Drops the ticket. Null, with the tap answered, when it was confirmed, dropped or replaced before. */
async function dropTicket(
  deps: BotDeps,
  ctx: SaudaContext,
  id: string | undefined,
  what: "cancelled" | "edited",
): Promise<Intent | null> {
  const intent = await ownIntent(deps, ctx.user._id, id);
  const message = ctx.callbackQuery?.message?.message_id;
  const dropped = intent && (await deps.desk.drop(ctx.user._id, intent._id, what, message));
  if (!dropped) await ctx.answerCallbackQuery({ text: intent?.confirmedAt ? text.orders.confirmed : text.orders.used });
  return dropped;
}

/** The card is marked as drawn only after it was: when showing fails, the watcher draws it. */
async function showDropped(deps: BotDeps, ctx: SaudaContext, intent: Intent): Promise<void> {
  await show(ctx, { html: text.orders.dropped() });
  await deps.journal.markDrawn(intent);
}

/** Null, with the tap answered, when the order is not in the store: unconfirmed tickets are deleted after two days. */
async function tappedOrder(deps: BotDeps, ctx: SaudaContext, id: string | undefined): Promise<Intent | null> {
  const intent = await ownIntent(deps, ctx.user._id, id);
  if (!intent) await ctx.answerCallbackQuery({ text: text.deadButton });
  return intent;
}

function orderCardButtons(deps: BotDeps, trading: Composer<SaudaContext>): void {
  onCallback(trading, "oc", (ctx, [id, leg]) => cancelOrder(deps, ctx, id, Number(leg)));
  onCallback(trading, "om", async (ctx, [id, leg]) => {
    const intent = await tappedOrder(deps, ctx, id);
    const target = intent?.legs[Number(leg)];
    if (target && target.orderId !== null) await askNewTerms(deps, ctx, target.link, target.orderId);
  });
  onCallback(trading, "bc", (ctx, [link, order]) =>
    askToCancel(deps, ctx, (link ?? "") as LinkId, (order ?? "") as BrokerOrderId),
  );
  onCallback(trading, "bm", (ctx, [link, order]) =>
    askNewTerms(deps, ctx, (link ?? "") as LinkId, (order ?? "") as BrokerOrderId),
  );
  onCallback(trading, "oq", async (ctx, [id]) => {
    const intent = await tappedOrder(deps, ctx, id);
    if (intent) await repeatOrder(deps, ctx, intent);
  });
}

async function afterConfirm(deps: BotDeps, ctx: SaudaContext, result: ConfirmResult): Promise<void> {
  switch (result.kind) {
    case "confirmed":
      await showSending(deps, ctx, result);
      return;
    case "moved":
      await renewOrTell(deps, ctx, result.intent, text.orders.moved(result.basisPoints));
      return;
    case "limited":
    case "shut":
      await renewOrTell(deps, ctx, result.intent, null);
      return;
    case "lapsed":
      await deps.desk.drop(ctx.user._id, result.intent._id, "lapsed", ctx.callbackQuery?.message?.message_id);
      await show(ctx, { html: text.orders.lapsed() });
      return;
    case "not-allowed":
      await ctx.answerCallbackQuery({ text: text.orders.notAllowed });
      return;
    case "used":
      await ctx.answerCallbackQuery({ text: text.orders.used });
  }
}

/** The order has been sent, so a failure to draw its card must not read as its failure: the watcher draws it later. */
async function showSending(
  deps: BotDeps,
  ctx: SaudaContext,
  { intent, sent }: Extract<ConfirmResult, { kind: "confirmed" }>,
): Promise<void> {
  const logNotDrawn = (error: unknown): void => ctx.log.warn({ err: error }, "card not drawn");
  const isSlow = await Promise.race([sent.then(() => false), deps.clock.sleep(SLOW_BROKER_MS).then(() => true)]);
  if (isSlow) await deps.cardTurns.take(intent._id, () => drawOrder(deps, ctx, intent)).catch(logNotDrawn);
  const answered = await sent;
  await deps.watcher.look(answered).catch(logNotDrawn);
  await showOrder(deps, ctx, intent).catch(logNotDrawn);
}

async function renewOrTell(deps: BotDeps, ctx: SaudaContext, intent: Intent, note: Html | null): Promise<void> {
  if (!(await showRenewed(deps, ctx, intent, note))) await ctx.answerCallbackQuery({ text: text.orders.used });
}

/** Not redrawn when the broker's book could not be read: the card's new time would suggest that it was. */
async function refresh(deps: BotDeps, ctx: SaudaContext, intent: Intent): Promise<void> {
  const unread: BrokerError[] = [];
  await deps.watcher.look(intent, (error) => unread.push(error));
  const [error] = unread;
  if (error) throw error;
  await showOrder(deps, ctx, intent);
}

async function cancelOrder(deps: BotDeps, ctx: SaudaContext, id: string | undefined, leg: number): Promise<void> {
  const intent = await tappedOrder(deps, ctx, id);
  if (!intent) return;
  const link = intent.legs[leg]?.link;
  // The order may still be open at the broker: "nothing to change" would be wrong.
  if (link !== undefined && !(await deps.accounts.get(ctx.user._id, link))) throw new Refusal(text.accounts.gone());
  const message = ctx.callbackQuery?.message?.message_id;
  const result = await deps.changes.ask(ctx.user._id, intent._id, leg, "cancel", message);
  if (result.kind === "busy" || result.kind === "blocked") {
    await ctx.answerCallbackQuery({ text: text.orders.busy });
    return;
  }
  if (result.kind === "nothing-to-do") await ctx.answerCallbackQuery({ text: text.orders.nothingToDo });
  if (result.kind === "unseen") await ctx.answerCallbackQuery({ text: text.orders.unseen });
  await deps.watcher.look(result.intent);
  await showOrder(deps, ctx, intent);
}
