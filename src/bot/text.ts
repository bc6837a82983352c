import { type BrokerError, type BrokerErrorKind, UnreadRows } from "../errors.ts";
import type { BrokerDefinition, CredentialSpec } from "../../connectors/base.ts";
import type { UnreadRow } from "../domain/book.ts";
import { indexNamed } from "../domain/instrument-text.ts";
import { ticker, type Instrument } from "../domain/instrument.ts";
import type { Price } from "../domain/money.ts";
import type { OrderTextProblem } from "../domain/order-text.ts";
import type { OrderOutcome, Product, Side } from "../domain/order.ts";
import type { Finding } from "../services/orders/findings.ts";
import { html, lines, type Html } from "./html.ts";
import { dateText, percent, priceText, quantity, rupeePrice, rupees } from "./render/amounts.ts";

/** Texts that a user reads. House style: brief and plain; what happened, whether money moved, what to do next. */

export const PAPER_MARK = "📄 Paper";
/** The mark beside figures of which some or all are play money. `isPaper`: for each account. */
export const paperNote = (isPaper: readonly boolean[]): string =>
  isPaper.includes(true) ? ` · ${isPaper.includes(false) ? "incl. " : ""}${PAPER_MARK}` : "";

export const start = {
  newOwner: (): Html => html`You own this bot now. Nobody else gets in until you let them in.`,
  pending: (name: string): Html =>
    html`Hello ${name}. This bot belongs to one household; its owner has been asked to let you in. You will hear from me.`,
  noOwner: (): Html =>
    html`This bot has no owner yet. If it is yours, send <code>/start CODE</code> with the code that it printed when it started.`,
  welcome: (name: string): Html =>
    lines(
      html`<b>Hello ${name}.</b>`,
      html`All your brokers in one chat: positions and P&amp;L merged, orders with a confirmation, a reminder when a login is due.`,
      "",
      html`Start with a paper account: ₹10,00,000 of play money, real-looking prices, nothing at stake. Or link a broker.`,
    ),
  back: (name: string, accounts: number): Html =>
    html`<b>Hello ${name}.</b> ${accounts === 1 ? "1 account is" : `${accounts} accounts are`} linked. Type a command, or /help.`,
};

export const access = {
  viewer: (): Html => html`You can look, not trade. The owner can change that with /users.`,
  pending: (): Html => html`The owner has not let you in yet. /start asks for it.`,
  ownerOnly: (): Html => html`Only the owner can do that.`,
  group: (): Html => html`I answer in private only: open a chat with me.`,
};

/** Shown for any unexpected error, also after an order was sent: so it must not claim that nothing was done. */
export const failure = (reference: string): Html =>
  html`Something failed on my side. If an order was meant, /orders shows what was sent. If it happens again, tell the operator: <code>${reference}</code>`;
/** The store takes no writes, so no update is handled, not even a panic. */
export const notTaken = (): Html =>
  html`⚠️ I cannot save anything right now, so nothing that you send or tap is done. If it cannot wait, do it at the broker. I go on with what still counts as soon as I can.`;
export const tooSlow = (reference: string): Html =>
  html`That took too long, so I gave up. /orders shows what was sent. Reference <code>${reference}</code>`;
