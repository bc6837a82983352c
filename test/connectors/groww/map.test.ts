import { describe, expect, it } from "vitest";
import { toStatus, toTime } from "../../../connectors/groww/map.ts";
import { STATUSES } from "../../../connectors/groww/schemas.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import { access, answering, recorded, rowsIn, setUp, success } from "./harness.ts";

const rupees = priceFromRupees;
const LIST = "order/list";
const changed = (change: object) => {
  const [first, ...rest] = rowsIn("get-order-list");
  return success({ order_list: [{ ...first, ...change }, ...rest] });
};

describe("an order's status", () => {
  const limit = (status: (typeof STATUSES)[number]) =>
    ({ order_status: status, order_type: "LIMIT", filled_quantity: 0 }) as const;

  it("maps every status that Groww documents", () => {
    expect(Object.fromEntries(STATUSES.map((status) => [status, toStatus(limit(status))]))).toEqual({
      NEW: "pending",
      ACKED: "pending",
      APPROVED: "open",
      OPEN: "open",
      TRIGGER_PENDING: "trigger-pending",
      MODIFICATION_REQUESTED: "open",
      CANCELLATION_REQUESTED: "open",
      EXECUTED: "filled",
      DELIVERY_AWAITED: "filled",
      COMPLETED: "filled",
      CANCELLED: "cancelled",
      REJECTED: "rejected",
      FAILED: "rejected",
    });
  });

  it("of a stop order whose change or cancellation is pending stays trigger-pending until something has filled", () => {
    for (const order_status of ["MODIFICATION_REQUESTED", "CANCELLATION_REQUESTED"] as const)
      for (const order_type of ["SL", "SL_M"] as const) {
        expect(toStatus({ order_status, order_type, filled_quantity: 0 })).toBe("trigger-pending");
        expect(toStatus({ order_status, order_type, filled_quantity: 1 })).toBe("open");
      }
  });
});

describe("the order book", () => {
  it("is mapped row by row, oldest first", async () => {
    const { connector } = setUp(answering({ [LIST]: recorded("get-order-list") }));
    const orders = await connector.getOrders(access());
    expect(orders[0]).toEqual({
      orderId: "GMK51165AAB930LLVEK",
      exchangeOrderId: null,
      tag: "sd4k9c02x7Qm31ab",
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
      handle: { segment: "CASH" },
    });
    expect(orders.slice(1)).toMatchObject([
      {
        symbol: "NSE:NIFTY26NOVFUT",
        key: "NFO:51714",
        productType: "MARGIN",
        status: "trigger-pending",
        type: "SL",
        price: rupees("25850"),
        triggerPrice: rupees("25900"),
        handle: { segment: "FNO" },
        placedAt: istInstant("2026-11-20", "09:52:30"),
      },
      { isAmo: true, status: "open", validity: "OTHER", tag: "t7" },
      { tag: null, productType: "INTRADAY", status: "rejected", message: "Insufficient funds: 12,604.00 needed" },
    ]);
  });

  it("is sorted oldest first whichever end Groww starts from, also within one second", async () => {
    const rows = rowsIn("get-order-list").map((row) => ({ ...row, created_at: "2026-11-20T09:41:07" }));
    const early = { ...rows[0], groww_order_id: "GMKEARLYX", created_at: "2026-11-20T09:41:00" };
    const ids = async (order_list: readonly object[]) => {
      const { connector } = setUp(answering({ [LIST]: success({ order_list }) }));
      return (await connector.getOrders(access())).map(({ orderId }) => orderId.slice(-4));
    };
    const newestFirst = [...rows, early];
    expect(await ids(newestFirst)).toEqual(["RLYX", "LVEK", "ZZRT", "ACXN", "QTBW"]);
    expect(await ids(newestFirst.toReversed())).toEqual(["RLYX", "LVEK", "ZZRT", "ACXN", "QTBW"]);
  });

  it("fails on an unknown status, product, type, side or exchange", async () => {
    const refused = { kind: "bad-response", broker: "groww" };
    const unknown = setUp(answering({ [LIST]: recorded("get-order-list-unknown-status") }));
    await expect(unknown.connector.getOrders(access())).rejects.toMatchObject(refused);
    for (const change of [
      { product: "MTF" },
      { order_type: "STOP_LOSS_LIMIT" },
      { transaction_type: "HOLD" },
      { exchange: "MOON" },
      { exchange: "MCX", segment: "FNO" },
    ]) {
      const { connector } = setUp(answering({ [LIST]: changed(change) }));
      await expect(connector.getOrders(access())).rejects.toMatchObject(refused);
    }
  });

  it("reports a row that it cannot map along with the others, oldest first", async () => {
    const { connector } = setUp(answering({ [LIST]: changed({ product: "MTF" }) }));
    await expect(connector.getOrders(access())).rejects.toMatchObject({
      book: {
        rows: [{ orderId: "GMK51165AAB930LLVEK" }, { orderId: "GLTFO51170QMC001ZZRT" }, { tag: "t7" }],
        unread: [{ orderId: "GMK51177XKR204PQTBW", listed: { symbol: "NSE:SBIN-EQ", key: "NSE:3045" } }],
      },
    });
  });

  it("uses Groww's name, without a key, for an unlisted instrument, and for all when there is no master", async () => {
    const unlisted = setUp(answering({ [LIST]: changed({ trading_symbol: "NEWCO" }) }));
    expect((await unlisted.connector.getOrders(access())).at(-1)).toMatchObject({ key: null, symbol: "NSE:NEWCO-EQ" });
    const withoutMaster = setUp(answering({ [LIST]: recorded("get-order-list") }), { table: null });
    expect((await withoutMaster.connector.getOrders(access())).map(({ key }) => key)).toEqual([null, null, null, null]);
    expect(withoutMaster.warnings).toHaveLength(1);
  });

  it("distinguishes the two exchanges, where a share has the same name", async () => {
    const { connector } = setUp(answering({ [LIST]: changed({ exchange: "BSE" }) }));
    expect((await connector.getOrders(access())).at(-1)).toMatchObject({ key: "BSE:500112", symbol: "BSE:SBIN" });
  });
});

