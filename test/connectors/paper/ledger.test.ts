import { describe, expect, it } from "vitest";
import { chargesOf } from "../../../src/domain/charges.ts";
import type { ExchangeAccount } from "../../../connectors/paper/exchange/types.ts";
import { accountValue } from "../../../src/domain/day.ts";
import { paiseFromRupees, price, priceFromRupees, scalePaise, valueOf } from "../../../src/domain/money.ts";
import { DAY, HOUR, accepted, away, inBook, limit, market, named, openFloor, order, placed, rich } from "./floor.ts";
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
  const instrument = named(floor.exchange, symbol);
  return placed(account, order(instrument, "BUY", qty, market(floor.exchange, instrument, "BUY"), { productType }));
}

function sell(
  floor: Floor,
  account: ExchangeAccount,
  symbol: string,
  qty: number,
  productType: "CNC" | "INTRADAY" | "MARGIN" | "MTF" = "CNC",
) {
  const instrument = named(floor.exchange, symbol);
  return placed(account, order(instrument, "SELL", qty, market(floor.exchange, instrument, "SELL"), { productType }));
}

describe("the account at the simulated exchange", () => {
  it("opens once with its cash and holdings", () => {
    const { exchange } = openFloor(AT);
    const sbin = named(exchange, "NSE:SBIN-EQ");
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

  it("turns a delivery buy into a position, then a T1 holding, then a settled one", () => {
    const floor = openFloor(AT);
    const account = rich(floor.exchange);
    const bought = buy(floor, account, "NSE:SBIN-EQ", 10);
    expect(account.positions()).toMatchObject([{ productType: "CNC", side: "BUY", qty: 10, buyQty: 10, sellQty: 0 }]);
    expect(account.holdings()).toEqual([]);
    floor.now += DAY;
    expect(account.positions()).toEqual([]);
    expect(account.holdings()).toMatchObject([{ qty: 10, t1Qty: 10, sellableQty: 0, avgPrice: bought.avgPrice }]);
    floor.now += DAY;
    expect(account.holdings()).toMatchObject([{ qty: 10, t1Qty: 0, sellableQty: 10 }]);
  });

  it("sells T1 shares after those that have been delivered, and before they arrive", () => {
    const floor = openFloor(AT);
    const sbin = named(floor.exchange, "NSE:SBIN-EQ");
    const holdings = [{ key: sbin.key, qty: 40, avgPrice: priceFromRupees(800), t1Qty: 10 }];
    const account = floor.exchange.account("A", { cash: paiseFromRupees(0), holdings });
    sell(floor, account, "NSE:SBIN-EQ", 25);
    expect(account.holdings()).toMatchObject([{ qty: 15, t1Qty: 10, sellableQty: 5 }]);
    sell(floor, account, "NSE:SBIN-EQ", 8);
    expect(account.holdings()).toMatchObject([{ qty: 7, t1Qty: 7, sellableQty: 0 }]);
    floor.now += DAY;
    expect(account.holdings()).toMatchObject([{ qty: 7, t1Qty: 0, sellableQty: 7, avgPrice: 8_000_000 }]);
  });

  it("takes a delivery sell out of the holding at once and out of its cost overnight", () => {
    const floor = openFloor(AT);
    const sbin = named(floor.exchange, "NSE:SBIN-EQ");
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

  it("sells on BSE what is held, since a depository knows no exchange", () => {
    const floor = openFloor(AT);
    const sbin = named(floor.exchange, "NSE:SBIN-EQ");
    const account = floor.exchange.account("A", {
      cash: paiseFromRupees(0),
      holdings: [{ key: sbin.key, qty: 10, avgPrice: priceFromRupees(800) }],
    });
    expect(sell(floor, account, "BSE:SBIN", 10).status).toBe("filled");
    expect(account.holdings()).toEqual([]);
    expect(sell(floor, account, "NSE:SBIN-EQ", 1).status).toBe("rejected");
  });

  it("realises a day trade to the paisa and shows the rest as unrealised", () => {
    const floor = openFloor(AT);
    const account = rich(floor.exchange);
    buy(floor, account, "NSE:SBIN-EQ", 7, "INTRADAY");
    floor.now += HOUR;
    buy(floor, account, "NSE:SBIN-EQ", 6, "INTRADAY");
    floor.now += HOUR;
    sell(floor, account, "NSE:SBIN-EQ", 4, "INTRADAY");
    const { ltp } = floor.exchange.quote(named(floor.exchange, "NSE:SBIN-EQ").key);
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

  it("blocks a fifth of an intraday position and 15 % of a future", () => {
    const floor = openFloor(AT);
    const account = rich(floor.exchange);
    const bought = buy(floor, account, "NSE:SBIN-EQ", 10, "INTRADAY");
    const { ltp } = floor.exchange.quote(named(floor.exchange, "NSE:SBIN-EQ").key);
    const loss = Math.max(0, valueOf(bought.avgPrice, 10) - valueOf(ltp, 10));
    expect(account.funds().used).toBe(scalePaise(valueOf(bought.avgPrice, 10), 20, 100) + loss);
    const future = named(floor.exchange, "NSE:NIFTY26DECFUT");
    const level = away(future, floor.exchange.quote(future.key).ltp, -1);
    const { margin } = account.cost(order(future, "BUY", 65, limit(level), { productType: "MARGIN" }));
    expect(margin).toBe(scalePaise(valueOf(level, 65), 15, 100));
  });

  it("takes an option's premium in full from its buyer and blocks 15 % of the underlying from its writer", () => {
    const floor = openFloor(AT);
    const account = rich(floor.exchange);
    const call = floor.exchange.instruments.find((each) => each.kind === "option" && each.underlying === "NIFTY");
    const symbol = call?.symbol ?? "";
    const bought = buy(floor, account, symbol, 65, "MARGIN");
    expect(bought.status).toBe("filled");
    expect(account.funds().available).toBe(1_000_000_000 - valueOf(bought.avgPrice, 65) - account.chargesToday());
    expect(account.funds().used).toBe(valueOf(bought.avgPrice, 65));
    sell(floor, account, symbol, 130, "MARGIN");
    const spot = floor.exchange.quote(named(floor.exchange, "NSE:NIFTY50-INDEX").key).prevClose ?? price(0);
    expect(account.positions()).toMatchObject([{ side: "SELL", qty: 65 }]);
    const written = valueOf(account.positions()[0]?.avgPrice ?? price(0), 65);
    expect(account.funds().used).toBe(scalePaise(valueOf(spot, 65), 15, 100) - written);
  });

  it("is worth the same after a purchase, but for its charges and the price since, whatever was bought", () => {
    const floor = openFloor(AT);
    const account = rich(floor.exchange);
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

  it("is worth no more the day after a funded purchase: the loan is the broker's", () => {
    const floor = openFloor(AT);
    const account = rich(floor.exchange);
    buy(floor, account, "NSE:SBIN-EQ", 10, "MTF");
    const fees = account.chargesToday();
    floor.now += DAY;
    const [funded] = account.holdings();
    expect(accountValue(account.funds(), account.holdings(), account.positions())).toBe(
      1_000_000_000 - fees + (funded?.pnl ?? 0),
    );
  });

  it("asks no margin for closing what is open", () => {
    const floor = openFloor(AT);
    const account = rich(floor.exchange);
    buy(floor, account, "NSE:SBIN-EQ", 10, "INTRADAY");
    const sbin = named(floor.exchange, "NSE:SBIN-EQ");
    const terms = market(floor.exchange, sbin, "SELL");
    expect(account.cost(order(sbin, "SELL", 10, terms, { productType: "INTRADAY" })).margin).toBe(0);
    expect(account.cost(order(sbin, "SELL", 15, terms, { productType: "INTRADAY" })).margin).toBeGreaterThan(0);
  });

  it("holds funded delivery against a part of its value and pays its gain when the sale settles", () => {
    const floor = openFloor(AT);
    const account = rich(floor.exchange);
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

  it("closes intraday positions out by the end of an always open day", () => {
    const floor = openFloor(AT);
    const account = rich(floor.exchange);
    buy(floor, account, "NSE:SBIN-EQ", 10, "INTRADAY");
    floor.now += DAY;
    expect(account.positions()).toEqual([]);
    expect(account.funds().used).toBe(0);
  });

  it("carries a future over night and counts its day from the previous close", () => {
    const floor = openFloor(AT);
    const account = rich(floor.exchange);
    const bought = buy(floor, account, "NSE:NIFTY26DECFUT", 65, "MARGIN");
    floor.now += DAY;
    const { ltp, prevClose } = floor.exchange.quote(named(floor.exchange, "NSE:NIFTY26DECFUT").key);
    expect(account.positions()).toMatchObject([
      {
        qty: 65,
        avgPrice: bought.avgPrice,
        pnl: valueOf(ltp, 65) - valueOf(bought.avgPrice, 65),
        dayPnl: valueOf(ltp, 65) - valueOf(prevClose ?? price(0), 65),
      },
    ]);
  });

  it("settles an option in cash at what it is worth when it expires", () => {
    const floor = openFloor("2026-12-01T20:00:00");
    const account = rich(floor.exchange);
    const nifty = named(floor.exchange, "NSE:NIFTY50-INDEX");
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

  it("charges an order and not its trades: however it is cut, it costs the same", () => {
    const floor = openFloor(AT);
    const sbin = named(floor.exchange, "NSE:SBIN-EQ");
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

  it("computes charges by the published rates", () => {
    const { exchange } = openFloor(AT);
    const sbin = named(exchange, "NSE:SBIN-EQ");
    // ₹1,00,000 of delivery: STT 100.00, exchange 2.97, SEBI 0.10, stamp 15.00, GST 18 % of 3.07.
    expect(chargesOf(sbin, "CNC", "BUY", paiseFromRupees(100_000))).toBe(11_862);
    // Intraday sell: brokerage 20.00, exchange 2.97, SEBI 0.10, STT 25.00, GST 18 % of 23.07.
    expect(chargesOf(sbin, "INTRADAY", "SELL", paiseFromRupees(100_000))).toBe(5_222);
    // Cover and bracket orders end with the day.
    for (const product of ["CO", "BO"] as const)
      expect(chargesOf(sbin, product, "SELL", paiseFromRupees(100_000))).toBe(5_222);
    // Small intraday order: 0.03 % is less than the cap.
    expect(chargesOf(sbin, "INTRADAY", "BUY", paiseFromRupees(10_000))).toBe(300 + 30 + 1 + 60 + 30);
  });
});