export const deadButton = "This button is from an older message and no longer does anything.";
export const viewersButton = "This button is for traders, or from an older message. You can look, not trade.";
/** The note above a message that was delivered late. */
export function lateNote(lateBy: number): string {
  const minutes = Math.round(lateBy / 60_000);
  return `<i>${minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`} late:</i>`;
}
export const unknownCommand = (): Html => html`I do not know that command. /help lists what I can do.`;
export const plainText = (mayTrade: boolean): Html =>
  html`I work by commands. Try <code>/quote SBIN</code>${mayTrade && html`, <code>/buy SBIN 10</code>`} or /help.`;
export const notReadAgain = (): Html =>
  html`I do not read a message again when it is edited: what I answered to it stands. Send it as a new one.`;
export const onlyText = (): Html => html`I can read only text. /help lists what I can do.`;

export const example = (command: string): Html => html`Like this: <code>${command}</code>`;
export const nothingFound = (wanted: string): Html =>
  html`I found nothing like “${wanted}”. Part of a name or a ticker is enough: <code>/search state bank</code>`;
export const instrumentGone = (): Html =>
  html`That instrument is not listed any more. /search finds what is listed now.`;
export const searchResults = (wanted: string): Html => html`For “${wanted}”:`;

export const accounts = {
  none: (): Html => html`No account is linked yet. /link adds one; the paper account takes one tap.`,
  noneOn: (): Html => html`None of your accounts is switched on. /accounts switches one on; /link adds another.`,
  linked: (title: string, name: string, accountId: string): Html =>
    html`<b>${title} is linked.</b> ${name}, account <code>${accountId}</code>.`,
  unlinked: (label: string, isPaper = false): Html =>
    html`<b>${label}</b> is unlinked. ${isPaper ? "Its orders, positions and play money are deleted." : "Its keys and tokens are deleted here; orders at the broker are untouched."}`,
  /** `open`: how many orders there may be open. */
  confirmUnlink: (label: string, isPaper: boolean, open: number): Html =>
    lines(
      html`Unlink <b>${label}</b>? ${isPaper ? "Its orders, positions and play money are deleted." : "Its keys and tokens are deleted. Orders at the broker stay as they are."}`,
      !isPaper &&
        open > 0 &&
        html`⚠️ ${open === 1 ? "An order" : `${open} orders`} there may be open. Once it is unlinked, I can neither follow nor cancel ${open === 1 ? "it" : "them"}.`,
    ),
  title: (): Html => html`<b>Accounts</b>`,
  isDefault: (label: string): Html => html`Orders go to <b>${label}</b> unless you add “on” and another account.`,
  gone: (): Html => html`That account is not linked any more.`,
  postback: (title: string, url: string): Html =>
    html`To see orders change at once, enter this as the postback URL in ${title}'s console: <code>${url}</code>`,
};

const BROKER_FAILURES: Readonly<Record<BrokerErrorKind, (title: string) => string>> = {
  "auth-expired": (title) => `${title}: the session has ended. Log in again to see it.`,
  "auth-invalid": (title) =>
    `${title} refuses the key or secret. Check them in its console, then tap New keys on the account's card in /accounts.`,
  "login-unfinished": (title) => `${title}: the login was not finished. Nothing was changed.`,
  "ip-not-allowed": (title) =>
    `${title} takes orders only from your registered static IP address, and this came from another.`,
  "no-permission": (title) => `${title}: your plan or app does not include this.`,
  rejected: (title) => `${title} refused.`,
  "invalid-request": (title) => `${title} did not accept what I asked. That is my mistake; nothing was changed.`,
  "rate-limited": (title) => `${title} is busy with too many requests. Try again in a moment.`,
  unavailable: (title) => `${title} is not answering properly right now. Your account there is unaffected.`,
  unreachable: (title) => `${title} cannot be reached right now. Your account there is unaffected.`,
  timeout: (title) => `${title} did not answer in time. Your account there is unaffected.`,
  "bad-response": (title) => `${title} answered something unexpected.`,
};

/** The names of rows that could not be read: "SBIN, NIFTY26NOVFUT, not named". */
export function unreadNames(rows: readonly UnreadRow[]): string {
  const names = new Set(rows.flatMap(({ listed }) => (listed === null ? [] : ticker(listed.symbol))));
  const isSomeUnnamed = rows.some(({ listed }) => listed === null);
  return [...names, ...(isSomeUnnamed ? ["not named"] : [])].join(", ");
}

const unreadEntries = (rows: readonly UnreadRow[]): string =>
  `${rows.length === 1 ? "an entry" : `${rows.length} entries`} that I cannot read (${unreadNames(rows)})`;

export const unread = (title: string, rows: readonly UnreadRow[]): Html =>
  html`⚠️ ${title} shows ${unreadEntries(rows)}, left out here. Look at the broker.`;

export const brokerFailure = (title: string, kind: BrokerErrorKind): Html => html`⚠️ ${BROKER_FAILURES[kind](title)}`;

