import { describe, expect, it } from "vitest";
import { brokerOrderId, orderTag } from "../../../src/domain/ids.ts";
import { instrumentKey, optionSymbol } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { paiseFromRupees, priceFromRupees } from "../../../src/domain/money.ts";
import { ORDER_STATUSES, PRODUCTS } from "../../../src/domain/order.ts";
import { toStatus } from "../../../connectors/angelone/map.ts";
import { fromProduct } from "../../../connectors/angelone/order-bodies.ts";
import { orderSchema } from "../../../connectors/angelone/schemas.ts";
import type { HttpReply } from "../../../src/lib/http.ts";
import { tableOf } from "../harness.ts";
import { access, fixture, fixtureReply, reply, sbinTable, setUp } from "./harness.ts";

const rupees = priceFromRupees;
const money = paiseFromRupees;

const NIFTY_CALL = {
  prefix: "NSE",
  underlying: "NIFTY",
  expiry: "2026-11-24",
  strike: rupees(26_000),
  optionType: "CE",
  isMonthly: true,
} as const;
const withOption = tableOf([
  {
    venueSymbol: "NIFTY24NOV2626000CE",
    venueToken: "43817",
    instrument: {
      ...NIFTY_CALL,
      kind: "option",
      key: instrumentKey("NFO", 43_817),
      symbol: optionSymbol(NIFTY_CALL),
      segment: "NFO",
      name: "NIFTY",
      lotSize: 65,
      tickSize: rupees("0.05"),
    },
  },
]);

const dataOf = (name: string): unknown => (JSON.parse(fixture(name)) as { data: unknown }).data;
const dataReply = (data: unknown): HttpReply =>
  reply(JSON.stringify({ status: true, message: "SUCCESS", errorcode: "", data }));

