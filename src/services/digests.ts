import type { UserId } from "../domain/ids.ts";
import type { Order } from "../domain/order.ts";
import type { Funds, Holding, Position } from "../domain/portfolio.ts";
import type { Accounts, LinkResult } from "./accounts.ts";

/** One account's day as its broker tells it. */
export interface AccountDay {
  readonly positions: readonly Position[];
  readonly holdings: readonly Holding[];
  readonly orders: readonly Order[];
  readonly funds: Funds;
}
export type DayParts = readonly LinkResult<AccountDay>[];

export interface Digests {
  /** Every switched-on account's day; what could not be read stands as its failure. */
  day(user: UserId): Promise<DayParts>;
}

export function createDigests(accounts: Accounts): Digests {
  return {
    day: async (user) =>
      accounts.callEach(await accounts.active(user), async (connector, access) => {
        const [positions, holdings, orders, funds] = await Promise.all([
          connector.getPositions(access),
          connector.getHoldings(access),
          connector.getOrders(access),
          connector.getFunds(access),
        ]);
        return { positions, holdings, orders, funds };
      }),
  };
}
