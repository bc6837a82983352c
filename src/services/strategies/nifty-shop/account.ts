import type { InstrumentKey } from "../../../domain/ids.ts";
import type { Instrument } from "../../../domain/instrument.ts";
import type { Paise } from "../../../domain/money.ts";
import { isHoldingOf, isSameListing } from "../../../domain/portfolio.ts";
import type { Accounts, Link } from "../../accounts/accounts.ts";
import { nullIfFailed } from "../../null-if-failed.ts";

export interface ShopAccount {
  readonly cash: Paise;
  /** Units of each requested share held for delivery, including today's purchases. */
  readonly held: ReadonlyMap<InstrumentKey, number>;
}

/** Reads cash and holdings of the given shares; null when the broker call fails. */
export function readAccount(
  accounts: Accounts,
  link: Link,
  shares: readonly Instrument[],
): Promise<ShopAccount | null> {
  const reading = accounts.call(link, async (connector, access) => {
    const [funds, holdings, positions] = await Promise.all([
      connector.getFunds(access),
      connector.getHoldings(access),
      connector.getPositions(access),
    ]);
    const delivered = holdings.filter(({ productType }) => productType === "CNC");
    // Only purchases are added from the positions: holdings are already net of today's sales.
    const bought = positions.filter(({ side, productType }) => productType === "CNC" && side === "BUY");
    const unitsOf = (share: Instrument): number =>
      [
        ...delivered.filter((row) => isHoldingOf(row, share)),
        ...bought.filter((row) => isSameListing(row, share)),
      ].reduce((sum, { qty }) => sum + qty, 0);
    return { cash: funds.available, held: new Map(shares.map((share) => [share.key, unitsOf(share)])) };
  });
  return nullIfFailed(reading);
}