export const pricesNeedLogin = (title: string): Html =>
  html`⚠️ ${title}: the session has ended. Log in again for its prices.`;

/** Yahoo is no broker: nobody has an account there. */
export const noYahooPrices = (kind: BrokerErrorKind): Html =>
  kind === "rejected"
    ? html`⚠️ Yahoo has no prices of this. A broker that you are logged in at may have them: /accounts.`
    : html`⚠️ Yahoo gives no prices right now. Try again in a moment.`;

/** Why an account's data is missing from a message. */
export const notTold = (title: string, error: BrokerError): Html =>
  error instanceof UnreadRows
    ? html`⚠️ ${title} shows ${unreadEntries(error.book.unread)}, and without that I cannot be sure of the rest. Look at the broker.`
    : brokerFailure(title, error.kind);

export const orders = {
  example: (side: string): Html =>
    html`Like this: <code>/${side} SBIN 10</code> or <code>/${side} SBIN 10 @ 1000 mis</code>`,
  twoNumbers: (command: string, last: number): Html =>
    html`That has two numbers. Is ${last} the price? <code>${command}</code>`,
  exchangeFirst: (command: string): Html => html`An exchange goes before the symbol: <code>${command}</code>`,
  strikeOrQuantity: (command: string, last: number): Html =>
    html`Is ${last} the strike? Say how many, too: <code>${command}</code>`,
  choiceTooOld: (): Html => html`That question is too old, and nothing was sent. Type the order again.`,
  unknownWords: (name: string, words: string): Html => html`I know ${name}, but not what “${words}” means here.`,
  unknownSymbol: (text: string, hasSuggestions: boolean): Html =>
    hasSuggestions
      ? html`I do not know “${text}”. Did you mean:`
      : html`I do not know “${text}”. /search finds instruments by name.`,
  noList: (text: string): Html =>
    html`I could not get the list of instruments just now, and do not know “${text}” without it. Try again in a minute.`,
  pickSymbol: (text: string, count: number): Html =>
    count === 1 ? html`Is this what “${text}” means?` : html`“${text}” could be several things. Which one?`,
  index: ({ symbol }: Instrument): Html => {
    const name = indexNamed(ticker(symbol).toLowerCase())?.underlying;
    return html`${ticker(symbol)} is an index: it is quoted, not traded.${name && html` Its futures and options are: <code>/search ${name} fut</code>, <code>/search ${name} ce</code>.`}`;
  },
  lapsed: (): Html => html`Not confirmed in time. Nothing was sent.`,
  dropped: (): Html => html`Cancelled. Nothing was sent.`,
  confirmed: "This was confirmed already, and nothing is sent twice. Its card shows what became of it.",
  used: "This card has been used or replaced. Nothing was sent by this tap.",
  notAllowed: "You may not trade right now. Nothing was sent.",
  noQuantity: (label: string): Html =>
    html`How many on ${label}? <code>on zerodha:10,fyers:5</code> sets each account.`,
  newer: (): Html => html`A newer card is below.`,
  busy: "A change is already on its way to the broker.",
  nothingToDo: "There is nothing open to change any more.",
  unseen: "The broker's book does not show this order right now, so nothing was asked. Try again in a moment.",
  moved: (basisPoints: number): Html =>
    html`The price moved ${percent(basisPoints)} since the card was shown, and nothing was sent. Here is the new one; confirm again.`,
  pickToCancel: (): Html => html`Which order do you want to cancel?`,
  pickToModify: (): Html => html`Which order do you want to change?`,
  noneOpen: (command: string, wanted: string): Html =>
    wanted.toLowerCase() === "all"
      ? html`/${command} takes one order at a time; /panic cancels all of them.`
      : html`No open order is called “${wanted}”. /${command} lists all that are open.`,
  firstOf: (shown: number, all: number): Html =>
    html`These are ${shown} of ${all} open orders; the others appear once these are done. /panic cancels all.`,
  changed: (label: string, outcome: OrderOutcome): Html => {
    switch (outcome.kind) {
      case "accepted":
        return html`${label} accepted it. /orders shows what became of it.`;
      case "rejected":
        return html`${label} refused: ${outcome.reason}. The order stands as it was.`;
      case "not-sent":
        return html`Not asked: ${outcome.reason}. The order stands as it was.`;
      case "unknown":
        return html`${label} did not answer clearly, so the change may or may not have been made. /orders shows what the broker has; nothing is sent twice.`;
    }
  },
  priceOrQuantity: (count: number, sign: "@" | "sl", at: Price): Html =>
    html`Nothing was sent: ${quantity(count)} alone is a number of shares, and it is near this order's price. Is it the price? <code>${sign} ${count}</code>. The quantity? <code>${count} ${sign} ${priceText(at)}</code>.`,
  unknownLot: (): Html =>
    html`Nothing was sent: I do not know the lot size of this. Say it in units: <code>20 @ 812</code>.`,
  needsLimit: (side: Side): Html => html`Give the limit too: <code>@ ${side === "BUY" ? 1002 : 998} sl 1000</code>.`,
  noTrigger: (): Html => html`Only stop orders have a trigger. Cancel this one and make a new order with sl.`,
  /** Names the accounts: others may have some. */
  nothingHeld: (accounts: readonly string[], side: Side, symbol: string, product: Product): Html =>
    side === "SELL"
      ? html`${accounts.join(", ")}: there is no ${symbol} as ${product} to sell. /holdings and /positions show whether another account has it: then add “on” and its name.`
      : html`${accounts.join(", ")}: “all” buys back what was sold short, and no ${symbol} as ${product} is short. Say how many: <code>/buy SBIN 10</code>.`,
  accountOff: (name: string): Html =>
    html`<b>${name}</b> is switched off, or its linking was not finished. /accounts shows it.`,
  noAccount: (name: string): Html => html`No account is called “${name}”. /accounts lists yours.`,
  onExchange: (): Html =>
    html`“on” names an account. An exchange goes before the symbol: <code>/buy BSE:SBIN 10</code>.`,
};

