import type { IntentId, UserId } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import type { AccountWords, OrderWords, QuantityWords } from "../../domain/order-text.ts";
import { cameToNothing, type Leg } from "../../domain/order-intent.ts";
import type { Product, Side } from "../../domain/order.ts";
import { closableBy, isHoldingOf, sellableWithT1 } from "../../domain/portfolio.ts";
import { preferredLink, type Link } from "../../services/accounts/accounts.ts";
import { rowsFor } from "../../services/portfolio/books.ts";
import type { Finding } from "../../services/orders/findings.ts";
import type { Part } from "../../services/orders/account-check.ts";
import { type Intent, reducesRisk, type Origin } from "../../services/orders/journal.ts";
import { partsOf, defaultProduct } from "../../services/orders/ticket-plan.ts";
import { requestBehind, type TicketView } from "../../services/orders/tickets.ts";
import { requireTrader } from "../updates/access.ts";
import type { BotDeps } from "../commands.ts";
import type { SaudaContext } from "../context.ts";
import { lines, type Html } from "../html.ts";
import { noAccount, noSuchAccount } from "../no-account.ts";
import { Refusal } from "../refusal.ts";
import { cardHeading, orderCard } from "../render/order-card.ts";
import { ticketCard } from "../render/ticket-card.ts";
import * as text from "../text.ts";
import { type Place, redraw, send, show } from "../view.ts";

/** An order may change while its card is being drawn; it is then drawn again, at most this often in all. */
const MAX_DRAWS = 3;

export interface OrderRequest {
  readonly side: Side;
  readonly instrument: Instrument;
  readonly words: Omit<OrderWords, "symbolText">;
  readonly origin: Origin;
}

/** Makes the ticket and shows its card. */
export async function showTicket(deps: BotDeps, ctx: SaudaContext, request: OrderRequest): Promise<void> {
  requireTrader(ctx.user);
  const { words, instrument, side } = request;
  const parts = await requestedParts(deps, ctx, request);
  if (reducesRisk(request.origin)) await requireOpen(deps, parts, request);
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
    parts,
    origin: request.origin,
    protectionBasisPoints: ctx.user.settings.protectionBasisPoints,
  });
  await showTicketCard(deps, ctx, view);
}

/** Shows the card of a new ticket and stores its place. `draw`: `show` replaces the tapped message, `send` does not. */
export async function showTicketCard(
  deps: BotDeps,
  ctx: SaudaContext,
  view: TicketView,
  draw: typeof show = show,
): Promise<void> {
  const card = await draw(ctx, ticketCard(view, deps.accounts, deps.clock.now()));
  await deps.desk.attachCard(view.intent._id, card);
}

/** The accounts and units to order for: an account's own quantity where one was given, else the common one. */
async function requestedParts(deps: BotDeps, ctx: SaudaContext, request: OrderRequest): Promise<Part[]> {
  const chosen = await accountsFor(deps, ctx, request.words.accounts);
  const parts = await Promise.all(
    chosen.map(async ({ link, quantity }) => ({
      link,
      qty: await toUnits(deps, link, quantity ?? request.words.quantity, request, chosen.length > 1),
    })),
  );
  const wanted = parts.filter((part) => part.qty > 0);
  if (wanted.length === 0) throw nothingHeld(chosen, request);
  return wanted;
}

interface ChosenAccount {
  readonly link: Link;
  readonly quantity: QuantityWords | null;
}

/** The accounts that "on …" names, the preferred one without it. Refuses names the user has no active account for. */
export async function accountsFor(
  deps: BotDeps,
  ctx: SaudaContext,
  words: AccountWords | null,
): Promise<ChosenAccount[]> {
  const links = await deps.accounts.active(ctx.user._id);
  const usual = preferredLink(links, ctx.user.defaultLink);
  if (!usual) throw await noAccount(deps, ctx.user._id);
  if (words === null) return [{ link: usual, quantity: null }];
  if (words.kind === "all") return links.map((link) => ({ link, quantity: null }));
  const all = await deps.accounts.all(ctx.user._id);
  return words.parts.map(({ label, quantity }) => {
    const link = links.find((each) => each.label === label);
    if (link) return { link, quantity };
    throw EXCHANGES.has(label) ? new Refusal(text.orders.onExchange()) : noSuchAccount(all, label);
  });
}

