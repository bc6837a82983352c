import { ticker } from "../../domain/instrument.ts";
import type { Leg, LegState } from "../../domain/order-intent.ts";
import type { UnreadRow } from "../../domain/book.ts";
import { isFinal, type Order } from "../../domain/order.ts";
import type { Position } from "../../domain/portfolio.ts";
import type { Accounts, Link } from "../../services/accounts/accounts.ts";
import type { CancelResult, ExitResult, PanicReport, Untouched } from "../../services/orders/panic.ts";
import type { OpenBook } from "../../services/orders/open-books.ts";
import type { Unseen } from "../../services/orders/under-way.ts";
import { html, lines, type Html } from "../html.ts";
import * as text from "../text.ts";
import { atPrice, quantity } from "./amounts.ts";
import { linesThatFit, stamp } from "./page.ts";

const MAX_LINES = 25;
/** Of Telegram's 4,096 characters; the rest is for the list of what is still open. */
const MAX_LENGTH = 3_000;

/** Asks for confirmation, with what is open at each account. `off`: accounts that are switched off and left alone. */
export const panicQuestion = (books: readonly OpenBook[], off: readonly Link[], accounts: Accounts): Html =>
  lines(
    html`<b>Panic: everything at every broker</b>`,
    ...books.map((book) => bookLine(book, accounts)),
    ...off.map(({ label }) => html`⚪ <b>${label}</b> is switched off: nothing is done there.`),
    html`One tap does it. Then I read back from each broker what became of every order and position.`,
  );

/** What is still open after a panic. */
export const panicLeft = (books: readonly OpenBook[], accounts: Accounts, now: number): Html =>
  lines(html`<b>Left now</b>`, ...books.map((book) => bookLine(book, accounts)), stamp(now));

export const panicRunning = (exitsToo: boolean): Html =>
  html`Cancelling every open order${exitsToo ? ", then exiting every position" : ""}. Reading back.`;

function bookLine(book: OpenBook, accounts: Accounts): Html {
  if (!book.ok) return lines(html`<b>${book.link.label}</b>: not read`, failure(book, accounts));
  const { orders, positions, unread } = book;
  return lines(
    html`<b>${book.link.label}</b>: ${count(orders.length, "open order")}, ${count(positions.length, "position")}`,
    unreadLine(unread.orders, "order"),
    unreadLine(unread.positions, "position"),
  );
}

const unreadLine = (rows: readonly UnreadRow[], noun: string): Html | null =>
  rows.length === 0
    ? null
    : html`⚠️ and ${count(rows.length, noun)} that I cannot read (${text.unreadNames(rows)}), so I leave ${rows.length === 1 ? "it" : "them"} alone. Look at the broker.`;

function untouchedLine({ link, orders, positions }: Untouched): Html {
  const what = [...(orders ? ["open orders"] : []), ...(positions ? ["positions"] : [])].join(" and ");
  return html`⛔ <b>${link.label}</b> could not be read: its ${what} are untouched. Do it at the broker, or run /panic again.`;
}

const failure = (book: Extract<OpenBook, { ok: false }>, accounts: Accounts): Html =>
  text.brokerFailure(accounts.brokers.get(book.broker)?.definition.title ?? book.broker, book.error);

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;

/**
 * One line for each order and position, as the broker's book shows it; never a single "done" for all. Failures come first,
 * so that a long list of cancelled orders cannot push a position that is still open off the end.
 */
export function panicReport(report: PanicReport, accounts: Accounts, now: number): Html {
  const all = [
    ...report.unseen.map((each) => ({ isDone: false, line: unseenLine(each) })),
    ...report.cancels.map((each) => ({ isDone: isCancelled(each), line: cancelLine(each) })),
    ...report.exits.map((each) => ({ isDone: isExited(each), line: exitLine(each) })),
  ];
  const rows = [...all.filter(({ isDone }) => !isDone), ...all.filter(({ isDone }) => isDone)].map(({ line }) => line);
  const shown = linesThatFit(rows, MAX_LINES, MAX_LENGTH);
  return lines(
    html`<b>Panic: what became of it</b>`,
    ...report.untouched.map(untouchedLine),
    rows.length === 0 && isAllRead(report) && html`There was nothing to cancel or exit.`,
    ...shown,
    rows.length > shown.length && html`… and ${rows.length - shown.length} more: /orders and /positions show all.`,
    panicLeft(report.left, accounts, now),
  );
}

/** An order that filled before its cancel is not done: it has left a position. */
const isCancelled = ({ after }: CancelResult): boolean =>
  after !== null && isFinal(after.status) && after.status !== "filled";

const isExited = (exit: ExitResult): boolean =>
  exit.kind === "ordered" && exit.intent.legs.every(({ state }) => state === "filled");

