import { describe, expect, it } from "vitest";
import { equitySymbol, instrumentKey } from "../../../src/domain/instrument.ts";
import type { Funds, Holding, Position } from "../../../src/domain/portfolio.ts";
import type { Accounts, Link } from "../../../src/services/accounts/accounts.ts";
import { readAccount } from "../../../src/services/strategies/nifty-shop/account.ts";
import { holding, SBIN } from "../stub-broker.ts";

const ITC = instrumentKey("NSE", 1660);
const ISIN = "INE154A01025";
const SHARE = { ...SBIN, key: ITC, symbol: equitySymbol("NSE", "ITC", "EQ"), isin: ISIN };
const held: Holding = { ...holding, key: ITC, symbol: SHARE.symbol, isin: ISIN, qty: 30 };

async function read(holdings: readonly Holding[], positions: readonly Partial<Position>[] = []) {
  const connector = {
    getFunds: async () => ({ available: 5_000 }) as Funds,
    getHoldings: async () => holdings,
    getPositions: async () => positions,
  };
  const accounts = { call: async (_link: Link, ask: (with_: typeof connector) => unknown) => ask(connector) };
  return readAccount(accounts as unknown as Accounts, {} as Link, [SHARE]);
}

describe("the shop's shares in the account", () => {
  it("include today's purchases, without subtracting today's sales again", async () => {
    const account = await read(
      [held],
      [
        { key: ITC, productType: "CNC", side: "SELL", qty: 10 },
        { key: ITC, productType: "CNC", side: "BUY", qty: 4 },
        { key: ITC, productType: "INTRADAY", side: "BUY", qty: 7 },
      ],
    );
    expect(account).toEqual({ cash: 5_000, held: new Map([[ITC, 34]]) });
  });

  it("include shares listed under the other exchange, but not MTF shares", async () => {
    const onBse = { ...held, key: instrumentKey("BSE", 500875), symbol: equitySymbol("BSE", "ITC", "") };
    expect((await read([onBse]))?.held.get(ITC)).toBe(30);
    expect((await read([{ ...held, productType: "MTF" }]))?.held.get(ITC)).toBe(0);
  });
});
