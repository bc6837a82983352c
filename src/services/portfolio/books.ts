import { type Book, mayConcern } from "../../domain/book.ts";
import type { Listed } from "../../domain/portfolio.ts";
import { UnreadRows } from "../../errors.ts";
import type { Log } from "../../lib/log.ts";

/** Reads a list as far as possible, for callers that report the unread rows. */
export async function bookOf<T>(reading: Promise<readonly T[]>, log: Log): Promise<Book<T>> {
  try {
    return { rows: await reading, unread: [] };
  } catch (error) {
    if (!(error instanceof UnreadRows)) throw error;
    log.warn({ err: error, broker: error.broker, endpoint: error.endpoint }, "rows of an unknown kind were left out");
    return error.book as Book<T>;
  }
}

/** The readable rows, provided that no unread row can be of the given instrument; otherwise throws UnreadRows. */
export async function rowsFor<T>(listed: Listed, reading: Promise<readonly T[]>): Promise<readonly T[]> {
  return reading.catch((error: unknown) => {
    if (error instanceof UnreadRows && !mayConcern(listed, error.book.unread)) return (error.book as Book<T>).rows;
    throw error;
  });
}