const isAllRead = ({ untouched, left }: PanicReport): boolean =>
  untouched.length === 0 &&
  left.every((book) => !book.ok || book.unread.orders.length + book.unread.positions.length === 0);

const unseenLine = ({ link, intent: { plan }, leg }: Unseen): Html =>
  html`❓ ${plan.side} ${quantity(leg.qty)} ${ticker(plan.symbol)} <i>${link.label}</i>: not in the broker's book yet, so it was not cancelled and may still fill. Run /panic again once /orders shows it.`;

const orderName = (order: Order): string => `${order.side} ${quantity(order.qty)} ${ticker(order.symbol)}`;

function cancelLine({ link, order, answer, after }: CancelResult): Html {
  const name = html`${orderName(order)} <i>${link.label}</i>`;
  if (after === null) return html`❓ ${name}: the broker's book did not show it after the cancel. Look there.`;
  if (after.status === "cancelled") {
    const filled = after.filledQty > 0 ? `, ${quantity(after.filledQty)} had filled` : "";
    return html`✅ ${name}: cancelled${filled}.`;
  }
  if (after.status === "filled") {
    const at = after.avgPrice > 0 ? atPrice(after.avgPrice) : "";
    return html`⚠️ ${name}: it filled${at} before it could be cancelled.`;
  }
  if (isFinal(after.status)) return html`✅ ${name}: ${after.status}.`;
  const why = answer !== null && "reason" in answer ? `: ${answer.reason}` : "";
  return html`⛔ ${name}: <b>still open</b>${why}.`;
}

function exitLine(exit: ExitResult): Html {
  const name = html`${positionName(exit.position)} <i>${exit.link.label}</i>`;
  switch (exit.kind) {
    case "blocked":
      return lines(html`⛔ ${name}: not exited.`, ...exit.findings.map(text.finding));
    case "not-possible":
      return html`⛔ ${name}: I could not make an order for it. Exit it at the broker.`;
    case "not-known":
      return html`❓ ${name}: an earlier order of mine that closes it has no clear answer yet, and I send nothing twice. Run /panic again when /orders shows it settled.`;
    case "still-closing":
      return html`⛔ ${name}: not exited. An order that closes it is still open, and both could fill. Cancel it at the broker, then run /panic again.`;
    case "may-be-closing":
      return html`⛔ ${name}: not exited. An order at the broker that I cannot read may be closing it, and both could fill. Look there, then exit it there.`;
    case "listed-twice":
      return html`⛔ ${name}: not exited. The broker lists this position in more than one row, and closing both could open the opposite one. Exit it at the broker.`;
    case "ordered":
      return lines(
        ...exit.intent.legs.map(
          (leg) => html`${legSign(leg)} ${name}${shareText(exit.position, leg)}: ${legText(leg)}`,
        ),
        restText(exit.position, exit.intent.legs),
      );
  }
}

/** How much of the position the order is for, when it takes several. */
const shareText = (position: Position, leg: Leg): string =>
  leg.qty === position.qty ? "" : `, ${quantity(leg.qty)} of it`;

function restText({ qty }: Position, legs: readonly Leg[]): Html | null {
  const rest = legs.reduce((left, leg) => left - leg.qty, qty);
  return rest > 0 ? html`⚠️ ${quantity(rest)} of it were too many for one go. Run /panic again.` : null;
}

const positionName = (position: Position): string =>
  `${position.side === "SELL" ? "short" : "long"} ${quantity(position.qty)} ${ticker(position.symbol)}`;

const SIGNS: Partial<Record<LegState, string>> = { filled: "✅", working: "🟡", unknown: "❓", sending: "❓" };
const STATE_WORDS: Partial<Record<LegState, string>> = {
  "not-sent": "not sent",
  "not-found": "not placed",
  unresolved: "not followed to its end",
};
const legSign = ({ state }: Leg): string => SIGNS[state] ?? "⛔";

function legText(leg: Leg): Html {
  if (leg.state === "filled") return html`exited${atPrice(leg.avgPrice)}.`;
  if (leg.state === "working" && leg.booked === null)
    return html`the broker has taken the order; its book has not shown it yet. /orders follows it.`;
  if (leg.state === "working")
    return html`the order is open, ${quantity(leg.filledQty)}/${quantity(leg.qty)} filled. /orders follows it.`;
  if (leg.state === "unknown" || leg.state === "sending")
    return html`<b>not known yet</b>; I am looking in the broker's book and send nothing twice.`;
  const { qty, filledQty, avgPrice, reason } = leg;
  const part = filledQty > 0 ? ` after ${quantity(filledQty)}/${quantity(qty)}${atPrice(avgPrice)}` : "";
  return html`${STATE_WORDS[leg.state] ?? leg.state}${part}${reason === null ? "" : `: ${reason}`}.`;
}
