import { describe, expect, it } from "vitest";
import { istInstant } from "../../../src/domain/market.ts";
import { paiseFromRupees, priceFromRupees } from "../../../src/domain/money.ts";
import { isUnpriced } from "../../../src/domain/portfolio.ts";
import { failureOf } from "../harness.ts";
import { access, fixture, reply, setUp, text } from "./harness.ts";

describe("holdings", () => {
  it("count T1 shares in the quantity, but only delivered shares as sellable", async () => {
    const { connector } = await setUp(() => reply("get-portfolio-holdings"));
    const [sbin, mahindra] = await connector.getHoldings(access);
    expect(sbin).toEqual({
      symbol: "NSE:SBIN-EQ",
      key: "NSE:3045",
      isin: "INE062A01020",
      productType: "CNC",
      qty: 50,
      t1Qty: 10,
      sellableQty: 40,
      pledgedQty: 0,
      avgPrice: priceFromRupees(812.35),
      ltp: priceFromRupees(905.1),
      prevClose: priceFromRupees(899.2),
      pnl: paiseFromRupees(4637.5),
    });
    expect(mahindra).toMatchObject({ symbol: "NSE:M&M-EQ", qty: 1, t1Qty: 1, sellableQty: 0, pnl: 185 });
  });

  it("have no P&L when the cost is unknown", async () => {
    const { connector } = await setUp(() => reply("get-portfolio-holdings"));
    const reliance = (await connector.getHoldings(access))[2];
    expect(reliance).toMatchObject({ symbol: "NSE:RELINFRA-BE", key: "NSE:553", avgPrice: 0, pnl: null });
  });

  it("have the pledged quantity, and BSE symbols without a group", async () => {
    const { connector } = await setUp(() => reply("get-portfolio-holdings"));
    const tata = (await connector.getHoldings(access))[3];
    expect(tata).toMatchObject({ symbol: "BSE:TATAPOWER", key: "BSE:500400", qty: 20, pledgedQty: 15, pnl: 42_900 });
  });

  it("show funded (MTF) shares as a separate row", async () => {
    const { connector } = await setUp(() => reply("get-portfolio-holdings"));
    const holdings = await connector.getHoldings(access);
    expect(holdings).toHaveLength(5);
    expect(holdings[4]).toMatchObject({
      symbol: "NSE:BAJAJ-AUTO-EQ",
      productType: "MTF",
      qty: 4,
      avgPrice: priceFromRupees(9000.25),
      pnl: paiseFromRupees(481),
    });
  });

  it("have no P&L of funded shares without a cost or a last price", async () => {
    const body = JSON.parse(fixture("get-portfolio-holdings.json")) as { data: object[] };
    for (const [average_price, last_price] of [
      [0, 850],
      [800, 0],
    ]) {
      const row = { ...body.data[0], last_price, mtf: { quantity: 4, average_price } };
      const { connector } = await setUp(() => text(JSON.stringify({ ...body, data: [row] })));
      expect((await connector.getHoldings(access))[1]).toMatchObject({ productType: "MTF", qty: 4, pnl: null });
    }
  });

  it("leave out a row with nothing left, but not one that is fully pledged", async () => {
    const holdingsWith = async (pledged: number) => {
      const body = JSON.parse(fixture("get-portfolio-holdings.json")) as { data: object[] };
      const row = { ...body.data[0], quantity: 0, t1_quantity: 0, collateral_quantity: pledged };
      const { connector } = await setUp(() => text(JSON.stringify({ ...body, data: [row] })));
      return connector.getHoldings(access);
    };
    expect(await holdingsWith(0)).toEqual([]);
    expect(await holdingsWith(40)).toMatchObject([{ qty: 0, pledgedQty: 40 }]);
  });

  it("that are all pledged are shown beside funded shares of the same company", async () => {
    const body = JSON.parse(fixture("get-portfolio-holdings.json")) as { data: object[] };
    const mtf = { quantity: 4, average_price: 800 };
    const row = { ...body.data[0], quantity: 0, t1_quantity: 0, collateral_quantity: 40, mtf };
    const { connector } = await setUp(() => text(JSON.stringify({ ...body, data: [row] })));
    expect(await connector.getHoldings(access)).toMatchObject([
      { productType: "CNC", qty: 0, pledgedQty: 40 },
      { productType: "MTF", qty: 4, pledgedQty: 0 },
    ]);
  });

  it("may be an empty list", async () => {
    const { connector } = await setUp(() => reply("get-portfolio-holdings-empty"));
    expect(await connector.getHoldings(access)).toEqual([]);
  });

  it("fail on an unknown product", async () => {
    const body = fixture("get-portfolio-holdings.json").replace('"product": "CNC"', '"product": "GIFT"');
    const { connector } = await setUp(() => text(body));
    expect(await failureOf(connector.getHoldings(access))).toMatchObject({
      kind: "bad-response",
      message: expect.stringContaining("not as documented: unknown product: GIFT") as string,
    });
  });
});

