import { InlineKeyboard } from "grammy";
import { chargesOf } from "../../domain/charges.ts";
import { ticker, type Instrument } from "../../domain/instrument.ts";
import { type Price, valueOf } from "../../domain/money.ts";
import type { BookedTerms, Leg, LegState, OrderPlan } from "../../domain/order-intent.ts";
import { cameToNothing, currentTerms, isClosed, lacksPrice } from "../../domain/order-intent.ts";
import type { NotSentCause, OrderTerms } from "../../domain/order.ts";
import { renderPairs } from "../../lib/table.ts";
import type { Accounts, Link } from "../../services/accounts/accounts.ts";
import type { Intent } from "../../services/orders/journal.ts";
import { callbackData } from "../callbacks.ts";
import { html, lines, type Html } from "../html.ts";
import * as text from "../text.ts";
import type { View } from "../view.ts";
import { atPrice, priceText, quantity, rupees } from "./amounts.ts";
import { PAGE_WIDTH, stamp } from "./page.ts";
import { addLogins } from "./login-buttons.ts";
import { NOT_SENT_WORDS, reasonWords } from "./reason-words.ts";
import { isPaperAccount } from "./source.ts";

/** "BUY 10 SBIN", marked when it is paper. */
export function cardHeading(intent: Intent, accounts: Accounts, links: readonly Link[]): Html {
  const { plan } = intent;
  const qty = intent.legs.reduce((sum, leg) => sum + leg.qty, 0);
  const isPaper = intent.legs.map((leg) => {
    const link = links.find((each) => each._id === leg.link);
    return link !== undefined && isPaperAccount(accounts, link);
  });
  return html`<b>${plan.side} ${quantity(qty)} ${ticker(plan.symbol)}</b>${text.paperNote(isPaper)}`;
}

export function termsText(terms: OrderTerms): string {
  switch (terms.type) {
    case "MARKET":
      return "market";
    case "LIMIT":
      return `limit ${priceText(terms.price)}`;
    case "SL":
      return `sl ${priceText(terms.triggerPrice)} @ ${priceText(terms.price)}`;
    case "SL-M":
      return stopText(terms.triggerPrice);
  }
}

/** The card of a confirmed order, redrawn whenever the order changes. */
export function orderCard(intent: Intent, accounts: Accounts, links: readonly Link[], now: number): View {
  const labelOf = (leg: Leg): string => links.find((link) => link._id === leg.link)?.label ?? "unlinked account";
  const { plan } = intent;
  if (intent.legs.every((leg) => leg.state === "dropped")) return droppedCard(intent, accounts, links);
  return {
    html: lines(
      cardHeading(intent, accounts, links),
      html`<pre>${renderPairs(
        [
          [
            intent.legs.length === 1 && intent.legs[0] ? labelOf(intent.legs[0]) : `${intent.legs.length} orders`,
            termsText(intent.legs.every(isClosed) ? currentTerms(plan.terms, intent.legs) : plan.terms),
          ],
          [plan.symbol, plan.productType],
        ],
        PAGE_WIDTH,
      )}</pre>`,
      ...intent.legs.map((leg, at) =>
        legBlock(
          leg,
          intent,
          recordText(leg, accounts, links),
          intent.legs.length > 1 ? `${at + 1}. ${labelOf(leg)}` : null,
        ),
      ),
      ...whereToRegister(intent, accounts, links),
      stamp(now),
    ),
    keyboard: cardKeyboard(intent, links),
  };
}

/** The card of a ticket that was cancelled or not confirmed in time. */
function droppedCard(intent: Intent, accounts: Accounts, links: readonly Link[]): View {
  const hasLapsed = intent.history.at(-1)?.what === "lapsed";
  return {
    html: lines(cardHeading(intent, accounts, links), hasLapsed ? text.orders.lapsed() : text.orders.dropped()),
    keyboard: new InlineKeyboard().text("Repeat", callbackData("oq", intent._id)),
  };
}

const STATE_SIGNS: Readonly<Record<LegState, string>> = {
  ticket: "⚪",
  dropped: "⚪",
  sending: "🕓",
  unknown: "❓",
  working: "🟡",
  filled: "✅",
  cancelled: "⚪",
  rejected: "⛔",
  expired: "⚪",
  "not-sent": "⛔",
  "not-found": "⛔",
  unresolved: "❓",
};