const EXCHANGES = new Set(["nse", "bse"]);

/**
 * The quantity in units. "all" is what the account can sell, or for a buy what it has sold short; where that is nothing, 0
 * for one of several accounts and a refusal for a single one.
 */
async function toUnits(
  deps: BotDeps,
  link: Link,
  quantity: QuantityWords | null,
  request: OrderRequest,
  isOneOfSeveral: boolean,
): Promise<number> {
  if (quantity === null) throw new Refusal(text.orders.noQuantity(link.label));
  if (quantity.kind === "units") return quantity.count;
  if (quantity.kind === "lots") return quantity.count * request.instrument.lotSize;
  const held = await heldUnits(deps, link, request);
  if (held <= 0 && !isOneOfSeveral) throw nothingHeld([{ link }], request);
  return held;
}

const productOf = ({ words, instrument }: OrderRequest): Product => words.product ?? defaultProduct(instrument);

function nothingHeld(at: readonly Pick<ChosenAccount, "link">[], request: OrderRequest): Refusal {
  const labels = at.map(({ link }) => link.label);
  return new Refusal(text.orders.nothingHeld(labels, request.side, request.instrument.symbol, productOf(request)));
}

/** Exits are exempt from the user's limits, so an exit with a typed quantity must not be larger than what is open. */
async function requireOpen(deps: BotDeps, parts: readonly Part[], request: OrderRequest): Promise<void> {
  const closing = { ...request.instrument, side: request.side, productType: productOf(request) };
  const findings = await Promise.all(
    parts.map(async ({ link, qty }): Promise<Finding[]> => {
      const positions = await deps.accounts.call(link, (connector, access) =>
        rowsFor(closing, connector.getPositions(access)),
      );
      const open = closableBy(closing, positions);
      return qty > open ? [{ level: "block", code: "less-open", label: link.label, open }] : [];
    }),
  );
  const found = findings.flat();
  if (found.length > 0) throw new Refusal(lines(...found.map(text.finding)));
}

async function heldUnits(deps: BotDeps, link: Link, request: OrderRequest): Promise<number> {
  const { instrument, side } = request;
  const productType = productOf(request);
  const { positions, holdings } = await deps.accounts.call(link, async (connector, access) => {
    const [positions, holdings] = await Promise.all([
      rowsFor(instrument, connector.getPositions(access)),
      connector.getHoldings(access),
    ]);
    return { positions, holdings };
  });
  const open = closableBy({ ...instrument, side, productType }, positions);
  if (side === "BUY") return open;
  return holdings
    .filter((row) => isHoldingOf(row, instrument) && row.productType === productType)
    .reduce((sum, row) => sum + sellableWithT1(row), open);
}

/**
 * Shows a new ticket for the same order, or only for the legs that came to nothing, if any. Nothing is sent before Confirm.
 * The repeat of an exit is an exit again, which closes no more than is open.
 */
export async function repeatTicket(deps: BotDeps, ctx: SaudaContext, intent: Intent): Promise<void> {
  const failed = intent.legs.filter(cameToNothing);
  const legs = failed.length > 0 ? failed : intent.legs;
  const parts = partsOf(legs, await deps.accounts.all(ctx.user._id)).filter(({ link }) => link.is_active);
  if (parts.length === 0) throw await notThere(deps, ctx, legs);
  const origin = reducesRisk(intent.origin) ? "exit" : "chat";
  await showTicketCard(deps, ctx, await deps.tickets.make({ ...requestBehind(intent, parts), origin }), send);
}

