import { describe, expect, it } from "vitest";
import { chargesOf } from "../../../src/domain/charges.ts";
import type { ExchangeAccount } from "../../../connectors/paper/exchange/types.ts";
import { accountValue } from "../../../src/domain/day.ts";
import { paiseFromRupees, price, priceFromRupees, scalePaise, valueOf } from "../../../src/domain/money.ts";
import {
  DAY,
  HOUR,
  accepted,
  inBook,
  limit,
  listed,
  market,
  openFloor,
  order,
  placed,
  plusPercent,
  richAccount,
} from "./floor.ts";
import type { Floor } from "./floor.ts";

const AT = "2026-11-20T11:00:00";

function spent(account: ExchangeAccount): number {
  return account
    .trades()
    .reduce((sum, { side, qty, price: at }) => sum + (side === "BUY" ? 1 : -1) * valueOf(at, qty), 0);
}

function buy(
  floor: Floor,
  account: ExchangeAccount,
  symbol: string,
  qty: number,
  productType: "CNC" | "INTRADAY" | "MARGIN" | "MTF" = "CNC",
) {
  const instrument = listed(floor.exchange, symbol);
  return placed(account, order(instrument, "BUY", qty, market(floor.exchange, instrument, "BUY"), { productType }));
}

function sell(
  floor: Floor,
  account: ExchangeAccount,
  symbol: string,
  qty: number,
  productType: "CNC" | "INTRADAY" | "MARGIN" | "MTF" = "CNC",
) {
  const instrument = listed(floor.exchange, symbol);
  return placed(account, order(instrument, "SELL", qty, market(floor.exchange, instrument, "SELL"), { productType }));
}

