import { describe, expect, it } from "vitest";
import { stableRows } from "../../../connectors/groww/book.ts";
import { groww } from "../../../connectors/groww/index.ts";
import { toReference, toTag } from "../../../connectors/groww/map.ts";
import { orderTag } from "../../../src/domain/ids.ts";
import { instrumentKey } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import type { Order, OrderTerms } from "../../../src/domain/order.ts";
import { HttpFailure } from "../../../src/lib/http.ts";
import { randomAlphanumeric } from "../../../src/lib/token.ts";
import { bodyOf } from "../harness.ts";
import {
  access,
  type Answer,
  answering,
  buy,
  FUTURE,
  recorded,
  reply,
  rowsIn,
  setUp,
  success,
  TAG,
} from "./harness.ts";

const rupees = priceFromRupees;
const place = (answer: Answer, more = {}) => {
  const setup = setUp(answer);
  return { ...setup, outcome: setup.connector.placeOrder(access(), buy(more)) };
};
const placed = answering({ "order/create": recorded("post-order-create") });
const bookReply = recorded("get-order-list");
const notFound = recorded("error-not-found", 404);

async function bookOrder(): Promise<Order> {
  const { connector } = setUp(answering({ "order/list": bookReply }));
  const [order] = await connector.getOrders(access());
  return order ?? expect.fail("no order");
}

describe("placing", () => {
  it("sends the documented body once, through the link's proxy", async () => {
    const { outcome, requests } = place(placed);
    expect(await outcome).toEqual({
      kind: "accepted",
      orderId: "GMK51165AAB930LLVEK",
      handle: { segment: "CASH" },
    });
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({
      via: "send",
      method: "POST",
      url: "https://api.groww.in/v1/order/create",
      egress: access().egress,
    });
    expect(bodyOf(requests[0])).toEqual({
      trading_symbol: "SBIN",
      quantity: 12,
      price: 1008.5,
      trigger_price: 0,
      validity: "DAY",
      exchange: "NSE",
      segment: "CASH",
      product: "CNC",
      order_type: "LIMIT",
      transaction_type: "BUY",
      order_reference_id: TAG,
    });
  });

  it.each<[string, OrderTerms, object]>([
    [
      "MARKET as a limit order at the protection price",
      { type: "MARKET", protection: { basisPoints: 150, limit: rupees("1023.60") } },
      { order_type: "LIMIT", price: 1023.6, trigger_price: 0 },
    ],
    [
      "SL-M as a stop order with the protection price as its limit",
      { type: "SL-M", triggerPrice: rupees("1030"), protection: { basisPoints: 100, limit: rupees("1040.30") } },
      { order_type: "SL", price: 1040.3, trigger_price: 1030 },
    ],
    [
      "SL unchanged",
      { type: "SL", price: rupees("1031.05"), triggerPrice: rupees("1030.05") },
      { order_type: "SL", price: 1031.05, trigger_price: 1030.05 },
    ],
  ])("sends %s", async (_what, terms, expected) => {
    const { outcome, requests } = place(placed, { terms });
    expect(await outcome).toMatchObject({ kind: "accepted" });
    expect(bodyOf(requests[0])).toMatchObject(expected);
  });

  it.each([
    ["product CNC of a derivative", { key: FUTURE, productType: "CNC" }],
    ["product MARGIN of a share", { productType: "MARGIN" }],
    ["product MTF", { productType: "MTF" }],
    ["an instrument that Groww does not list", { key: instrumentKey("NSE", 987_654) }],
    ["an index", { key: "INDEX:NIFTY50" }],
  ])("sends nothing for %s", async (_what, more) => {
    const { outcome, requests } = place(placed, more);
    expect(await outcome).toMatchObject({ kind: "not-sent", cause: "invalid-request" });
    expect(requests).toEqual([]);
  });

  it("sends nothing without the instrument master, and nothing after the session expired at 06:00", async () => {
    const withoutMaster = setUp(placed, { table: null });
    expect(await withoutMaster.connector.placeOrder(access(), buy())).toMatchObject({ cause: "unreachable" });
    const expired = setUp(placed, { now: istInstant("2026-11-21", "06:00") });
    expect(await expired.connector.placeOrder(access(), buy())).toMatchObject({ cause: "session-expired" });
    expect([...withoutMaster.requests, ...expired.requests]).toEqual([]);
  });
});

