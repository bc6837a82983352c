import { describe, expect, it } from "vitest";
import { parseReply } from "../../../connectors/fyers/client.ts";
import { toTag } from "../../../connectors/fyers/map.ts";
import * as schemas from "../../../connectors/fyers/schemas.ts";
import { canonicalSymbol, keyFromFyToken } from "../../../connectors/fyers/venue.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { BrokerError } from "../../../src/errors.ts";
import { failureOf } from "../harness.ts";
import { access, fixture, listed, reply, sample, setUp, text } from "./harness.ts";

const withRow = (name: string, list: string, change: object): string => {
  const body = sample(name) as Record<string, object[]>;
  return JSON.stringify({ ...body, [list]: [{ ...body[list]?.[0], ...change }] });
};

describe("funds and profile", () => {
  it("find ledger rows by id and do not add the collateral to the available funds", async () => {
    const { connector } = await setUp(() => reply("get-funds"));
    expect(await connector.getFunds(access)).toEqual({
      available: 18_438_035,
      used: 2_550_010,
      cash: 15_000_007,
      collateral: 6_000_000,
    });
  });

  it("fail with the name of a missing ledger row", async () => {
    const { connector } = await setUp(() => text('{"s":"ok","code":200,"message":"","fund_limit":[]}'));
    const error = await failureOf(connector.getFunds(access));
    expect(error).toMatchObject({ kind: "bad-response", endpoint: "GET /funds" });
    expect((error as Error).message).toContain("10 (Available Balance)");
  });

  it("give the account id, the name and whether selling needs an authorisation", async () => {
    const { connector } = await setUp(() => reply("get-profile"));
    expect(await connector.getProfile(access)).toEqual({
      accountId: "FA20411",
      name: "ASHA RAO",
      canSellWithoutAuthorisation: true,
      hasMarketData: null,
    });
  });
});

const portfolioReply = ({ url }: { url: string }) =>
  reply(url.includes("/positions") ? "get-positions" : "get-holdings");

