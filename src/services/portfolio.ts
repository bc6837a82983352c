import type { Access, BrokerConnector } from "../../connectors/base.ts";
import type { UserId } from "../domain/ids.ts";
import type { Order } from "../domain/order.ts";
import type { Funds, Holding, Position, Profile, Trade } from "../domain/portfolio.ts";
import type { Accounts, LinkResult } from "./accounts.ts";

/** Reads over every switched-on account at once. What failed stands beside what came. */
export interface Portfolio {
  positions(user: UserId): Promise<LinkResult<Position[]>[]>;
  holdings(user: UserId): Promise<LinkResult<Holding[]>[]>;
  funds(user: UserId): Promise<LinkResult<Funds>[]>;
  orders(user: UserId): Promise<LinkResult<Order[]>[]>;
  trades(user: UserId): Promise<LinkResult<Trade[]>[]>;
  profiles(user: UserId): Promise<LinkResult<Profile>[]>;
}

export function createPortfolio(accounts: Accounts): Portfolio {
  async function each<T>(user: UserId, call: (connector: BrokerConnector, access: Access) => Promise<T>) {
    return accounts.callEach(await accounts.active(user), call);
  }
  return {
    positions: (user) => each(user, (connector, access) => connector.getPositions(access)),
    holdings: (user) => each(user, (connector, access) => connector.getHoldings(access)),
    funds: (user) => each(user, (connector, access) => connector.getFunds(access)),
    orders: (user) => each(user, (connector, access) => connector.getOrders(access)),
    trades: (user) => each(user, (connector, access) => connector.getTrades(access)),
    profiles: (user) => each(user, (connector, access) => connector.getProfile(access)),
  };
}
