import type { UserId } from "../domain/ids.ts";
import type { Funds, Holding, Position } from "../domain/portfolio.ts";
import type { Accounts, LinkResult } from "./accounts.ts";

/** One account as the dashboard needs it. */
export interface AccountDay {
  readonly positions: readonly Position[];
  readonly holdings: readonly Holding[];
  readonly funds: Funds;
}

/** Every switched-on account at once; what could not be read stands as its failure. */
export async function readDashboard(accounts: Accounts, user: UserId): Promise<LinkResult<AccountDay>[]> {
  return accounts.callEach(await accounts.active(user), async (connector, access) => {
    const [positions, holdings, funds] = await Promise.all([
      connector.getPositions(access),
      connector.getHoldings(access),
      connector.getFunds(access),
    ]);
    return { positions, holdings, funds };
  });
}