describe("positions", () => {
  it.each(["NCO", "NCDEX"] as const)("include those on %s, where this connector places no orders", async (exchange) => {
    const [row] = dataOf("get-getPosition.json") as object[];
    const { connector } = setUp({ getPosition: dataReply([{ ...row, exchange }]) });
    expect(await connector.getPositions(access)).toMatchObject([{ segment: exchange, key: `${exchange}:2885` }]);
  });

  it("show Angel One's own P&L to the paisa and the average of the open side", async () => {
    const { connector } = setUp({ getPosition: "get-getPosition.json" }, { table: withOption });
    const [reliance, option, sold, closed] = await connector.getPositions(access);
    expect(reliance).toEqual({
      symbol: "NSE:RELIANCE-EQ",
      key: "NSE:2885",
      segment: "NSE",
      productType: "INTRADAY",
      qty: 15,
      side: "BUY",
      avgPrice: rupees("1479.30"),
      ltp: rupees("1486.20"),
      pnl: money("127.00"),
      realised: money("23.50"),
      unrealised: money("103.50"),
      dayPnl: money("127.00"),
      buyQty: 20,
      buyValue: money("29586.00"),
      sellQty: 5,
      sellValue: money("7420.00"),
      multiplier: 1,
    });
    expect(option).toMatchObject({
      symbol: "NSE:NIFTY26NOV26000CE",
      key: "NFO:43817",
      productType: "MARGIN",
      qty: 130,
      side: "SELL",
      avgPrice: rupees("121.70"),
      pnl: money("1521.00"),
      dayPnl: money("1105.00"),
      sellQty: 130,
    });
    expect(sold).toMatchObject({ productType: "CNC", side: "SELL", qty: 6, pnl: money("-2.10") });
    expect(closed).toMatchObject({ symbol: "NSE:TCS-EQ", qty: 0, side: "CLOSED", avgPrice: 0, pnl: money("45.30") });
  });

  const quote = dataReply({
    fetched: [{ exchange: "NSE", tradingSymbol: "RELIANCE-EQ", symbolToken: "2885", ltp: 1486.2 }],
    unfetched: [],
  });

  it("get a quoted price and a computed P&L when the row has neither", async () => {
    const { connector, requests } = setUp({ getPosition: "get-getPosition-older.json", quote });
    const [open, closed] = await connector.getPositions(access);
    expect(open).toMatchObject({
      ltp: rupees("1486.20"),
      pnl: money("127.00"),
      realised: money("23.50"),
      unrealised: money("103.50"),
    });
    expect(closed).toMatchObject({ ltp: null, pnl: money("45.30"), realised: money("45.30"), unrealised: 0 });
    expect(requests[1]?.body).toBe('{"mode":"LTP","exchangeTokens":{"NSE":["2885"]}}');
  });

  it("treat a price of 0 as missing and ignore the P&L that Angel One computed with it", async () => {
    const [row] = dataOf("get-getPosition.json") as object[];
    const getPosition = dataReply([{ ...row, ltp: "0.00", pnl: "-22166.00", unrealised: "-22189.50" }]);
    const [open] = await setUp({ getPosition, quote }).connector.getPositions(access);
    expect(open).toMatchObject({ ltp: rupees("1486.20"), pnl: money("127.00"), unrealised: money("103.50") });
    const [unquoted] = await setUp({ getPosition, quote: reply("<html>", 502) }).connector.getPositions(access);
    expect(unquoted).toMatchObject({ ltp: null, pnl: money("23.50"), realised: money("23.50"), unrealised: 0 });
  });

  it("have no price when the quote is refused", async () => {
    const { connector } = setUp({
      getPosition: "get-getPosition-older.json",
      quote: reply("<html>bad gateway</html>", 502),
    });
    const [open] = await connector.getPositions(access);
    expect(open).toMatchObject({
      ltp: null,
      dayPnl: null,
      realised: money("23.50"),
      pnl: money("23.50"),
      unrealised: 0,
    });
  });

  it("fail when the quote is refused because the session has ended", async () => {
    const expiredReply = reply(
      JSON.stringify({ status: false, message: "Invalid Token", errorcode: "AG8001", data: null }),
    );
    const { connector } = setUp({ getPosition: "get-getPosition-older.json", quote: expiredReply });
    await expect(connector.getPositions(access)).rejects.toMatchObject({ kind: "auth-expired" });
  });

  it("value a carried short that was added to and partly closed at the average of all its sales", async () => {
    const [row] = dataOf("get-getPosition-older.json") as object[];
    const short = {
      ...row,
      netqty: "-9",
      cfsellqty: "10",
      sellqty: "2",
      buyqty: "3",
      totalsellvalue: "18000.00",
      totalbuyvalue: "4470.00",
    };
    const [open] = await setUp({ getPosition: dataReply([short]), quote }).connector.getPositions(access);
    // Twelve sold at 1,500.00 on average, three of them bought back at 1,490.00, nine due at 1,486.20.
    expect(open).toMatchObject({ side: "SELL", qty: 9, realised: money("30.00"), unrealised: money("124.20") });
  });

  it("have the carried quantity and the day's cash flow, but no day's P&L, when a carried row has no previous close", async () => {
    const [row] = dataOf("get-getPosition-older.json") as object[];
    const carried = { ...row, cfbuyqty: "10", cfbuyamount: "14500.00", netqty: "25", totalbuyvalue: "44086.00" };
    const closed = { ...carried, sellqty: "30", sellamount: "44520.00", netqty: "0", totalsellvalue: "44520.00" };
    const rows = await setUp({ getPosition: dataReply([carried, closed]), quote }).connector.getPositions(access);
    expect(rows).toMatchObject([
      {
        side: "BUY",
        qty: 25,
        realised: money("72.33"),
        unrealised: money("416.67"),
        dayPnl: null,
        carried: { qty: 10, dayCash: money("-22166.00") },
      },
      { side: "CLOSED", dayPnl: null, carried: { qty: 10, dayCash: money("14934.00") } },
    ]);
  });

  it("fail with bad-response when a number is too large to be an amount of money", async () => {
    const [row] = dataOf("get-getPosition.json") as object[];
    const { connector } = setUp({ getPosition: dataReply([{ ...row, pnl: "9007199254740993.00" }]) });
    await expect(connector.getPositions(access)).rejects.toMatchObject({ kind: "bad-response", broker: "angelone" });
  });

  it("show Angel One's own name for a derivative that the master does not list", async () => {
    const { connector } = setUp({ getPosition: "get-getPosition.json" }, { table: sbinTable });
    const rows = await connector.getPositions(access);
    expect(rows[1]).toMatchObject({ symbol: "NSE:NIFTY24NOV2626000CE", key: "NFO:43817" });
  });

  it.each(["get-getPosition-empty.json", "get-getAllHolding-not-found.json"])(
    "are an empty list for the reply %s",
    async (name) => {
      const { connector } = setUp({ getPosition: name });
      expect(await connector.getPositions(access)).toEqual([]);
    },
  );
});

