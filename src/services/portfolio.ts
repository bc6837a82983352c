import type { Access, BrokerConnector } from "../../connectors/base.ts";
import type { UserId } from "../domain/ids.ts";
import type { Order } from "../domain/order.ts";
import type { Funds, Holding, Position, Profile, Trade } from "../domain/portfolio.ts";
import type { Log } from "../lib/log.ts";
import type { Accounts, Link, LinkResult } from "./accounts.ts";
import { bookOf } from "./books.ts";
import type { Closes } from "./closes.ts";

/** One account as it stands now. */
export interface AccountToday {
  readonly positions: readonly Position[];
  readonly holdings: readonly Holding[];
}
export interface AccountNow extends AccountToday {
  readonly funds: Funds;
}

/** Reads what one account's day P&L is computed from, with missing previous closes filled in. */
export const readToday =
  (closes: Closes) =>
  async (connector: BrokerConnector, access: Access, link: Link): Promise<AccountToday> => {
    const [positions, holdings] = await Promise.all([
      connector
        .getPositions(access)
        .then((rows) => closes.completePositions(link, rows, () => connector.getTrades(access))),
      connector.getHoldings(access).then((rows) => closes.completeHoldings(link, rows)),
    ]);
    return { positions, holdings };
  };

/** Reads over all switched-on accounts in parallel. A failed account is in the result as an error. */
export interface Portfolio {
  positions(user: UserId): Promise<LinkResult<Position[]>[]>;
  holdings(user: UserId): Promise<LinkResult<Holding[]>[]>;
  /** Positions and holdings with the day's P&L filled in. */
  today(user: UserId): Promise<LinkResult<AccountToday>[]>;
  /** The same, with funds. */
  all(user: UserId): Promise<LinkResult<AccountNow>[]>;
  funds(user: UserId): Promise<LinkResult<Funds>[]>;
  orders(user: UserId): Promise<LinkResult<Order[]>[]>;
  trades(user: UserId): Promise<LinkResult<Trade[]>[]>;
  profiles(user: UserId): Promise<LinkResult<Profile>[]>;
}

export interface PortfolioDeps {
  readonly accounts: Accounts;
  readonly closes: Closes;
  readonly log: Log;
}

export function createPortfolio({ accounts, closes, log }: PortfolioDeps): Portfolio {
  async function each<T>(user: UserId, call: (connector: BrokerConnector, access: Access, link: Link) => Promise<T>) {
    return accounts.callEach(await accounts.active(user), call);
  }
  /** Reads each list as far as possible; rows that could not be read are returned as `unread`. */
  async function eachBook<T>(
    user: UserId,
    read: (connector: BrokerConnector, access: Access) => Promise<T[]>,
    complete: (rows: readonly T[], link: Link) => Promise<T[]> = async (rows) => [...rows],
  ): Promise<LinkResult<T[]>[]> {
    const parts = await each(user, async (connector, access, link) => {
      const { rows, unread } = await bookOf(read(connector, access), log);
      return { rows: await complete(rows, link), unread };
    });
    return parts.map((part) => (part.ok ? { ...part, value: part.value.rows, unread: part.value.unread } : part));
  }
  const today = readToday(closes);
  return {
    positions: (user) => eachBook(user, (connector, access) => connector.getPositions(access)),
    holdings: (user) =>
      eachBook(
        user,
        (connector, access) => connector.getHoldings(access),
        (rows, link) => closes.completeHoldings(link, rows),
      ),
    today: (user) => each(user, today),
    all: (user) =>
      each(user, async (connector, access, link) => {
        const [day, funds] = await Promise.all([today(connector, access, link), connector.getFunds(access)]);
        return { ...day, funds };
      }),
    funds: (user) => each(user, (connector, access) => connector.getFunds(access)),
    orders: (user) => eachBook(user, (connector, access) => connector.getOrders(access)),
    trades: (user) => eachBook(user, (connector, access) => connector.getTrades(access)),
    profiles: (user) => each(user, (connector, access) => connector.getProfile(access)),
  };
}
