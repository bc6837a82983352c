import { describe, expect, test } from "vitest";
import { toFunds, toHolding, toOrder, toPosition, toProfile, toTrade } from "../../../connectors/dhan/map.ts";
import {
  fundsSchema,
  holdingsSchema,
  ordersSchema,
  positionsSchema,
  profileSchema,
  tradesSchema,
} from "../../../connectors/dhan/schemas.ts";
import type { Lookup } from "../../../connectors/dhan/venue.ts";
import { instrumentKey } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { BrokerError } from "../../../src/errors.ts";
import { tableOf } from "../harness.ts";
import { access, answering, fixture, readMaster, reply, setUp, validRows } from "./harness.ts";

const table = tableOf(await readMaster());
const lookup: Lookup = (key) => table.byKey(key);
const noMaster: Lookup = () => undefined;
const orders = validRows(ordersSchema.parse(fixture("get-orders.json")));
const positions = validRows(positionsSchema.parse(fixture("get-positions.json")));
const holdings = validRows(holdingsSchema.parse(fixture("get-holdings.json")));

const fixtureRow = (name: string): object => (fixture(name) as object[])[0] ?? expect.fail("no row");

describe("orders", () => {
  test("a partly filled order is open, has its filled quantity, and has null where Dhan sends a placeholder", () => {
    expect(toOrder(orders[0]!, lookup)).toEqual({
      orderId: "3426112100417",
      exchangeOrderId: "1100000041233907",
      tag: "ord7f3a91c2",
      symbol: "NSE:SBIN-EQ",
      key: "NSE:3045",
      side: "BUY",
      type: "LIMIT",
      productType: "CNC",
      validity: "DAY",
      qty: 10,
      filledQty: 6,
      avgPrice: 10_104_500,
      price: 10_105_000,
      triggerPrice: 0,
      status: "open",
      message: null,
      isAmo: false,
      placedAt: istInstant("2026-11-20", "10:14:02"),
      handle: {},
    });
  });

  test("an order in transit is pending, and its handle keeps what a modification must send again", () => {
    expect(toOrder(orders[1]!, lookup)).toMatchObject({
      status: "pending",
      exchangeOrderId: null,
      tag: null,
      symbol: "NSE:BAJAJ-AUTO-EQ",
      validity: "IOC",
      handle: { disclosedQuantity: "1" },
    });
    expect(toOrder({ ...orders[1]!, legName: "ENTRY_LEG" }, lookup).handle).toMatchObject({ legName: "ENTRY_LEG" });
  });

  test("a resting stop order waits for its trigger", () => {
    expect(toOrder(orders[2]!, lookup)).toMatchObject({
      status: "trigger-pending",
      type: "SL",
      symbol: "NSE:NIFTY26D0124500CE",
      key: "NFO:45001",
      price: 1_015_000,
      triggerPrice: 1_020_500,
    });
    expect(toOrder({ ...orders[2]!, filledQty: 25 }, lookup).status).toBe("open");
  });

  test("a rejected order has Dhan's message without the number that the risk system puts in front of it", () => {
    expect(toOrder(orders[3]!, lookup)).toMatchObject({
      status: "rejected",
      type: "SL-M",
      productType: "MTF",
      symbol: "BSE:SBIN",
      key: "BSE:500112",
      isAmo: true,
      message: "Insufficient funds",
    });
  });

  test.each([
    ["PENDING", "open"],
    ["MODIFIED", "open"],
    ["CONFIRM", "open"],
    ["INACTIVE", "open"],
    ["TRIGGERED", "open"],
    ["TRADED", "filled"],
    ["CLOSED", "filled"],
    ["CANCELLED", "cancelled"],
    ["EXPIRED", "expired"],
  ] as const)("status %s maps to %s", (orderStatus, status) => {
    expect(toOrder({ ...orders[0]!, orderStatus }, lookup).status).toBe(status);
  });

  test.each(["LIMIT", "STOP_LOSS"] as const)(
    "an after-market %s order is pending until the exchange has it",
    (orderType) => {
      const held = { ...orders[0]!, orderStatus: "PENDING", orderType, filledQty: 0, afterMarketOrder: true } as const;
      const amo = { ...held, exchangeOrderId: "0" };
      expect(toOrder(amo, lookup)).toMatchObject({ status: "pending", isAmo: true, exchangeOrderId: null });
      expect(toOrder(held, lookup).status).toBe(orderType === "LIMIT" ? "open" : "trigger-pending");
      expect(toOrder({ ...amo, afterMarketOrder: false }, lookup).status).not.toBe("pending");
    },
  );

  test.each([
    ["orderStatus", "TELEPORTED"],
    ["productType", "NRML"],
    ["orderType", "ICEBERG"],
    ["transactionType", "HOLD"],
    ["exchangeSegment", "MOON_EQ"],
  ])("an unknown %s fails the call with the name of the field", async (field, value) => {
    const rows = [{ ...(fixture("get-orders.json") as object[])[0], [field]: value }];
    const { connector } = setUp(answering({ "GET /v2/orders": reply(rows) }));
    const failure = await connector.getOrders(access()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BrokerError);
    expect(failure).toMatchObject({ kind: "bad-response", endpoint: "GET /orders" });
    expect((failure as BrokerError).message).toContain(`0.${field}`);
  });

  test("an order in an NSE commodity is listed with the others", async () => {
    const rows = [{ ...(fixture("get-orders.json") as object[])[0], exchangeSegment: "NSE_COMM" }];
    const { connector } = setUp(answering({ "GET /v2/orders": reply(rows) }));
    expect((await connector.getOrders(access())).map(({ key }) => key?.split(":")[0])).toEqual(["NCO"]);
  });

  test("orders of one second are sorted by their ids, newest last, whatever the order of Dhan's list", async () => {
    const ids = ["3426112100433", "3426112100431", "3426112100432"];
    const rows = ids.map((orderId) => ({ ...fixtureRow("get-orders.json"), orderId }));
    const { connector } = setUp(answering({ "GET /v2/orders": reply(rows) }));
    expect((await connector.getOrders(access())).map(({ orderId }) => orderId)).toEqual(ids.toSorted());
  });

  test("an unreadable time fails the call with bad-response", async () => {
    const rows = [{ ...(fixture("get-orders.json") as object[])[0], createTime: "yesterday" }];
    const { connector } = setUp(answering({ "GET /v2/orders": reply(rows) }));
    await expect(connector.getOrders(access())).rejects.toMatchObject({ kind: "bad-response" });
  });
});

