import { describe, expect, it } from "vitest";
import { scaleOf, scaleWithin } from "../../../connectors/groww/units.ts";
import { paiseFromRupees, priceFromRupees } from "../../../src/domain/money.ts";
import { sellableWithT1, type Position } from "../../../src/domain/portfolio.ts";
import { bodyOf } from "../harness.ts";
import { access, answering, buy, PRICES, recorded, rowsIn, setUp, success } from "./harness.ts";

const rupees = priceFromRupees;
const paise = paiseFromRupees;
const POSITIONS = "positions/user";
const positions = async (name: string, more = {}): Promise<Position[]> =>
  setUp(answering({ ...PRICES, [POSITIONS]: recorded(name), ...more })).connector.getPositions(access());
const changed = (change: object) => {
  const [first, ...rest] = rowsIn("get-positions-user");
  return success({ positions: [{ ...first, ...change }, ...rest] });
};

describe("positions", () => {
  it("get their last prices from one call per segment, and their unrealised P&L from those", async () => {
    const { connector, requests } = setUp(answering({ ...PRICES, [POSITIONS]: recorded("get-positions-user") }));
    const rows = await connector.getPositions(access());
    expect(rows[0]).toEqual({
      symbol: "NSE:SBIN-EQ",
      key: "NSE:3045",
      segment: "NSE",
      productType: "INTRADAY",
      qty: 12,
      side: "BUY",
      avgPrice: rupees("1004.20"),
      ltp: rupees("1009.70"),
      realised: paise("18"),
      unrealised: paise("66"),
      pnl: paise("84"),
      dayPnl: paise("84"),
      buyQty: 20,
      buyValue: paise("20084"),
      sellQty: 8,
      sellValue: paise("8051.60"),
      multiplier: 1,
    });
    const paths = requests.map(({ url }) => decodeURIComponent(url.slice(url.indexOf("/v1/"))));
    expect(paths).toEqual([
      "/v1/positions/user",
      "/v1/live-data/ltp?segment=CASH&exchange_symbols=NSE_SBIN,BSE_SBIN,NSE_M&M",
      "/v1/live-data/ltp?segment=FNO&exchange_symbols=NSE_NIFTY26NOVFUT",
    ]);
  });

  it("have unrealised P&L for a short, and only realised P&L for a closed one", async () => {
    const [, sold, , closed] = await positions("get-positions-user");
    expect(sold).toMatchObject({ side: "SELL", qty: 3, key: "BSE:500112", unrealised: paise("1.65"), sellQty: 3 });
    expect(closed).toMatchObject({
      side: "CLOSED",
      qty: 0,
      avgPrice: 0,
      pnl: paise("-25.50"),
      dayPnl: paise("-25.50"),
    });
  });

  it("give the carried quantity and the day's cash flow, whether Groww counts them separately or together", async () => {
    const separate = (await positions("get-positions-user"))[2];
    const carried = { qty: 130, dayCash: paise("1693965") };
    expect(separate).toMatchObject({ key: "NFO:51714", qty: 65, dayPnl: null, carried, buyQty: 130, sellQty: 65 });
    expect(separate?.unrealised).toBe(paise("2908.75"));
    const [, , row] = rowsIn("get-positions-user");
    const together = { ...row, credit_quantity: 130, credit_price: 26010.5 };
    const [position] = await positions("get-positions-user", { [POSITIONS]: success({ positions: [together] }) });
    expect(position).toMatchObject({ dayPnl: null, carried, buyQty: 130, buyValue: separate?.buyValue, sellQty: 65 });
  });

  it("have no day's P&L when their quantities do not add up", async () => {
    const [row] = await positions("get-positions-user", { [POSITIONS]: changed({ quantity: 11 }) });
    expect(row).toMatchObject({ qty: 11, dayPnl: null });
    expect(row).not.toHaveProperty("carried");
    const withCarried = { net_carry_forward_quantity: 3, carry_forward_credit_quantity: 3 };
    const [other] = await positions("get-positions-user", { [POSITIONS]: changed({ ...withCarried, quantity: 11 }) });
    expect(other).toMatchObject({ dayPnl: null });
    expect(other).not.toHaveProperty("carried");
  });

  it("have only realised P&L and no day's P&L when there is no price", async () => {
    const refused = recorded("error-not-authorised", 403);
    const profileReply = { "user/detail": recorded("get-user-detail") };
    const rows = await positions("get-positions-user", {
      ...profileReply,
      "ltp?": refused,
      "ltp?segment=CASH": refused,
      "ltp?segment=FNO": refused,
    });
    expect(rows[0]).toMatchObject({
      ltp: null,
      unrealised: 0,
      pnl: paise("18"),
      dayPnl: null,
      avgPrice: rupees("1004.20"),
    });
    expect(rows[3]).toMatchObject({ ltp: null, pnl: paise("-25.50"), dayPnl: paise("-25.50") });
  });

  it("are not priced for commodities, because Groww does not give their multiplier", async () => {
    const [gold, sbin] = await positions("get-positions-user-commodity");
    expect(gold).toMatchObject({ segment: "MCX", key: null, ltp: null, pnl: paise("-410"), dayPnl: null });
    expect(sbin).toMatchObject({ unrealised: paise("66") });
  });

  it("report a row that cannot be mapped along with the others", async () => {
    await expect(positions("get-positions-user", { [POSITIONS]: changed({ product: "MTF" }) })).rejects.toMatchObject({
      book: {
        rows: [{ symbol: "BSE:SBIN" }, { symbol: "NSE:NIFTY26NOVFUT" }, { symbol: "NSE:M&M-EQ" }],
        unread: [{ orderId: null, listed: { symbol: "NSE:SBIN-EQ", key: "NSE:3045" } }],
      },
    });
  });

  it("fail on an unknown product, segment or exchange", async () => {
    for (const change of [{ product: "MTF" }, { segment: "CURRENCY" }, { exchange: "MCX" }])
      await expect(positions("get-positions-user", { [POSITIONS]: changed(change) })).rejects.toMatchObject({
        kind: "bad-response",
      });
  });
});

