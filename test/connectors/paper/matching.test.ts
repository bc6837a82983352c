import { describe, expect, it } from "vitest";
import { paiseFromRupees, price, valueOf } from "../../../src/domain/money.ts";
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

const AT = "2026-11-20T11:00:00";

describe("orders at the simulated exchange", () => {
  it("fill at once at the best ask if they are small market orders", () => {
    const { exchange } = openFloor(AT);
    const sbin = listed(exchange, "NSE:SBIN-EQ");
    const ask = exchange.depth(sbin.key).asks[0]?.price;
    const filled = placed(richAccount(exchange), order(sbin, "BUY", 10, market(exchange, sbin, "BUY"), { tag: "T1" }));
    expect(filled).toMatchObject({
      status: "filled",
      filledQty: 10,
      avgPrice: ask,
      price: 0,
      tag: "T1",
      type: "MARKET",
    });
  });

  it("fill at their limit price when the market reaches it, and rest until then", () => {
    const floor = openFloor(AT);
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const { ltp } = floor.exchange.quote(sbin.key);
    const account = richAccount(floor.exchange);
    const level = plusPercent(sbin, ltp, -0.3);
    const id = accepted(account, order(sbin, "BUY", 10, limit(level)));
    expect(inBook(account, id)).toMatchObject({ status: "open", filledQty: 0, avgPrice: 0 });
    floor.now += 12 * HOUR;
    const bars = floor.exchange.candles(sbin.key, "1m", floor.now - 12 * HOUR, floor.now);
    const crossing = bars.find((bar) => bar.low < level);
    expect(crossing).toBeDefined();
    expect(inBook(account, id)).toMatchObject({ status: "filled", avgPrice: level });
    const [trade] = account.trades();
    expect(Math.abs((trade?.at ?? 0) - (crossing?.at ?? 0))).toBeLessThanOrEqual(2 * MINUTE);
  });

  it("fill over several seconds if they are larger than the quantity in the market depth", () => {
    const floor = openFloor(AT);
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const account = floor.exchange.account("whale", { cash: paiseFromRupees(100_000_000) });
    const id = accepted(account, order(sbin, "BUY", 20_000, market(floor.exchange, sbin, "BUY")));
    const first = inBook(account, id);
    expect(first.status).toBe("open");
    expect(first.filledQty).toBeGreaterThan(0);
    floor.now += SECOND;
    expect(inBook(account, id).filledQty).toBeGreaterThan(first.filledQty);
    floor.now += 2 * MINUTE;
    expect(inBook(account, id)).toMatchObject({ status: "filled", filledQty: 20_000 });
  });

  it("share the quantity of one second among all accounts", () => {
    const { exchange } = openFloor(AT);
    const sbin = listed(exchange, "NSE:SBIN-EQ");
    const offered = exchange.depth(sbin.key).asks.reduce((sum, { quantity }) => sum + quantity, 0);
    const top = exchange.depth(sbin.key).asks.at(-1)?.price ?? price(0);
    const one = placed(richAccount(exchange, "A1"), order(sbin, "BUY", offered - 5, limit(top)));
    const two = placed(richAccount(exchange, "A2"), order(sbin, "BUY", 100, limit(top)));
    expect(one.status).toBe("filled");
    expect(two).toMatchObject({ status: "open", filledQty: 5 });
  });

  it("never fill beyond the protection price of a market order", () => {
    const floor = openFloor(AT);
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const { ask } = floor.exchange.quote(sbin.key);
    const account = floor.exchange.account("whale", { cash: paiseFromRupees(100_000_000) });
    const protection = { basisPoints: 1, limit: ask ?? price(0) };
    const id = accepted(account, order(sbin, "BUY", 5_000, { type: "MARKET", protection }));
    expect(inBook(account, id).status).toBe("open");
    floor.now += HOUR;
    expect(account.trades().length).toBeGreaterThan(1);
    for (const trade of account.trades()) expect(trade.price).toBeLessThanOrEqual(protection.limit);
  });

  it("have the unfilled rest cancelled if they are IOC", () => {
    const { exchange } = openFloor(AT);
    const sbin = listed(exchange, "NSE:SBIN-EQ");
    const account = richAccount(exchange);
    const { ltp } = exchange.quote(sbin.key);
    const none = placed(account, order(sbin, "BUY", 10, limit(plusPercent(sbin, ltp, -2)), { validity: "IOC" }));
    expect(none).toMatchObject({ status: "cancelled", filledQty: 0 });
    const some = placed(account, order(sbin, "BUY", 5_000, limit(plusPercent(sbin, ltp, 1)), { validity: "IOC" }));
    expect(some.status).toBe("cancelled");
    expect(some.filledQty).toBeGreaterThan(0);
  });

  it("wait for their trigger price if they are stop-loss orders", () => {
    const floor = openFloor(AT);
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const account = richAccount(floor.exchange);
    accepted(account, order(sbin, "BUY", 10, market(floor.exchange, sbin, "BUY"), { productType: "INTRADAY" }));
    const { ltp } = floor.exchange.quote(sbin.key);
    const triggerPrice = plusPercent(sbin, ltp, -0.3);
    const protection = { basisPoints: 200, limit: plusPercent(sbin, ltp, -2.5) };
    const stop = order(sbin, "SELL", 10, { type: "SL-M", triggerPrice, protection }, { productType: "INTRADAY" });
    const id = accepted(account, stop);
    expect(inBook(account, id)).toMatchObject({ status: "trigger-pending", type: "SL-M", triggerPrice, price: 0 });
    floor.now += 12 * HOUR;
    const done = inBook(account, id);
    expect(done.status).toBe("filled");
    expect(Math.abs(done.avgPrice - triggerPrice)).toBeLessThan(triggerPrice * 0.002);
    expect(account.positions()).toMatchObject([{ side: "CLOSED", qty: 0 }]);
  });

  it("are rejected in the order book if the account cannot pay for them", () => {
    const { exchange } = openFloor(AT);
    const sbin = listed(exchange, "NSE:SBIN-EQ");
    const poor = exchange.account("poor", { cash: paiseFromRupees(5_000) });
    const rejected = placed(poor, order(sbin, "BUY", 10, market(exchange, sbin, "BUY")));
    expect(rejected).toMatchObject({ status: "rejected", exchangeOrderId: null });
    expect(rejected.message).toMatch(/^RMS:Margin Exceeds, Required: \d+\.\d\d, Available: 5000\.00$/);
    expect(poor.funds()).toMatchObject({ available: 500_000, used: 0 });
  });

  it("are rejected for delivery sales beyond what is held, less what open sell orders reserve", () => {
    const { exchange } = openFloor(AT);
    const sbin = listed(exchange, "NSE:SBIN-EQ");
    const { ltp } = exchange.quote(sbin.key);
    const holdings = [{ key: sbin.key, qty: 40, avgPrice: price(8_000_000), t1Qty: 10 }];
    const account = exchange.account("H", { cash: paiseFromRupees(0), holdings });
    expect(placed(account, order(sbin, "SELL", 41, limit(ltp))).status).toBe("rejected");
    expect(placed(account, order(sbin, "SELL", 20, limit(plusPercent(sbin, ltp, 3)))).status).toBe("open");
    expect(account.holdings()).toMatchObject([{ qty: 40, t1Qty: 10, sellableQty: 10 }]);
    expect(placed(account, order(sbin, "SELL", 21, limit(ltp))).status).toBe("rejected");
  });

  it.each([
    ["unknown-instrument", { key: "NSE:999999" }],
    ["not-tradable", { key: "INDEX:NIFTY50" }],
    ["bad-quantity", { qty: 0 }],
    ["bad-quantity", { qty: 1.5 }],
    ["above-freeze", { qty: 100_001 }],
    ["bad-tick", { terms: { type: "LIMIT", price: price(10_000_100) } }],
    ["outside-circuit", { terms: { type: "LIMIT", price: price(20_000_000) } }],
    ["bad-product", { productType: "MARGIN" }],
    ["bad-product", { productType: "CO" }],
  ])("are refused with %s and not entered in the order book: %o", (code, wrong) => {
    const { exchange } = openFloor(AT);
    const sbin = listed(exchange, "NSE:SBIN-EQ");
    const good = order(sbin, "BUY", 10, market(exchange, sbin, "BUY"));
    const account = richAccount(exchange);
    expect(account.place({ ...good, ...(wrong as object) })).toMatchObject({ kind: "refused", code });
    expect(account.orders()).toEqual([]);
  });

  it("are refused for odd lots and for delivery of derivatives", () => {
    const { exchange } = openFloor(AT);
    const future = listed(exchange, "NSE:NIFTY26DECFUT");
    const { ltp } = exchange.quote(future.key);
    const account = richAccount(exchange);
    expect(account.place(order(future, "BUY", 64, limit(ltp), { productType: "MARGIN" }))).toMatchObject({
      code: "bad-lot",
    });
    expect(account.place(order(future, "BUY", 65, limit(ltp)))).toMatchObject({ code: "bad-product" });
  });

  it("are refused if a stop-loss is on the wrong side of the market", () => {
    const { exchange } = openFloor(AT);
    const sbin = listed(exchange, "NSE:SBIN-EQ");
    const { ltp } = exchange.quote(sbin.key);
    const below = plusPercent(sbin, ltp, -1);
    const stop = { type: "SL" as const, triggerPrice: below, price: below };
    expect(richAccount(exchange).place(order(sbin, "BUY", 1, stop))).toMatchObject({ code: "bad-trigger" });
    const above = plusPercent(sbin, ltp, 1);
    const inside = { type: "SL" as const, triggerPrice: above, price: ltp };
    expect(richAccount(exchange).place(order(sbin, "BUY", 1, inside))).toMatchObject({ code: "bad-trigger" });
  });

  it("can be cancelled once while they rest, which releases the blocked funds", () => {
    const { exchange } = openFloor(AT);
    const sbin = listed(exchange, "NSE:SBIN-EQ");
    const account = richAccount(exchange);
    const before = account.funds();
    const level = plusPercent(sbin, exchange.quote(sbin.key).ltp, -3);
    const id = accepted(account, order(sbin, "BUY", 100, limit(level)));
    expect(account.funds().used).toBeGreaterThanOrEqual(valueOf(level, 100));
    expect(account.cancel(id)).toEqual({ kind: "accepted", orderId: id });
    expect(inBook(account, id).status).toBe("cancelled");
    expect(account.funds()).toEqual(before);
    expect(account.cancel(id)).toMatchObject({ kind: "refused", code: "order-final" });
    expect(account.modify(id, { qty: 5 })).toMatchObject({ kind: "refused", code: "order-final" });
  });

  it("can be modified in price and quantity, and stay unchanged if the funds do not suffice", () => {
    const { exchange } = openFloor(AT);
    const sbin = listed(exchange, "NSE:SBIN-EQ");
    const { ltp } = exchange.quote(sbin.key);
    const account = exchange.account("M", { cash: paiseFromRupees(50_000) });
    const id = accepted(account, order(sbin, "BUY", 10, limit(plusPercent(sbin, ltp, -3))));
    expect(account.modify(id, { qty: 500 })).toMatchObject({ kind: "refused" });
    expect(inBook(account, id)).toMatchObject({ qty: 10, status: "open" });
    expect(account.modify(id, { qty: 20 })).toMatchObject({ kind: "accepted" });
    expect(account.modify(id, { terms: limit(plusPercent(sbin, ltp, 1)) })).toMatchObject({ kind: "accepted" });
    expect(inBook(account, id)).toMatchObject({ qty: 20, filledQty: 20, status: "filled" });
  });

  it("are not visible to another account", () => {
    const { exchange } = openFloor(AT);
    const sbin = listed(exchange, "NSE:SBIN-EQ");
    const id = accepted(
      richAccount(exchange, "A1"),
      order(sbin, "BUY", 1, limit(plusPercent(sbin, exchange.quote(sbin.key).ltp, -1))),
    );
    expect(richAccount(exchange, "A2").order(id)).toBeUndefined();
    expect(richAccount(exchange, "A2").cancel(id)).toMatchObject({ code: "unknown-order" });
  });

  it("are pending for the configured latency", () => {
    const floor = openFloor(AT, { orderLatencyMs: 300 });
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const account = richAccount(floor.exchange);
    const id = accepted(account, order(sbin, "BUY", 10, market(floor.exchange, sbin, "BUY")));
    expect(inBook(account, id)).toMatchObject({ status: "pending", filledQty: 0, exchangeOrderId: null });
    floor.now += 299;
    expect(inBook(account, id).status).toBe("pending");
    floor.now += 1;
    expect(inBook(account, id).status).toBe("filled");
  });

  it("get the same fills however often the exchange is advanced", () => {
    const run = (step: number) => {
      const floor = openFloor(AT);
      const account = floor.exchange.account("W", { cash: paiseFromRupees(100_000_000) });
      for (const [symbol, percent] of [
        ["NSE:SBIN-EQ", -0.2],
        ["NSE:TCS-EQ", -0.1],
        ["BSE:SBIN", -0.25],
      ] as const) {
        const share = listed(floor.exchange, symbol);
        accepted(
          account,
          order(share, "BUY", 3_000, limit(plusPercent(share, floor.exchange.quote(share.key).ltp, percent))),
        );
      }
      for (const end = floor.now + 2 * HOUR; floor.now < end;) {
        floor.now += step;
        floor.exchange.advance();
      }
      return { orders: account.orders(), trades: account.trades(), funds: account.funds() };
    };
    const once = run(2 * HOUR);
    expect(run(8 * MINUTE)).toEqual(once);
    expect(run(SECOND)).toEqual(once);
    expect(once.trades.length).toBeGreaterThan(0);
  });

  it("fill from the quotes of a price source if there is one", () => {
    const floor = openFloor(AT);
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    let ltp = price(5_000_000);
    const quote = () => ({
      ...floor.exchange.quote(sbin.key),
      ltp,
      bid: ltp,
      ask: price(ltp + 500),
      upperCircuit: null,
      lowerCircuit: null,
    });
    const fed = openFloor(AT, { priceSource: (key) => (key === sbin.key ? quote() : undefined) });
    const account = richAccount(fed.exchange);
    expect(placed(account, order(sbin, "BUY", 5, limit(price(5_010_000))))).toMatchObject({ avgPrice: 5_000_500 });
    const id = accepted(account, order(sbin, "BUY", 5, limit(price(4_900_000))));
    fed.now += MINUTE;
    expect(inBook(account, id).status).toBe("open");
    ltp = price(4_899_000);
    fed.now += SECOND;
    expect(inBook(account, id)).toMatchObject({ status: "filled", avgPrice: 4_900_000 });
  });

  it("do not make reads of another account query the price source", () => {
    const floor = openFloor(AT);
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const quote = floor.exchange.quote(sbin.key);
    let queries = 0;
    const fed = openFloor(AT, { priceSource: (key) => ((queries += 1), key === sbin.key ? quote : undefined) });
    const account = richAccount(fed.exchange);
    placed(account, order(sbin, "BUY", 5, limit(quote.upperCircuit ?? quote.ltp)));
    const other = fed.exchange.account("other");
    const queriesOfRead = (): number => {
      fed.now += SECOND;
      queries = 0;
      expect([other.positions(), other.holdings(), other.orders()]).toEqual([[], [], []]);
      return queries;
    };
    queriesOfRead();
    expect(queriesOfRead()).toBe(0);
  });

  it("and trades of the day are dropped at midnight", () => {
    const floor = openFloor(AT);
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const account = richAccount(floor.exchange);
    accepted(account, order(sbin, "BUY", 10, market(floor.exchange, sbin, "BUY")));
    accepted(account, order(sbin, "BUY", 10, limit(plusPercent(sbin, floor.exchange.quote(sbin.key).ltp, -8))));
    floor.now += DAY;
    expect(account.orders()).toEqual([]);
    expect(account.trades()).toEqual([]);
    expect(account.chargesToday()).toBe(0);
    expect(account.funds().used).toBe(0);
  });
});