export const panic = {
  used: "This was used already, or is too old. /panic asks again.",
  nothingDone: (): Html => html`Nothing was done.`,
  cutOff: (): Html =>
    html`⚠️ I was stopped in the middle of that: some of it may be done, some not. This is what is open now; /orders shows the exits that were sent.`,
};

export const exits = {
  none: (wanted: string): Html =>
    wanted.toLowerCase() === "all"
      ? html`/exit closes one position at a time; /panic exits all of them.`
      : html`${wanted === "" ? "No position is open" : `No open position is called “${wanted}”`}. Shares in the demat account are sold with <code>/sell SBIN all</code>.`,
  whole: (name: string): Html =>
    html`/exit closes the whole position. For a part of it send <code>/exit ${name}</code> and tap Edit on the card.`,
  strike: (name: string, strike: string): Html =>
    html`No position at the strike ${strike} is open. <code>/exit ${name}</code> shows what is.`,
  /** Of the tapped one alone: others may be open. */
  gone: (): Html => html`That position is not open any more.`,
  which: (): Html => html`Which position do you want to close?`,
  more: (rest: number): Html => html`… and ${rest} more, not shown: <code>/exit SBIN</code> names one.`,
  unknown: (): Html => html`I do not know that position's instrument. Close it at the broker.`,
  unlisted: (names: readonly string[]): Html =>
    html`Open, but in no list of instruments: ${names.join(", ")}. Close these at the broker.`,
};

export const limits = {
  rules: (): Html =>
    html`A tighter limit counts at once, a looser one from the next trading day. Limits never hold back /exit and /panic.`,
  example: (): Html =>
    html`Like this: <code>/limits value 50000</code> · <code>/limits orders 10</code> · <code>/limits loss 5000</code> · <code>/limits segments NSE BSE</code> · <code>/limits move 0.5</code> (0.1 to 10%) · <code>/limits value off</code>`,
};

export const exports = {
  none: (month: string): Html => html`You confirmed no order in ${month}.`,
  caption: (month: string, orders: number): string =>
    `${orders} ${orders === 1 ? "order" : "orders"} of ${month}, with every step.`,
};