describe("positions", () => {
  const positions = async () => {
    const { connector } = await setUp(() => reply("get-portfolio-positions"));
    return connector.getPositions(access);
  };

  it("have Kite's own P&L, also with a multiplier and a carried quantity", async () => {
    const [crude] = await positions();
    expect(crude).toEqual({
      symbol: "MCX:CRUDEOIL26DECFUT",
      key: "MCX:438412",
      segment: "MCX",
      productType: "MARGIN",
      qty: 2,
      side: "BUY",
      avgPrice: priceFromRupees(5820),
      ltp: priceFromRupees(5855),
      pnl: paiseFromRupees(7000),
      realised: 0,
      unrealised: paiseFromRupees(7000),
      dayPnl: paiseFromRupees(9000),
      buyQty: 2,
      buyValue: paiseFromRupees(1_164_000),
      sellQty: 0,
      sellValue: 0,
      multiplier: 100,
    });
  });

  it("split the P&L of a partly sold long by values, not by the rounded average", async () => {
    const sbin = (await positions())[1];
    expect(sbin).toMatchObject({ productType: "INTRADAY", side: "BUY", qty: 20, pnl: 17_350, realised: 5_817 });
    expect(sbin?.unrealised).toBe(11_533);
  });

  it("split the P&L of a partly covered short", async () => {
    const nifty = (await positions())[2];
    expect(nifty).toMatchObject({
      symbol: "NSE:NIFTY26D0124500CE",
      key: "NFO:49545",
      segment: "NFO",
      side: "SELL",
      qty: 75,
      pnl: 57_375,
      realised: 24_750,
      unrealised: 32_625,
    });
  });

  it("treat a last price of 0 as missing and ignore the P&L that Kite computed with it", async () => {
    const body = JSON.parse(fixture("get-portfolio-positions.json")) as { data: { net: object[] } };
    const unpriced = (row: object | undefined) => ({ ...row, last_price: 0, pnl: -1_164_000, m2m: -1_162_000 });
    const { net } = body.data;
    const data = { ...body.data, net: [unpriced(net[0]), { ...net[3], last_price: 0 }] };
    const { connector } = await setUp(() => text(JSON.stringify({ ...body, data })));
    const [crude, closed] = await connector.getPositions(access);
    expect(crude).toMatchObject({ side: "BUY", ltp: null, pnl: 0, realised: 0, unrealised: 0, dayPnl: null });
    expect(crude && isUnpriced(crude)).toBe(true);
    expect(closed).toMatchObject({ side: "CLOSED", pnl: -3_765, realised: -3_765, dayPnl: -3_765 });
  });

  it("include closed ones, with all P&L realised", async () => {
    const closed = (await positions())[3];
    expect(closed).toMatchObject({ side: "CLOSED", qty: 0, avgPrice: 0, pnl: -3_765, realised: -3_765, unrealised: 0 });
  });

  it("have one row for each product of a symbol", async () => {
    const sbin = (await positions()).filter(({ symbol }) => symbol === "NSE:SBIN-EQ");
    expect(sbin.map(({ productType }) => productType)).toEqual(["INTRADAY", "CNC"]);
  });

  it("include NSE commodities", async () => {
    const body = fixture("get-portfolio-positions.json").replace('"exchange": "MCX"', '"exchange": "NCO"');
    const { connector } = await setUp(() => text(body));
    expect((await connector.getPositions(access))[0]).toMatchObject({
      symbol: "NSE:CRUDEOIL26DECFUT",
      key: "NCO:438412",
      segment: "NCO",
    });
  });

  it("may be an empty list", async () => {
    const { connector } = await setUp(() => reply("get-portfolio-positions-empty"));
    expect(await connector.getPositions(access)).toEqual([]);
  });

  it.each([
    ["product", '"product": "NRML"', '"product": "XX"', "unknown product: XX"],
    ["exchange", '"exchange": "MCX"', '"exchange": "MOON"', "unknown exchange: MOON"],
  ])("fail on an unknown %s", async (_what, from, to, words) => {
    const { connector } = await setUp(() => text(fixture("get-portfolio-positions.json").replace(from, to)));
    expect(await failureOf(connector.getPositions(access))).toMatchObject({
      kind: "bad-response",
      message: `GET /portfolio/positions: 1 of 5 rows not as documented: ${words}`,
    });
  });

  it("fail with the name of a missing field", async () => {
    const { connector } = await setUp(() => text(fixture("get-portfolio-positions.json").replace('"m2m"', '"mtm"')));
    const error = await failureOf(connector.getPositions(access));
    expect(error).toMatchObject({ kind: "bad-response", endpoint: "GET /portfolio/positions" });
    expect(String(error)).toContain("field 0.m2m");
  });
});