describe("holdings", () => {
  it("exclude today's sales, which Fyers lists among the positions", async () => {
    const sale = { productType: "CNC", side: -1, netQty: -15, qty: 15 };
    const { connector } = await setUp(({ url }) =>
      url.includes("/positions") ? text(withRow("get-positions", "netPositions", sale)) : reply("get-holdings"),
    );
    const [sbin] = await connector.getHoldings(access);
    expect(sbin).toMatchObject({ qty: 25, sellableQty: 35, pnl: 231_875 });
  });

  it.each([
    [
      "delivered and T1 shares in separate rows",
      [
        { quantity: 15, remainingQuantity: 0 },
        { holdingType: "T1", quantity: 10 },
      ],
      [10],
    ],
    ["T1 shares only", [{ holdingType: "T1", quantity: 25, remainingQuantity: 0 }], [10]],
    ["T1 shares that only qty_t1 counts", [{ holdingType: "T1", quantity: 0, qty_t1: 25, remainingQuantity: 0 }], [10]],
  ])("exclude today's sales only once: %s", async (_case, rows, left) => {
    const body = sample("get-holdings") as { holdings: object[] };
    const holdings = JSON.stringify({ ...body, holdings: rows.map((row) => ({ ...body.holdings[0], ...row })) });
    const sale = { productType: "CNC", side: -1, netQty: -15, qty: 15 };
    const { connector } = await setUp(({ url }) =>
      text(url.includes("/positions") ? withRow("get-positions", "netPositions", sale) : holdings),
    );
    expect((await connector.getHoldings(access)).map(({ qty }) => qty)).toEqual(left);
  });

  it("exclude sales on the other exchange when nothing is held there", async () => {
    const onBse = { symbol: "BSE:SBIN-A", exchange: 12, fyToken: "1210000000500112" };
    const sale = { ...onBse, productType: "CNC", side: -1, netQty: -15, qty: 15 };
    const { connector } = await setUp(({ url }) =>
      url.includes("/positions") ? text(withRow("get-positions", "netPositions", sale)) : reply("get-holdings"),
    );
    expect((await connector.getHoldings(access)).map(({ qty }) => qty)).toEqual([25, 7, 10, 100]);
  });

  it("have quantities, cost and P&L to the paisa, also when the fyToken is a number", async () => {
    const { connector } = await setUp(portfolioReply);
    const [sbin, mm] = await connector.getHoldings(access);
    expect(sbin).toEqual({
      symbol: "NSE:SBIN-EQ",
      key: "NSE:3045",
      isin: "INE062A01020",
      productType: "CNC",
      qty: 40,
      t1Qty: 0,
      sellableQty: 35,
      pledgedQty: 5,
      avgPrice: 8_123_500,
      ltp: 9_051_000,
      prevClose: null,
      pnl: 371_000,
    });
    expect(mm).toMatchObject({ symbol: "NSE:M&M-EQ", key: "NSE:2031", avgPrice: 30_104_560, pnl: 63_031 });
  });

  it("count a T1 row once and as not sellable", async () => {
    const { connector } = await setUp(portfolioReply);
    const bajaj = (await connector.getHoldings(access))[2];
    expect(bajaj).toMatchObject({ symbol: "NSE:BAJAJ-AUTO-EQ", qty: 10, t1Qty: 10, sellableQty: 0, pnl: -19_000 });
    const bare = text(withRow("get-holdings", "holdings", { holdingType: "T1", quantity: 40, qty_t1: 0 }));
    const named = await setUp(({ url }) => (url.includes("/positions") ? reply("get-positions") : bare));
    expect(await named.connector.getHoldings(access)).toMatchObject([{ qty: 40, t1Qty: 40 }]);
  });

  it("have no P&L when the cost is unknown, and no group in a BSE symbol", async () => {
    const { connector } = await setUp(portfolioReply);
    const suzlon = (await connector.getHoldings(access))[3];
    expect(suzlon).toMatchObject({ symbol: "BSE:SUZLON", key: "BSE:532667", avgPrice: 0, pnl: null });
  });

  it("leave out mutual funds with a warning", async () => {
    const { connector, warnings } = await setUp(portfolioReply);
    expect(await connector.getHoldings(access)).toHaveLength(4);
    expect(warnings).toHaveLength(1);
  });

  it("leave out a mutual fund even if its row lacks other fields, but fail if it lacks the exchange", async () => {
    const { connector, warnings } = await setUp(() =>
      text(withRow("get-holdings", "holdings", { exchange: 0, segment: 0, qty_t1: undefined, quantity: 12.345 })),
    );
    expect(await connector.getHoldings(access)).toEqual([]);
    expect(warnings).toHaveLength(1);
    const withoutExchange = await setUp(() => text(withRow("get-holdings", "holdings", { exchange: undefined })));
    const error = await failureOf(withoutExchange.connector.getHoldings(access));
    expect((error as Error).message).toContain("field 0.exchange");
  });

  it("are an empty list for an empty account", async () => {
    const { connector } = await setUp(() => reply("get-holdings-empty"));
    expect(await connector.getHoldings(access)).toEqual([]);
  });

  it("fail with the broker, the endpoint and the field when a field is missing", async () => {
    const body = withRow("get-holdings", "holdings", { costPrice: undefined });
    const { connector } = await setUp(() => text(body));
    const error = await failureOf(connector.getHoldings(access));
    expect(error).toBeInstanceOf(BrokerError);
    expect(error).toMatchObject({ kind: "bad-response", broker: "fyers", endpoint: "GET /holdings" });
    expect((error as Error).message).toContain("field 0.costPrice");
  });
});