describe("an account at the simulated exchange", () => {
  it("is opened once, with its cash and holdings", () => {
    const { exchange } = openFloor(AT);
    const sbin = listed(exchange, "NSE:SBIN-EQ");
    const holdings = [{ key: sbin.key, qty: 40, avgPrice: priceFromRupees(812.35), t1Qty: 10 }];
    const account = exchange.account("A", { cash: paiseFromRupees(1_000), holdings });
    expect(exchange.account("A", { cash: paiseFromRupees(9_999) })).toBe(account);
    expect(account.funds()).toEqual({ cash: 100_000, available: 100_000, used: 0, collateral: 0 });
    const { ltp, prevClose } = exchange.quote(sbin.key);
    expect(account.holdings()).toEqual([
      {
        symbol: "NSE:SBIN-EQ",
        key: sbin.key,
        isin: "INE062A01020",
        productType: "CNC",
        qty: 40,
        t1Qty: 10,
        sellableQty: 30,
        pledgedQty: 0,
        avgPrice: 8_123_500,
        ltp,
        prevClose,
        pnl: valueOf(ltp, 40) - 3_249_400,
      },
    ]);
  });

  it("turns a delivery purchase into a position, then a T1 holding, then a settled holding", () => {
    const floor = openFloor(AT);
    const account = richAccount(floor.exchange);
    const bought = buy(floor, account, "NSE:SBIN-EQ", 10);
    expect(account.positions()).toMatchObject([{ productType: "CNC", side: "BUY", qty: 10, buyQty: 10, sellQty: 0 }]);
    expect(account.holdings()).toEqual([]);
    floor.now += DAY;
    expect(account.positions()).toEqual([]);
    expect(account.holdings()).toMatchObject([{ qty: 10, t1Qty: 10, sellableQty: 0, avgPrice: bought.avgPrice }]);
    floor.now += DAY;
    expect(account.holdings()).toMatchObject([{ qty: 10, t1Qty: 0, sellableQty: 10 }]);
  });

  it("sells delivered shares first, then T1 shares before they are delivered", () => {
    const floor = openFloor(AT);
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const holdings = [{ key: sbin.key, qty: 40, avgPrice: priceFromRupees(800), t1Qty: 10 }];
    const account = floor.exchange.account("A", { cash: paiseFromRupees(0), holdings });
    sell(floor, account, "NSE:SBIN-EQ", 25);
    expect(account.holdings()).toMatchObject([{ qty: 15, t1Qty: 10, sellableQty: 5 }]);
    sell(floor, account, "NSE:SBIN-EQ", 8);
    expect(account.holdings()).toMatchObject([{ qty: 7, t1Qty: 7, sellableQty: 0 }]);
    floor.now += DAY;
    expect(account.holdings()).toMatchObject([{ qty: 7, t1Qty: 0, sellableQty: 7, avgPrice: 8_000_000 }]);
  });

  it("reduces the holding as soon as a delivery sale fills, and keeps its average price overnight", () => {
    const floor = openFloor(AT);
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const holdings = [{ key: sbin.key, qty: 40, avgPrice: priceFromRupees(800) }];
    const account = floor.exchange.account("A", { cash: paiseFromRupees(0), holdings });
    const sold = sell(floor, account, "NSE:SBIN-EQ", 15);
    expect(account.holdings()).toMatchObject([{ qty: 25, sellableQty: 25, avgPrice: 8_000_000 }]);
    expect(account.positions()).toMatchObject([{ side: "SELL", qty: 15, avgPrice: sold.avgPrice, sellQty: 15 }]);
    expect(account.funds().cash).toBe(-spent(account) - account.chargesToday());
    floor.now += DAY;
    expect(account.positions()).toEqual([]);
    expect(account.holdings()).toMatchObject([{ qty: 25, t1Qty: 0, sellableQty: 25, avgPrice: 8_000_000 }]);
  });

  it("can sell on BSE what was bought on NSE, because a holding belongs to no exchange", () => {
    const floor = openFloor(AT);
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const account = floor.exchange.account("A", {
      cash: paiseFromRupees(0),
      holdings: [{ key: sbin.key, qty: 10, avgPrice: priceFromRupees(800) }],
    });
    expect(sell(floor, account, "BSE:SBIN", 10).status).toBe("filled");
    expect(account.holdings()).toEqual([]);
    expect(sell(floor, account, "NSE:SBIN-EQ", 1).status).toBe("rejected");
  });

  it("cannot sell on BSE what was bought on NSE the same day, only what it held before, and counts each share once", () => {
    const floor = openFloor(AT);
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const holdings = [{ key: sbin.key, qty: 10, avgPrice: priceFromRupees(800) }];
    const account = floor.exchange.account("A", { cash: paiseFromRupees(100_000), holdings });
    buy(floor, account, "NSE:SBIN-EQ", 20);
    expect(sell(floor, account, "BSE:SBIN", 11).status).toBe("rejected");
    expect(sell(floor, account, "BSE:SBIN", 4).status).toBe("filled");
    expect(account.holdings()).toMatchObject([{ qty: 6, sellableQty: 6 }]);
    expect(sell(floor, account, "BSE:SBIN", 6).status).toBe("filled");
    expect(account.holdings()).toEqual([]);
    expect(sell(floor, account, "NSE:SBIN-EQ", 20).status).toBe("filled");
    const { available, used } = account.funds();
    expect(available + used).toBe(paiseFromRupees(100_000) - spent(account) - account.chargesToday());
    floor.now += DAY;
    expect([account.positions(), account.holdings()]).toEqual([[], []]);
  });

  it("keeps the average price of a holding overnight when it was sold from on one exchange and bought on the other", () => {
    const floor = openFloor(AT);
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const holdings = [{ key: sbin.key, qty: 10, avgPrice: priceFromRupees(400) }];
    const account = floor.exchange.account("A", { cash: paiseFromRupees(100_000), holdings });
    const bought = buy(floor, account, "NSE:SBIN-EQ", 6);
    sell(floor, account, "BSE:SBIN", 4);
    expect(account.holdings()).toMatchObject([{ qty: 6, avgPrice: priceFromRupees(400) }]);
    floor.now += DAY;
    const both = price((priceFromRupees(400) + bought.avgPrice) / 2);
    expect(account.holdings()).toMatchObject([{ qty: 12, avgPrice: both }]);
  });

  it("splits the P&L of an intraday position into realised and unrealised, to the paisa", () => {
    const floor = openFloor(AT);
    const account = richAccount(floor.exchange);
    buy(floor, account, "NSE:SBIN-EQ", 7, "INTRADAY");
    floor.now += HOUR;
    buy(floor, account, "NSE:SBIN-EQ", 6, "INTRADAY");
    floor.now += HOUR;
    sell(floor, account, "NSE:SBIN-EQ", 4, "INTRADAY");
    const { ltp } = floor.exchange.quote(listed(floor.exchange, "NSE:SBIN-EQ").key);
    const [row] = account.positions();
    expect(row).toMatchObject({ qty: 9, side: "BUY", buyQty: 13, sellQty: 4, ltp });
    expect((row?.realised ?? 0) + (row?.unrealised ?? 0)).toBe(row?.pnl);
    expect(row?.pnl).toBe(valueOf(ltp, 9) - spent(account));
    expect(row?.dayPnl).toBe(row?.pnl);
    expect(account.funds().cash).toBe(1_000_000_000 + (row?.realised ?? 0) - account.chargesToday());
    sell(floor, account, "NSE:SBIN-EQ", 9, "INTRADAY");
    expect(account.positions()).toMatchObject([{ qty: 0, side: "CLOSED", unrealised: 0, pnl: -spent(account) }]);
    expect(account.funds().used).toBe(0);
  });

  it("blocks 20 % of the value of an intraday position and 15 % of a future", () => {
    const floor = openFloor(AT);
    const account = richAccount(floor.exchange);
    const bought = buy(floor, account, "NSE:SBIN-EQ", 10, "INTRADAY");
    const { ltp } = floor.exchange.quote(listed(floor.exchange, "NSE:SBIN-EQ").key);
    const loss = Math.max(0, valueOf(bought.avgPrice, 10) - valueOf(ltp, 10));
    expect(account.funds().used).toBe(scalePaise(valueOf(bought.avgPrice, 10), 20, 100) + loss);
    const future = listed(floor.exchange, "NSE:NIFTY26DECFUT");
    const level = plusPercent(future, floor.exchange.quote(future.key).ltp, -1);
    const { margin } = account.cost(order(future, "BUY", 65, limit(level), { productType: "MARGIN" }));
    expect(margin).toBe(scalePaise(valueOf(level, 65), 15, 100));
  });

  it("charges an option's buyer the full premium and blocks 15 % of the underlying for its writer", () => {
    const floor = openFloor(AT);
    const account = richAccount(floor.exchange);
    const call = floor.exchange.instruments.find((each) => each.kind === "option" && each.underlying === "NIFTY");
    const symbol = call?.symbol ?? "";
    const bought = buy(floor, account, symbol, 65, "MARGIN");
    expect(bought.status).toBe("filled");
    expect(account.funds().available).toBe(1_000_000_000 - valueOf(bought.avgPrice, 65) - account.chargesToday());
    expect(account.funds().used).toBe(valueOf(bought.avgPrice, 65));
    sell(floor, account, symbol, 130, "MARGIN");
    const spot = floor.exchange.quote(listed(floor.exchange, "NSE:NIFTY50-INDEX").key).prevClose ?? price(0);
    expect(account.positions()).toMatchObject([{ side: "SELL", qty: 65 }]);
    const written = valueOf(account.positions()[0]?.avgPrice ?? price(0), 65);
    expect(account.funds().used).toBe(scalePaise(valueOf(spot, 65), 15, 100) - written);
  });

  it("changes in value by only charges and price moves when it buys something", () => {
    const floor = openFloor(AT);
    const account = richAccount(floor.exchange);
    const call = floor.exchange.instruments.find((each) => each.kind === "option" && each.underlying === "NIFTY");
    buy(floor, account, "NSE:SBIN-EQ", 10);
    buy(floor, account, "NSE:INFY-EQ", 10, "INTRADAY");
    buy(floor, account, call?.symbol ?? "", 65, "MARGIN");
    const positions = account.positions();
    expect(accountValue(account.funds(), account.holdings(), positions)).toBe(
      1_000_000_000 - account.chargesToday() + positions.reduce((sum, { pnl }) => sum + pnl, 0),
    );
    floor.now += DAY;
    const [kept] = account.holdings();
    expect(accountValue(account.funds(), account.holdings(), account.positions())).toBeGreaterThan(
      1_000_000_000 - valueOf(kept?.avgPrice ?? price(0), 10),
    );
  });

  it("does not count the broker's loan as its own value the day after an MTF purchase", () => {
    const floor = openFloor(AT);
    const account = richAccount(floor.exchange);
    buy(floor, account, "NSE:SBIN-EQ", 10, "MTF");
    const fees = account.chargesToday();
    floor.now += DAY;
    const [funded] = account.holdings();
    expect(accountValue(account.funds(), account.holdings(), account.positions())).toBe(
      1_000_000_000 - fees + (funded?.pnl ?? 0),
    );
  });

  it("needs no margin for closing a position", () => {
    const floor = openFloor(AT);
    const account = richAccount(floor.exchange);
    buy(floor, account, "NSE:SBIN-EQ", 10, "INTRADAY");
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const terms = market(floor.exchange, sbin, "SELL");
    expect(account.cost(order(sbin, "SELL", 10, terms, { productType: "INTRADAY" })).margin).toBe(0);
    expect(account.cost(order(sbin, "SELL", 15, terms, { productType: "INTRADAY" })).margin).toBeGreaterThan(0);
  });

  it("blocks 30 % of an MTF holding's cost and credits the gain when its sale settles", () => {
    const floor = openFloor(AT);
    const account = richAccount(floor.exchange);
    const bought = buy(floor, account, "NSE:SBIN-EQ", 10, "MTF");
    const fees = account.chargesToday();
    expect(account.funds().cash).toBe(1_000_000_000 - fees);
    floor.now += 2 * DAY;
    expect(account.holdings()).toMatchObject([
      { productType: "MTF", qty: 10, sellableQty: 10, avgPrice: bought.avgPrice },
    ]);
    expect(account.funds().used).toBe(scalePaise(valueOf(bought.avgPrice, 10), 30, 100));
    const sold = sell(floor, account, "NSE:SBIN-EQ", 10, "MTF");
    const allFees = fees + account.chargesToday();
    floor.now += DAY;
    const gain = valueOf(sold.avgPrice, 10) - valueOf(bought.avgPrice, 10);
    expect(account.funds()).toMatchObject({ cash: 1_000_000_000 - allFees + gain, used: 0 });
  });

  it("closes intraday positions at the end of the day when the market is always open", () => {
    const floor = openFloor(AT);
    const account = richAccount(floor.exchange);
    buy(floor, account, "NSE:SBIN-EQ", 10, "INTRADAY");
    floor.now += DAY;
    expect(account.positions()).toEqual([]);
    expect(account.funds().used).toBe(0);
  });

  it("carries a future overnight and computes its day's P&L from the previous close", () => {
    const floor = openFloor(AT);
    const account = richAccount(floor.exchange);
    const bought = buy(floor, account, "NSE:NIFTY26DECFUT", 65, "MARGIN");
    floor.now += DAY;
    const { ltp, prevClose } = floor.exchange.quote(listed(floor.exchange, "NSE:NIFTY26DECFUT").key);
    expect(account.positions()).toMatchObject([
      {
        qty: 65,
        avgPrice: bought.avgPrice,
        pnl: valueOf(ltp, 65) - valueOf(bought.avgPrice, 65),
        dayPnl: valueOf(ltp, 65) - valueOf(prevClose ?? price(0), 65),
      },
    ]);
  });

  it("settles an expired option in cash at its intrinsic value", () => {
    const floor = openFloor("2026-12-01T20:00:00");
    const account = richAccount(floor.exchange);
    const nifty = listed(floor.exchange, "NSE:NIFTY50-INDEX");
    const spot = floor.exchange.quote(nifty.key).ltp;
    const strike = Math.round(spot / 500_000 - 4) * 50;
    const bought = buy(floor, account, `NSE:NIFTY26D01${strike}CE`, 65, "MARGIN");
    const { available } = account.funds();
    floor.now += 5 * HOUR;
    const [close] = floor.exchange.candles(nifty.key, "1d", floor.now - 2 * DAY, floor.now - 2 * HOUR).slice(-1);
    expect(account.positions()).toEqual([]);
    expect(bought.status).toBe("filled");
    expect(account.funds().available - available).toBe(valueOf(price((close?.close ?? 0) - strike * 10_000), 65));
    expect(floor.exchange.instruments.some(({ symbol }) => symbol.startsWith("NSE:NIFTY26D01"))).toBe(false);
  });

  it("charges an order the same into however many trades it is split", () => {
    const floor = openFloor(AT);
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const account = floor.exchange.account("whale", { cash: paiseFromRupees(100_000_000) });
    const id = accepted(
      account,
      order(sbin, "BUY", 20_000, market(floor.exchange, sbin, "BUY"), { productType: "INTRADAY" }),
    );
    floor.now += HOUR;
    expect(inBook(account, id).status).toBe("filled");
    expect(account.trades().length).toBeGreaterThan(5);
    const total = account.trades().reduce((sum, trade) => sum + valueOf(trade.price, trade.qty), 0);
    expect(account.chargesToday()).toBe(chargesOf(sbin, "INTRADAY", "BUY", paiseFromRupees(total / 100)));
  });

  it("has charges computed from the published rates", () => {
    const { exchange } = openFloor(AT);
    const sbin = listed(exchange, "NSE:SBIN-EQ");
    // ₹1,00,000 of delivery: STT 100.00, exchange 3.07, SEBI 0.10, stamp 15.00, GST 18 % of 3.17.
    expect(chargesOf(sbin, "CNC", "BUY", paiseFromRupees(100_000))).toBe(11_874);
    // Intraday sell: brokerage 20.00, exchange 3.07, SEBI 0.10, STT 25.00, GST 18 % of 23.17.
    expect(chargesOf(sbin, "INTRADAY", "SELL", paiseFromRupees(100_000))).toBe(5_234);
    // Cover and bracket orders are intraday orders.
    for (const product of ["CO", "BO"] as const)
      expect(chargesOf(sbin, product, "SELL", paiseFromRupees(100_000))).toBe(5_234);
    // Small intraday order: a brokerage of 0.03 % is below the cap of 20.00.
    expect(chargesOf(sbin, "INTRADAY", "BUY", paiseFromRupees(10_000))).toBe(300 + 31 + 1 + 60 + 30);
  });
});
