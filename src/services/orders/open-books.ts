import type { Book, UnreadRow } from "../../domain/book.ts";
import type { BrokerName, UserId } from "../../domain/ids.ts";
import { isFinal, type Order } from "../../domain/order.ts";
import { isExitable, type OpenPosition } from "../../domain/portfolio.ts";
import { BrokerError, type BrokerErrorKind } from "../../errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Accounts, Link } from "../accounts/accounts.ts";
import { bookOf } from "../portfolio/books.ts";

/** Open orders and positions of one account, or why they could not be read. */
export type OpenBook = { readonly link: Link } & (
  | {
      readonly ok: true;
      readonly orders: readonly Order[];
      readonly positions: readonly OpenPosition[];
      readonly unread: UnreadBooks;
    }
  | { readonly ok: false; readonly error: BrokerErrorKind; readonly broker: BrokerName }
);

/** Rows of an unknown kind, which may or may not be open. */
export interface UnreadBooks {
  readonly orders: readonly UnreadRow[];
  readonly positions: readonly UnreadRow[];
}

export interface OpenBooks {
  /** The open books of every switched-on account. */
  all(user: UserId): Promise<readonly OpenBook[]>;
  /** Today's orders including final ones; null when they could not be read. */
  orders(link: Link): Promise<readonly Order[] | null>;
}

export function createOpenBooks({ accounts, log }: { accounts: Accounts; log: Log }): OpenBooks {
  const ordersOf = async (link: Link): Promise<Book<Order>> => {
    const reading = accounts.call(link, (connector, access) => connector.getOrders(access));
    return bookOf(reading, log);
  };

  async function openBook(link: Link): Promise<OpenBook> {
    try {
      // Orders first: an order that fills between the reads then shows up in the positions.
      const orders = await ordersOf(link);
      const reading = accounts.call(link, (connector, access) => connector.getPositions(access));
      const positions = await bookOf(reading, log);
      return {
        link,
        ok: true,
        orders: orders.rows.filter((order) => !isFinal(order.status)),
        positions: positions.rows.filter(isExitable),
        unread: { orders: orders.unread, positions: positions.unread },
      };
    } catch (error) {
      if (error instanceof BrokerError) return { link, ok: false, error: error.kind, broker: error.broker };
      // An unexpected error at one account must not stop the other accounts, nor the report of what was done.
      log.error({ err: error, broker: link.broker_name, link: link._id }, "account could not be read");
      return { link, ok: false, error: "bad-response", broker: link.broker_name };
    }
  }

  return {
    all: async (user) => Promise.all((await accounts.active(user)).map(openBook)),
    async orders(link) {
      try {
        return (await ordersOf(link)).rows;
      } catch (error) {
        log.warn({ err: error, broker: link.broker_name, link: link._id }, "orders could not be read back");
        return null;
      }
    },
  };
}
