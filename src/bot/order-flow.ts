import type { IntentId, UserId } from "../domain/ids.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { AccountWords, OrderWords, QuantityWords } from "../domain/order-text.ts";
import { cameToNothing } from "../domain/order-intent.ts";
import type { Product, Side } from "../domain/order.ts";
import { closableBy, isHoldingOf, sellableWithT1 } from "../domain/portfolio.ts";
import { usualOf, type Link } from "../services/accounts.ts";
import { rowsFor } from "../services/books.ts";
import type { Finding } from "../services/orders/findings.ts";
import type { Part } from "../services/orders/account-look.ts";
import { type Intent, isWayOut, type Origin } from "../services/orders/journal.ts";
import { partsOf, usualProduct } from "../services/orders/ticket-plan.ts";
import { requestBehind, type TicketView } from "../services/orders/tickets.ts";
import { requireTrader } from "./access.ts";
import type { BotDeps } from "./commands.ts";
import type { SaudaContext } from "./context.ts";
import { lines, type Html } from "./html.ts";
import { noAccount } from "./no-account.ts";
import { Refusal } from "./refusal.ts";
import { cardHeading, orderCard } from "./render/order-card.ts";
import { ticketCard } from "./render/ticket-card.ts";
import * as text from "./text.ts";
import { type Place, redraw, send, show } from "./view.ts";

/** An order may move while its card is being drawn: then it is drawn again, so often at most. */
const DRAWS = 3;

export interface OrderAsk {
  readonly side: Side;
  readonly instrument: Instrument;
  readonly words: Omit<OrderWords, "symbolText">;
  readonly origin: Origin;
}

/** Makes the ticket and shows its card. */
export async function showTicket(deps: BotDeps, ctx: SaudaContext, ask: OrderAsk): Promise<void> {
  requireTrader(ctx.user);
  const { words, instrument, side } = ask;
  const parts = await partsAsked(deps, ctx, ask);
  if (isWayOut(ask.origin)) await requireOpen(deps, parts, ask);
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
    origin: ask.origin,
    protectionBasisPoints: ctx.user.settings.protectionBasisPoints,
  });
  await showView(deps, ctx, view);
}

/** The card of a new ticket, where the button was tapped or as a new message. */
export async function showView(
  deps: BotDeps,
  ctx: SaudaContext,
  view: TicketView,
  draw: typeof show = show,
): Promise<void> {
  const card = await draw(ctx, ticketCard(view, deps.accounts, deps.clock.now()));
  await deps.desk.attachCard(view.intent._id, card);
}

/** A quantity for each account: its own where one was said, else the one for all. */
async function partsAsked(deps: BotDeps, ctx: SaudaContext, ask: OrderAsk): Promise<Part[]> {
  const chosen = await accountsFor(deps, ctx, ask.words.accounts);
  const parts = await Promise.all(
    chosen.map(async ({ link, quantity }) => ({
      link,
      qty: await unitsOf(deps, link, quantity ?? ask.words.quantity, ask, chosen.length > 1),
    })),
  );
  const wanted = parts.filter((part) => part.qty > 0);
  if (wanted.length === 0) throw nothingHeld(ask);
  return wanted;
}

interface Chosen {
  readonly link: Link;
  readonly quantity: QuantityWords | null;
}

/** The accounts that an order's words mean; refuses a name that is none of theirs. */
export async function accountsFor(deps: BotDeps, ctx: SaudaContext, words: AccountWords | null): Promise<Chosen[]> {
  const links = await deps.accounts.active(ctx.user._id);
  const usual = usualOf(links, ctx.user.defaultLink);
  if (!usual) throw await noAccount(deps, ctx.user._id);
  if (words === null) return [{ link: usual, quantity: null }];
  if (words.kind === "all") return links.map((link) => ({ link, quantity: null }));
  const all = await deps.accounts.all(ctx.user._id);
  return words.parts.map(({ label, quantity }) => {
    const link = links.find((each) => each.label === label);
    if (link) return { link, quantity };
    const isThere = all.some((each) => each.label === label);
    throw new Refusal(isThere ? text.orders.accountOff(label) : text.orders.noAccount(label));
  });
}