export const link = {
  which: (): Html => html`Which broker?`,
  unknown: (name: string): Html => html`I do not know a broker called “${name}”. Which one?`,
  title: (title: string): Html => html`<b>Link ${title}</b>`,
  newKeys: (label: string): Html =>
    lines(
      html`<b>New keys for ${label}</b>`,
      html`The old keys stay in force until a login with the new ones has worked. Settings, alerts, orders and P&L of ${label} stay.`,
      html`Where a new app is needed, it is made like the first.`,
    ),
  newKeysTaken: (label: string): Html => html`<b>${label}</b> has its new keys, and the old ones are deleted.`,
  newKeysGone: (): Html =>
    html`Those new keys were used before or are too old. Nothing was changed. New keys on the account's card in /accounts asks for them again.`,
  steps: (title: Html, definition: BrokerDefinition, redirectUrl: string): Html =>
    lines(
      title,
      html`In <a href="${definition.setup.consoleUrl}">its developer console</a>:`,
      ...definition.setup.steps.map((step, at) => html`${at + 1}. ${withUrl(step, redirectUrl)}`),
      html`Static IP: ${definition.setup.staticIp}`,
    ),
  anew: (label: string): Html =>
    html`<b>${label}</b> was never logged in, so its linking starts again and the keys it had are deleted. To link another account, finish this one first.`,
  invalid: (spec: CredentialSpec): Html => html`That does not look like the ${spec.label}. Nothing was kept.`,
  login: (title: string, isReplacing: boolean): Html =>
    html`Now log in at <b>${title}</b>. The button works once, for ten minutes. ${untilAnswered(title, isReplacing)}`,
  paste: (title: string, what: string, { hasPage, isReplacing }: { hasPage: boolean; isReplacing: boolean }): Html =>
    lines(
      hasPage ? html`If this chat does not tell you that it worked, send me ${what}.` : html`Now send me ${what}.`,
      !hasPage && html`${untilAnswered(title, isReplacing)}`,
      html`Your message is deleted as soon as I have it.`,
    ),
  noEnd: (title: string, what: string): Html =>
    html`To log in at ${title} I am waiting for ${what}, and this was not it. If it held a key or a token, delete your message.`,
  notAwaited: (): Html =>
    html`That looks like a key or the end of a login, and I am not waiting for one. It is not kept, and must not stay in the chat. /accounts has the login buttons.`,
  refused: (title: string): Html =>
    html`⚠️ The login at ${title} failed, for the reason below. Nothing was changed. Try again; if it fails again, check the key and secret in ${title}'s console, then tap New keys.`,
  stale: (): Html => html`That login link was used before or is too old. Nothing was changed. /accounts has a new one.`,
  unlinked: (label: string): Html =>
    html`<b>${label}</b> was unlinked before its login had ended, so nothing of it was stored. /link links it again.`,
  otherAccount: (title: string, accountId: string): Html =>
    html`That was ${title} account <code>${accountId}</code>, not the one linked here. Nothing was changed. Log out there first, or link it as another account.`,
  linkedAlready: (title: string, accountId: string, as: string, label: string): Html =>
    html`${title} account <code>${accountId}</code> is linked already, as <b>${as}</b>. A second link would count, cancel and exit all of it twice, so it was not linked again. /accounts unlinks <b>${label}</b>; if the keys of <b>${as}</b> are no longer right, tap New keys on its card there.`,
  deleteFailed: (): Html => html`I could not delete the message with the key. Please delete it yourself.`,
};