describe("holdings", () => {
  it("have a computed P&L, exclude shares sold today, and do not count pledged shares as sellable", async () => {
    const { connector } = setUp({ getAllHolding: "get-getAllHolding.json", getPosition: "get-getPosition.json" });
    const [sbin, mahindra, bond, onBse] = await connector.getHoldings(access);
    expect(sbin).toEqual({
      symbol: "NSE:SBIN-EQ",
      key: "NSE:3045",
      isin: "INE062A01020",
      productType: "CNC",
      qty: 19,
      t1Qty: 0,
      sellableQty: 19,
      pledgedQty: 0,
      avgPrice: rupees("842.15"),
      ltp: rupees("1012.35"),
      prevClose: rupees("1004.60"),
      pnl: money("3233.80"),
    });
    expect(mahindra).toMatchObject({
      symbol: "NSE:M&M-EQ",
      qty: 14,
      t1Qty: 4,
      pledgedQty: 3,
      sellableQty: 11,
      pnl: money("1574.30"),
    });
    expect(bond).toMatchObject({ symbol: "NSE:SGBMAR31IV-GB", avgPrice: 0, ltp: null, prevClose: null, pnl: null });
    expect(onBse).toMatchObject({ symbol: "BSE:SBIN", key: "BSE:500112", sellableQty: 5, pnl: money("1062.00") });
  });

  it("have no more T1 shares than the quantity left after today's sales", async () => {
    const { holdings } = dataOf("get-getAllHolding.json") as { holdings: object[] };
    const sold = { ...(dataOf("get-getPosition.json") as object[])[2], symboltoken: "2031", tradingsymbol: "M&M-EQ" };
    const sale = { ...sold, buyqty: "0", sellqty: "12", netqty: "-12" };
    const { connector } = setUp({ getAllHolding: dataReply({ holdings }), getPosition: dataReply([sale]) });
    expect((await connector.getHoldings(access))[1]).toMatchObject({ symbol: "NSE:M&M-EQ", qty: 2, t1Qty: 2 });
  });

  it("count a delivery sale on the other exchange against the sellable quantity, unless that exchange has a holding of its own for it to reduce", async () => {
    const sellable = async (held: number, sale: Readonly<Record<string, string>>) => {
      const { holdings } = dataOf("get-getAllHolding.json") as { holdings: object[] };
      const sold = { ...(dataOf("get-getPosition.json") as object[])[2], ...sale };
      const { connector } = setUp({
        getAllHolding: dataReply({ holdings: holdings.slice(0, held) }),
        getPosition: dataReply([sold]),
      });
      return (await connector.getHoldings(access)).map(({ symbol, sellableQty }) => [symbol, sellableQty]);
    };
    const onBse = { exchange: "BSE", symboltoken: "500112", tradingsymbol: "SBIN" };
    const [mahindra, bond] = [
      ["NSE:M&M-EQ", 11],
      ["NSE:SGBMAR31IV-GB", 2],
    ];
    expect(await sellable(3, onBse)).toEqual([["NSE:SBIN-EQ", 19], mahindra, bond]);
    expect(await sellable(3, { ...onBse, producttype: "INTRADAY" })).toEqual([["NSE:SBIN-EQ", 25], mahindra, bond]);
    expect(await sellable(3, { producttype: "INTRADAY" })).toEqual([["NSE:SBIN-EQ", 25], mahindra, bond]);
    expect(await sellable(4, onBse)).toEqual([["NSE:SBIN-EQ", 25], mahindra, bond]);
  });

  it("get a quoted price and the P&L at it when the row's price is 0", async () => {
    const { holdings } = dataOf("get-getAllHolding.json") as { holdings: object[] };
    const bond = { ...holdings[2], averageprice: 5109.5, symboltoken: "19571" };
    const bondQuote = dataReply({
      fetched: [{ exchange: "NSE", tradingSymbol: "SGBMAR31IV-GB", symbolToken: "19571", ltp: 11_240.5 }],
      unfetched: [],
    });
    const answers = {
      getAllHolding: dataReply({ holdings: [holdings[0], bond] }),
      getPosition: "get-getPosition-empty.json",
    };
    const { connector, requests } = setUp({ ...answers, quote: bondQuote });
    expect((await connector.getHoldings(access))[1]).toMatchObject({
      symbol: "NSE:SGBMAR31IV-GB",
      ltp: rupees("11240.50"),
      pnl: money("12262.00"),
    });
    expect(requests.map(({ body }) => body).filter(Boolean)).toEqual([
      '{"mode":"LTP","exchangeTokens":{"NSE":["19571"]}}',
    ]);
    const unquoted = setUp({ ...answers, quote: reply("<html>bad gateway</html>", 502) });
    expect((await unquoted.connector.getHoldings(access))[1]).toMatchObject({ ltp: null, pnl: null });
  });

  it("fail when the reply has an object without them, rather than be an empty list", async () => {
    const { connector } = setUp({ getAllHolding: dataReply({}), getPosition: "get-getPosition-empty.json" });
    await expect(connector.getHoldings(access)).rejects.toMatchObject({ kind: "bad-response" });
  });

  it.each(["null", "[]", '{"holdings":null}', '{"holdings":[]}'])("are an empty list for the data %s", async (data) => {
    const { connector } = setUp({
      getAllHolding: dataReply(JSON.parse(data)),
      getPosition: "get-getPosition-empty.json",
    });
    expect(await connector.getHoldings(access)).toEqual([]);
  });

  it.each(["get-getAllHolding-empty.json", "get-getAllHolding-not-found.json"])(
    "are an empty list for the reply %s",
    async (name) => {
      const { connector } = setUp({ getAllHolding: name, getPosition: "get-getPosition-empty.json" });
      expect(await connector.getHoldings(access)).toEqual([]);
    },
  );
});