describe("the order reference", () => {
  it("is the tag, padded to Groww's 8 to 20 characters, and is converted back to the tag", () => {
    for (const tag of ["a", "Z9", "t1", "abcdefg", "abcdefgh", `sd${randomAlphanumeric(14)}`, "abcdefghij123456789"]) {
      const reference = toReference(orderTag(tag));
      expect(reference).toMatch(/^[A-Za-z0-9-]{8,20}$/);
      expect(reference.replaceAll("-", "").length).toBeGreaterThanOrEqual(8);
      expect(reference.split("-").length).toBeLessThanOrEqual(3);
      expect(toTag(reference)).toBe(tag);
    }
    expect(toReference(TAG)).toBe(TAG);
  });

  it("of another program's order is kept unchanged", () => {
    for (const other of ["dp7f3a91c2-0001", "abcdefgh-00", "abc-0000", "a-b-0000000"]) expect(toTag(other)).toBe(other);
    expect(toTag(null)).toBeNull();
    expect(toTag("")).toBeNull();
  });
});

describe("the outcome of placing", () => {
  const outcomeOf = (answer: ReturnType<typeof reply>) => place(() => answer).outcome;

  it.each([
    ["a repeated reference, which means that Groww already has our order", "error-duplicate", 400],
    ["“cannot process”", "error-cannot-process", 400],
    ["“unable to serve now”", "error-busy", 400],
    ["an unknown error code", "error-new-code", 400],
    ["a known error code with HTTP 500", "error-bad-request", 500],
    ["HTTP 429, whatever its body", "error-bad-request", 429],
  ])("is unknown after %s", async (_what, name, status) => {
    expect(await outcomeOf(recorded(name, status))).toMatchObject({ kind: "unknown" });
  });

  it.each([
    ["Cloudflare's error page", reply("error code: 1010", 403)],
    ["a gateway's HTML page", reply("<html>Bad Gateway</html>", 502)],
    ["an empty body", reply("", 400)],
    ["an acceptance of another reference", success({ ...placedPayload(), order_reference_id: "someone-elses-1" })],
    ["an acceptance without an id", success({ ...placedPayload(), groww_order_id: "" })],
  ])("is unknown after %s", async (_what, answer) => {
    expect(await outcomeOf(answer)).toMatchObject({ kind: "unknown" });
  });

  it("is rejected with Groww's message", async () => {
    expect(await outcomeOf(recorded("error-bad-request", 400))).toEqual({
      kind: "rejected",
      reason: "Invalid trading symbol.",
      raw: "GA001 Invalid trading symbol.",
    });
    expect(await outcomeOf(recorded("post-order-create-failed"))).toEqual({
      kind: "rejected",
      reason: "Quantity is not a multiple of the lot",
      raw: "FAILED Quantity is not a multiple of the lot",
      orderId: "GMK51165AAB930LLVEK",
    });
  });

  it("is unknown without a reply, and the order is not sent again", async () => {
    for (const kind of ["timeout", "broken"] as const) {
      const { outcome, requests } = place(() => {
        throw new HttpFailure(kind, "no answer");
      });
      expect(await outcome).toMatchObject({ kind: "unknown" });
      expect(requests).toHaveLength(1);
    }
  });
});

