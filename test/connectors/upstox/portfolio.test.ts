import { describe, expect, it } from "vitest";
import { paiseFromRupees, priceFromRupees } from "../../../src/domain/money.ts";
import { sellableWithT1 } from "../../../src/domain/portfolio.ts";
import { access, answering, changed, fixture, recorded, reply, setUp } from "./harness.ts";

const rupees = priceFromRupees;
const paise = paiseFromRupees;
const HOLDINGS = "get-portfolio-long-term-holdings";
const POSITIONS = "get-portfolio-short-term-positions";

describe("profile and funds", () => {
  it("include whether selling needs a daily authorisation, if Upstox says so", async () => {
    const current = setUp(answering({ profile: recorded("get-user-profile") }));
    expect(await current.connector.getProfile(access())).toEqual({
      accountId: "7TRM4W",
      name: "KABIR SEN",
      canSellWithoutAuthorisation: true,
      hasMarketData: null,
    });
    const older = setUp(answering({ profile: recorded("get-user-profile-older") }));
    expect((await older.connector.getProfile(access())).canSellWithoutAuthorisation).toBeNull();
  });

  it("count a pledge as available, but not as cash", async () => {
    const { connector } = setUp(answering({ "get-funds": recorded("get-user-get-funds-and-margin") }));
    expect(await connector.getFunds(access())).toEqual({
      available: paise("61240.35"),
      used: paise("31259.65"),
      cash: paise("51240.35"),
      collateral: paise("12500"),
    });
  });

  it("treat missing parts of the total as 0, and the total as cash", async () => {
    const { connector } = setUp(answering({ "get-funds": recorded("get-user-get-funds-and-margin-partial") }));
    const available = paise("4310.20");
    expect(await connector.getFunds(access())).toEqual({ available, used: 0, cash: available, collateral: 0 });
  });

  it("count a margin without a total as 0, rather than be unreadable", async () => {
    const used = { mtf: 0, span_exposure: 0 };
    const pledge = { total: 2150.75, margin_from_pledge: { equity: 2150.75 }, margin_used: {} };
    const parts = {
      total: 9320.4,
      cash_available_to_trade: { total: 7169.65, margin_used: used },
      pledge_available_to_trade: pledge,
    };
    const answer = reply({ status: "success", data: { available_to_trade: parts } });
    expect(await setUp(answering({ "get-funds": answer })).connector.getFunds(access())).toEqual({
      available: paise("9320.40"),
      used: 0,
      cash: paise("7169.65"),
      collateral: 0,
    });
  });

  it("take the total without the pledge for cash when the cash is missing", async () => {
    const pledge = { total: 1800.5, margin_from_pledge: { total: 2300.5 }, margin_used: { total: 500 } };
    const available_to_trade = { total: 5200.75, pledge_available_to_trade: pledge };
    const answer = reply({ status: "success", data: { available_to_trade } });
    expect(await setUp(answering({ "get-funds": answer })).connector.getFunds(access())).toEqual({
      available: paise("5200.75"),
      used: paise("500"),
      cash: paise("3400.25"),
      collateral: paise("2300.50"),
    });
  });

  it("are unavailable at night, which does not mean an expired session", async () => {
    const { connector } = setUp(answering({ "": recorded("error-funds-closed", 423) }));
    await expect(connector.getFunds(access())).rejects.toMatchObject({
      kind: "unavailable",
      brokerCode: "UDAPI100072",
    });
    await expect(connector.isTokenValid(access())).rejects.toMatchObject({ kind: "unavailable" });
  });
});