describe("positions", () => {
  it("keep Fyers' own P&L figures to the paisa", async () => {
    const { connector } = await setUp(() => reply("get-positions"));
    const rows = await connector.getPositions(access);
    expect(rows[0]).toEqual({
      symbol: "NSE:SBIN-EQ",
      key: "NSE:3045",
      segment: "NSE",
      productType: "INTRADAY",
      qty: 60,
      side: "BUY",
      avgPrice: 9_000_000,
      ltp: 9_051_000,
      pnl: 50_600,
      realised: 20_000,
      unrealised: 30_600,
      dayPnl: 50_600,
      buyQty: 100,
      buyValue: 9_000_000,
      sellQty: 40,
      sellValue: 3_620_000,
      multiplier: 1,
    });
    expect(rows.map(({ pnl }) => pnl)).toEqual([50_600, -261_025, 80_975, 1_000, 9_590]);
  });

  it("show a short as SELL with a positive quantity, and no day's P&L for a carried one", async () => {
    const { connector } = await setUp(() => reply("get-positions"));
    expect((await connector.getPositions(access))[1]).toMatchObject({
      symbol: "NSE:NIFTY26NOVFUT",
      key: "NFO:37455",
      segment: "NFO",
      side: "SELL",
      qty: 75,
      avgPrice: 261_045_333,
      dayPnl: null,
    });
  });

  it("treat a last price of 0 as missing and ignore the P&L that Fyers computed with it", async () => {
    const worthless = { ltp: 0, realized_profit: 200, unrealized_profit: -54_000, pl: -53_800 };
    const { connector } = await setUp(() => text(withRow("get-positions", "netPositions", worthless)));
    const [open] = await connector.getPositions(access);
    expect(open).toMatchObject({ ltp: null, pnl: 20_000, realised: 20_000, unrealised: 0, dayPnl: null });
  });

  it("include a closed position with quantity 0", async () => {
    const { connector } = await setUp(() => reply("get-positions"));
    expect((await connector.getPositions(access))[2]).toMatchObject({
      side: "CLOSED",
      qty: 0,
      avgPrice: 0,
      realised: 80_975,
    });
  });

  it("read a fyToken of 17 digits that is a JSON number", async () => {
    const { connector } = await setUp(() => reply("get-positions"));
    expect((await connector.getPositions(access))[4]).toMatchObject({
      key: "BFO:8712345",
      symbol: "BSE:SENSEX26NOVFUT",
    });
  });

  it("fail on an unknown product or segment", async () => {
    for (const change of [{ productType: "NRML" }, { segment: 99 }]) {
      const { connector } = await setUp(() => text(withRow("get-positions", "netPositions", change)));
      expect(await failureOf(connector.getPositions(access))).toMatchObject({ kind: "bad-response" });
    }
  });
});