describe("modifying and cancelling", () => {
  it("send every field again, and the order's segment", async () => {
    const order = await bookOrder();
    const { connector, requests } = setUp(answering({ "order/modify": recorded("post-order-modify") }));
    expect(await connector.modifyOrder(access(), order, { qty: 9 })).toMatchObject({ kind: "accepted" });
    expect(bodyOf(requests[0])).toEqual({
      quantity: 9,
      price: 1008.5,
      trigger_price: 0,
      order_type: "LIMIT",
      segment: "CASH",
      groww_order_id: "GMK51165AAB930LLVEK",
    });
  });

  it("derive the segment from the key when there is no handle, and send nothing when there is neither", async () => {
    const order = await bookOrder();
    const { connector, requests } = setUp(answering({ "order/cancel": recorded("post-order-cancel") }));
    expect(await connector.cancelOrder(access(), { ...order, handle: {} })).toMatchObject({ kind: "accepted" });
    expect(bodyOf(requests[0])).toEqual({ segment: "CASH", groww_order_id: "GMK51165AAB930LLVEK" });
    for (const [venue, segment] of [
      ["BSE", "CASH"],
      ["NFO", "FNO"],
      ["BFO", "FNO"],
    ] as const) {
      const key = instrumentKey(venue, 1);
      await connector.cancelOrder(access(), { ...order, handle: {}, key });
      expect(bodyOf(requests.at(-1))).toMatchObject({ segment });
    }
    const withoutKey = await connector.cancelOrder(access(), { ...order, handle: {}, key: null });
    expect(withoutKey).toMatchObject({ kind: "not-sent" });
    expect(requests).toHaveLength(4);
  });

  it("send nothing when an unknown price of the order would be sent as 0", async () => {
    const [, , stop, limit] = rowsIn("get-order-list");
    for (const row of [
      { ...limit, price: null },
      { ...stop, trigger_price: 0 },
      { ...stop, price: 0 },
      { ...stop, order_type: "SL_M", trigger_price: 0 },
    ]) {
      const list = success({ order_list: [row] });
      const { connector, requests } = setUp(answering({ "order/list": list }));
      const [order = expect.fail("no order")] = await connector.getOrders(access());
      expect(await connector.modifyOrder(access(), order, { qty: 9 })).toMatchObject({ kind: "not-sent" });
      expect(requests).toHaveLength(1);
    }
  });

  it("send a market order's new quantity without a price, for it has none", async () => {
    const order = { ...(await bookOrder()), type: "MARKET", price: rupees("0") } as const;
    const { connector, requests } = setUp(answering({ "order/modify": recorded("post-order-modify") }));
    expect(await connector.modifyOrder(access(), order, { qty: 9 })).toMatchObject({ kind: "accepted" });
    expect(bodyOf(requests[0])).toMatchObject({ quantity: 9, order_type: "MARKET", price: 0 });
  });

  it("are unknown when the reply names another order, and rejected when Groww refuses", async () => {
    const order = await bookOrder();
    const other = setUp(() => success({ groww_order_id: "GMK0000OTHER", order_status: "CANCELLED" }));
    expect(await other.connector.cancelOrder(access(), order)).toMatchObject({ kind: "unknown" });
    const final = setUp(() => recorded("error-cannot-process", 400));
    expect(await final.connector.cancelOrder(access(), order)).toMatchObject({
      kind: "rejected",
      reason: "Cannot process this request",
    });
  });
});

describe("finding an order by its tag", () => {
  it("needs only the order book when the order is there", async () => {
    const { connector, paths } = setUp(answering({ "order/list": bookReply }));
    const [order] = await connector.findOrdersByTag(access(), TAG);
    expect(order?.orderId).toBe("GMK51165AAB930LLVEK");
    expect(paths()).toEqual(["/v1/order/list"]);
    expect(await connector.findOrdersByTag(access(), orderTag("t7"))).toMatchObject([{ tag: "t7", isAmo: true }]);
  });

  const user = { "user/detail": recorded("get-user-detail") };
  const UNUSED = orderTag("sdnever0000000ab");

  it("gives nothing only if the order book and the look-ups by reference in both segments have nothing", async () => {
    const { connector, requests } = setUp(
      answering({ ...user, "order/list": bookReply, "status/reference": notFound }),
    );
    expect(await connector.findOrdersByTag(access(), UNUSED)).toEqual([]);
    expect(requests.slice(2).map(({ url }) => url.slice(url.indexOf("/reference/")))).toEqual([
      "/reference/sdnever0000000ab?segment=CASH",
      "/reference/sdnever0000000ab?segment=FNO",
    ]);
  });

  it("skips the look-up in a segment that the account does not have, because it would always be refused", async () => {
    const cashOnly = success({ ucc: "5520317", ddpi_enabled: true, active_segments: ["CASH"] });
    const { connector, requests } = setUp(
      answering({ "user/detail": cashOnly, "order/list": bookReply, "status/reference": notFound }),
    );
    expect(await connector.findOrdersByTag(access(), UNUSED)).toEqual([]);
    expect(requests.filter(({ url }) => url.includes("/reference/"))).toHaveLength(1);
  });

  it("fails when the order book lags behind the look-up, or when either cannot be read", async () => {
    const empty = recorded("get-order-list-empty");
    const lagging = setUp(
      answering({ ...user, "order/list": empty, "status/reference": recorded("get-order-status-reference") }),
    );
    await expect(lagging.connector.findOrdersByTag(access(), TAG)).rejects.toMatchObject({ kind: "unavailable" });
    const failingLookUp = setUp(
      answering({ ...user, "order/list": empty, "status/reference": recorded("error-busy", 503) }),
    );
    await expect(failingLookUp.connector.findOrdersByTag(access(), TAG)).rejects.toMatchObject({ kind: "unavailable" });
    const failingPage = setUp(answering({ "page=1": recorded("error-busy", 503), "order/list": pageOf(25) }));
    await expect(failingPage.connector.findOrdersByTag(access(), TAG)).rejects.toMatchObject({ kind: "unavailable" });
  });
});

