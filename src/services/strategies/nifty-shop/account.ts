import type { InstrumentKey } from "../../../domain/ids.ts";
import type { Instrument } from "../../../domain/instrument.ts";
import type { Paise } from "../../../domain/money.ts";
import { isHoldingOf, isSameListing } from "../../../domain/portfolio.ts";
import { BrokerError } from "../../../errors.ts";
import type { Accounts, Link } from "../../accounts.ts";

export interface ShopAccount {
  readonly cash: Paise;
  /** Units owned in delivery of the shares that were asked for, those bought today included. */
  readonly held: ReadonlyMap<InstrumentKey, number>;
}

/** What the account has of the shares; null when its broker cannot be asked. */
export async function readAccount(
  accounts: Accounts,
  link: Link,
  shares: readonly Instrument[],
): Promise<ShopAccount | null> {
  try {
    return await accounts.call(link, async (connector, access) => {
      const [funds, holdings, positions] = await Promise.all([
        connector.getFunds(access),
        connector.getHoldings(access),
        connector.getPositions(access),
      ]);
      const delivered = holdings.filter(({ productType }) => productType === "CNC");
      // What was sold today is gone from the holdings already.
      const bought = positions.filter(({ side, productType }) => productType === "CNC" && side === "BUY");
      const unitsOf = (share: Instrument): number =>
        [
          ...delivered.filter((row) => isHoldingOf(row, share)),
          ...bought.filter((row) => isSameListing(row, share)),
        ].reduce((sum, { qty }) => sum + qty, 0);
      return { cash: funds.available, held: new Map(shares.map((share) => [share.key, unitsOf(share)])) };
    });
  } catch (error) {
    if (error instanceof BrokerError) return null;
    throw error;
  }
}
