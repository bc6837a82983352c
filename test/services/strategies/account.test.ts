import { expect, it } from "vitest";
import { instrumentKey } from "../../../src/domain/instrument.ts";
import type { Funds, Holding, Position } from "../../../src/domain/portfolio.ts";
import type { Accounts, Link } from "../../../src/services/accounts.ts";
import { readAccount } from "../../../src/services/strategies/nifty-shop/account.ts";

const ITC = instrumentKey("NSE", 1660);

it("the shop counts what is left of its shares, with those bought today, and not once more without those sold today", async () => {
  const connector = {
    getFunds: async () => ({ available: 5_000 }) as Funds,
    getHoldings: async () => [{ key: ITC, qty: 30 } as Holding],
    getPositions: async () => [
      { key: ITC, productType: "CNC", side: "SELL", qty: 10 } as Position,
      { key: ITC, productType: "CNC", side: "BUY", qty: 4 } as Position,
      { key: ITC, productType: "INTRADAY", side: "BUY", qty: 7 } as Position,
    ],
  };
  const accounts = { call: async (_link: Link, ask: (with_: typeof connector) => unknown) => ask(connector) };
  const account = await readAccount(accounts as unknown as Accounts, {} as Link);
  expect(account).toEqual({ cash: 5_000, held: new Map([[ITC, 34]]) });
});
