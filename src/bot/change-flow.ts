import type { BrokerOrderId, LinkId, UserId } from "../domain/ids.ts";
import type { Instrument } from "../domain/instrument.ts";
import { price, type Price, priceFromRupees } from "../domain/money.ts";
import type { OrderWords } from "../domain/order-text.ts";
import { isFinal, type Order, type OrderTerms } from "../domain/order.ts";
import type { Link } from "../services/accounts.ts";
import type { BookedChange, ChangeResult } from "../services/orders/changes.ts";
import { requireTrader } from "./access.ts";
import type { BotDeps } from "./commands.ts";
import type { SaudaContext } from "./context.ts";
import { html, lines } from "./html.ts";
import { heldByLock } from "./lock-gate.ts";
import { retire } from "./order-flow.ts";
import { Correction, Refusal } from "./refusal.ts";
import { cardHeading, orderCard } from "./render/order-card.ts";
import * as text from "./text.ts";
import { send } from "./view.ts";

/** Asks the broker for a change, once; what is not named stays as it is. */
export async function askToModify(
  deps: BotDeps,
  ctx: SaudaContext,
  linkId: LinkId,
  orderId: BrokerOrderId,
  words: OrderWords,
): Promise<void> {
  requireTrader(ctx.user);
  const held = await heldByLock(deps, ctx.user._id);
  if (held) throw new Refusal(held.html ?? html`${held.short}`);
  const { link, order } = await bookedOrder(deps, ctx, linkId, orderId);
  mindPrice(words, order);
  const instrument = order.key === null ? undefined : await deps.instruments.byKey(order.key);
  const user = ctx.user._id;
  const limit = words.price ?? (await limitMeant(deps, user, linkId, order, words));
  const change = { ...quantityChange(words, instrument), ...termsChange(order, { ...words, price: limit }) };
  await reportChange(deps, ctx, link, await deps.changes.askBooked(user, link, orderId, change, instrument));
}

/**
 * Of a stop of ours that was to sell or buy at market the limit in the book is the broker's protection: it keeps its distance
 * from the trigger, where one that was said would stay as it is.
 */
async function limitMeant(
  { journal }: Pick<BotDeps, "journal">,
  user: UserId,
  link: LinkId,
  { orderId, type, price: limit, triggerPrice: before }: Order,
  { triggerPrice }: OrderWords,
): Promise<Price | null> {
  if (type !== "SL" || triggerPrice === null || limit <= 0 || before <= 0) return null;
  const recent = await journal.recent(user);
  const own = recent.find(({ legs }) => legs.some((leg) => leg.link === link && leg.orderId === orderId));
  const meant = triggerPrice + limit - before;
  return own?.plan.terms.type === "SL-M" && meant > 0 ? price(meant) : null;
}

/** No card asks whether a change is right: "960" for an order of 2 at 950 must not become 960 shares. */
function mindPrice({ quantity, price, triggerPrice }: OrderWords, order: Order): void {
  if (quantity?.kind !== "units" || price !== null || triggerPrice !== null) return;
  const at = order.price > 0 ? order.price : order.triggerPrice;
  if (at <= 0) return;
  const fromPrice = Math.abs(Math.log(priceFromRupees(quantity.count) / at));
  if (fromPrice < NEAR && fromPrice < Math.abs(Math.log(quantity.count / order.qty)))
    throw new Correction(text.orders.priceOrQuantity(quantity.count, order.price > 0 ? "@" : "sl", at));
}

/** About a fifth. */
const NEAR = 0.2;

export async function askToCancel(
  deps: BotDeps,
  ctx: SaudaContext,
  linkId: LinkId,
  orderId: BrokerOrderId,
): Promise<void> {
  const { link } = await bookedOrder(deps, ctx, linkId, orderId);
  await reportChange(deps, ctx, link, await deps.changes.askBooked(ctx.user._id, link, orderId, "cancel"));
}

async function bookedOrder(
  deps: BotDeps,
  ctx: SaudaContext,
  linkId: LinkId,
  orderId: BrokerOrderId,
): Promise<{ link: Link; order: Order }> {
  const link = await deps.accounts.get(ctx.user._id, linkId);
  if (!link) throw new Refusal(text.accounts.gone());
  const order = await deps.accounts.call(link, (connector, access) => connector.getOrder(access, orderId, {}));
  if (!order) throw new Refusal(html`${text.orders.unseen}`);
  if (isFinal(order.status)) throw new Refusal(html`${text.orders.nothingToDo}`);
  return { link, order };
}

/** Ours are shown on their card; an order placed elsewhere is answered in a sentence. */
async function reportChange(deps: BotDeps, ctx: SaudaContext, link: Link, change: BookedChange): Promise<void> {
  if (change.kind === "gone") throw new Refusal(html`${text.orders.nothingToDo}`);
  if (change.kind === "blocked") throw new Correction(lines(...change.findings.map(text.finding)));
  if (change.kind === "theirs") {
    await send(ctx, { html: text.orders.changed(link.label, change.outcome) });
    return;
  }
  const intent = askedIntent(change.result);
  const links = await deps.accounts.all(ctx.user._id);
  const looked = await deps.watcher.look(intent);
  const card = await send(ctx, orderCard(looked, deps.accounts, links, deps.clock.now()));
  await deps.desk.attachCard(looked._id, card);
  await deps.journal.drawn(looked);
  if (looked.card) await retire(ctx, looked.card, cardHeading(looked, deps.accounts, links));
}

function askedIntent(result: ChangeResult) {
  switch (result.kind) {
    case "asked":
      return result.intent;
    case "busy":
      throw new Refusal(html`${text.orders.busy}`);
    case "nothing-to-do":
      throw new Refusal(html`${text.orders.nothingToDo}`);
    case "unseen":
      throw new Refusal(html`${text.orders.unseen}`);
    case "blocked":
      throw new Correction(lines(...result.findings.map(text.finding)));
  }
}

function quantityChange({ quantity }: OrderWords, instrument: Instrument | undefined): { qty?: number } {
  if (quantity === null || quantity.kind === "all") return {};
  return { qty: quantity.kind === "units" ? quantity.count : quantity.count * (instrument?.lotSize ?? 1) };
}

/** A new price on a market order makes it a limit order; a trigger belongs to stop orders only. */
function termsChange(order: Order, { price, triggerPrice }: OrderWords): { terms?: OrderTerms } {
  if (price === null && triggerPrice === null) return {};
  const isStop = order.type === "SL" || order.type === "SL-M";
  if (isStop) {
    const at = price ?? (order.type === "SL" ? order.price : null);
    if (at === null) throw new Correction(text.orders.needsLimit());
    return { terms: { type: "SL", price: at, triggerPrice: triggerPrice ?? order.triggerPrice } };
  }
  if (triggerPrice !== null || price === null) throw new Correction(text.orders.noTrigger());
  return { terms: { type: "LIMIT", price } };
}