describe("funds and profile", () => {
  it("are read from the equity segment", async () => {
    const { connector } = await setUp(() => reply("get-user-margins"));
    expect(await connector.getFunds(access)).toEqual({
      available: 18_423_055,
      used: 2_576_945,
      cash: 15_000_000,
      collateral: 6_000_000,
    });
  });

  it("have the cash computed when Kite reports 0 for a funded account", async () => {
    const { connector } = await setUp(() => reply("get-user-margins-cash-zero"));
    expect((await connector.getFunds(access)).cash).toBe(15_000_000);
    const body = JSON.parse(fixture("get-user-margins.json")) as { data: { equity: { available: object } } };
    const { equity } = body.data;
    const told = { ...equity, available: { ...equity.available, cash: 1_234.5 } };
    const other = await setUp(() => text(JSON.stringify({ ...body, data: { equity: told } })));
    expect((await other.connector.getFunds(access)).cash).toBe(123_450);
  });

  it("are nothing for an account that has commodities only, but an error without any segment", async () => {
    const { data } = JSON.parse(fixture("get-user-margins.json")) as { data: { commodity: object } };
    const fundsOf = async (segments: object) =>
      (await setUp(() => text(JSON.stringify({ status: "success", data: segments })))).connector.getFunds(access);
    expect(await fundsOf({ commodity: data.commodity })).toEqual({ available: 0, used: 0, cash: 0, collateral: 0 });
    expect(await failureOf(fundsOf({}))).toMatchObject({
      kind: "bad-response",
      message: expect.stringContaining("data.equity") as string,
    });
  });

  it("say that selling needs no authorisation only if a mandate is signed", async () => {
    const { connector } = await setUp(() => reply("get-user-profile"));
    expect(await connector.getProfile(access)).toEqual({
      accountId: "QX4411",
      name: "Asha Rao",
      canSellWithoutAuthorisation: true,
      hasMarketData: null,
    });
  });
});

