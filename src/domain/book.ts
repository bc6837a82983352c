import type { BrokerOrderId } from "./ids.ts";
import { isSameListing, type Listed } from "./portfolio.ts";

/** A row of a kind that nobody here knows, by what it still tells. */
export interface UnreadRow {
  /** Null where it does not tell, and where rows of its kind have none. */
  readonly orderId: BrokerOrderId | null;
  readonly listed: Listed | null;
}

/** What could be read of a list of an account's, its orders or what it holds, and what could not. */
export interface Book<T> {
  readonly rows: readonly T[];
  readonly unread: readonly UnreadRow[];
}

/** Whether one of them may be of this instrument: one that does not tell may be of any. */
export const mayBeOf = (listed: Listed, unread: readonly UnreadRow[]): boolean =>
  unread.some((row) => row.listed === null || isSameListing(row.listed, listed));
