import type { BrokerOrderId, IntentId, LinkId, UserId } from "../domain/ids.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { OrderWords } from "../domain/order-text.ts";
import { isFinal, type Order, type OrderTerms, type Side } from "../domain/order.ts";
import type { BookedChange } from "../services/orders/desk.ts";
import { Refusal } from "./refusal.ts";
import type { Link } from "../services/accounts.ts";
import type { Intent, IntentDocument } from "../services/orders/journal.ts";
import type { TicketView } from "../services/orders/tickets.ts";
import { keyFromArgument } from "./callbacks.ts";
import type { BotDeps } from "./commands.ts";
import type { SaudaContext } from "./context.ts";
import { html } from "./html.ts";
import { orderCard, ticketCard } from "./render/order-card.ts";
import * as text from "./text.ts";
import { send, show } from "./view.ts";

/** The accounts that an order goes to when none is named: the default one, else the only one, else the oldest. */
export async function accountFor(deps: BotDeps, ctx: SaudaContext, name: string | null): Promise<Link> {
  const links = await deps.accounts.active(ctx.user._id);
  if (links.length === 0) throw new Refusal(text.accounts.none());
  if (name !== null) {
    const named = links.find((link) => link.label === name.toLowerCase());
    if (!named) throw new Refusal(text.orders.noAccount(name));
    return named;
  }
  const chosen = links.find((link) => link._id === ctx.user.defaultLink) ?? links[0];
  if (!chosen) throw new Refusal(text.accounts.none());
  return chosen;
}

export interface OrderAsk {
  readonly side: Side;
  readonly instrument: Instrument;
  readonly words: Omit<OrderWords, "symbolText">;
  readonly origin: IntentDocument["origin"];
}

/** Makes the ticket and shows its card. */
export async function showTicket(deps: BotDeps, ctx: SaudaContext, ask: OrderAsk): Promise<void> {
  const { words, instrument, side } = ask;
  const link = await accountFor(deps, ctx, words.account);
  const qty = await unitsOf(deps, link, ask);
  const view = await deps.tickets.make({
    userId: ctx.user._id,
    instrument,
    side,
    type: words.type,
    price: words.price,
    triggerPrice: words.triggerPrice,
    productType: words.product,
    validity: words.validity,
    isAmo: words.isAmo,
    parts: [{ link, qty }],
    origin: ask.origin,
    protectionBasisPoints: ctx.user.settings.protectionBasisPoints,
  });
  await placeCard(deps, ctx, view);
}

async function placeCard(deps: BotDeps, ctx: SaudaContext, view: TicketView): Promise<void> {
  const card = await show(ctx, ticketCard(view, deps.accounts, deps.clock.now()));
  if (card) await deps.desk.attachCard(view.intent._id, card);
}

/** Lots become units, "all" becomes what can be sold (or is short, for a buy). */
async function unitsOf(deps: BotDeps, link: Link, { words, instrument, side }: OrderAsk): Promise<number> {
  const { quantity } = words;
  if (quantity === null) throw new Error("an order needs a quantity");
  if (quantity.kind === "units") return quantity.count;
  if (quantity.kind === "lots") return quantity.count * instrument.lotSize;
  const held = await heldUnits(deps, link, instrument, side);
  if (held <= 0) throw new Refusal(text.orders.nothingHeld(instrument.symbol));
  return held;
}

async function heldUnits(deps: BotDeps, link: Link, instrument: Instrument, side: Side): Promise<number> {
  const { positions, holdings } = await deps.accounts.call(link, async (connector, access) => {
    const [positions, holdings] = await Promise.all([connector.getPositions(access), connector.getHoldings(access)]);
    return { positions, holdings };
  });
  const closing = side === "SELL" ? "BUY" : "SELL";
  const open = positions
    .filter((row) => row.key === instrument.key && row.side === closing)
    .reduce((sum, row) => sum + row.qty, 0);
  if (side === "BUY") return open;
  return holdings.filter((row) => row.key === instrument.key).reduce((sum, row) => sum + row.sellableQty, open);
}