describe("symbols without the instrument master", () => {
  test.each([
    ["an NSE share is assumed to be of series EQ", orders[0]!, "NSE:SBIN-EQ"],
    ["a BSE share has no series", orders[3]!, "BSE:SBIN"],
    ["a weekly option is named from its expiry, strike and type", orders[2]!, "NSE:NIFTY26D0124500CE"],
    ["a derivative takes its underlying from the display name", positions[1]!, "NSE:NIFTY26NOV24500PE"],
  ])("%s", (_, row, symbol) => {
    const mapped = "orderId" in row ? toOrder(row, noMaster) : toPosition(row, noMaster);
    expect(mapped.symbol).toBe(symbol);
    expect(mapped.key).not.toBeNull();
  });

  test.each([
    ["2026-11-24", "NSE:NIFTY26NOV24500PE"],
    ["2026-11-23", "NSE:NIFTY26NOV24500PE"], // the monthly expiry when the 24th is a holiday
    ["2026-11-17", "NSE:NIFTY26N1724500PE"],
    ["2026-11-16", "NSE:NIFTY26N1624500PE"],
  ])("the same option with expiry %s is %s", (drvExpiryDate, symbol) => {
    expect(toPosition({ ...positions[1]!, drvExpiryDate }, noMaster).symbol).toBe(symbol);
  });

  test.each(["NIFTY-Nov2026-24500-PE", "NIFTY 24 NOV 24500 PUT"])(
    "a trade's option, whose row has no option type, is no future: %s",
    (name) => {
      const [trade] = validRows(tradesSchema.parse(fixture("get-trades.json")));
      const row = {
        ...trade!,
        exchangeSegment: "NSE_FNO" as const,
        securityId: "44998",
        tradingSymbol: name,
        drvExpiryDate: "2026-11-24",
        drvOptionType: "NA",
        drvStrikePrice: 24_500,
      };
      expect(toTrade(row, noMaster).symbol).toBe("NSE:NIFTY26NOV24500PE");
    },
  );

  test("a future keeps the hyphens in the name of its underlying", () => {
    const row = {
      ...orders[2]!,
      securityId: "61480",
      tradingSymbol: "BAJAJ-AUTO-Nov2026-FUT",
      drvExpiryDate: "2026-11-24",
      drvOptionType: "NA",
    };
    expect(toOrder(row, noMaster)).toMatchObject({ symbol: "NSE:BAJAJ-AUTO26NOVFUT", key: "NFO:61480" });
  });

  test("the connector warns that the master is missing and still returns the positions", async () => {
    const { connector, warnings } = setUp(answering({ "GET /v2/positions": reply(fixture("get-positions.json")) }), {
      instruments: () => Promise.reject(new Error("no master")),
    });
    const rows = await connector.getPositions(access());
    expect(rows.map(({ symbol }) => symbol)).toEqual(["NSE:RELIANCE-EQ", "NSE:NIFTY26NOV24500PE", "NSE:SBIN-EQ"]);
    expect(warnings).toHaveLength(1);
  });
});