describe("an order book of several pages", () => {
  const rows = (ids: readonly number[]): unknown[] => ids.map((id) => ({ groww_order_id: `GMK${id}X` }));
  const range = (first: number, last: number): number[] =>
    Array.from({ length: last - first + 1 }, (_, at) => first + at);
  /** A fake of the paged book: each page read sees the next of the given states, and the last one from then on. */
  function pagesOf(books: readonly (readonly number[])[]) {
    let reads = 0;
    const read = async (page: number): Promise<unknown[]> => {
      const now = books[Math.min(reads, books.length - 1)] ?? [];
      reads += 1;
      return rows(now.slice(page * 25, (page + 1) * 25));
    };
    return { read, count: () => reads };
  }
  const idsOf = (read: readonly unknown[]) => read.map((row) => (row as { groww_order_id: string }).groww_order_id);

  it("is read to its end twice, but only once if it has one page", async () => {
    const long = pagesOf([range(1, 60)]);
    expect(await stableRows(long.read)).toHaveLength(60);
    expect(long.count()).toBe(6);
    const short = pagesOf([range(1, 24)]);
    expect(await stableRows(short.read)).toHaveLength(24);
    expect(short.count()).toBe(1);
    const exact = pagesOf([range(1, 25)]);
    expect(await stableRows(exact.read)).toHaveLength(25);
  });

  it("does not lose an order that moves to the front between two page reads", async () => {
    const before = range(1, 40);
    const after = [30, ...before.filter((id) => id !== 30)];
    // The first page is read before the move, the second after it: order 30 is on neither.
    const { read } = pagesOf([before, after]);
    const found = idsOf(await stableRows(read));
    expect(found).toHaveLength(40);
    expect(found).toContain("GMK30X");
  });

  it("does not list an order twice that slides to the next page between two reads", async () => {
    const { read } = pagesOf([range(1, 40), [99, ...range(1, 40)]]);
    const found = idsOf(await stableRows(read));
    expect(new Set(found).size).toBe(found.length);
    expect(found).toHaveLength(41);
  });

  it("fails when it keeps changing while it is read", async () => {
    const { read } = pagesOf(range(1, 30).map((turn) => [...range(1, 30), ...range(100, 100 + turn)]));
    await expect(stableRows(read)).rejects.toMatchObject({ kind: "unavailable" });
  });
});

describe("the definition", () => {
  it("makes the service wait a minute before it accepts that an order is not in the book", () => {
    expect(groww.notFoundBelievedAfterMs).toBe(60_000);
  });
});

function placedPayload(): object {
  return (JSON.parse(recorded("post-order-create").body) as { payload: object }).payload;
}

function pageOf(count: number): ReturnType<typeof reply> {
  const [row] = rowsIn("get-order-list");
  return success({
    order_list: Array.from({ length: count }, (_, at) => ({ ...row, groww_order_id: `GMK${at}X` })),
  });
}