/** The same order as a new ticket: nothing is sent by repeating. */
export async function repeatTicket(deps: BotDeps, ctx: SaudaContext, intent: Intent): Promise<void> {
  const { plan } = intent;
  const parts = await Promise.all(
    intent.legs.map(async (leg) => ({ link: await deps.accounts.get(ctx.user._id, leg.link), qty: leg.qty })),
  );
  const known = parts.flatMap(({ link, qty }) => (link ? [{ link, qty }] : []));
  if (known.length === 0) throw new Refusal(text.accounts.gone());
  const view = await deps.tickets.make({
    userId: ctx.user._id,
    instrument: intent.instrument,
    side: plan.side,
    type: plan.terms.type,
    price: "price" in plan.terms ? plan.terms.price : null,
    triggerPrice: "triggerPrice" in plan.terms ? plan.terms.triggerPrice : null,
    productType: plan.productType,
    validity: plan.validity,
    isAmo: plan.isAmo,
    parts: mergeParts(known),
    origin: "chat",
    protectionBasisPoints: ctx.user.settings.protectionBasisPoints,
  });
  const card = await send(ctx, ticketCard(view, deps.accounts, deps.clock.now()));
  if (card) await deps.desk.attachCard(view.intent._id, card);
}

/** Slices of one account become one part again. */
function mergeParts(parts: readonly { link: Link; qty: number }[]): { link: Link; qty: number }[] {
  const merged = new Map<string, { link: Link; qty: number }>();
  for (const { link, qty } of parts) merged.set(link._id, { link, qty: qty + (merged.get(link._id)?.qty ?? 0) });
  return [...merged.values()];
}

/** Draws the living card of an order where the button was tapped. */
export async function showOrder(deps: BotDeps, ctx: SaudaContext, intent: Intent): Promise<void> {
  const links = await deps.accounts.all(ctx.user._id);
  await show(ctx, orderCard(intent, deps.accounts, links, deps.clock.now()));
}

/** The order behind a button, only for its owner. */
export async function ownIntent(deps: BotDeps, user: UserId, id: string | undefined): Promise<Intent | null> {
  const intent = id === undefined ? null : await deps.journal.get(id as IntentId);
  return intent?.userId === user ? intent : null;
}

/** The instrument that a button carries. */
export const instrumentFrom = (deps: BotDeps, argument: string | undefined): Promise<Instrument | undefined> =>
  deps.instruments.byKey(keyFromArgument(argument ?? ""));

/** Asks the broker for a change, once; what is not named stays as it is. */
export async function askToModify(
  deps: BotDeps,
  ctx: SaudaContext,
  linkId: LinkId,
  orderId: BrokerOrderId,
  words: OrderWords,
): Promise<void> {
  const { link, order } = await bookedOrder(deps, ctx, linkId, orderId);
  const instrument = order.key === null ? undefined : await deps.instruments.byKey(order.key);
  const change = { ...quantityChange(words, instrument), ...termsChange(order, words) };
  await reportChange(deps, ctx, link, await deps.desk.changeBooked(ctx.user._id, link, orderId, change));
}

export async function askToCancel(
  deps: BotDeps,
  ctx: SaudaContext,
  linkId: LinkId,
  orderId: BrokerOrderId,
): Promise<void> {
  const { link } = await bookedOrder(deps, ctx, linkId, orderId);
  await reportChange(deps, ctx, link, await deps.desk.changeBooked(ctx.user._id, link, orderId, "cancel"));
}

async function bookedOrder(
  deps: BotDeps,
  ctx: SaudaContext,
  linkId: LinkId,
  orderId: BrokerOrderId,
): Promise<{ link: Link; order: Order }> {
  const link = await deps.accounts.get(ctx.user._id, linkId);
  if (!link) throw new Refusal(text.accounts.gone());
  const orders = await deps.accounts.call(link, (connector, access) => connector.getOrders(access));
  const order = orders.find((each) => each.orderId === orderId);
  if (!order || isFinal(order.status)) throw new Refusal(html`${text.orders.nothingToDo}`);
  return { link, order };
}

/** Ours are shown on their card; an order placed elsewhere is answered in a sentence. */
async function reportChange(deps: BotDeps, ctx: SaudaContext, link: Link, change: BookedChange): Promise<void> {
  if (change.kind === "gone") throw new Refusal(html`${text.orders.nothingToDo}`);
  if (change.kind === "theirs") {
    await send(ctx, { html: text.orders.changed(link.label, change.outcome) });
    return;
  }
  const { result } = change;
  if (result.kind !== "asked")
    throw new Refusal(html`${result.kind === "busy" ? text.orders.busy : text.orders.nothingToDo}`);
  const links = await deps.accounts.all(ctx.user._id);
  const looked = await deps.watcher.look(result.intent);
  const card = await send(ctx, orderCard(looked, deps.accounts, links, deps.clock.now()));
  if (card) await deps.desk.attachCard(looked._id, card);
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
    if (at === null) throw new Refusal(text.orders.needsLimit());
    return { terms: { type: "SL", price: at, triggerPrice: triggerPrice ?? order.triggerPrice } };
  }
  if (triggerPrice !== null || price === null) throw new Refusal(text.orders.noTrigger());
  return { terms: { type: "LIMIT", price } };
}