export const dialogue = {
  whichInstrument: (): Html =>
    html`Which instrument? A symbol or a name: <code>SBIN</code>, <code>reliance fut</code>, <code>nifty 26000 ce</code>.`,
  wholeOrder: (side: Side, order: string): Html =>
    html`That is a whole order. It goes in one line: <code>/${side.toLowerCase()} ${order}</code>`,
  howMany: (side: string, { symbol, lotSize: lot }: Instrument): Html =>
    lot > 1
      ? html`<b>${side} ${symbol}</b> – how many? A lot is ${quantity(lot)}: <code>2 lots</code> and <code>${2 * lot}</code> are the same. Or all in one: <code>2 lots @ 120 mis</code>.`
      : html`<b>${side} ${symbol}</b> – how many? A number, or all in one: <code>10 @ 1000 mis</code>.`,
  whichPrice: (instrument: Instrument): Html =>
    html`At which price? Market, or type a limit${instrument.tickSize > 0 ? html` (steps of ${rupeePrice(instrument.tickSize)})` : ""}. A stop: <code>sl 800</code>.`,
  newTerms: (order: string): Html =>
    lines(
      html`<b>${order}</b>`,
      html`What should it become? <code>20</code>, <code>@ 812</code> or <code>20 @ 812</code>; for a stop order also <code>sl 800</code>.`,
    ),
  newTermsAgain: (): Html => html`A quantity, a price or both, and nothing else: <code>20 @ 812</code>.`,
  stopped: (): Html => html`Stopped. Nothing was sent.`,
};

const untilAnswered = (title: string, isReplacing: boolean): string =>
  `${isReplacing ? "The old keys stay in force" : "Nothing is linked"} until ${title} has answered.`;

/** The step with the URL put in as code, so that a tap copies it. */
function withUrl(step: string, url: string): Html {
  const [before = "", ...after] = step.split("{redirectUrl}");
  return html`${before}${after.map((rest) => html`<code>${url}</code>${rest}`)}`;
}

const ORDER_TEXT_PROBLEMS: Readonly<Record<OrderTextProblem, (at: string) => string>> = {
  "no-symbol": () => "Which instrument?",
  "bad-quantity": (at) => `“${at}” is not a quantity; it is a whole number of shares or lots, at most a crore.`,
  "bad-price": (at) => `“${at}” is not a price.`,
  "bad-trigger": (at) => `“${at}” is not a trigger price.`,
  "no-account": () => "Which account, after “on”?",
  twice: (at) => `The ${at} is there twice.`,
  "slm-price": () => "An slm order has no limit price: with one it is “sl 800 @ 799”, without one “slm 800”.",
  "too-long": () => "That is too long for an order.",
};
export const orderTextProblem = (problem: OrderTextProblem, at: string): Html =>
  html`${ORDER_TEXT_PROBLEMS[problem](at)}`;

/** A finding as one line of a ticket card. */
export function finding(found: Finding): Html {
  const sign = found.level === "block" ? "⛔" : found.level === "warn" ? "⚠️" : "ℹ️";
  return html`${sign} ${findingText(found)}`;
}

