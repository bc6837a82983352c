import type { BrokerOrderId } from "./ids.ts";
import { isSameListing, type Listed } from "./portfolio.ts";

/** A row that could not be mapped (an undocumented status, product, …), with what still identifies it. */
export interface UnreadRow {
  /** Null when it could not be read, and for rows that have no order id (positions). */
  readonly orderId: BrokerOrderId | null;
  readonly listed: Listed | null;
}

/** A list read from a broker (orders, trades, positions): the rows that could be mapped and those that could not. */
export interface Book<T> {
  readonly rows: readonly T[];
  readonly unread: readonly UnreadRow[];
}

/** Whether an unread row may concern this instrument. A row that does not say which may concern any. */
export const mayConcern = (listed: Listed, unread: readonly UnreadRow[]): boolean =>
  unread.some((row) => row.listed === null || isSameListing(row.listed, listed));