describe("orders and trades", () => {
  it("have every status mapped, oldest first", async () => {
    const { connector } = await setUp(() => reply("get-orders"));
    const orders = await connector.getOrders(access);
    expect(orders.map(({ orderId, status }) => [orderId.slice(-2), status])).toEqual([
      ["34", "filled"],
      ["35", "open"],
      ["36", "cancelled"],
      ["37", "rejected"],
      ["38", "pending"],
      ["39", "expired"],
      ["40", "trigger-pending"],
      ["41", "open"],
    ]);
  });

  it.each([
    [{ type: 3, status: 6, filledQty: 0 }, "trigger-pending"],
    [{ type: 3, status: 6, filledQty: 2 }, "open"],
    [{ type: 4, status: 4, filledQty: 0 }, "pending"],
    [{ type: 4, status: 1, filledQty: 0 }, "cancelled"],
    [{ type: 4, status: 5, filledQty: 0 }, "rejected"],
    [{ type: 4, status: 7, filledQty: 0 }, "expired"],
  ])("map a stop order with %o to %s", async (change, status) => {
    const { connector } = await setUp(() => text(withRow("get-orders", "orderBook", change)));
    expect(await connector.getOrders(access)).toMatchObject([{ status }]);
  });

  it("give a filled market order no price, its tag without the prefix, and a time read as IST", async () => {
    const { connector } = await setUp(() => reply("get-orders"));
    expect((await connector.getOrders(access))[0]).toEqual({
      orderId: "26112000001234",
      exchangeOrderId: "1100000001089341",
      tag: "tb7f3a91",
      symbol: "NSE:SBIN-EQ",
      key: "NSE:3045",
      side: "BUY",
      type: "MARKET",
      productType: "CNC",
      validity: "DAY",
      qty: 3,
      filledQty: 3,
      avgPrice: 9_051_000,
      price: 0,
      triggerPrice: 0,
      status: "filled",
      message: null,
      isAmo: false,
      placedAt: istInstant("2026-11-20", "11:04:33"),
      handle: {},
    });
  });

  it("include stops, IOC and after-market orders, and times in epoch seconds", async () => {
    const { connector } = await setUp(() => reply("get-orders"));
    const orders = await connector.getOrders(access);
    expect(orders[6]).toMatchObject({ type: "SL", side: "SELL", price: 8_950_000, triggerPrice: 8_965_000 });
    expect(orders[7]).toMatchObject({
      type: "SL-M",
      price: 0,
      triggerPrice: 9_185_000,
      productType: "INTRADAY",
      tag: null,
    });
    expect(orders[4]).toMatchObject({ placedAt: istInstant("2026-11-20", "11:08"), exchangeOrderId: null });
    expect(orders[5]).toMatchObject({ validity: "IOC", isAmo: true });
    expect(orders[3]?.message).toBe("Margin Shortfall: required 9050.00, available 812.40");
  });

  it.each([
    ["status", { status: 3 }],
    ["type", { type: 9 }],
    ["productType", { productType: "NORMAL" }],
    ["side", { side: 0 }],
  ])("fail on an unknown %s", async (field, change) => {
    const { connector } = await setUp(() => text(withRow("get-orders", "orderBook", change)));
    const error = await failureOf(connector.getOrders(access));
    expect(error).toMatchObject({ kind: "bad-response" });
    expect((error as Error).message).toContain(`field 0.${field}`);
  });

  it("are an empty list when the order book is null", async () => {
    const { connector } = await setUp(() => reply("get-orders-empty"));
    expect(await connector.getOrders(access)).toEqual([]);
  });

  it("are found by tag in the whole order book, not by Fyers' own filter", async () => {
    const { connector, sent } = await setUp(() => reply("get-orders"));
    const found = await connector.findOrdersByTag(access, "tbpart01" as never);
    expect(found.map(({ orderId }) => orderId)).toEqual(["26112000001235"]);
    expect(sent[0]?.url).not.toContain("order_tag");
  });

  it("give null for an order that is not in the book", async () => {
    const { connector } = await setUp(() => reply("get-orders-unknown-id", 400));
    expect(await connector.getOrder(access, "26112000009999" as never, {})).toBeNull();
  });

  it("include trades with price and time", async () => {
    const { connector } = await setUp(() => reply("get-tradebook"));
    expect(await connector.getTrades(access)).toEqual([
      {
        tradeId: "52605023",
        orderId: "26112000001234",
        symbol: "NSE:SBIN-EQ",
        key: "NSE:3045",
        side: "BUY",
        productType: "CNC",
        qty: 3,
        price: 9_051_000,
        at: istInstant("2026-11-20", "11:04:33"),
      },
    ]);
  });

  it("have tags without Fyers' prefix, and null for Fyers' own tags", () => {
    expect(["1:abc", "abc", "2:Untagged", "1:Untagged", "2:squareoff", "", null].map(toTag)).toEqual([
      "abc",
      "abc",
      null,
      null,
      null,
      null,
      null,
    ]);
  });
});

