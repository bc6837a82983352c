import { describe, expect, it } from "vitest";
import { toStatus } from "../../../connectors/upstox/map.ts";
import { STATUSES } from "../../../connectors/upstox/schemas.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import { isFinal } from "../../../src/domain/order.ts";
import { access, answering, changed, recorded, setUp } from "./harness.ts";

const rupees = priceFromRupees;
const BOOK = "retrieve-all";

describe("an order's status", () => {
  it("maps every status that Upstox documents", () => {
    const meaning = STATUSES.map((status) => [status, toStatus({ status, order_type: "LIMIT", filled_quantity: 0 })]);
    expect(Object.fromEntries(meaning)).toEqual({
      "put order req received": "pending",
      "validation pending": "pending",
      "open pending": "pending",
      open: "open",
      "trigger pending": "trigger-pending",
      "modify validation pending": "open",
      "modify pending": "open",
      modified: "open",
      "not modified": "open",
      "cancel pending": "open",
      "not cancelled": "open",
      complete: "filled",
      cancelled: "cancelled",
      rejected: "rejected",
      "after market order req received": "pending",
      "modify after market order req received": "pending",
      "cancelled after market order": "cancelled",
    });
    expect(meaning).toHaveLength(17);
  });

  it("of a stop order under modification stays trigger-pending until something has filled", () => {
    for (const status of ["modify pending", "not modified", "cancel pending"] as const) {
      expect(toStatus({ status, order_type: "SL", filled_quantity: 0 })).toBe("trigger-pending");
      expect(toStatus({ status, order_type: "SL", filled_quantity: 1 })).toBe("open");
      expect(isFinal(toStatus({ status, order_type: "LIMIT", filled_quantity: 0 }))).toBe(false);
    }
  });
});

describe("the order book", () => {
  it("is mapped row by row, oldest first", async () => {
    const { connector } = setUp(answering({ [BOOK]: recorded("get-order-retrieve-all") }));
    const orders = await connector.getOrders(access());
    expect(orders.map(({ orderId }) => orderId.slice(-2))).toEqual(["01", "02", "03", "04"]);
    expect(orders[0]).toEqual({
      orderId: "261120031100001",
      exchangeOrderId: "1300000017520031",
      tag: "sd4k9c02",
      symbol: "NSE:SBIN-EQ",
      key: "NSE:3045",
      side: "BUY",
      type: "LIMIT",
      productType: "CNC",
      validity: "DAY",
      qty: 12,
      filledQty: 5,
      avgPrice: rupees("1008.45"),
      price: rupees("1008.50"),
      triggerPrice: 0,
      status: "open",
      message: null,
      isAmo: false,
      placedAt: istInstant("2026-11-20", "09:41:07"),
      handle: { disclosedQuantity: "6" },
    });
    expect(orders.slice(1)).toMatchObject([
      {
        symbol: "NSE:NIFTY26NOVFUT",
        key: "NFO:51714",
        productType: "MARGIN",
        status: "trigger-pending",
        type: "SL",
        price: rupees("26120"),
        triggerPrice: rupees("26100"),
      },
      { isAmo: true, status: "pending", validity: "OTHER", exchangeOrderId: null },
      {
        tag: null,
        productType: "INTRADAY",
        status: "rejected",
        message: expect.stringContaining("margin exceeds") as string,
      },
    ]);
  });

  it("shows an IOC order as one, and one taken after the market as such by its status alone", async () => {
    const orderWith = async (change: object) => {
      const { connector } = setUp(answering({ [BOOK]: changed("get-order-retrieve-all", change) }));
      return connector.getOrder(access(), "261120031100004" as never, {});
    };
    expect(await orderWith({ validity: "IOC" })).toMatchObject({ validity: "IOC", isAmo: false });
    const status = "after market order req received";
    expect(await orderWith({ status })).toMatchObject({ status: "pending", isAmo: true });
  });

  it("fails on an unknown status, product, type or side", async () => {
    const refused = { kind: "bad-response", broker: "upstox" };
    const unknown = setUp(answering({ [BOOK]: recorded("get-order-retrieve-all-unknown-status") }));
    await expect(unknown.connector.getOrders(access())).rejects.toMatchObject(refused);
    for (const change of [{ product: "X" }, { order_type: "ICEBERG" }, { transaction_type: "HOLD" }]) {
      const { connector } = setUp(answering({ [BOOK]: changed("get-order-retrieve-all", change) }));
      await expect(connector.getOrders(access())).rejects.toMatchObject(refused);
    }
  });

  it("fails on an unknown segment, rather than leave the order out", async () => {
    for (const segment of ["MOON_EQ", "constructor"]) {
      const row = { instrument_token: `${segment}|12345`, trading_symbol: "SILVER1000" };
      const { connector } = setUp(answering({ [BOOK]: changed("get-order-retrieve-all", row) }));
      await expect(connector.getOrders(access())).rejects.toMatchObject({
        kind: "bad-response",
        message: expect.stringContaining(segment) as string,
      });
    }
  });

  it("is searched by the complete tag, and by order id", async () => {
    const { connector } = setUp(answering({ [BOOK]: recorded("get-order-retrieve-all") }));
    const found = await connector.findOrdersByTag(access(), "sd4k9c03" as never);
    expect(found.map(({ orderId }) => orderId)).toEqual(["261120031100002"]);
    expect(await connector.findOrdersByTag(access(), "sd4k9c0" as never)).toEqual([]);
    expect(await connector.getOrder(access(), "261120031100003" as never, {})).toMatchObject({ isAmo: true });
    expect(await connector.getOrder(access(), "261120031100099" as never, {})).toBeNull();
  });
});

