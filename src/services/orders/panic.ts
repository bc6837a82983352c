import type { BrokerName, BrokerOrderId, UserId } from "../../domain/ids.ts";
import { isFinal, type Order, type OrderOutcome } from "../../domain/order.ts";
import { isExitable, type OpenPosition } from "../../domain/portfolio.ts";
import { BrokerError, type BrokerErrorKind } from "../../errors.ts";
import type { Accounts, Link } from "../accounts.ts";
import type { BookedChange, Changes } from "./changes.ts";
import {
  createPanicExits,
  type Exitable,
  type ExitResult,
  type PanicExitsDeps,
  READ_BACK_PAUSES_MS,
} from "./panic-exits.ts";

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

export interface PanicDeps extends PanicExitsDeps {
  readonly accounts: Accounts;
  readonly changes: Changes;
}

/** An order that was placed a moment ago may be on its way still, and its cancel refused: after so many pauses it has arrived. */
const ASK_AGAIN_AFTER = 2;

export function createPanic(deps: PanicDeps): Panic {
  const { accounts, clock, log } = deps;
  const exits = createPanicExits(deps);

  const look = async (user: UserId): Promise<readonly OpenBook[]> =>
    Promise.all((await accounts.active(user)).map(openBook));

  async function openBook(link: Link): Promise<OpenBook> {
    try {
      const orders = await accounts.call(link, (connector, access) => connector.getOrders(access));
      // Positions last: an order that fills in between is seen in both, never in neither.
      const positions = await accounts.call(link, (connector, access) => connector.getPositions(access));
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
    const exited = await exits.run(user, id, held.flatMap(exitableIn));
    return { cancels, exits: exited, untouched: untouchedIn(books, held), left: await look(user) };
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

  return { look, run };
}

const exitableIn = (book: OpenBook): Exitable[] =>
  book.ok ? book.positions.map((position) => ({ link: book.link, position, orders: book.orders })) : [];

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