function legBlock(leg: Leg, { plan, instrument }: Intent, record: string, label: string | null): Html {
  const who = label === null ? "" : html`<b>${label}</b> × ${quantity(leg.qty)}: `;
  return lines(
    html`${STATE_SIGNS[leg.state]} ${who}${legText(leg, plan, record)}`,
    bookedText(leg, plan),
    chargesText(leg, plan, instrument),
    changeText(leg),
    reasonBlock(leg),
  );
}

/** The terms in the broker's book while the order is open, if they are not the ones in the heading (changed, converted). */
function bookedText({ state, bookedTerms }: Leg, { terms }: OrderPlan): Html | null {
  const asBooked = state === "working" && bookedTerms ? bookedTermsText(bookedTerms) : null;
  if (asBooked === null || asBooked === termsText(terms)) return null;
  return html`At the broker: ${asBooked}.`;
}

/** Null when the broker's book lacks a price that this order type needs. */
function bookedTermsText({ type, price, triggerPrice }: BookedTerms): string | null {
  switch (type) {
    case "MARKET":
      return "market";
    case "LIMIT":
      return price > 0 ? termsText({ type, price }) : null;
    case "SL":
      return price > 0 && triggerPrice > 0 ? termsText({ type, price, triggerPrice }) : null;
    case "SL-M":
      return triggerPrice > 0 ? stopText(triggerPrice) : null;
  }
}

const stopText = (triggerPrice: Price): string => `sl ${priceText(triggerPrice)} market`;

/** Estimated charges of the filled quantity, once that is final. */
function chargesText(leg: Leg, { productType, side }: OrderPlan, instrument: Instrument): Html | null {
  if (!isClosed(leg) || leg.state === "unresolved" || leg.filledQty === 0 || leg.avgPrice === 0) return null;
  const charges = chargesOf(instrument, productType, side, valueOf(leg.avgPrice, leg.filledQty));
  return html`Charges, about ${rupees(charges)}.`;
}

/** `record`: where to look up an order that was not followed to its end. */
function legText(leg: Leg, plan: OrderPlan, record: string): Html {
  const filled = `${quantity(leg.filledQty)}/${quantity(leg.qty)}`;
  const at = leg.filledQty > 0 ? atPrice(leg.avgPrice) : "";
  switch (leg.state) {
    case "ticket":
      return html`Not confirmed yet.`;
    case "dropped":
      return html`Nothing was sent.`;
    case "sending":
      return html`Sending to the broker.`;
    case "unknown":
      // Without a reason, no outcome was recorded: the sending process is gone.
      return html`<b>Not known yet.</b> ${leg.reason === null ? "I was cut off while sending it" : "The broker did not answer clearly"}, so the order may be live. I am looking for it in the broker's book and will not send it again.`;
    case "working":
      return leg.filledQty > 0 ? html`<b>Partly filled ${filled}${at}.</b>` : html`<b>${restingText(leg, plan)}</b>`;
    case "filled":
      return html`<b>Filled ${quantity(leg.filledQty)}${at}.</b>`;
    case "cancelled":
      return html`<b>Cancelled</b>${leg.filledQty > 0 ? ` after ${filled}${at}` : ", nothing was filled"}.`;
    case "rejected":
      return leg.filledQty > 0
        ? html`<b>Rejected</b> after ${filled}${at}.`
        : html`<b>Rejected.</b> Nothing was ${plan.side === "BUY" ? "bought" : "sold"}.`;
    case "expired":
      return html`<b>Expired</b>${leg.filledQty > 0 ? ` after ${filled}${at}` : ", nothing was filled"}.`;
    case "not-sent":
      return html`<b>Not sent.</b> Nothing reached the market. Repeat makes a new card.`;
    case "not-found":
      return html`<b>Not placed.</b> The broker's book, read again and again, does not have it. Look once at the broker before repeating.`;
    case "unresolved":
      return html`<b>Not followed to its end${leg.filledQty > 0 ? `, ${filled} filled${at} when last seen` : ""}.</b> ${record}.`;
  }
}

