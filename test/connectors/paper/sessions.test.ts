import { describe, expect, it } from "vitest";
import { expiriesFrom } from "../../../connectors/paper/exchange/contracts.ts";
import { ticker } from "../../../src/domain/instrument.ts";
import { istDateTime, istInstant } from "../../../src/domain/market.ts";
import { paiseFromRupees } from "../../../src/domain/money.ts";
import { loadNifty50 } from "../../../src/services/strategies/nifty-shop/constituents.ts";
import {
  DAY,
  HOUR,
  MINUTE,
  SECOND,
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

const openInMarketHours = (at: string) => openFloor(at, { isAlwaysOpen: false });

describe("the exchange with market hours", () => {
  it("refuses orders outside market hours", () => {
    for (const at of ["2026-11-20T08:59:59", "2026-11-20T15:30:00", "2026-11-21T11:00:00", "2026-11-24T11:00:00"]) {
      const { exchange } = openInMarketHours(at);
      const sbin = listed(exchange, "NSE:SBIN-EQ");
      const reply = richAccount(exchange).place(order(sbin, "BUY", 1, market(exchange, sbin, "BUY")));
      expect({ at, ...reply }).toMatchObject({ kind: "refused", code: "market-closed" });
    }
  });

  it("trades derivatives ten minutes longer than shares", () => {
    const { exchange } = openInMarketHours("2026-11-20T15:35:00");
    const future = listed(exchange, "NSE:NIFTY26DECFUT");
    const terms = market(exchange, future, "BUY");
    expect(placed(richAccount(exchange), order(future, "BUY", 65, terms, { productType: "MARGIN" })).status).toBe(
      "filled",
    );
  });

  it("keeps a pre-open order open until the session starts", () => {
    const floor = openInMarketHours("2026-11-20T09:05:00");
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const account = richAccount(floor.exchange);
    const id = accepted(account, order(sbin, "BUY", 1, market(floor.exchange, sbin, "BUY")));
    expect(inBook(account, id)).toMatchObject({ status: "open", filledQty: 0 });
    floor.now += 10 * MINUTE;
    expect(inBook(account, id).status).toBe("filled");
  });

  it("keeps an after-market order over the weekend with its margin blocked, and fills it when the market opens", () => {
    const floor = openInMarketHours("2026-11-20T20:00:00");
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const account = richAccount(floor.exchange);
    const level = plusPercent(sbin, floor.exchange.quote(sbin.key).ltp, 5);
    const id = accepted(account, order(sbin, "BUY", 10, limit(level), { isAmo: true }));
    expect(inBook(account, id)).toMatchObject({ status: "pending", filledQty: 0, isAmo: true, exchangeOrderId: null });
    expect(account.funds().used).toBeGreaterThan(0);
    floor.now = istInstant("2026-11-23", "09:14:59");
    expect(inBook(account, id)).toMatchObject({ status: "pending", filledQty: 0 });
    floor.now += SECOND;
    expect(inBook(account, id)).toMatchObject({ status: "filled" });
    expect(istDateTime(account.trades()[0]?.at ?? 0)).toBe("2026-11-23 09:15:00");
  });

  it("cancels an after-market order before its session without the exchange having had it", () => {
    const floor = openInMarketHours("2026-11-20T20:00:00");
    const account = richAccount(floor.exchange);
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const level = plusPercent(sbin, floor.exchange.quote(sbin.key).ltp, -5);
    const place = () => accepted(account, order(sbin, "BUY", 10, limit(level), { isAmo: true }));
    const [early, late] = [place(), place()];
    account.cancel(early);
    expect(inBook(account, early)).toMatchObject({ status: "cancelled", exchangeOrderId: null });
    floor.now = istInstant("2026-11-23", "09:16");
    account.cancel(late);
    expect(inBook(account, late)).toMatchObject({ status: "cancelled", exchangeOrderId: expect.any(String) as string });
  });

  it("squares off intraday positions at 15:20 and refuses new ones", () => {
    const floor = openInMarketHours("2026-11-20T11:00:00");
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const account = richAccount(floor.exchange);
    const intraday = { productType: "INTRADAY" as const };
    accepted(account, order(sbin, "SELL", 10, market(floor.exchange, sbin, "SELL"), intraday));
    const resting = accepted(
      account,
      order(sbin, "SELL", 10, limit(plusPercent(sbin, floor.exchange.quote(sbin.key).ltp, 8)), intraday),
    );
    floor.now = istInstant("2026-11-20", "15:20");
    expect(account.positions()).toMatchObject([{ side: "CLOSED", qty: 0, buyQty: 10, sellQty: 10 }]);
    expect(inBook(account, resting)).toMatchObject({ status: "cancelled" });
    expect(account.orders().at(-1)).toMatchObject({ side: "BUY", status: "filled", message: "Intraday square-off" });
    expect(account.place(order(sbin, "BUY", 1, market(floor.exchange, sbin, "BUY"), intraday))).toMatchObject({
      code: "market-closed",
    });
  });

  it("expires day orders at the close: shares at 15:30, derivatives at 15:40", () => {
    const floor = openInMarketHours("2026-11-20T15:00:00");
    const account = richAccount(floor.exchange);
    const ids = ["NSE:SBIN-EQ", "NSE:NIFTY26DECFUT"].map((symbol, at) => {
      const instrument = listed(floor.exchange, symbol);
      const level = plusPercent(instrument, floor.exchange.quote(instrument.key).ltp, -7);
      return accepted(
        account,
        order(instrument, "BUY", at === 0 ? 1 : 65, limit(level), { productType: at === 0 ? "CNC" : "MARGIN" }),
      );
    });
    const statuses = () => ids.map((id) => inBook(account, id).status);
    floor.now = istInstant("2026-11-20", "15:30");
    expect(statuses()).toEqual(["expired", "open"]);
    floor.now = istInstant("2026-11-20", "15:40");
    expect(statuses()).toEqual(["expired", "expired"]);
    expect(account.funds().used).toBe(0);
  });

  it("delivers shares bought on Friday on Wednesday when Tuesday is a holiday, and shows them as T1 until then", () => {
    const floor = openInMarketHours("2026-11-20T11:00:00");
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const account = richAccount(floor.exchange);
    accepted(account, order(sbin, "BUY", 10, market(floor.exchange, sbin, "BUY")));
    for (const [date, t1Qty] of [
      ["2026-11-21", 10],
      ["2026-11-23", 10],
      ["2026-11-24", 10],
      ["2026-11-25", 0],
    ] as const) {
      floor.now = istInstant(date, "10:00");
      expect({ date, holdings: account.holdings() }).toMatchObject({ date, holdings: [{ qty: 10, t1Qty }] });
    }
  });

  it("quotes the last session's prices while it is closed", () => {
    const floor = openInMarketHours("2026-11-20T15:30:00");
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const closing = floor.exchange.quote(sbin.key);
    floor.now = istInstant("2026-11-23", "09:14");
    expect(floor.exchange.quote(sbin.key)).toEqual(closing);
    floor.now = istInstant("2026-11-23", "09:15");
    expect(floor.exchange.quote(sbin.key).prevClose).toBe(closing.ltp);
  });

  it("has 375 one-minute candles a day, on trading days only", () => {
    const { exchange } = openInMarketHours("2026-11-23T16:00:00");
    const sbin = listed(exchange, "NSE:SBIN-EQ");
    const bars = exchange.candles(sbin.key, "1m", istInstant("2026-11-20"), istInstant("2026-11-23", "23:59"));
    expect(bars).toHaveLength(750);
    expect(istDateTime(bars[375]?.at ?? 0)).toBe("2026-11-23 09:15:00");
  });
});

describe("the listings", () => {
  it("move an expiry on a holiday to the trading day before", () => {
    const expiries = expiriesFrom("2026-11-01", 2);
    expect(expiries.slice(0, 5)).toEqual([
      { date: "2026-11-03", isMonthly: false },
      { date: "2026-11-09", isMonthly: false },
      { date: "2026-11-17", isMonthly: false },
      { date: "2026-11-23", isMonthly: true },
      { date: "2026-12-01", isMonthly: false },
    ]);
    expect(expiriesFrom("2026-11-24", 2)[0]?.date).toBe("2026-12-01");
  });

  it("include the Nifty 50 shares on both exchanges, indices and derivatives under unique keys and symbols", () => {
    const { exchange } = openFloor("2026-11-20T11:00:00");
    const all = exchange.instruments;
    expect(new Set(all.map(({ key }) => key)).size).toBe(all.length);
    expect(new Set(all.map(({ symbol }) => symbol)).size).toBe(all.length);
    const shares = all.filter(({ segment }) => segment === "NSE").map(({ symbol }) => ticker(symbol));
    expect(shares).toEqual(expect.arrayContaining([...loadNifty50().membersOn("2026-11-20")]));
    for (const [symbol, key] of [
      ["NSE:SBIN-EQ", "NSE:3045"],
      ["NSE:RELIANCE-EQ", "NSE:2885"],
      ["NSE:M&M-EQ", "NSE:2031"],
      ["NSE:BAJAJ-AUTO-EQ", "NSE:16669"],
      ["BSE:SBIN", "BSE:500112"],
      ["NSE:NIFTY50-INDEX", "INDEX:NIFTY50"],
      ["BSE:SENSEX-INDEX", "INDEX:SENSEX"],
    ])
      expect(listed(exchange, symbol ?? "").key).toBe(key);
    for (const symbol of ["NSE:NIFTY26NOVFUT", "NSE:BANKNIFTY27JANFUT", "NSE:SBIN26NOVFUT", "BSE:SENSEX26NOVFUT"])
      expect(listed(exchange, symbol).kind).toBe("future");
    const weekly = all.filter(({ symbol }) => symbol.startsWith("NSE:NIFTY26D01"));
    expect(weekly).toHaveLength(82);
  });

  it("gain new contracts as days pass, and existing ones keep their keys", () => {
    const floor = openFloor("2026-11-20T11:00:00");
    const before = listed(floor.exchange, "NSE:NIFTY26DECFUT");
    expect(floor.exchange.instruments.some(({ symbol }) => symbol === "NSE:NIFTY27FEBFUT")).toBe(false);
    floor.now += 10 * DAY;
    expect(listed(floor.exchange, "NSE:NIFTY26DECFUT")).toEqual(before);
    expect(listed(floor.exchange, "NSE:NIFTY27FEBFUT").kind).toBe("future");
    expect(openFloor("2026-12-10T09:30:00").exchange.find(before.key)).toEqual(before);
  });

  it("catch up with more than a year of absence within a second", () => {
    const floor = openInMarketHours("2026-11-20T11:00:00");
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const account = floor.exchange.account("A", { cash: paiseFromRupees(100_000) });
    accepted(account, order(sbin, "BUY", 10, market(floor.exchange, sbin, "BUY")));
    floor.now += 400 * DAY + 3 * HOUR;
    const started = performance.now();
    expect(account.holdings()).toMatchObject([{ qty: 10, t1Qty: 0 }]);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