describe("holdings", () => {
  it("include T1 shares in the quantity, and exclude T1 and pledged shares from the sellable quantity", async () => {
    const { connector, requests } = setUp(answering({ "long-term": recorded(HOLDINGS) }));
    const [sbin, bajaj] = await connector.getHoldings(access());
    expect(sbin).toMatchObject({
      productType: "CNC",
      qty: 30,
      t1Qty: 5,
      pledgedQty: 4,
      sellableQty: 21,
      avgPrice: rupees("798.60"),
      ltp: rupees("1019.45"),
      prevClose: rupees("1011.20"),
      pnl: paise("6625.50"),
    });
    expect(bajaj).toMatchObject({ avgPrice: 0, pnl: null });
    expect(requests).toHaveLength(1);
  });

  it("exclude what the positions show as sold today, but not what is reserved for an open sell order", async () => {
    const sale = { instrument_token: "NSE_EQ|INE062A01020", product: "D", quantity: -10, day_sell_quantity: 10 };
    const connectorWith = (position: object) =>
      setUp(
        answering({
          "long-term": changed(HOLDINGS, { cnc_used_quantity: 10 }),
          "short-term": changed(POSITIONS, { day_buy_quantity: 0, day_buy_value: 0, ...position }),
        }),
      ).connector;
    const [sold] = await connectorWith(sale).getHoldings(access());
    expect(sold).toMatchObject({ qty: 20 });
    expect(sold && sellableWithT1(sold)).toBe(16);
    const [reserved] = await connectorWith({ product: "I" }).getHoldings(access());
    expect(reserved).toMatchObject({ qty: 30 });
    expect(reserved && sellableWithT1(reserved)).toBe(16);
  });

  it("leave out a row of which nothing is left, also on a day without sales", async () => {
    const { connector, requests } = setUp(
      answering({ "long-term": changed(HOLDINGS, { quantity: 0, t1_quantity: 0, collateral_quantity: 0 }) }),
    );
    expect((await connector.getHoldings(access())).map(({ isin }) => isin)).toEqual(["INE917I01010", "INE999Z01017"]);
    expect(requests).toHaveLength(1);
  });

  it("are an empty list for an empty account", async () => {
    const { connector } = setUp(answering({ "long-term": recorded(`${HOLDINGS}-empty`) }));
    expect(await connector.getHoldings(access())).toEqual([]);
  });
});

describe("positions", () => {
  it("have a P&L computed from their values: long, short, closed and carried", async () => {
    const { connector } = setUp(answering({ "short-term": recorded(POSITIONS) }));
    const [long, short, closed, carried] = await connector.getPositions(access());
    expect(long).toMatchObject({
      key: "NSE:3045",
      side: "BUY",
      qty: 8,
      avgPrice: rupees("1015.50"),
      pnl: paise("43.60"),
      realised: paise("12"),
      unrealised: paise("31.60"),
      dayPnl: paise("43.60"),
    });
    expect(long).not.toHaveProperty("carried");
    expect(short).toMatchObject({ side: "SELL", qty: 3, avgPrice: rupees("9200"), pnl: paise("46.50"), realised: 0 });
    expect(closed).toMatchObject({ side: "CLOSED", qty: 0, avgPrice: 0, pnl: paise("55.50"), unrealised: 0 });
    expect(carried).toMatchObject({
      segment: "NFO",
      productType: "MARGIN",
      side: "BUY",
      qty: 65,
      avgPrice: rupees("25880"),
      pnl: paise("11700"),
      realised: paise("5200"),
      unrealised: paise("6500"),
      dayPnl: null,
      carried: { qty: 130, dayCash: paise("1687400") },
      buyQty: 130,
      sellQty: 65,
    });
  });

  const carriedRow = async (change: object) => {
    const { data: rows } = JSON.parse(fixture(POSITIONS)) as { data: Record<string, unknown>[] };
    const answer = reply({ status: "success", data: [{ ...rows[3], ...change }] });
    return (await setUp(answering({ "short-term": answer })).connector.getPositions(access()))[0];
  };

  it("report nothing carried when the carried quantity does not add up to the open one", async () => {
    expect(await carriedRow({})).toHaveProperty("carried");
    const bought = { quantity: 130, day_buy_quantity: 65, day_buy_value: 1_690_000 };
    expect(await carriedRow(bought)).toMatchObject({ carried: { qty: 130, dayCash: paise("-2600") } });
    for (const overnight_quantity of [0, 65]) {
      const row = await carriedRow({ overnight_quantity });
      expect(row).toMatchObject({ qty: 65, pnl: paise("11700"), dayPnl: null });
      expect(row).not.toHaveProperty("carried");
    }
  });

  it("report nothing carried when a multiplier makes the day's values ambiguous", async () => {
    expect(await carriedRow({ multiplier: 100 })).not.toHaveProperty("carried");
    const untraded = { quantity: 130, day_sell_quantity: 0, day_sell_value: 0 };
    expect(await carriedRow({ multiplier: 100, ...untraded })).toMatchObject({ carried: { qty: 130, dayCash: 0 } });
  });

  it("have only realised P&L, and none of the day, when there is no price", async () => {
    const { connector } = setUp(answering({ "short-term": changed(POSITIONS, { last_price: 0 }) }));
    const [open] = await connector.getPositions(access());
    expect(open).toMatchObject({ ltp: null, unrealised: 0, pnl: paise("12"), dayPnl: null });
  });

  it("fail with the name of a missing field", async () => {
    const { connector } = setUp(answering({ "short-term": reply({ status: "success", data: [{ product: "I" }] }) }));
    await expect(connector.getPositions(access())).rejects.toMatchObject({
      kind: "bad-response",
      message: expect.stringMatching(/short-term-positions: 1 of 1 rows not as documented: field 0\.\w+/) as string,
    });
  });
});
