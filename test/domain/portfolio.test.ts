import { describe, expect, it } from "vitest";
import { equitySymbol, instrumentKey } from "../../src/domain/instrument.ts";
import { ownedNow } from "../../src/domain/portfolio.ts";
import { holding, holds } from "../services/orders/rows.ts";

const INFY = { key: null, symbol: equitySymbol("NSE", "INFY", "EQ") };
const ITC = { key: null, symbol: equitySymbol("NSE", "ITC", "EQ") };
const sale = (qty: number, more: object) => holds(qty, "SELL", { productType: "CNC", ...more });

describe("what is owned now", () => {
  it("lacks what was sold, known by name where a row has no token of the exchange", () => {
    const held = [holding(ITC), holding(INFY), holding()];
    const left = ownedNow(held, [sale(20, INFY), sale(50, { key: instrumentKey("NSE", 3045) })]);
    expect(left.map(({ symbol, qty }) => [symbol, qty])).toEqual([
      [ITC.symbol, 50],
      [INFY.symbol, 30],
    ]);
  });
});