describe("the unit of a position's prices (rupees or paise)", () => {
  it("makes no difference to the positions", async () => {
    expect(await positions("get-positions-user-paise")).toEqual(await positions("get-positions-user"));
  });

  it("may differ between the average and the traded prices", async () => {
    const inPaise = rowsIn("get-positions-user-paise");
    const mixed = rowsIn("get-positions-user").map((row, at) => ({ ...inPaise[at], net_price: row["net_price"] }));
    const rows = await positions("get-positions-user", { [POSITIONS]: success({ positions: mixed }) });
    expect(rows).toEqual(await positions("get-positions-user"));
  });

  it("is not derived from the average of a closed position, which has none", async () => {
    const inPaise = rowsIn("get-positions-user-paise").map((row) =>
      row["quantity"] === 0 ? { ...row, net_price: 510 } : row,
    );
    const rows = await positions("get-positions-user", { [POSITIONS]: success({ positions: inPaise }) });
    expect(rows).toEqual(await positions("get-positions-user"));
  });

  it("is derived from shares and futures, whose price cannot change tenfold in a day", () => {
    const ltp = rupees("100");
    const share = { price: 9_800, ltp, isSteady: true };
    const fallenOption = { price: 150, ltp: rupees("1.40"), isSteady: false };
    expect(scaleOf([])).toBe(1);
    expect(scaleOf([{ ...share, price: 98 }, fallenOption])).toBe(1);
    expect(scaleOf([share, fallenOption])).toBe(100);
    expect(() => scaleOf([share, { ...share, price: 98 }])).toThrow(RangeError);
    expect(scaleOf([{ ...fallenOption, price: 1.5 }])).toBe(1);
    expect(scaleOf([fallenOption])).toBeNull();
  });

  it("is derived from the day's price range when there are only options that lost most of their value", async () => {
    const quote = { "live-data/quote": recorded("get-live-data-quote-option") };
    const [row] = rowsIn("get-positions-user-option");
    const inPaise = success({ positions: [{ ...row, net_price: 14_250, credit_price: 14_250 }] });
    const clear = setUp(answering({ ...PRICES, ...quote, [POSITIONS]: inPaise }));
    const expected = { avgPrice: rupees("142.50"), ltp: rupees("1.40"), unrealised: paise("-9171.50") };
    expect(await clear.connector.getPositions(access())).toMatchObject([expected]);
    expect(clear.warnings).toEqual([]);
    // Both 142.50 and 1.425 lie within the day's range, so the documented unit is used, with a warning.
    const ambiguous = setUp(answering({ ...PRICES, ...quote, [POSITIONS]: recorded("get-positions-user-option") }));
    expect(await ambiguous.connector.getPositions(access())).toMatchObject([expected]);
    expect(new Set(ambiguous.warnings).size).toBe(1);
    expect(scaleWithin(990, rupees("1.20"), rupees("151"))).toBe(100);
    expect(scaleWithin(148, rupees("140"), rupees("151"))).toBe(1);
    expect(scaleWithin(3, rupees("140"), rupees("151"))).toBeNull();
  });
});

