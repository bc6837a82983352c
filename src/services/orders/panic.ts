import { mayConcern } from "../../domain/book.ts";
import type { BrokerOrderId, UserId } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import { isClosed, type Leg } from "../../domain/order-intent.ts";
import { isFinal, opposite, type Order, type OrderOutcome } from "../../domain/order.ts";
import { isSameListing, openRows, type OpenPosition, type Position } from "../../domain/portfolio.ts";
import type { Log } from "../../lib/log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts, Link } from "../accounts/accounts.ts";
import type { BookedChange, Changes } from "./changes.ts";
import type { Desk } from "./desk.ts";
import type { Finding } from "./findings.ts";
import type { Intent, Journal } from "./journal.ts";
import { createOpenBooks, type OpenBook } from "./open-books.ts";
import { closableAtOnce } from "./ticket-plan.ts";
import { isConfirmable, type Tickets } from "./tickets.ts";
import { beforePositions, lookAt, type UnderWay, type Unseen, unseenIn } from "./under-way.ts";
import type { Watcher } from "./watcher.ts";

/** An account whose orders were not cancelled, or positions not exited, because it could not be read at that moment. */
export interface Untouched {
  readonly link: Link;
  readonly orders: boolean;
  readonly positions: boolean;
}

/** The result of one cancel: the broker's answer, and the order in the book afterwards. */
export interface CancelResult {
  readonly link: Link;
  readonly order: Order;
  readonly answer: OrderOutcome | null;
  /** The order as read after the cancel; null when the book could not be read or lacks it. */
  readonly after: Order | null;
}

/** The result of closing one position: our order, or why there is none. */
export type ExitResult = { readonly link: Link; readonly position: Position } & (
  | { readonly kind: "ordered"; readonly intent: Intent }
  | { readonly kind: "blocked"; readonly findings: readonly Finding[] }
  /** The instrument is unknown, trading is locked, or something failed: the user must close it at the broker. */
  | { readonly kind: "not-possible" }
  /** An earlier order that closes it may still be live: a second one could open the opposite position. */
  | { readonly kind: "not-known" }
  /** An order that closes it, ours or not, is still open although its cancel was requested: both could fill. */
  | { readonly kind: "still-closing" }
  /** An unreadable order may be one that closes it. */
  | { readonly kind: "may-be-closing" }
  /** The broker lists it in several rows: closing each could close it twice. */
  | { readonly kind: "listed-twice" }
);

export interface PanicReport {
  readonly cancels: readonly CancelResult[];
  readonly exits: readonly ExitResult[];
  readonly untouched: readonly Untouched[];
  readonly unseen: readonly Unseen[];
  /** What is still open, read after everything was done. */
  readonly left: readonly OpenBook[];
}

export interface Panic {
  look(user: UserId): Promise<readonly OpenBook[]>;
  /** Cancels every open order, then closes every position if `exitsToo`, and reads back the results. */
  run(user: UserId, id: string, exitsToo: boolean): Promise<PanicReport>;
}

export interface PanicDeps {
  readonly accounts: Accounts;
  readonly changes: Changes;
  readonly tickets: Tickets;
  readonly desk: Desk;
  readonly watcher: Watcher;
  readonly journal: Pick<Journal, "recent">;
  readonly clock: Clock;
  readonly log: Log;
  readonly instrumentOf: (position: Position) => Promise<Instrument | undefined>;
  readonly protectionBasisPoints: (user: UserId) => Promise<number>;
}

/** Pauses between the reads that look for the results in the books. */
const READ_BACK_PAUSES_MS = [300, 700, 1_500, 3_000];
/** A refused cancel is retried once after this many pauses: an order just placed may not have arrived before. */
const RETRY_REFUSED_AFTER = 2;