describe("market data", () => {
  it("has quotes for known instruments and omits unknown ones", async () => {
    const { connector, sent, table } = await setUp(() => reply("get-data-quotes"));
    const asked = ["NSE:SBIN-EQ", "NSE:NIFTY50-INDEX", "NSE:M&M-EQ"].map((symbol) => listed(table, symbol));
    const quotes = await connector.getQuotes(access, asked);
    expect([...quotes.keys()]).toEqual(["NSE:3045", "INDEX:NIFTY50"]);
    expect(quotes.get("NSE:3045" as never)).toEqual({
      key: "NSE:3045",
      symbol: "NSE:SBIN-EQ",
      ltp: 9_051_000,
      open: 9_000_000,
      high: 9_084_000,
      low: 8_970_500,
      prevClose: 8_992_000,
      bid: 9_050_500,
      ask: 9_051_000,
      volume: 7_712_045,
      openInterest: null,
      lowerCircuit: null,
      upperCircuit: null,
      at: null,
      source: "broker",
    });
    expect(quotes.get("INDEX:NIFTY50" as never)).toMatchObject({ bid: null, ask: null, ltp: 260_124_000 });
    expect(sent[0]?.url).toContain("M%26M");
  });

  it("is quoted for 50 symbols at a time", async () => {
    const empty = (): ReturnType<typeof text> => text('{"s":"ok","code":200,"d":[]}');
    const { table } = await setUp(empty);
    const sbin = listed(table, "NSE:SBIN-EQ");
    const many = Array.from({ length: 101 }, (_, at) => ({ ...sbin, key: `NSE:${at + 1}` as never }));
    const listsAll = {
      ...table,
      byKey: (key: string) => ({ instrument: sbin, venueSymbol: `S${key.slice(4)}-EQ`, venueToken: "1" }),
    };
    const { connector, sent } = await setUp(empty, { instruments: () => Promise.resolve(listsAll) });
    await connector.getQuotes(access, many);
    expect(sent.map(({ url }) => url.split("%2C").length)).toEqual([50, 50, 1]);
    sent.length = 0;
    expect(await connector.getQuotes(access, [])).toEqual(new Map());
    expect(sent).toHaveLength(0);
  });

  it("has a single quote taken from the depth reply, which also has circuit limits and the tick's time", async () => {
    const { connector, table } = await setUp(() => reply("get-data-depth"));
    expect(await connector.getQuote(access, listed(table, "NSE:SBIN-EQ"))).toMatchObject({
      ltp: 9_051_000,
      prevClose: 8_992_000,
      bid: 9_050_500,
      ask: 9_051_000,
      lowerCircuit: 8_093_000,
      upperCircuit: 9_891_000,
      openInterest: null,
      at: 1_795_167_137_000,
    });
  });

  it("has a depth without the padding levels", async () => {
    const { connector, table } = await setUp(() => reply("get-data-depth"));
    const depth = await connector.getOrderbook(access, listed(table, "NSE:SBIN-EQ"));
    expect(depth.bids).toEqual([
      { price: 9_050_500, quantity: 1210, orders: 9 },
      { price: 9_050_000, quantity: 3300, orders: 14 },
    ]);
    expect(depth.asks).toHaveLength(3);
    expect(depth).toMatchObject({ totalBidQty: 412_233, totalAskQty: 530_118, ltp: 9_051_000 });
  });

  it("has minute candles sorted and limited to the range", async () => {
    const { connector, table } = await setUp(() => reply("get-data-history"));
    const from = 1_795_059_900_000;
    const query = { instrument: listed(table, "NSE:SBIN-EQ"), interval: "1m", from, to: from + 60_000 } as const;
    expect(await connector.getHistoricalData(access, query)).toEqual([
      { at: from, open: 9_000_000, high: 9_025_000, low: 8_991_000, close: 9_017_000, volume: 182_331 },
      { at: from + 60_000, open: 9_017_000, high: 9_030_000, low: 9_012_000, close: 9_024_000, volume: 96_120 },
    ]);
    const short = await connector.getHistoricalData(access, { ...query, to: from });
    expect(short.map(({ at }) => at)).toEqual([from]);
  });

  it("has daily candles that start at 00:00 IST of their trading date", async () => {
    const { connector, table, sent } = await setUp(() => reply("get-data-history-daily"));
    const query = {
      instrument: listed(table, "NSE:SBIN-EQ"),
      interval: "1d",
      from: istInstant("2026-11-19"),
      to: istInstant("2026-11-20", "15:00"),
    } as const;
    const bars = await connector.getHistoricalData(access, query);
    expect(bars.map(({ at }) => at)).toEqual([istInstant("2026-11-19"), istInstant("2026-11-20")]);
    expect(Object.fromEntries(new URL(sent[0]?.url ?? "").searchParams)).toEqual({
      symbol: "NSE:SBIN-EQ",
      resolution: "1D",
      cont_flag: "0",
      date_format: "1",
      range_from: "2026-11-19",
      range_to: "2026-11-20",
    });
  });

  it("is requested in spans of at most 100 days for minutes and 366 dates for days, without gaps", async () => {
    const { connector, table, sent } = await setUp(() => reply("get-data-history-no-data"));
    const [from, to] = [istInstant("2024-11-20"), istInstant("2026-11-20")];
    const instrument = listed(table, "NSE:SBIN-EQ");
    expect(await connector.getHistoricalData(access, { instrument, interval: "5m", from, to })).toEqual([]);
    const spans = sent.map(({ url }) => {
      const query = new URL(url).searchParams;
      return [Number(query.get("range_from")), Number(query.get("range_to"))] as const;
    });
    expect(spans[0]?.[0]).toBe(from / 1_000);
    expect(spans.at(-1)?.[1]).toBe(to / 1_000);
    expect(
      spans.every(
        ([start, end], at) => end - start < 100 * 86_400 && (at === 0 || start === (spans[at - 1]?.[1] ?? 0) + 1),
      ),
    ).toBe(true);

    sent.length = 0;
    await connector.getHistoricalData(access, { instrument, interval: "1d", from, to });
    expect(sent.map(({ url }) => [...new URL(url).searchParams.values()].slice(-2))).toEqual([
      ["2024-11-20", "2025-11-20"],
      ["2025-11-21", "2026-11-20"],
    ]);
  });

  it("has whole weeks and months, also where a long range is split into calls", async () => {
    const dates = ["2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"];
    const days = dates.map(
      (date, at) => [Date.parse(date) / 1_000, 900 + at, 910 + at, 890 + at, 901 + at, 100] as const,
    );
    const bars = (url: string): unknown => {
      const query = new URL(url).searchParams;
      const [from, to] = [query.get("range_from") ?? "", query.get("range_to") ?? ""];
      const asked = days.filter((_, at) => from <= (dates[at] ?? "") && (dates[at] ?? "") <= to);
      const [first, last] = [asked[0], asked.at(-1)];
      if (query.get("resolution") === "1D" || !first || !last) return asked;
      const [highs, lows] = [asked.map(([, , high]) => high), asked.map(([, , , low]) => low)];
      return [[first[0], first[1], Math.max(...highs), Math.min(...lows), last[4], 100 * asked.length]];
    };
    const { connector, table, sent } = await setUp(({ url }) => text(JSON.stringify({ s: "ok", candles: bars(url) })));
    const instrument = listed(table, "NSE:SBIN-EQ");
    const [from, to] = [istInstant("2025-11-17"), istInstant("2026-11-20", "15:00")];
    const joined = { open: 9_000_000, high: 9_140_000, low: 8_900_000, close: 9_050_000, volume: 500 };
    for (const [interval, start] of [
      ["1w", "2026-11-16"],
      ["1mo", "2026-11-01"],
    ] as const) {
      sent.length = 0;
      const candles = await connector.getHistoricalData(access, { instrument, interval, from, to });
      expect(sent).toHaveLength(2);
      expect(candles).toEqual([{ at: istInstant(start), ...joined }]);
    }
  });

  it("includes the last day even if the range ends at an earlier time of day than it starts", async () => {
    const { connector, table, sent } = await setUp(() => reply("get-data-history-no-data"));
    const [from, to] = [istInstant("2025-11-19", "15:00"), istInstant("2026-11-20", "09:30")];
    await connector.getHistoricalData(access, { instrument: listed(table, "NSE:SBIN-EQ"), interval: "1d", from, to });
    expect(sent.map(({ url }) => [...new URL(url).searchParams.values()].slice(-2))).toEqual([
      ["2025-11-19", "2026-11-19"],
      ["2026-11-20", "2026-11-20"],
    ]);
  });

  it("has the margin of an order", async () => {
    const { connector, sent, table } = await setUp(() => reply("post-multiorder-margin"));
    const { key, symbol } = listed(table, "BSE:SUZLON");
    const request = {
      tag: "t1" as never,
      key,
      symbol,
      side: "BUY",
      productType: "CNC",
      validity: "DAY",
      qty: 10,
      isAmo: false,
      terms: { type: "LIMIT", price: 421_000 as never },
    } as const;
    expect(await connector.getOrderCost?.(access, request)).toEqual({ margin: 905_055, charges: null });
    expect(JSON.parse(sent[0]?.body ?? "")).toEqual({
      data: [
        {
          symbol: "BSE:SUZLON-A",
          qty: 10,
          side: 1,
          type: 1,
          productType: "CNC",
          limitPrice: 42.1,
          stopPrice: 0,
          stopLoss: 0,
          takeProfit: 0,
        },
      ],
    });
  });
});