describe("holdings", () => {
  const HOLDINGS = "holdings/user";
  const holdings = (more = {}) => setUp(answering({ ...PRICES, [HOLDINGS]: recorded("get-holdings-user"), ...more }));

  it("get the NSE key if NSE lists the share, else the BSE key, else none, and prices from one call", async () => {
    const { connector, requests } = holdings();
    const rows = await connector.getHoldings(access());
    expect(rows[0]).toEqual({
      symbol: "NSE:SBIN-EQ",
      key: "NSE:3045",
      isin: "INE062A01020",
      productType: "CNC",
      qty: 30,
      t1Qty: 4,
      sellableQty: 24,
      pledgedQty: 2,
      avgPrice: rupees("781.35"),
      ltp: rupees("1009.70"),
      prevClose: null,
      pnl: paise("6850.50"),
    });
    expect(rows.slice(1)).toMatchObject([
      { key: "NSE:2031", avgPrice: 0, pnl: null, ltp: rupees("3699.05") },
      { key: "BSE:540001", symbol: "BSE:ONLYBSE", ltp: rupees("44.90"), pnl: paise("44.40") },
      // NSE lists a different share (another ISIN) under this name.
      { key: null, symbol: "NSE:GONE-EQ", isin: "INE000Z09999", ltp: null, pnl: null },
    ]);
    const [, prices] = requests.map(({ url }) => decodeURIComponent(url.slice(url.indexOf("?"))));
    expect(prices).toBe("?segment=CASH&exchange_symbols=NSE_SBIN,NSE_M&M,BSE_ONLYBSE");
  });

  it("have no prices when Groww is busy, but fail when the session has expired", async () => {
    const busy = holdings({ "ltp?": recorded("error-busy", 503), "ltp?segment=CASH": recorded("error-busy", 503) });
    expect(await busy.connector.getHoldings(access())).toMatchObject([{ qty: 30, ltp: null, pnl: null }, {}, {}, {}]);
    expect(busy.warnings).toHaveLength(1);
    const expiredReply = recorded("error-session", 401);
    const expired = holdings({ "ltp?segment=CASH": expiredReply, "user/detail": expiredReply });
    await expect(expired.connector.getHoldings(access())).rejects.toMatchObject({ kind: "auth-expired" });
  });

  it("exclude what the positions show as sold today, if Groww has locked that quantity", async () => {
    const [row] = rowsIn("get-holdings-user");
    const locked = { ...row, groww_locked_quantity: 10, demat_free_quantity: 14 };
    const [sale] = rowsIn("get-positions-user").slice(1);
    const sold = success({ positions: [{ ...sale, exchange: "NSE", quantity: -7, debit_quantity: 7 }] });
    const { connector } = holdings({ [HOLDINGS]: success({ holdings: [locked] }), [POSITIONS]: sold });
    // Ten are locked: seven are sold, three are reserved for an open order.
    const left = await connector.getHoldings(access());
    expect(left).toMatchObject([{ qty: 23, t1Qty: 4 }]);
    expect(left.map(sellableWithT1)).toEqual([18]);
  });

  it("leave out a row of which nothing is left, also on a day without sales", async () => {
    const [first, ...rest] = rowsIn("get-holdings-user");
    const list = success({ holdings: [{ ...first, quantity: 0, t1_quantity: 0, pledge_quantity: 0 }, ...rest] });
    const rows = await holdings({ [HOLDINGS]: list }).connector.getHoldings(access());
    expect(rows).toMatchObject([{ key: "NSE:2031" }, { key: "BSE:540001" }, { key: null }]);
  });

  it("keep a row without a quantity that has pledged shares, also on a day with sales", async () => {
    const [first, ...rest] = rowsIn("get-holdings-user");
    const pledged = { ...first, quantity: 0, t1_quantity: 0, pledge_quantity: 3 };
    // Groww's own sample has 1.5.
    for (const groww_locked_quantity of [0, 1, 1.5]) {
      const list = success({ holdings: [pledged, { ...rest[0], groww_locked_quantity }] });
      const { connector } = holdings({ [HOLDINGS]: list, [POSITIONS]: success({ positions: [] }) });
      const [row] = await connector.getHoldings(access());
      expect(row).toMatchObject({ key: "NSE:3045", qty: 0, pledgedQty: 3 });
    }
  });

  it("report a row that cannot be mapped along with the others, with its share", async () => {
    const [first, ...rest] = rowsIn("get-holdings-user");
    const list = success({ holdings: [{ ...first, quantity: "many" }, ...rest] });
    await expect(holdings({ [HOLDINGS]: list }).connector.getHoldings(access())).rejects.toMatchObject({
      book: {
        rows: [{ key: "NSE:2031" }, { key: "BSE:540001" }, { key: null }],
        unread: [{ orderId: null, listed: { symbol: "NSE:SBIN-EQ", key: "NSE:3045" } }],
      },
    });
  });

  it("are an empty list for an empty account, without a call for prices", async () => {
    const { connector, requests } = holdings({ [HOLDINGS]: recorded("get-holdings-user-empty") });
    expect(await connector.getHoldings(access())).toEqual([]);
    expect(requests).toHaveLength(1);
  });
});