export function createPanic(deps: PanicDeps): Panic {
  const { clock, log } = deps;

  const books = createOpenBooks(deps);

  async function run(user: UserId, id: string, exitsToo: boolean): Promise<PanicReport> {
    const found = await books.all(user);
    const open = found.flatMap((book) => (book.ok ? book.orders.map((order) => ({ link: book.link, order })) : []));
    log.warn({ user, orders: open.length, exitsToo }, "panic");
    const asked = await Promise.all(
      open.map(async ({ link, order }) => ({ link, order, answer: await cancel(user, link, order.orderId) })),
    );
    const cancels = await readBack(user, asked);
    const { held, exits } = exitsToo ? await exitAll(user, id) : { held: [], exits: [] };
    const left = await books.all(user);
    // This panic's own exits and cancels are reported separately.
    const notOpen = await unseenIn(deps, { user, group: id, books: left.filter((book) => book.ok) });
    const unseen = notOpen.filter(({ link, leg }) => !cancels.some((each) => isCancelOf(each, link, leg)));
    return { cancels, exits, untouched: untouchedIn(found, held), unseen, left };
  }

  /** Null when the order was already gone or its cancel could not be requested. */
  async function cancel(user: UserId, link: Link, orderId: BrokerOrderId): Promise<OrderOutcome | null> {
    try {
      return answerOf(await deps.changes.askBooked(user, link, orderId, "cancel"));
    } catch (error) {
      log.warn({ err: error, broker: link.broker_name, link: link._id }, "cancel could not be requested");
      return { kind: "not-sent", reason: "the broker could not be asked", cause: "unreachable" };
    }
  }

  async function readBack(user: UserId, first: readonly Omit<CancelResult, "after">[]): Promise<CancelResult[]> {
    let asked = first;
    let results: CancelResult[] = [];
    for (const [turn, pause] of READ_BACK_PAUSES_MS.entries()) {
      if (turn > 0) asked = await Promise.all(results.map((each) => retriedIfNeeded(user, each, turn)));
      const reread = await booksOf(new Set(asked.map(({ link }) => link)));
      results = asked.map((each) => ({
        ...each,
        after: reread.get(each.link)?.find((order) => order.orderId === each.order.orderId) ?? null,
      }));
      if (results.every(({ after }) => after !== null && isFinal(after.status))) break;
      await clock.sleep(pause);
    }
    return results;
  }

  /**
   * Retries only while the book shows the order open: every time if the cancel was never sent (a change was under way
   * or the order unreadable, which passes), once if the broker refused it.
   */
  async function retriedIfNeeded(user: UserId, result: CancelResult, turn: number): Promise<CancelResult> {
    const { link, order, answer, after } = result;
    const isUnasked = answer === null || answer.kind === "not-sent";
    const isRefused = answer?.kind === "rejected" && turn === RETRY_REFUSED_AFTER;
    if ((!isUnasked && !isRefused) || after === null || isFinal(after.status)) return result;
    return { ...result, answer: await cancel(user, link, order.orderId) };
  }

  async function booksOf(links: ReadonlySet<Link>): Promise<Map<Link, readonly Order[]>> {
    const read = await Promise.all([...links].map(async (link) => [link, await books.orders(link)] as const));
    return new Map(read.flatMap(([link, orders]) => (orders === null ? [] : [[link, orders]])));
  }

  /** Reads the books again, because an order may have filled before its cancel. */
  async function exitAll(user: UserId, id: string): Promise<{ held: readonly OpenBook[]; exits: ExitResult[] }> {
    const underWayNow = await beforePositions(deps, user);
    const held = await books.all(user);
    const basisPoints = await deps.protectionBasisPoints(user);
    const rows = held.flatMap((book) => (book.ok ? book.positions.map((position) => ({ book, position })) : []));
    const prepared = await Promise.all(
      rows.map(({ book, position }) => prepare({ user, id, basisPoints }, book, position)),
    );
    const underWay = await underWayNow();
    return { held, exits: await followExits(await Promise.all(prepared.map((each) => exit(user, underWay, each)))) };
  }

  async function prepare(
    { user, id: group, basisPoints: protectionBasisPoints }: Exiting,
    { link, orders, positions, unread }: ReadBook,
    position: OpenPosition,
  ): Promise<Prepared> {
    try {
      if (orders.some((order) => wouldClose(order, position))) return { kind: "still-closing", link, position };
      if (mayConcern(position, unread.orders)) return { kind: "may-be-closing", link, position };
      if (openRows(position, positions).length > 1) return { kind: "listed-twice", link, position };
      const instrument = await deps.instrumentOf(position);
      if (!instrument) return { kind: "not-possible", link, position };
      const view = await deps.tickets.make({
        userId: user,
        instrument,
        side: opposite(position.side),
        productType: position.productType,
        type: "MARKET",
        price: null,
        triggerPrice: null,
        validity: "DAY",
        isAmo: false,
        parts: [{ link, qty: closableAtOnce(position.qty, instrument) }],
        origin: "panic",
        group,
        protectionBasisPoints,
      });
      if (isConfirmable(view)) return { kind: "ready", link, position, intent: view.intent };
      await deps.desk.drop(user, view.intent._id, "cancelled");
      return { kind: "blocked", link, position, findings: view.findings.filter(({ level }) => level === "block") };
    } catch (error) {
      return notExited(link, position, error);
    }
  }

  async function exit(user: UserId, underWay: UnderWay, prepared: Prepared): Promise<ExitResult> {
    if (prepared.kind !== "ready") return prepared;
    const { link, position, intent } = prepared;
    try {
      if (underWay.has(link._id, intent.plan)) {
        await deps.desk.drop(user, intent._id, "cancelled");
        return { kind: "not-known", link, position };
      }
      const result = await deps.desk.confirm(user, intent.confirmId);
      if (result.kind === "confirmed") return { kind: "ordered", link, position, intent: await result.sent };
      return { kind: "not-possible", link, position };
    } catch (error) {
      return notExited(link, position, error);
    }
  }

  function notExited(link: Link, position: Position, error: unknown): ExitResult {
    log.error({ err: error, broker: link.broker_name, link: link._id }, "position could not be exited");
    return { kind: "not-possible", link, position };
  }

  /** Follows the exits until they are closed, or for as long as a user will wait. */
  async function followExits(exits: readonly ExitResult[]): Promise<ExitResult[]> {
    let results = [...exits];
    for (const pause of READ_BACK_PAUSES_MS) {
      results = await Promise.all(
        results.map(async (exit) =>
          exit.kind === "ordered" ? { ...exit, intent: await lookAt(deps, exit.intent) } : exit,
        ),
      );
      if (results.every((exit) => exit.kind !== "ordered" || exit.intent.legs.every(isClosed))) break;
      await clock.sleep(pause);
    }
    return results;
  }

  return { look: (user) => books.all(user), run };
}