/** The refusal when no account of these orders can take one now. */
export async function notThere(deps: BotDeps, ctx: SaudaContext, legs: readonly Leg[]): Promise<Refusal> {
  const [part] = partsOf(legs, await deps.accounts.all(ctx.user._id));
  return new Refusal(part ? text.orders.accountOff(part.link.label) : text.accounts.gone());
}

/** Reprices a ticket and redraws its card, under `note` if given. False when it is no longer a ticket. */
export async function showRenewed(
  deps: BotDeps,
  ctx: SaudaContext,
  intent: Intent,
  note: Html | null,
  change?: { readonly isAmo: boolean },
): Promise<boolean> {
  const view: TicketView | null = await deps.tickets.renew(intent, change);
  if (!view) return false;
  const card = ticketCard(view, deps.accounts, deps.clock.now());
  await show(ctx, note ? { ...card, html: lines(note, card.html) } : card);
  return true;
}

/**
 * Draws the card of an order, and draws it again if the order changed meanwhile. `before`: the order at the tap. News that the
 * watcher has drawn since are not drawn again, because Telegram refuses an edit that changes nothing.
 */
export const showOrder = (deps: BotDeps, ctx: SaudaContext, before: Intent): Promise<void> =>
  deps.cardTurns.take(before._id, () => drawNews(deps, ctx, before));

async function drawNews(deps: BotDeps, ctx: SaudaContext, before: Intent): Promise<void> {
  let shown = (await deps.journal.get(before._id)) ?? before;
  const isTapped = ctx.callbackQuery?.message?.message_id === shown.card?.messageId;
  if (isTapped && !shown.isCardStale && !hasSameLegs(before, shown)) return;
  for (let draws = 0; draws < MAX_DRAWS; draws += 1) {
    await drawOrder(deps, ctx, shown);
    await deps.journal.markDrawn(shown);
    const now = await deps.journal.get(before._id);
    if (!now || hasSameLegs(now, shown)) return;
    shown = now;
  }
}

const hasSameLegs = (a: Intent, b: Intent): boolean => JSON.stringify(a.legs) === JSON.stringify(b.legs);

/**
 * Draws the card once, in the caller's turn, without marking it as drawn. If an order has several cards in the chat, the
 * lowest one is kept up to date and the others are retired.
 */
export async function drawOrder(deps: BotDeps, ctx: SaudaContext, intent: Intent): Promise<void> {
  const links = await deps.accounts.all(ctx.user._id);
  const view = orderCard(intent, deps.accounts, links, deps.clock.now());
  const heading = cardHeading(intent, deps.accounts, links);
  const { card } = intent;
  const tapped = ctx.callbackQuery?.message;
  if (card && tapped && tapped.message_id < card.messageId && (await redraw(ctx.api, card, view))) {
    await retireCard(ctx, { chatId: tapped.chat.id, messageId: tapped.message_id }, heading);
    return;
  }
  const drawn = await show(ctx, view);
  if (drawn.messageId === card?.messageId) return;
  await deps.desk.attachCard(intent._id, drawn);
  if (card) await retireCard(ctx, card, heading);
}

/** Replaces an older card, which is no longer updated and would go on showing the order as open. */
export async function retireCard(ctx: SaudaContext, card: Place, heading: Html): Promise<void> {
  await redraw(ctx.api, card, { html: lines(heading, text.orders.newer()) }).catch((error: unknown) =>
    ctx.log.warn({ err: error }, "older card not retired"),
  );
}

/** The order that a button names; null when there is none, or it is another user's. */
export async function ownIntent(deps: BotDeps, user: UserId, id: string | undefined): Promise<Intent | null> {
  const intent = id === undefined || id === "" ? null : await deps.journal.get(id as IntentId);
  return intent?.userId === user ? intent : null;
}

/** The order that a Confirm button has confirmed: after a crash the repeated tap must not be told that nothing was sent. */
export async function confirmedBy(deps: BotDeps, user: UserId, confirmId: string): Promise<Intent | null> {
  const intent = await deps.journal.byConfirmId(confirmId);
  return intent && intent.userId === user && intent.confirmedAt !== null ? intent : null;
}
