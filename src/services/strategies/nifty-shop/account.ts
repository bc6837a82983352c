import type { InstrumentKey } from "../../../domain/ids.ts";
import type { Paise } from "../../../domain/money.ts";
import { BrokerError } from "../../../errors.ts";
import type { Accounts, Link } from "../../accounts.ts";

export interface ShopAccount {
  readonly cash: Paise;
  /** Units owned in delivery, those bought today included. */
  readonly held: ReadonlyMap<InstrumentKey, number>;
}

/** What the account has; null when its broker cannot be asked. */
export async function readAccount(accounts: Accounts, link: Link): Promise<ShopAccount | null> {
  try {
    return await accounts.call(link, async (connector, access) => {
      const [funds, holdings, positions] = await Promise.all([
        connector.getFunds(access),
        connector.getHoldings(access),
        connector.getPositions(access),
      ]);
      const held = new Map<InstrumentKey, number>();
      const add = (key: InstrumentKey | null, qty: number): void => {
        if (key !== null) held.set(key, (held.get(key) ?? 0) + qty);
      };
      for (const { key, qty } of holdings) add(key, qty);
      // What was sold today is gone from the holdings already.
      for (const { key, qty, side, productType } of positions)
        if (productType === "CNC" && side === "BUY") add(key, qty);
      return { cash: funds.available, held };
    });
  } catch (error) {
    if (error instanceof BrokerError) return null;
    throw error;
  }
}