function recordText({ link }: Leg, accounts: Accounts, links: readonly Link[]): string {
  const account = links.find(({ _id }) => _id === link);
  if (account && accounts.broker(account).definition.isPaper)
    return "The day's book is gone, and a paper account keeps no other record; /positions and /holdings show what you have now";
  const why = account ? "The day's book is gone" : "Its account is no longer linked";
  return `${why}; only the broker's own record tells what became of it`;
}

function restingText(leg: Leg, plan: OrderPlan): string {
  if (leg.booked === "trigger-pending") return "Waits for its trigger.";
  // Some brokers show it as open already while it waits, and all of them once its session has begun.
  if (plan.isAmo)
    return leg.booked === "open" ? "Open at the broker, as an after-market order." : "Accepted for the next session.";
  if (leg.booked === "pending") return "Taken by the broker, not at the exchange yet.";
  // Accepted by the broker does not mean open: the exchange may have filled or refused it since.
  return leg.booked === null ? "Taken by the broker; its book has not shown it yet." : "Open at the broker.";
}

const CHANGE_TEXTS = {
  sending: "is being asked for",
  accepted: "was asked for, and the broker accepted it",
  refused: "was refused",
  "not-sent": "was not asked for",
  unknown: "was asked for without a clear answer; I am re-reading the order",
} as const;

function changeText(leg: Leg): Html | null {
  if (!leg.change || isClosed(leg)) return null;
  const what = leg.change.kind === "cancel" ? "A cancel" : "A change";
  return html`${what} ${CHANGE_TEXTS[leg.change.outcome]}${leg.change.reason === null ? "" : `: ${leg.change.reason}`}.`;
}

/** Our explanation, and below it the broker's own words in a collapsed quote. */
function reasonBlock(leg: Leg): Html | null {
  if (leg.reason === null || leg.state === "filled") return null;
  const words =
    leg.state === "not-sent" ? notSentWords(leg) : leg.state === "rejected" ? reasonWords(leg.reason) : null;
  return lines(words !== null && html`${words}`, html`<blockquote expandable>${leg.reason}</blockquote>`);
}

/** How to register the static IP at the brokers that took the order from no other address. */
function whereToRegister(intent: Intent, accounts: Accounts, links: readonly Link[]): Html[] {
  const refusing = notSentAt(intent, links, "ip-not-allowed").map((link) => accounts.broker(link).definition);
  return [...new Set(refusing)].map(({ title, setup }) => html`At ${title}: ${setup.staticIp}`);
}

const notSentWords = ({ notSentCause }: Leg): string | null => (notSentCause && NOT_SENT_WORDS[notSentCause]) ?? null;

/** The accounts whose order was not sent for the cause. */
const notSentAt = (intent: Intent, links: readonly Link[], cause: NotSentCause): readonly Link[] =>
  links.filter(({ _id }) =>
    intent.legs.some((leg) => leg.link === _id && leg.state === "not-sent" && leg.notSentCause === cause),
  );

function cardKeyboard(intent: Intent, links: readonly Link[]): InlineKeyboard {
  const keyboard = new InlineKeyboard();
  intent.legs.forEach((leg, at) => {
    if (leg.state !== "working") return;
    const suffix = intent.legs.length > 1 ? ` ${at + 1}` : "";
    keyboard
      .text(`Cancel${suffix}`, callbackData("oc", intent._id, at))
      .text(`Modify${suffix}`, callbackData("om", intent._id, at))
      .row();
  });
  const isOver = intent.legs.every(isClosed);
  const mayAppear = intent.legs.some((leg) => leg.state === "not-found");
  const isUntold = intent.legs.some(lacksPrice);
  if (!isOver || mayAppear || isUntold)
    keyboard.text(isOver && mayAppear ? "Look again" : "Refresh", callbackData("or", intent._id));
  // While others are open, it repeats those that came to nothing.
  if (isOver || intent.legs.some(cameToNothing)) keyboard.text("Repeat", callbackData("oq", intent._id));
  return addLogins(keyboard, notSentAt(intent, links, "session-expired"));
}