describe("symbols and tokens", () => {
  it("derive the instrument key from a fyToken", () => {
    expect(
      ["10100000003045", "101126112437455", "1210000000532667", "1120261119217406", "102026122855001", "", "SBIN"].map(
        keyFromFyToken,
      ),
    ).toEqual(["NSE:3045", "NFO:37455", "BSE:532667", "MCX:217406", "NCO:55001", null, null]);
  });

  it("drop the group of BSE shares only", () => {
    expect(canonicalSymbol("BSE:BAJAJ-AUTO-A", "BSE")).toBe("BSE:BAJAJ-AUTO");
    expect(canonicalSymbol("NSE:BAJAJ-AUTO-EQ", "NSE")).toBe("NSE:BAJAJ-AUTO-EQ");
    expect(canonicalSymbol("NSE:BAJAJ-AUTO26NOVFUT", "NFO")).toBe("NSE:BAJAJ-AUTO26NOVFUT");
  });

  it("keep every digit of a long number, and leave text that only looks like one alone", () => {
    expect(parseReply('{"fyToken":12112611268712345,"message":"\\"fyToken\\":5"}')).toEqual({
      fyToken: "12112611268712345",
      message: '"fyToken":5',
    });
  });
});

it("every fixture of a read call passes its schema", () => {
  const checks = [
    ["get-profile", schemas.profileSchema],
    ["get-funds", schemas.fundsSchema],
    ["get-holdings", schemas.holdingsSchema],
    ["get-positions", schemas.positionsSchema],
    ["get-orders", schemas.orderBookSchema],
    ["get-tradebook", schemas.tradeBookSchema],
    ["get-data-quotes", schemas.quotesSchema],
    ["get-data-depth", schemas.depthSchema],
    ["get-data-history", schemas.historySchema],
    ["post-multiorder-margin", schemas.marginSchema],
    ["post-validate-authcode", schemas.tokenSchema],
  ] as const;
  const failing = checks.filter(([name, schema]) => {
    const read = schema.safeParse(parseReply(fixture(`${name}.json`)));
    return !read.success || JSON.stringify(read.data).includes('"ok":false');
  });
  expect(failing.map(([name]) => name)).toEqual([]);
});