describe("funds, profile and cost", () => {
  it("give the funds available for delivery, the used margin, and the cash before use", async () => {
    const { connector } = setUp(answering({ "margins/detail/user": recorded("get-margins-detail-user") }));
    expect(await connector.getFunds(access())).toEqual({
      available: paise("43046.25"),
      used: paise("18204.15"),
      cash: paise("61250.40"),
      collateral: paise("5200"),
    });
  });

  it("give no name, and whether selling needs an authorisation in the app", async () => {
    const { connector } = setUp(answering({ "user/detail": recorded("get-user-detail") }));
    expect(await connector.getProfile(access())).toEqual({
      accountId: "5520317",
      name: "Groww client",
      canSellWithoutAuthorisation: false,
      hasMarketData: null,
    });
  });

  it("give an order's cost from the margin call", async () => {
    const { connector, requests } = setUp(
      answering({ "margins/detail/orders": recorded("post-margins-detail-orders") }),
    );
    const cost = await connector.getOrderCost?.(access(), buy());
    expect(cost).toEqual({ margin: paise("12102"), charges: paise("22.40") });
    expect(requests[0]?.url).toContain("segment=CASH");
    expect(bodyOf(requests[0])).toEqual([
      {
        trading_symbol: "SBIN",
        quantity: 12,
        price: 1008.5,
        exchange: "NSE",
        segment: "CASH",
        product: "CNC",
        order_type: "LIMIT",
        transaction_type: "BUY",
      },
    ]);
  });
});
