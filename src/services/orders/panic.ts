import type { BrokerName, BrokerOrderId, LinkId, UserId } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import { isClosed, type OrderPlan } from "../../domain/order-intent.ts";
import { isFinal, opposite, type Order, type OrderOutcome } from "../../domain/order.ts";
import { isExitable, type OpenPosition, type Position } from "../../domain/portfolio.ts";
import { BrokerError, type BrokerErrorKind } from "../../errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts, Link } from "../accounts.ts";
import type { BookedChange, Changes } from "./changes.ts";
import type { Desk } from "./desk.ts";
import type { Finding } from "./findings.ts";
import type { Intent, Journal } from "./journal.ts";
import { isConfirmable, type Tickets } from "./tickets.ts";
import type { Watcher } from "./watcher.ts";

/** What one account has open; `error` says why it could not be read. */
export type OpenBook = { readonly link: Link } & (
  | { readonly ok: true; readonly orders: readonly Order[]; readonly positions: readonly OpenPosition[] }
  | { readonly ok: false; readonly error: BrokerErrorKind; readonly broker: BrokerName }
);

/** What was left alone at an account because it could not be read when that was to be done. */
export interface Untouched {
  readonly link: Link;
  readonly orders: boolean;
  readonly positions: boolean;
}

/** What came of one cancel: as the book has the order after it, and what the broker answered. */
export interface CancelResult {
  readonly link: Link;
  readonly order: Order;
  readonly answer: OrderOutcome | null;
  /** As read back; null when the book could not be read after the cancel. */
  readonly after: Order | null;
}

/** What came of closing one position: an order of ours, or why there is none. */
export type ExitResult = { readonly link: Link; readonly position: Position } & (
  | { readonly kind: "ordered"; readonly intent: Intent }
  | { readonly kind: "blocked"; readonly findings: readonly Finding[] }
  /** No instrument could be found for the row, or trading is locked: to be done at the broker. */
  | { readonly kind: "not-possible" }
  /** An earlier order that would close it is on its way, or may be live: a second one could turn it around. */
  | { readonly kind: "not-known" }
);

export interface PanicReport {
  readonly cancels: readonly CancelResult[];
  readonly exits: readonly ExitResult[];
  readonly untouched: readonly Untouched[];
  /** What is still there, read after everything was done. */
  readonly left: readonly OpenBook[];
}

export interface Panic {
  look(user: UserId): Promise<readonly OpenBook[]>;
  /** Cancels every open order, then closes every position if asked to, and reads back what became of each. */
  run(user: UserId, id: string, exitsToo: boolean): Promise<PanicReport>;
}

export interface PanicDeps {
  readonly accounts: Accounts;
  readonly changes: Changes;
  readonly tickets: Tickets;
  readonly desk: Desk;
  readonly watcher: Watcher;
  readonly journal: Pick<Journal, "ofUser">;
  readonly clock: Clock;
  readonly log: Log;
  readonly instrumentOf: (position: Position) => Promise<Instrument | undefined>;
  readonly protectionBasisPoints: (user: UserId) => Promise<number>;
}

/** What is not known yet is of the last minutes. */
const RECENT_INTENTS = 200;
/** After the last request the books get this long to show what became of it. */
const READ_BACK_PAUSES_MS = [300, 700, 1_500, 3_000];
/** An order that was placed a moment ago may be on its way still, and its cancel refused: after so many pauses it has arrived. */
const ASK_AGAIN_AFTER = 2;