it("reads funds given as text with four decimals, and no collateral as cash", async () => {
  const { connector } = setUp({ getRMS: "get-getRMS.json" });
  expect(await connector.getFunds(access)).toEqual({
    available: money("84210.55"),
    used: money("15789.45"),
    cash: money("72210.30"),
    collateral: money("12000.25"),
  });
});

it.each(["get-getProfile.json", "get-getProfile-text-lists.json"])("reads the profile of %s", async (name) => {
  const { connector } = setUp({ getProfile: name });
  expect(await connector.getProfile(access)).toEqual({
    accountId: "R58213",
    name: "ASHA RAO",
    canSellWithoutAuthorisation: null,
    hasMarketData: null,
  });
});

describe("orders", () => {
  it("come oldest first, whether values are numbers or text, with a handle that holds what a modification needs", async () => {
    const { connector } = setUp({ getOrderBook: "get-getOrderBook.json" }, { table: withOption });
    const [rejected, open, stop, afterMarket] = await connector.getOrders(access);
    expect(open).toEqual({
      orderId: "261120000148213",
      exchangeOrderId: "1100000021874410",
      tag: "dp7f3a91c2",
      symbol: "NSE:SBIN-EQ",
      key: "NSE:3045",
      side: "BUY",
      type: "LIMIT",
      productType: "CNC",
      validity: "DAY",
      qty: 10,
      filledQty: 6,
      avgPrice: rupees("1010.40"),
      price: rupees("1010.50"),
      triggerPrice: 0,
      status: "open",
      message: null,
      isAmo: false,
      placedAt: istInstant("2026-11-20", "10:14:08"),
      handle: {
        variety: "NORMAL",
        exchange: "NSE",
        tradingsymbol: "SBIN-EQ",
        symboltoken: "3045",
        duration: "DAY",
        uniqueorderid: "7c1e5b0a-93f4-4d0e-8a52-6d1f3be0c947",
      },
    });
    expect(rejected).toMatchObject({ status: "rejected", message: expect.stringContaining("Insufficient Funds") });
    expect(stop).toMatchObject({
      type: "SL",
      productType: "MARGIN",
      status: "trigger-pending",
      symbol: "NSE:NIFTY26NOV26000CE",
      price: rupees(105),
      triggerPrice: rupees("106.50"),
      tag: null,
      placedAt: istInstant("2026-11-20", "10:20:00"),
    });
    expect(afterMarket).toMatchObject({
      status: "pending",
      isAmo: true,
      qty: 1,
      placedAt: null,
      exchangeOrderId: null,
    });
    expect(afterMarket?.handle).not.toHaveProperty("uniqueorderid");
  });

  it("can be found by their tag", async () => {
    const { connector } = setUp({ getOrderBook: "get-getOrderBook.json" }, { table: withOption });
    const found = await connector.findOrdersByTag(access, orderTag("dp7f3a91c2"));
    expect(found.map(({ orderId }) => orderId)).toEqual(["261120000148213"]);
    expect(await connector.findOrdersByTag(access, orderTag("another"))).toEqual([]);
  });

  it("are an empty list when the order book is null", async () => {
    const { connector } = setUp({ getOrderBook: "get-getOrderBook-empty.json" });
    expect(await connector.getOrders(access)).toEqual([]);
  });

  it("fail when the reply has no data at all, because an empty book would prove that an order was not placed", async () => {
    const { connector } = setUp({ getOrderBook: reply('{"status":true,"message":"SUCCESS","errorcode":""}') });
    await expect(connector.findOrdersByTag(access, orderTag("dp7f3a91c2"))).rejects.toMatchObject({
      kind: "bad-response",
    });
  });

  it.each([
    ["status", "status"],
    ["product", "producttype"],
    ["type", "ordertype"],
  ])("fail on an unknown %s, naming broker, endpoint and field", async (name, field) => {
    const { connector } = setUp({ getOrderBook: `get-getOrderBook-unknown-${name}.json` });
    const failure = connector.getOrders(access);
    await expect(failure).rejects.toMatchObject({
      kind: "bad-response",
      broker: "angelone",
      endpoint: "GET order/v1/getOrderBook",
    });
    await expect(failure).rejects.toThrow(`0.${field}`);
  });

  it("map every documented status, in any letter case", () => {
    const row = JSON.parse(fixture("get-details.json")).data;
    const status = (text: string, ordertype = "LIMIT", filledshares = 0) =>
      toStatus(orderSchema.parse({ ...row, status: text, ordertype, filledshares }));
    const cases: [string, (typeof ORDER_STATUSES)[number]][] = [
      ["put order req received", "pending"],
      ["validation pending", "pending"],
      ["Open Pending ", "pending"],
      ["OPEN", "open"],
      ["trigger pending", "trigger-pending"],
      ["modify validation pending", "open"],
      ["modify pending", "open"],
      ["modified", "open"],
      ["not modified", "open"],
      ["cancel pending", "open"],
      ["not cancelled", "open"],
      ["complete", "filled"],
      ["cancelled", "cancelled"],
      ["rejected", "rejected"],
      ["after market order req received", "pending"],
      ["modify after market order req received", "pending"],
      ["AMO SUBMITTED", "pending"],
      ["cancelled after market order", "cancelled"],
    ];
    for (const [text, expected] of cases) expect([text, status(text)]).toEqual([text, expected]);
    expect(status("cancel pending", "STOPLOSS_LIMIT")).toBe("trigger-pending");
    expect(status("modified", "STOPLOSS_LIMIT", 5)).toBe("open");
  });

  it("map every product to Angel One's name, except cover orders, which it does not offer", () => {
    const there = PRODUCTS.filter((product) => product !== "CO").map(fromProduct);
    expect(there).toEqual(["DELIVERY", "INTRADAY", "CARRYFORWARD", "MARGIN", "BO"]);
    expect(() => fromProduct("CO")).toThrow("cover orders");
  });
});