interface Exiting {
  readonly user: UserId;
  readonly id: string;
  readonly basisPoints: number;
}
type ReadBook = Extract<OpenBook, { ok: true }>;
type Prepared =
  | ExitResult
  | { readonly kind: "ready"; readonly link: Link; readonly position: OpenPosition; readonly intent: Intent };

const isCancelOf = ({ link, order }: CancelResult, { _id }: Link, { orderId, tag }: Leg): boolean =>
  link._id === _id && (order.orderId === orderId || order.tag === tag);

const wouldClose = (order: Order, position: OpenPosition): boolean =>
  order.side === opposite(position.side) &&
  order.productType === position.productType &&
  isSameListing(order, position);

/** An account may fail when orders are cancelled but answer when positions are exited, or vice versa. */
function untouchedIn(forOrders: readonly OpenBook[], forPositions: readonly OpenBook[]): Untouched[] {
  const isUnread = (books: readonly OpenBook[], { _id }: Link): boolean =>
    books.some((book) => !book.ok && book.link._id === _id);
  return forOrders
    .map(({ link }) => ({ link, orders: isUnread(forOrders, link), positions: isUnread(forPositions, link) }))
    .filter(({ orders, positions }) => orders || positions);
}

function answerOf(change: BookedChange): OrderOutcome | null {
  if (change.kind === "theirs") return change.outcome;
  return change.kind === "ours" && change.result.kind === "asked" ? change.result.outcome : null;
}