test("a trade has its id, its price and the exchange's time", () => {
  const [row] = validRows(tradesSchema.parse(fixture("get-trades.json")));
  expect(toTrade(row!, lookup)).toEqual({
    tradeId: "202817744",
    orderId: "3426112100417",
    symbol: "NSE:SBIN-EQ",
    key: "NSE:3045",
    side: "BUY",
    productType: "CNC",
    qty: 6,
    price: 10_104_500,
    at: istInstant("2026-11-20", "10:14:08"),
  });
});

describe("positions", () => {
  test("P&L is Dhan's own to the paisa, and the last price is computed from it", () => {
    expect(toPosition(positions[0]!, lookup)).toEqual({
      symbol: "NSE:RELIANCE-EQ",
      key: "NSE:2885",
      segment: "NSE",
      productType: "INTRADAY",
      qty: 15,
      side: "BUY",
      avgPrice: 14_793_000,
      ltp: 14_862_000,
      pnl: 12_700,
      realised: 2_350,
      unrealised: 10_350,
      dayPnl: 12_700,
      buyQty: 20,
      buyValue: 2_958_600,
      sellQty: 5,
      sellValue: 742_000,
      multiplier: 1,
    });
  });

  test("the computed last price lies on a tick, and counts the units of a contract", () => {
    const gained = { ...positions[0]!, unrealizedProfit: 103.6 };
    expect(toPosition(gained, lookup).ltp).toBe(14_862_000);
    expect(toPosition(gained, noMaster).ltp).toBe(14_862_100);
    const crude = { ...positions[0]!, netQty: -2, multiplier: 100, costPrice: 5_800, unrealizedProfit: -4_000 };
    expect(toPosition(crude, noMaster).ltp).toBe(58_200_000);
  });

  test("a carried short has a positive quantity, no day's P&L, and a last price above its average", () => {
    expect(toPosition(positions[1]!, lookup)).toMatchObject({
      symbol: "NSE:NIFTY26NOV24500PE",
      segment: "NFO",
      qty: 150,
      side: "SELL",
      avgPrice: 1_204_000,
      ltp: 1_286_500,
      pnl: -123_750,
      dayPnl: null,
      sellValue: 1_806_000,
    });
  });

  test("a carried row gives the carried quantity and the day's cash flow, unless a multiplier makes its values ambiguous", () => {
    const row = { ...positions[1]!, dayBuyValue: 100, daySellValue: 250.5 };
    const qty = row.carryForwardBuyQty - row.carryForwardSellQty;
    expect(toPosition(row, lookup).carried).toEqual({ qty, dayCash: 15_050 });
    expect(toPosition({ ...row, multiplier: 100 }, lookup).carried).toBeUndefined();
    const untraded = { ...row, multiplier: 100, dayBuyValue: 0, daySellValue: 0 };
    expect(toPosition(untraded, lookup).carried).toEqual({ qty, dayCash: 0 });
  });

  test("a closed position is listed with quantity 0 and its realised P&L", () => {
    expect(toPosition(positions[2]!, lookup)).toMatchObject({
      qty: 0,
      side: "CLOSED",
      avgPrice: 0,
      ltp: null,
      pnl: -810,
      realised: -810,
      buyValue: 606_270,
      sellValue: 605_460,
    });
  });
});