describe("a time", () => {
  it("is read as IST, even with a Z, unless it has an explicit offset", () => {
    const at = istInstant("2026-11-20", "09:41:07");
    for (const text of ["2026-11-20T09:41:07", "2026-11-20T09:41:07Z", "2026-11-20T09:41:07+05:30"])
      expect(toTime(text), text).toBe(at);
    expect(toTime("2026-11-20T04:11:07+00:00")).toBe(at);
    expect(() => toTime("yesterday+05:30")).toThrow(RangeError);
    expect(() => toTime("yesterday")).toThrow(RangeError);
  });
});

describe("trades", () => {
  const fixtures = { [LIST]: recorded("get-order-list"), "order/trades": recorded("get-order-trades") };

  it("are requested for each filled order, and identified by the exchange's trade id", async () => {
    const { connector, requests } = setUp(answering(fixtures));
    expect(await connector.getTrades(access())).toEqual([
      {
        tradeId: "202611200040118232",
        orderId: "GMK51165AAB930LLVEK",
        symbol: "NSE:SBIN-EQ",
        key: "NSE:3045",
        side: "BUY",
        productType: "CNC",
        qty: 5,
        price: rupees("1008.45"),
        at: istInstant("2026-11-20", "09:41:09"),
      },
    ]);
    expect(requests.map(({ url }) => url.slice("https://api.groww.in".length))).toEqual([
      "/v1/order/list?page=0&page_size=25",
      "/v1/order/trades/GMK51165AAB930LLVEK?segment=CASH&page=0&page_size=50",
    ]);
  });

  it("that Groww does not have are replaced by one trade of the filled quantity at the average price", async () => {
    for (const missing of [recorded("error-not-found", 404), success({ trade_list: [] })]) {
      const { connector } = setUp(answering({ ...fixtures, "order/trades": missing }));
      expect(await connector.getTrades(access())).toMatchObject([
        { tradeId: "GMK51165AAB930LLVEK", qty: 5, price: rupees("1008.45"), at: istInstant("2026-11-20", "09:41:07") },
      ]);
    }
  });

  it("fail when Groww has neither the trades nor the average price", async () => {
    const [, , , filled] = rowsIn("get-order-list");
    const list = success({ order_list: [{ ...filled, average_fill_price: null }] });
    const { connector } = setUp(answering({ [LIST]: list, "order/trades": recorded("error-not-found", 404) }));
    await expect(connector.getTrades(access())).rejects.toMatchObject({ kind: "bad-response" });
  });

  it("of an order that cannot be mapped are reported as unread, along with the others", async () => {
    const [, , , filled] = rowsIn("get-order-list");
    const unknown = { ...filled, groww_order_id: "GMKODDX", order_status: "PARTLY_SHELVED" };
    const list = success({ order_list: [unknown, filled] });
    const { connector } = setUp(answering({ ...fixtures, [LIST]: list }));
    await expect(connector.getTrades(access())).rejects.toMatchObject({
      book: {
        rows: [{ qty: 5, tradeId: "202611200040118232" }],
        unread: [{ orderId: "GMKODDX", listed: { symbol: "NSE:SBIN-EQ", key: "NSE:3045" } }],
      },
    });
  });

  it("fail when Groww is busy, and when one has a status other than executed", async () => {
    const busy = setUp(answering({ ...fixtures, "order/trades": recorded("error-busy", 503) }));
    await expect(busy.connector.getTrades(access())).rejects.toMatchObject({ kind: "unavailable" });
    const [row] = rowsIn("get-order-trades");
    const reversed = success({ trade_list: [{ ...row, trade_status: "REVERSED" }] });
    const notExecuted = setUp(answering({ ...fixtures, "order/trades": reversed }));
    await expect(notExecuted.connector.getTrades(access())).rejects.toMatchObject({ kind: "bad-response" });
  });
});
