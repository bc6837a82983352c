import type { BrokerOrderId, LinkId, UserId } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import { price, type Price, priceFromRupees } from "../../domain/money.ts";
import type { OrderWords } from "../../domain/order-text.ts";
import { isFinal, type Order, type OrderTerms } from "../../domain/order.ts";
import type { Link } from "../../services/accounts/accounts.ts";
import type { BookedChange, ChangeResult } from "../../services/orders/changes.ts";
import { requireTrader } from "../updates/access.ts";
import type { BotDeps } from "../commands.ts";
import type { SaudaContext } from "../context.ts";
import { enterDialogue } from "../updates/dialogues.ts";
import { html, lines } from "../html.ts";
import { lockRefusal } from "../updates/lock-gate.ts";
import { labelWithTerms } from "./open-orders.ts";
import { retireCard } from "./order-flow.ts";
import { Correction, Refusal } from "../refusal.ts";
import { cardHeading, orderCard } from "../render/order-card.ts";
import * as text from "../text.ts";
import { send } from "../view.ts";

/** Starts the dialogue that asks for the new terms; refuses when the order is not open any more. */
export async function askNewTerms(
  deps: BotDeps,
  ctx: SaudaContext,
  linkId: LinkId,
  orderId: BrokerOrderId,
): Promise<void> {
  const about = labelWithTerms(await findOpenOrder(deps, ctx, linkId, orderId));
  await enterDialogue(deps, ctx, "modify-order", { link: linkId, orderId, about });
}

/** Sends one modify request to the broker; terms that the user did not name stay as they are. */
export async function askToModify(
  deps: BotDeps,
  ctx: SaudaContext,
  linkId: LinkId,
  orderId: BrokerOrderId,
  words: OrderWords,
): Promise<void> {
  requireTrader(ctx.user);
  const refusal = await lockRefusal(deps, ctx.user._id);
  if (refusal) throw new Refusal(refusal.html ?? html`${refusal.short}`);
  const { link, order } = await findOpenOrder(deps, ctx, linkId, orderId);
  refuseIfMeantAsPrice(words, order);
  const instrument = order.key === null ? undefined : await deps.instruments.byKey(order.key);
  const user = ctx.user._id;
  const limit = words.price ?? (await movedProtectionLimit(deps, user, linkId, order, words));
  const change = { ...quantityChange(words, instrument), ...termsChange(order, { ...words, price: limit }) };
  await reportChange(deps, ctx, link, await deps.changes.askBooked(user, link, orderId, change, instrument));
}

/**
 * At a broker that takes no stop without a limit, a stop-market order of ours is in the book as a stop-limit, whose limit is
 * only its protection. A new trigger moves that limit along at the same distance. Null for every other order: its limit stays.
 */
async function movedProtectionLimit(
  { journal }: Pick<BotDeps, "journal">,
  user: UserId,
  link: LinkId,
  { orderId, type, price: limit, triggerPrice: before }: Order,
  { triggerPrice }: OrderWords,
): Promise<Price | null> {
  if (type !== "SL" || triggerPrice === null || limit <= 0 || before <= 0) return null;
  const recent = await journal.recent(user);
  const own = recent.find(({ legs }) => legs.some((leg) => leg.link === link && leg.orderId === orderId));
  const moved = triggerPrice + limit - before;
  return own?.plan.terms.type === "SL-M" && moved > 0 ? price(moved) : null;
}

/** A change has no confirmation card, so a bare "960" for an order of 2 at 950 must not become 960 shares. */
function refuseIfMeantAsPrice({ quantity, price, triggerPrice }: OrderWords, order: Order): void {
  if (quantity?.kind !== "units" || price !== null || triggerPrice !== null) return;
  const at = order.price > 0 ? order.price : order.triggerPrice;
  if (at <= 0) return;
  const distanceToPrice = Math.abs(Math.log(priceFromRupees(quantity.count) / at));
  const distanceToQuantity = Math.abs(Math.log(quantity.count / order.qty));
  if (distanceToPrice < NEAR_LOG_RATIO && distanceToPrice < distanceToQuantity)
    throw new Correction(text.orders.priceOrQuantity(quantity.count, order.price > 0 ? "@" : "sl", at));
}

/** Within about 20% of the price. */
const NEAR_LOG_RATIO = 0.2;

export async function askToCancel(
  deps: BotDeps,
  ctx: SaudaContext,
  linkId: LinkId,
  orderId: BrokerOrderId,
): Promise<void> {
  const { link } = await findOpenOrder(deps, ctx, linkId, orderId);
  await reportChange(deps, ctx, link, await deps.changes.askBooked(ctx.user._id, link, orderId, "cancel"));
}

/** Reads the order at the broker; refuses when it is not in the book or is final. */
async function findOpenOrder(
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

/** Sends a new card of an order placed here and retires the older one; an order placed elsewhere gets a sentence. */
async function reportChange(deps: BotDeps, ctx: SaudaContext, link: Link, change: BookedChange): Promise<void> {
  if (change.kind === "gone") throw new Refusal(html`${text.orders.nothingToDo}`);
  if (change.kind === "blocked") throw new Correction(lines(...change.findings.map(text.finding)));
  if (change.kind === "theirs") {
    await send(ctx, { html: text.orders.changed(link.label, change.outcome) });
    return;
  }
  const intent = intentOf(change.result);
  const links = await deps.accounts.all(ctx.user._id);
  const looked = await deps.watcher.look(intent);
  await deps.cardTurns.take(looked._id, async () => {
    const card = await send(ctx, orderCard(looked, deps.accounts, links, deps.clock.now()));
    await deps.desk.attachCard(looked._id, card);
    await deps.journal.markDrawn(looked);
    if (looked.card) await retireCard(ctx, looked.card, cardHeading(looked, deps.accounts, links));
  });
}

/** The order whose change the broker was asked for; refuses when it was not asked. */
function intentOf(result: ChangeResult) {
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
  if (quantity.kind === "units") return { qty: quantity.count };
  if (!instrument) throw new Correction(text.orders.unknownLot());
  return { qty: quantity.count * instrument.lotSize };
}

/** A price turns a market order into a limit order; only stop orders take a trigger. */
function termsChange(order: Order, { price, triggerPrice }: OrderWords): { terms?: OrderTerms } {
  if (price === null && triggerPrice === null) return {};
  const isStop = order.type === "SL" || order.type === "SL-M";
  if (isStop) {
    const at = price ?? (order.type === "SL" ? order.price : null);
    if (at === null) throw new Correction(text.orders.needsLimit(order.side));
    return { terms: { type: "SL", price: at, triggerPrice: triggerPrice ?? order.triggerPrice } };
  }
  if (triggerPrice !== null || price === null) throw new Correction(text.orders.noTrigger());
  return { terms: { type: "LIMIT", price } };
}
