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

/** What the day's P&L of one account is made of, as its broker tells it and completed. */
export const readToday =
  (closes: Closes) =>
  async (connector: BrokerConnector, access: Access, link: Link): Promise<AccountToday> => {
    const [positions, holdings] = await Promise.all([
      connector.getPositions(access).then((rows) => closes.ofPositions(link, rows, () => connector.getTrades(access))),
      connector.getHoldings(access).then((rows) => closes.ofHoldings(link, rows)),
    ]);
    return { positions, holdings };
  };

/** Reads over every switched-on account at once. What failed stands beside what came. */
export interface Portfolio {
  positions(user: UserId): Promise<LinkResult<Position[]>[]>;
  holdings(user: UserId): Promise<LinkResult<Holding[]>[]>;
  /** What the day's P&L is made of. */
  today(user: UserId): Promise<LinkResult<AccountToday>[]>;
  /** The same with the money. */
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
  /** Each book as far as it can be read: whoever looks is told of the rest. */
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
        (rows, link) => closes.ofHoldings(link, rows),
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