describe("the instrument of a row", () => {
  it("is looked up in the master, because Upstox's key of a share has an ISIN instead of the exchange token", async () => {
    const { connector } = setUp(answering({ "long-term": recorded("get-portfolio-long-term-holdings") }));
    const [sbin, bajaj] = await connector.getHoldings(access());
    expect(sbin).toMatchObject({ key: "NSE:3045", symbol: "NSE:SBIN-EQ", isin: "INE062A01020" });
    expect(bajaj).toMatchObject({ key: "NSE:16669", symbol: "NSE:BAJAJ-AUTO-EQ" });
  });

  it("has a symbol but no key for a share that the master does not list", async () => {
    const { connector } = setUp(answering({ "long-term": recorded("get-portfolio-long-term-holdings") }));
    expect((await connector.getHoldings(access()))[2]).toMatchObject({ key: null, symbol: "NSE:GONE-EQ" });
  });

  it("comes from the row itself, with a warning, when there is no master, and only derivatives have a key", async () => {
    const answers = answering({ [BOOK]: recorded("get-order-retrieve-all") });
    const { connector, warnings } = setUp(answers, { table: null });
    expect(await connector.getOrders(access())).toMatchObject([
      { key: null, symbol: "NSE:SBIN-EQ" },
      { key: "NFO:51714", symbol: "NSE:NIFTYFUT24NOV26" },
      {},
      {},
    ]);
    expect(warnings).toHaveLength(1);
  });

  it("is different on the two exchanges, although the ISIN is the same", async () => {
    const row = { instrument_token: "BSE_EQ|INE062A01020", trading_symbol: "SBIN", exchange: "BSE" };
    const { connector } = setUp(answering({ [BOOK]: changed("get-order-retrieve-all", row) }));
    expect((await connector.getOrders(access())).at(-1)).toMatchObject({ key: "BSE:500112", symbol: "BSE:SBIN" });
  });
});

describe("trades", () => {
  it("have times with the month in letters, read as IST", async () => {
    const { connector } = setUp(answering({ "get-trades-for-day": recorded("get-order-trades-get-trades-for-day") }));
    expect(await connector.getTrades(access())).toEqual([
      {
        tradeId: "40118232",
        orderId: "261120031100001",
        symbol: "NSE:SBIN-EQ",
        key: "NSE:3045",
        side: "BUY",
        productType: "CNC",
        qty: 5,
        price: rupees("1008.45"),
        at: istInstant("2026-11-20", "09:41:09"),
      },
    ]);
  });
});