describe("one order", () => {
  const id = brokerOrderId("261120000148213");
  const handle = { uniqueorderid: "7c1e5b0a-93f4-4d0e-8a52-6d1f3be0c947" };

  it("is read in one call by its unique id", async () => {
    const { connector, requests } = setUp({ details: "get-details.json" });
    expect(await connector.getOrder(access, id, handle)).toMatchObject({
      orderId: id,
      status: "filled",
      filledQty: 10,
    });
    expect(requests.map(({ url }) => new URL(url).pathname)).toEqual([
      "/rest/secure/angelbroking/order/v1/details/7c1e5b0a-93f4-4d0e-8a52-6d1f3be0c947",
    ]);
  });

  it("is looked up in the order book when Angel One does not find its unique id", async () => {
    const { connector } = setUp({ details: "get-details-not-found.json", getOrderBook: "get-getOrderBook.json" });
    expect(await connector.getOrder(access, id, handle)).toMatchObject({ orderId: id, status: "open" });
    expect(await connector.getOrder(access, brokerOrderId("1"), {})).toBeNull();
  });

  it.each([
    ["the catch-all AB1007", reply('{"status":false,"message":"AMX Error","errorcode":"AB1007","data":null}')],
    ["the internal error AB2001", reply('{"status":false,"message":"Internal","errorcode":"AB2001","data":null}')],
    ["an undocumented code", reply('{"status":false,"message":"Novel","errorcode":"AB7777","data":null}')],
    ["an empty 400", reply("", 400)],
    ["an empty list", reply('{"status":true,"message":"SUCCESS","errorcode":"","data":[]}')],
  ])("is looked up in the order book when its unique id is answered with %s", async (_what, details) => {
    const { connector } = setUp({ details, getOrderBook: "get-getOrderBook.json" });
    expect(await connector.getOrder(access, id, handle)).toMatchObject({ orderId: id, status: "open" });
  });

  it("is not looked up in the order book, which would fail as well, when the session has ended", async () => {
    const { connector, requests } = setUp({ details: "error-AG8001.json", getOrderBook: "get-getOrderBook.json" });
    await expect(connector.getOrder(access, id, handle)).rejects.toMatchObject({ kind: "auth-expired" });
    expect(requests).toHaveLength(1);
  });

  it("is not reported as missing when the request fails", async () => {
    const { connector } = setUp({ details: fixtureReply("error-rate-limit.txt", 403) });
    await expect(connector.getOrder(access, id, handle)).rejects.toMatchObject({ kind: "rate-limited" });
  });
});

it("gives trades the instrument key from the master and today's date", async () => {
  const { connector } = setUp({ getTradeBook: "get-getTradeBook.json" });
  expect(await connector.getTrades(access)).toEqual([
    {
      tradeId: "50123377",
      orderId: "261120000148213",
      symbol: "NSE:SBIN-EQ",
      key: "NSE:3045",
      side: "BUY",
      productType: "CNC",
      qty: 6,
      price: rupees("1010.40"),
      at: istInstant("2026-11-20", "10:14:11"),
    },
  ]);
});