/** Lots become units, "all" becomes what can be sold (or is short, for a buy); 0 where one of several has nothing. */
async function unitsOf(
  deps: BotDeps,
  link: Link,
  quantity: QuantityWords | null,
  ask: OrderAsk,
  isOneOfSeveral: boolean,
): Promise<number> {
  if (quantity === null) throw new Refusal(text.orders.noQuantity(link.label));
  if (quantity.kind === "units") return quantity.count;
  if (quantity.kind === "lots") return quantity.count * ask.instrument.lotSize;
  const held = await heldUnits(deps, link, ask);
  if (held <= 0 && !isOneOfSeveral) throw nothingHeld(ask);
  return held;
}

const productOf = ({ words, instrument }: OrderAsk): Product => words.product ?? usualProduct(instrument);
const nothingHeld = (ask: OrderAsk): Refusal =>
  new Refusal(text.orders.nothingHeld(ask.side, ask.instrument.symbol, productOf(ask)));

/** No limit holds back a way out: where its quantity is said by a person, it must have been read that so much is open. */
async function requireOpen(deps: BotDeps, parts: readonly Part[], ask: OrderAsk): Promise<void> {
  const closing = { ...ask.instrument, side: ask.side, productType: productOf(ask) };
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

async function heldUnits(deps: BotDeps, link: Link, ask: OrderAsk): Promise<number> {
  const { instrument, side } = ask;
  const productType = productOf(ask);
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
 * The same order as a new ticket: nothing is sent by repeating. Of one that was done in part, what came to nothing. What
 * closes a position closes no more than is open then.
 */
export async function repeatTicket(deps: BotDeps, ctx: SaudaContext, intent: Intent): Promise<void> {
  const failed = intent.legs.filter(cameToNothing);
  const parts = partsOf(failed.length > 0 ? failed : intent.legs, await deps.accounts.active(ctx.user._id));
  if (parts.length === 0) throw new Refusal(text.accounts.gone());
  const origin = isWayOut(intent.origin) ? "exit" : "chat";
  await showView(deps, ctx, await deps.tickets.make({ ...requestBehind(intent, parts), origin }), send);
}

/** A ticket priced again in its place, with a line that says why. False when it is no ticket any more. */
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

/** Draws the living card of an order where the button was tapped, again if it moved meanwhile. */
export async function showOrder(deps: BotDeps, ctx: SaudaContext, intent: Intent): Promise<void> {
  let shown = intent;
  for (let draws = 0; draws < DRAWS; draws += 1) {
    await drawOrder(deps, ctx, shown);
    await deps.journal.drawn(shown);
    const now = await deps.journal.get(intent._id);
    if (!now || JSON.stringify(now.legs) === JSON.stringify(shown.legs)) return;
    shown = now;
  }
}

/** Draws an order's card as it was a moment ago: somebody draws it again. Of several the lowest in the chat is the one. */
export async function drawOrder(deps: BotDeps, ctx: SaudaContext, intent: Intent): Promise<void> {
  const links = await deps.accounts.all(ctx.user._id);
  const view = orderCard(intent, deps.accounts, links, deps.clock.now());
  const heading = cardHeading(intent, deps.accounts, links);
  const { card } = intent;
  const tapped = ctx.callbackQuery?.message;
  if (card && tapped && tapped.message_id < card.messageId && (await redraw(ctx.api, card, view))) {
    await retire(ctx, { chatId: tapped.chat.id, messageId: tapped.message_id }, heading);
    return;
  }
  const drawn = await show(ctx, view);
  if (drawn.messageId === card?.messageId) return;
  await deps.desk.attachCard(intent._id, drawn);
  if (card) await retire(ctx, card, heading);
}

/** Nobody draws a card above the order's any more: it must not go on showing the order as open. */
export async function retire(ctx: SaudaContext, card: Place, heading: Html): Promise<void> {
  await redraw(ctx.api, card, { html: lines(heading, text.orders.newer()) }).catch((error: unknown) =>
    ctx.log.warn({ err: error }, "older card not retired"),
  );
}

/** The order behind a button, only for its owner. */
export async function ownIntent(deps: BotDeps, user: UserId, id: string | undefined): Promise<Intent | null> {
  const intent = id === undefined || id === "" ? null : await deps.journal.get(id as IntentId);
  return intent?.userId === user ? intent : null;
}

/** The order that a Confirm button made. After a crash its tap comes again, and must not be told that nothing was sent. */
export async function confirmedBy(deps: BotDeps, user: UserId, confirmId: string): Promise<Intent | null> {
  const intent = await deps.journal.byConfirmId(confirmId);
  return intent && intent.userId === user && intent.confirmedAt !== null ? intent : null;
}