export function createPanic(deps: PanicDeps): Panic {
  const { accounts, clock, log } = deps;

  const look = async (user: UserId): Promise<readonly OpenBook[]> =>
    Promise.all((await accounts.active(user)).map(openBook));

  async function openBook(link: Link): Promise<OpenBook> {
    try {
      const [orders, positions] = await accounts.call(link, (connector, access) =>
        Promise.all([connector.getOrders(access), connector.getPositions(access)]),
      );
      return {
        link,
        ok: true,
        orders: orders.filter((order) => !isFinal(order.status)),
        positions: positions.filter(isExitable),
      };
    } catch (error) {
      if (error instanceof BrokerError) return { link, ok: false, error: error.kind, broker: error.broker };
      // Whatever it is, it must not keep the others from being done, nor what was done from being told.
      log.error({ err: error, broker: link.broker_name }, "account not read");
      return { link, ok: false, error: "bad-response", broker: link.broker_name };
    }
  }

  async function run(user: UserId, id: string, exitsToo: boolean): Promise<PanicReport> {
    const books = await look(user);
    const open = books.flatMap((book) => (book.ok ? book.orders.map((order) => ({ link: book.link, order })) : []));
    log.warn({ user, orders: open.length, exitsToo }, "panic");
    const asked = await Promise.all(
      open.map(async ({ link, order }) => ({ link, order, answer: await cancel(user, link, order.orderId) })),
    );
    const cancels = await readBack(user, asked);
    // Positions are read again: what was cancelled may have filled first.
    const held = exitsToo ? await look(user) : [];
    const exits = held.length === 0 ? [] : await exitAll(user, id, held);
    return { cancels, exits, untouched: untouchedIn(books, held), left: await look(user) };
  }

  /** Null when the order was gone already or its cancel could not be asked for. */
  async function cancel(user: UserId, link: Link, orderId: BrokerOrderId): Promise<OrderOutcome | null> {
    try {
      return answerOf(await deps.changes.askBooked(user, link, orderId, "cancel"));
    } catch (error) {
      log.warn({ err: error, broker: link.broker_name }, "cancel not asked");
      return { kind: "not-sent", reason: "the broker could not be asked", cause: "unreachable" };
    }
  }

  async function readBack(user: UserId, first: readonly Omit<CancelResult, "after">[]): Promise<CancelResult[]> {
    let asked = first;
    let results: CancelResult[] = [];
    for (const [turn, pause] of READ_BACK_PAUSES_MS.entries()) {
      if (turn === ASK_AGAIN_AFTER) asked = await Promise.all(results.map((each) => askedAgain(user, each)));
      const books = await booksOf(new Set(asked.map(({ link }) => link)));
      results = asked.map((each) => ({
        ...each,
        after: books.get(each.link)?.find((order) => order.orderId === each.order.orderId) ?? null,
      }));
      if (results.every(({ after }) => after !== null && isFinal(after.status))) break;
      await clock.sleep(pause);
    }
    return results;
  }

  /** Only where the broker clearly said no and the book still has the order open. */
  async function askedAgain(user: UserId, result: CancelResult): Promise<CancelResult> {
    const { link, order, answer, after } = result;
    if (answer?.kind !== "rejected" || after === null || isFinal(after.status)) return result;
    return { ...result, answer: await cancel(user, link, order.orderId) };
  }

  async function booksOf(links: ReadonlySet<Link>): Promise<Map<Link, readonly Order[]>> {
    const books = await Promise.all(
      [...links].map(async (link) => {
        const orders = accounts.call(link, (connector, access) => connector.getOrders(access));
        return [link, await orders.catch((error: unknown) => unread(link, error))] as const;
      }),
    );
    return new Map(books.flatMap(([link, orders]) => (orders === null ? [] : [[link, orders]])));
  }

  function unread(link: Link, error: unknown): null {
    log.warn({ err: error, broker: link.broker_name }, "not read back");
    return null;
  }

  async function exitAll(user: UserId, id: string, books: readonly OpenBook[]): Promise<ExitResult[]> {
    const basisPoints = await deps.protectionBasisPoints(user);
    const positions = books.flatMap((book) =>
      book.ok ? book.positions.map((position) => ({ link: book.link, position })) : [],
    );
    const doubtful = await doubtfulOrders(user);
    const exits = await Promise.all(positions.map((each) => exit({ user, id, basisPoints, doubtful }, each)));
    return settled(exits);
  }

  /** Names of the user's orders of which it is not known whether they are live. */
  async function doubtfulOrders(user: UserId): Promise<ReadonlySet<string>> {
    const intents = await deps.journal.ofUser(user, { limit: RECENT_INTENTS, order: "desc" });
    return new Set(
      intents.flatMap(({ plan, legs }) =>
        legs.filter(({ state }) => state === "sending" || state === "unknown").map(({ link }) => nameOf(link, plan)),
      ),
    );
  }

  async function exit(
    { user, id: group, basisPoints: protectionBasisPoints, doubtful }: Exiting,
    { link, position }: { link: Link; position: OpenPosition },
  ): Promise<ExitResult> {
    const notPossible = { kind: "not-possible", link, position } as const;
    try {
      const instrument = await deps.instrumentOf(position);
      if (!instrument) return notPossible;
      const closing = { side: opposite(position.side), productType: position.productType };
      if (doubtful.has(nameOf(link._id, { key: instrument.key, ...closing })))
        return { kind: "not-known", link, position };
      const view = await deps.tickets.make({
        ...closing,
        userId: user,
        instrument,
        type: "MARKET",
        price: null,
        triggerPrice: null,
        validity: "DAY",
        isAmo: false,
        parts: [{ link, qty: position.qty }],
        origin: "panic",
        group,
        protectionBasisPoints,
      });
      if (!isConfirmable(view)) {
        await deps.desk.drop(user, view.intent._id, "cancelled");
        return { kind: "blocked", link, position, findings: view.findings.filter(({ level }) => level === "block") };
      }
      const result = await deps.desk.confirm(user, view.intent.confirmId);
      return result.kind === "confirmed" ? { kind: "ordered", link, position, intent: await result.sent } : notPossible;
    } catch (error) {
      log.error({ err: error, broker: link.broker_name }, "position not exited");
      return notPossible;
    }
  }

  /** Looks at the exits until they have ended, or for as long as a person waits. */
  async function settled(exits: readonly ExitResult[]): Promise<ExitResult[]> {
    let results = [...exits];
    for (const pause of READ_BACK_PAUSES_MS) {
      results = await Promise.all(
        results.map(async (exit) => (exit.kind === "ordered" ? { ...exit, intent: await lookAt(exit) } : exit)),
      );
      if (results.every((exit) => exit.kind !== "ordered" || exit.intent.legs.every(isClosed))) break;
      await clock.sleep(pause);
    }
    return results;
  }

  const lookAt = ({ link, intent }: Extract<ExitResult, { kind: "ordered" }>): Promise<Intent> =>
    deps.watcher.look(intent).catch((error: unknown) => unread(link, error) ?? intent);

  return { look, run };
}

interface Exiting {
  readonly user: UserId;
  readonly id: string;
  readonly basisPoints: number;
  readonly doubtful: ReadonlySet<string>;
}

const nameOf = (link: LinkId, { key, side, productType }: Pick<OrderPlan, "key" | "side" | "productType">): string =>
  `${link} ${key} ${side} ${productType}`;

/** An account may be silent when orders are cancelled and answer when positions are exited, or the other way round. */
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
