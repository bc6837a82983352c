import { describe, expect, it } from "vitest";
import type { TradingSymbol } from "../../src/domain/ids.ts";
import { equitySymbol, instrumentKey } from "../../src/domain/instrument.ts";
import { paiseFromRupees, price } from "../../src/domain/money.ts";
import { closableBy, isHoldingOf, isSameListing, ownedNow } from "../../src/domain/portfolio.ts";
import { SBIN } from "../services/orders/floor.ts";
import { holding, holds } from "../services/orders/rows.ts";

const INFY = { key: null, symbol: equitySymbol("NSE", "INFY", "EQ") };
const ITC = { key: null, symbol: equitySymbol("NSE", "ITC", "EQ") };
const listedAs = ({ symbol }: { symbol: TradingSymbol }) => ({ symbol, series: symbol.slice(-2) });
const sale = (qty: number, more: object) => holds(qty, "SELL", { productType: "CNC", ...more });

describe("the holdings owned now, after today's delivery sales", () => {
  it("lack what was sold, matched by name where a row has no exchange token", () => {
    const held = [holding(ITC), holding(INFY), holding()];
    const left = ownedNow(held, [sale(20, INFY), sale(50, { key: instrumentKey("NSE", 3045) })]);
    expect(left.map(({ symbol, qty }) => [symbol, qty])).toEqual([
      [ITC.symbol, 50],
      [INFY.symbol, 30],
    ]);
  });

  it("lack what was sold on the other exchange, unless a holding of that exchange has its own row", () => {
    const onBse = { key: instrumentKey("BSE", 500112), symbol: equitySymbol("BSE", "SBIN", "A") };
    const sold = sale(20, onBse);
    expect(ownedNow([holding()], [sold]).map(({ qty }) => qty)).toEqual([30]);
    expect(ownedNow([holding(), holding(onBse)], [sold]).map(({ qty }) => qty)).toEqual([50, 30]);
  });

  it("lack units of a REIT or an InvIT that were sold on the other exchange", () => {
    for (const [name, series] of [
      ["EMBASSY", "RR"],
      ["PGINVIT", "IV"],
    ] as const) {
      const held = holding({ key: null, symbol: equitySymbol("NSE", name, series) });
      const onBse = { key: null, symbol: equitySymbol("BSE", name, series) };
      expect(ownedNow([held], [sale(20, onBse)])).toMatchObject([{ qty: 30 }]);
      // Kite's and Angel One's master files have no ISIN.
      expect(isHoldingOf(holding({ ...onBse, isin: "INE041025011" }), { ...SBIN, ...listedAs(held) })).toBe(true);
    }
  });

  it("lack what was sold on the other exchange, whatever its series at NSE, but not a bond of the same name", () => {
    const named = (exchange: "NSE" | "BSE", name: string, series: string) => ({
      key: null,
      symbol: equitySymbol(exchange, name, series),
    });
    const held = ["BE", "N1"].map((series) => holding(named("NSE", "BAJAJ-AUTO", series)));
    expect(ownedNow(held, [sale(20, named("BSE", "BAJAJ-AUTO", "A"))]).map(({ qty }) => qty)).toEqual([30, 50]);
    expect(ownedNow([holding(named("BSE", "SME", "M"))], [sale(20, named("NSE", "SME", "SM"))])).toMatchObject([
      { qty: 30 },
    ]);
  });

  it("lack a sale once only, when a share has one row for delivered and another for undelivered shares", () => {
    const rows = [holding({ qty: 5 }), holding({ qty: 10, t1Qty: 10 }), holding({ qty: 4 })];
    expect(ownedNow(rows, [sale(8, {})]).map(({ qty, t1Qty }) => [qty, t1Qty])).toEqual([
      [7, 7],
      [4, 0],
    ]);
  });

  it("have no profit when part of a share without a price was sold", () => {
    const [row] = ownedNow([holding({ ltp: null, pnl: paiseFromRupees(500) })], [sale(20, {})]);
    expect(row?.pnl).toBeNull();
  });

  it("are not reduced by a sale in another product, and have the profit of the remaining quantity", () => {
    const ltp = price(7_100_000);
    const [row] = ownedNow(
      [holding({ ltp, pnl: paiseFromRupees(500) })],
      [sale(20, {}), sale(9, { productType: "MTF" })],
    );
    expect(row).toMatchObject({ qty: 30, pnl: paiseFromRupees(300) });
  });
});

describe("two rows are recognised as the same instrument", () => {
  const { key, symbol } = holding();

  it("by the exchange's token, whatever their symbols", () => {
    expect(isSameListing({ key, symbol }, { key, symbol: INFY.symbol })).toBe(true);
    expect(isSameListing({ key, symbol }, { key: instrumentKey("NSE", 1), symbol })).toBe(false);
  });

  it("by symbol, where one of them has no token", () => {
    expect(isSameListing({ key: null, symbol }, { key, symbol })).toBe(true);
    expect(isSameListing({ key, symbol }, { ...INFY })).toBe(false);
  });
});

describe("an order can close", () => {
  const sell = { ...holding(), side: "SELL", productType: "INTRADAY" } as const;

  it("the opposite open positions in the same instrument and product", () => {
    const rows = [holds(7, "BUY"), holds(2, "BUY"), holds(4, "SELL"), holds(0, "BUY", { side: "CLOSED" })];
    const others = [holds(9, "BUY", { productType: "CNC" }), holds(9, "BUY", ITC)];
    expect(closableBy(sell, [...rows, ...others])).toBe(9);
    expect(closableBy({ ...sell, side: "BUY" }, [...rows, ...others])).toBe(4);
  });

  it("no position that shows shares sold for delivery", () => {
    const buy = { ...sell, side: "BUY", productType: "CNC" } as const;
    expect(closableBy(buy, [sale(5, {})])).toBe(0);
  });
});

describe("a holding belongs to an instrument", () => {
  const isin = "INE062A01020";
  const listed = { ...SBIN, key: instrumentKey("BSE", 500112), symbol: equitySymbol("BSE", "SBIN", "A"), isin };

  it("that another exchange lists under the same ISIN", () => {
    expect(isHoldingOf(holding({ isin }), listed)).toBe(true);
    expect(isHoldingOf(holding({ isin: "INE009A01021" }), listed)).toBe(false);
    expect(isHoldingOf(holding(), SBIN)).toBe(true);
  });

  it("that another exchange lists under the same name, where the broker's master file or row has no ISIN", () => {
    const { isin: _isin, ...unnumbered } = listed;
    expect(isHoldingOf(holding({ isin }), unnumbered)).toBe(true);
    expect(isHoldingOf(holding({ isin: null }), listed)).toBe(true);
    expect(isHoldingOf(holding({ isin, ...INFY }), unnumbered)).toBe(false);
    const bond = { key: instrumentKey("NSE", 4711), symbol: equitySymbol("NSE", "SBIN", "N2"), isin: "INE062A08165" };
    expect(isHoldingOf(holding(bond), unnumbered)).toBe(false);
  });
});