describe("holdings", () => {
  test("sellable, unsettled and pledged quantities are separate", () => {
    expect(toHolding(holdings[0]!, lookup)).toEqual({
      symbol: "NSE:SBIN-EQ",
      key: "NSE:3045",
      isin: "INE062A01020",
      productType: "CNC",
      qty: 40,
      t1Qty: 10,
      sellableQty: 25,
      pledgedQty: 5,
      avgPrice: 8_426_000,
      ltp: 10_123_500,
      prevClose: null,
      pnl: 679_000,
    });
  });

  test("a holding without a cost or a last price has no P&L", () => {
    expect(toHolding(holdings[1]!, lookup)).toMatchObject({ symbol: "NSE:M&M-EQ", avgPrice: 0, ltp: null, pnl: null });
  });

  test("a share listed only on BSE has a BSE key, and a fully funded one has product MTF", () => {
    expect(toHolding(holdings[2]!, lookup)).toMatchObject({
      symbol: "BSE:ONLYBSE",
      key: "BSE:512345",
      productType: "MTF",
      pnl: -2_740,
    });
    expect(toHolding({ ...holdings[2]!, exchange: "ALL" }, lookup).key).toBe("BSE:512345");
  });

  test("a share of both exchanges has its NSE key, also if BSE lists another under the same number, or no list names it", () => {
    const both: Lookup = () => table.byKey(instrumentKey("NSE", 3045));
    const keyOf = (exchange: "ALL" | "NSE", each: Lookup) => toHolding({ ...holdings[2]!, exchange }, each).key;
    const keys = [keyOf("ALL", both), keyOf("ALL", noMaster), keyOf("NSE", lookup)];
    expect(keys).toEqual(["NSE:512345", "NSE:512345", "NSE:512345"]);
  });

  test("a partly funded holding has product CNC, one funded with its T1 shares MTF", () => {
    expect(toHolding({ ...holdings[0]!, mtf_qty: 15 }, lookup).productType).toBe("CNC");
    expect(toHolding({ ...holdings[0]!, mtf_qty: 30, mtf_t1_qty: 10 }, lookup).productType).toBe("MTF");
  });

  test("a missing last price is quoted on the exchange where the share is listed", async () => {
    const [priced, bare] = fixture("get-holdings.json") as [object, object];
    const last = { data: { NSE_EQ: { 2031: { last_price: 3100.5 } } }, status: "success" };
    const { connector, http, limiterKeys } = setUp(
      answering({
        "GET /v2/holdings": reply([priced, { ...bare, avgCostPrice: 3000 }]),
        "GET /v2/positions": reply([]),
        "POST /v2/marketfeed/ltp": reply(last),
      }),
    );
    expect(await connector.getHoldings(access())).toMatchObject([
      { key: "NSE:3045", ltp: 10_123_500, pnl: 679_000 },
      { key: "NSE:2031", ltp: 31_005_000, pnl: 70_350 },
    ]);
    const quoteCalls = http.requests.filter(({ url }) => url.includes("/marketfeed/"));
    expect(quoteCalls.map(({ body }) => JSON.parse(body ?? "") as unknown)).toEqual([{ NSE_EQ: [2031] }]);
    expect(limiterKeys).toContain("dhan:1104482917:quote");
  });

  test("a holding is listed without a price when the data plan is missing or no price is known", async () => {
    const [, bare] = fixture("get-holdings.json") as [object, object];
    for (const answer of [reply(fixture("error-data-806.json"), 401), reply({ data: {}, status: "success" })]) {
      const { connector } = setUp(answering({ "GET /v2/holdings": reply([bare]), "POST /v2/marketfeed/ltp": answer }));
      expect(await connector.getHoldings(access())).toMatchObject([{ key: "NSE:2031", qty: 7, ltp: null }]);
    }
  });

  test("T1 shares that were sold today are no longer counted", async () => {
    const bought = {
      ...fixtureRow("get-holdings.json"),
      totalQty: 10,
      dpQty: 0,
      t1Qty: 10,
      availableQty: 0,
      collateralQty: 0,
    };
    const listed = { securityId: "3045", tradingSymbol: "SBIN", productType: "CNC" };
    const sale = {
      ...fixtureRow("get-positions.json"),
      ...listed,
      positionType: "SHORT",
      buyQty: 0,
      sellQty: 6,
      netQty: -6,
    };
    const { connector } = setUp(answering({ "GET /v2/holdings": reply([bought]), "GET /v2/positions": reply([sale]) }));
    expect(await connector.getHoldings(access())).toMatchObject([{ key: "NSE:3045", qty: 4, t1Qty: 4 }]);
  });

  test.each(["get-holdings-none.json", "get-holdings-none-old.json"])(
    "the error that Dhan returns for an account without holdings gives an empty list (%s)",
    async (name) => {
      const { connector } = setUp(answering({ "GET /v2/holdings": reply(fixture(name), 500) }));
      expect(await connector.getHoldings(access())).toEqual([]);
    },
  );

  test("any other HTTP 500 is not taken for an empty account", async () => {
    const body = { errorType: "Internal", errorCode: "DH-908", errorMessage: "Internal Server Error" };
    const { connector } = setUp(answering({ "GET /v2/holdings": reply(body, 500) }));
    await expect(connector.getHoldings(access())).rejects.toMatchObject({ kind: "unavailable", brokerCode: "DH-908" });
  });
});

test("funds accept Dhan's misspelt balance field and separate the collateral", () => {
  expect(toFunds(fundsSchema.parse(fixture("get-fundlimit.json")))).toEqual({
    available: 8_421_055,
    used: 1_578_945,
    cash: 7_914_855,
    collateral: 506_200,
  });
  const correctlySpelt = { availableBalance: 10.5, utilizedAmount: 0, collateralAmount: 0 };
  expect(toFunds(fundsSchema.parse(correctlySpelt)).available).toBe(1_050);
  expect(fundsSchema.safeParse({ utilizedAmount: 0, collateralAmount: 0 }).success).toBe(false);
});

test("the profile shows DDPI and the data plan, or null when the sandbox leaves them out", () => {
  expect(toProfile(profileSchema.parse(fixture("get-profile.json")), "ASHA RAO")).toEqual({
    accountId: "1104482917",
    name: "ASHA RAO",
    canSellWithoutAuthorisation: true,
    hasMarketData: false,
  });
  expect(toProfile(profileSchema.parse(fixture("get-profile-sandbox.json")), undefined)).toMatchObject({
    name: "1104482917",
    canSellWithoutAuthorisation: null,
    hasMarketData: null,
  });
});
