import type { Book, UnreadRow } from "../src/domain/book.ts";
import { brokerOrderId, type BrokerName } from "../src/domain/ids.ts";
import type { Order } from "../src/domain/order.ts";
import type { Listed } from "../src/domain/portfolio.ts";
import { BrokerError, UnreadRows } from "../src/errors.ts";
import { type ReadRow, fieldsOf } from "../src/lib/rows.ts";

/** How to map a broker's rows, and how to identify a row that cannot be mapped. */
export interface BookReading<R, T, K extends keyof R> {
  readonly broker: BrokerName;
  readonly endpoint: string;
  readonly map: (row: R) => T;
  /** Field with the order id; positions and holdings have none. */
  readonly idBy?: keyof R;
  /** Fields that name the row's instrument, and how to read them. */
  readonly listedBy: readonly K[];
  readonly listedOf: (row: Pick<R, K>) => Listed;
}

/** Maps rows one by one. If any cannot be mapped, throws UnreadRows, which carries those that could. */
export async function readBook<R, T, K extends keyof R>(
  rows: readonly ReadRow<R>[],
  reading: BookReading<R, T, K>,
): Promise<T[]> {
  const mapped: T[] = [];
  const unread: UnreadRow[] = [];
  const problems: string[] = [];
  for (const each of rows) {
    const result = each.ok ? mapRow(each.row, reading.map) : { problem: `field ${each.field}` };
    if ("value" in result) {
      mapped.push(result.value);
      continue;
    }
    problems.push(result.problem);
    unread.push(toUnreadRow(each, reading));
  }
  if (unread.length === 0) return mapped;
  throw unreadRows({ rows: mapped, unread }, problems[0] ?? "", reading);
}

/** A RangeError means that a value is outside the sets we know; any other error is our own defect. */
function mapRow<R, T>(row: R, map: (row: R) => T): { value: T } | { problem: string } {
  try {
    return { value: map(row) };
  } catch (error) {
    if (error instanceof RangeError) return { problem: error.message };
    throw error;
  }
}

function toUnreadRow<R, T, K extends keyof R>(
  each: ReadRow<R>,
  { idBy, listedBy, listedOf }: BookReading<R, T, K>,
): UnreadRow {
  const id = idBy === undefined ? undefined : fieldsOf(each, [idBy])?.[idBy];
  const fields = fieldsOf(each, listedBy);
  const listed = fields && mapRow(fields, listedOf);
  return {
    orderId: typeof id === "string" ? brokerOrderId(id) : null,
    listed: listed && "value" in listed ? listed.value : null,
  };
}

const unreadRows = <R, T, K extends keyof R>(
  book: Book<T>,
  problem: string,
  { broker, endpoint }: BookReading<R, T, K>,
): UnreadRows<T> => {
  const all = book.rows.length + book.unread.length;
  return new UnreadRows(
    `${endpoint}: ${book.unread.length} of ${all} rows not as documented: ${problem}`,
    { broker, endpoint },
    book,
  );
};

/** For books whose rows have the time of their placing. */
export const byPlacedAt = (a: Order, b: Order): number => (a.placedAt ?? 0) - (b.placedAt ?? 0);

/** For books in no documented order: ids start with the date and count up, so the longer one is the later. */
export const byOrderId = (a: Order, b: Order): number =>
  a.orderId.length - b.orderId.length || (a.orderId < b.orderId ? -1 : Number(a.orderId > b.orderId));

/** Applies `finish` to all rows of a book together, also to the readable rows of an UnreadRows error. */
export const finishBook = <T, U>(
  reading: Promise<T[]>,
  finish: (rows: readonly T[]) => U[] | Promise<U[]>,
): Promise<U[]> =>
  reading.then(finish, async (error: unknown) => {
    if (!(error instanceof UnreadRows)) throw error;
    const { rows, unread } = error.book as Book<T>;
    throw new UnreadRows(error.message, error, { rows: await finish(rows), unread });
  });

/** For a book that another one is computed from: an incomplete one must fail, not make the other one wrong. */
export const requireComplete = <T>(reading: Promise<T[]>): Promise<T[]> =>
  reading.catch((error: unknown) => {
    throw error instanceof UnreadRows ? new BrokerError("bad-response", error.message, error) : error;
  });