describe("quotes", () => {
  it("are fetched in one batch by Kite's names, and omit unknown instruments", async () => {
    const { connector, sent, instrument } = await setUp(() => reply("get-quote"));
    const asked = ["NSE:SBIN-EQ", "NSE:NIFTY50-INDEX", "NSE:M&M-EQ"].map(instrument);
    const quotes = await connector.getQuotes(access, asked);
    expect([...quotes.keys()]).toEqual(["NSE:3045", "INDEX:NIFTY50"]);
    expect(sent.map(({ url, via }) => `${via} ${url}`)).toEqual([
      "read https://api.kite.trade/quote?i=NSE%3ASBIN&i=NSE%3ANIFTY+50&i=NSE%3AM%26M",
    ]);
    expect(quotes.get(asked[0]!.key)).toEqual({
      key: "NSE:3045",
      symbol: "NSE:SBIN-EQ",
      ltp: priceFromRupees(905.1),
      open: priceFromRupees(900),
      high: priceFromRupees(908.4),
      low: priceFromRupees(897.05),
      prevClose: priceFromRupees(899.2),
      bid: priceFromRupees(905.05),
      ask: priceFromRupees(905.1),
      volume: 7_712_045,
      openInterest: null,
      lowerCircuit: priceFromRupees(809.3),
      upperCircuit: priceFromRupees(989.1),
      at: istInstant("2026-11-20", "11:02:16"),
      source: "broker",
    });
    expect(quotes.get(asked[1]!.key)).toMatchObject({
      bid: null,
      ask: null,
      volume: null,
      lowerCircuit: null,
      at: istInstant("2026-11-20", "11:02:17"),
    });
  });

  it("are those of the other instruments too when one has an empty time of its last trade", async () => {
    const body = fixture("get-quote.json").replace('"0001-01-01 00:00:00"', '""');
    const { connector, instrument } = await setUp(() => text(body));
    const quotes = await connector.getQuotes(access, ["NSE:SBIN-EQ", "NSE:NIFTY50-INDEX"].map(instrument));
    expect([...quotes.values()].map(({ at }) => at)).toEqual([
      istInstant("2026-11-20", "11:02:16"),
      istInstant("2026-11-20", "11:02:17"),
    ]);
  });

  it("are fetched 500 at a time", async () => {
    const { connector, sent, instrument } = await setUp(() => text('{"status":"success","data":{}}'));
    const sbin = instrument("NSE:SBIN-EQ");
    await connector.getQuotes(
      access,
      Array.from({ length: 501 }, () => sbin),
    );
    expect(sent.map(({ url }) => new URL(url).searchParams.getAll("i").length)).toEqual([500, 1]);
  });

  it("fail with rejected for a single instrument that Kite does not know", async () => {
    const { connector, instrument } = await setUp(() => reply("get-quote"));
    expect(await failureOf(connector.getQuote(access, instrument("NSE:M&M-EQ")))).toMatchObject({
      kind: "rejected",
      message: "Zerodha has no quote of NSE:M&M-EQ",
    });
  });

  it("omit an instrument that has never traded, whose last price is 0 at Kite", async () => {
    const untraded = JSON.stringify({
      status: "success",
      data: {
        "NSE:SBIN": {
          instrument_token: 779521,
          timestamp: "2026-11-20 11:02:17",
          last_trade_time: null,
          last_price: 0,
          ohlc: { open: 0, high: 0, low: 0, close: 0 },
        },
      },
    });
    const { connector, instrument } = await setUp(() => text(untraded));
    const sbin = instrument("NSE:SBIN-EQ");
    expect(await connector.getQuotes(access, [sbin])).toEqual(new Map());
    expect(await failureOf(connector.getQuote(access, sbin))).toMatchObject({ kind: "rejected" });
    expect(await connector.getOrderbook(access, sbin)).toMatchObject({ bids: [], asks: [], ltp: null });
  });

  it("come with a market depth without Kite's empty levels", async () => {
    const { connector, instrument } = await setUp(() => reply("get-quote"));
    const depth = await connector.getOrderbook(access, instrument("NSE:SBIN-EQ"));
    expect(depth.bids).toEqual([
      { price: priceFromRupees(905.05), quantity: 1210, orders: 9 },
      { price: priceFromRupees(905), quantity: 800, orders: 4 },
    ]);
    expect(depth.asks).toHaveLength(1);
    expect(depth).toMatchObject({ totalBidQty: 412_233, totalAskQty: 530_118, ltp: priceFromRupees(905.1) });
  });
});
