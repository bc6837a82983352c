import type { Access, BrokerConnector } from "../../../connectors/base.ts";
import type { UserId } from "../../domain/ids.ts";
import type { Order } from "../../domain/order.ts";
import type { Funds, Holding, Position, Profile, Trade } from "../../domain/portfolio.ts";
import type { Log } from "../../lib/log.ts";
import type { Accounts, Link, LinkResult } from "../accounts/accounts.ts";
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

/**
 * Reads over all switched-on accounts in parallel, or over the one called `label`. A failed account is in the result as an
 * error.
 */
export interface Portfolio {
  positions(user: UserId, label?: string): Promise<LinkResult<Position[]>[]>;
  holdings(user: UserId, label?: string): Promise<LinkResult<Holding[]>[]>;
  /** Positions and holdings with the day's P&L filled in. */
  today(user: UserId): Promise<LinkResult<AccountToday>[]>;
  /** The same, with funds. */
  all(user: UserId, label?: string): Promise<LinkResult<AccountNow>[]>;
  funds(user: UserId, label?: string): Promise<LinkResult<Funds>[]>;
  orders(user: UserId, label?: string): Promise<LinkResult<Order[]>[]>;
  trades(user: UserId, label?: string): Promise<LinkResult<Trade[]>[]>;
  profiles(user: UserId, label?: string): Promise<LinkResult<Profile>[]>;
}

interface Whose {
  readonly user: UserId;
  readonly label?: string | undefined;
}

export interface PortfolioDeps {
  readonly accounts: Accounts;
  readonly closes: Closes;
  readonly log: Log;
}

export function createPortfolio({ accounts, closes, log }: PortfolioDeps): Portfolio {
  async function each<T>(
    { user, label }: Whose,
    call: (connector: BrokerConnector, access: Access, link: Link) => Promise<T>,
  ): Promise<LinkResult<T>[]> {
    const links = await accounts.active(user);
    return accounts.callEach(label === undefined ? links : links.filter((link) => link.label === label), call);
  }
  /** Reads each list as far as possible; rows that could not be read are returned as `unread`. */
  async function eachBook<T>(
    whose: Whose,
    read: (connector: BrokerConnector, access: Access) => Promise<T[]>,
    complete: (rows: readonly T[], link: Link) => Promise<T[]> = async (rows) => [...rows],
  ): Promise<LinkResult<T[]>[]> {
    const parts = await each(whose, async (connector, access, link) => {
      const { rows, unread } = await bookOf(read(connector, access), log);
      return { rows: await complete(rows, link), unread };
    });
    return parts.map((part) => (part.ok ? { ...part, value: part.value.rows, unread: part.value.unread } : part));
  }
  const today = readToday(closes);
  return {
    positions: (user, label) => eachBook({ user, label }, (connector, access) => connector.getPositions(access)),
    holdings: (user, label) =>
      eachBook(
        { user, label },
        (connector, access) => connector.getHoldings(access),
        (rows, link) => closes.completeHoldings(link, rows),
      ),
    today: (user) => each({ user }, today),
    all: (user, label) =>
      each({ user, label }, async (connector, access, link) => {
        const [day, funds] = await Promise.all([today(connector, access, link), connector.getFunds(access)]);
        return { ...day, funds };
      }),
    funds: (user, label) => each({ user, label }, (connector, access) => connector.getFunds(access)),
    orders: (user, label) => eachBook({ user, label }, (connector, access) => connector.getOrders(access)),
    trades: (user, label) => eachBook({ user, label }, (connector, access) => connector.getTrades(access)),
    profiles: (user, label) => each({ user, label }, (connector, access) => connector.getProfile(access)),
  };
}