function findingText(found: Finding): string {
  switch (found.code) {
    case "index":
      return "An index is quoted, not traded. Its futures and options are.";
    case "segment-off":
      return `This account does not trade ${found.segment} here.`;
    case "product-off":
      return `${found.product} does not go with this. Possible: ${found.allowed.join(", ") || "none"}.`;
    case "type-off":
      return `This broker takes no ${found.type} orders by API. Possible: ${found.allowed.join(", ")}.`;
    case "lot":
      return `The quantity must be whole lots of ${quantity(found.lot)}, for instance ${quantity(found.nearest)}.`;
    case "tick":
      return `The price must be a multiple of ${rupeePrice(found.tick)}, for instance ${rupeePrice(found.nearest)}.`;
    case "circuit":
      return `Outside today's limits: ${rupeePrice(found.low)} to ${rupeePrice(found.high)}.`;
    case "trigger-side":
      return found.side === "BUY"
        ? `A buy stop triggers above the price, now ${rupeePrice(found.ltp)}. To protect a purchase, buy first and then sell with sl.`
        : `A sell stop triggers below the price, now ${rupeePrice(found.ltp)}.`;
    case "sl-price":
      return found.side === "BUY"
        ? "The limit must be at or above the trigger."
        : "The limit must be at or below the trigger.";
    case "sliced":
      return `Above the freeze quantity of ${quantity(found.freeze)}: it goes as ${found.orders} orders.`;
    case "too-many":
      return `That would be ${found.orders} orders; one confirmation is at most ${found.most}.`;
    case "freeze":
      return `A change cannot pass the freeze quantity of ${quantity(found.freeze)}.`;
    case "below-filled":
      return `${quantity(found.filled)} are filled already; the new quantity must be above that.`;
    case "closed":
      return found.hasAmo
        ? `The market is closed. ${found.label} takes it as an after-market order for the next session.`
        : `The market is closed, and ${found.label} takes no orders for the next session here.`;
    case "amo-off":
      return `${found.label} takes no after-market orders by API.`;
    case "amo-open":
      return "The market is open: an after-market order waits for the next session, if the broker takes it at all now.";
    case "amo-now":
      return `The market is open: ${found.label} takes no order for the next session now.`;
    case "calendar-unknown":
      return "My calendar does not say whether the market is open now: the broker decides.";
    case "amo-unknown":
      return `My calendar does not say whether the market is open now: ${found.label} might trade this at once.`;
    case "expired":
      return "This contract has expired: its last session is over.";
    case "auction":
      return AUCTION_REFUSES[found.why];
    case "auction-rules":
      return "Closing auction: the price is within 3% of its reference, what does not match is cancelled, and a trade cannot be undone.";
    case "post-close":
      return "Post-close session: everything trades at the closing price.";
    case "no-price":
      return "No price is available right now. A limit order needs none.";
    case "late-price":
      return found.of === null
        ? `The price shown is about ${found.minutes} minutes late.`
        : `The price shown is the last known one, of ${dateText(found.of)}.`;
    case "far-price":
      return `The limit is ${percent(found.basisPoints).replace(/^[+−]/, "")} worse than the last price.`;
    case "large":
      return `Far larger than usual for you (${rupees(found.usual)}).`;
    case "egress":
      return `${found.label}: your orders need a proxy of their own. /egress sets one.`;
    case "not-allowed":
      return orders.notAllowed;
    case "session":
      return `${found.label} needs a login first.`;
    case "funds":
      return `${found.label} has ${rupees(found.available)} available; this takes about ${rupees(found.needed)}.`;
    case "unread":
      return found.what === "funds"
        ? `${found.label} did not answer: its funds are not checked.`
        : `${found.label} did not answer: whether these shares can be sold now is not checked.`;
    case "not-sellable":
      if (found.owned === 0 && found.pledged === 0)
        return `${found.label} holds none of these. Only intraday (mis) sells short.`;
      return `${found.label}: ${quantity(found.sellable)} of ${quantity(found.owned)} can be sold now${found.pledged > 0 ? ` (${quantity(found.pledged)} are pledged)` : ""}.`;
    case "undelivered":
      return `${found.label}: ${quantity(found.qty)} of these are not delivered yet. If they do not come in time, the exchange buys them in an auction at your cost.`;
    case "less-open":
      return `${found.label}: ${found.open === 0 ? "none" : `only ${quantity(found.open)}`} of it is open now. /exit makes a card for what is left.`;
    case "listed-twice":
      return `${found.label}: the broker lists this position in more than one row, and closing both could open the opposite one. Close it at the broker.`;
    case "closing":
      return `${found.label}: another order that closes it is on its way. Once /orders shows it settled or cancelled, /exit makes a card for what is left.`;
    case "stays-open":
      return `${found.label}: ${found.orders === 1 ? "an open order" : `${found.orders} open orders`} beside this would close it too, and would open the other way once nothing is left. /cancel removes what you do not want.`;
    case "authorisation":
      return `${found.label}: selling from the demat account needs today's authorisation at the broker.`;
    case "limit-value":
      return `Above your own limit of ${rupees(found.limit)} an order.`;
    case "limit-count":
      return `Your own limit of ${found.limit} orders a day is reached. It does not hold back /exit.`;
    case "limit-loss":
      return `Your own limit of ${rupees(found.limit)} loss a day is reached. It does not hold back /exit.`;
    case "loss-unread":
      return `${found.label} does not report today's loss, which you limit. Try again in a moment, or log in there. /exit is not held back.`;
    case "limit-segment":
      return `${found.segment} is not among the segments you allow yourself.`;
  }
}

const AUCTION_REFUSES = {
  type: "The closing auction takes no stop orders.",
  validity: "The closing auction takes no IOC orders.",
  "limits-only": "In its last minutes the closing auction takes limit orders only.",
} as const;
