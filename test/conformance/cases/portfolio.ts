import { expect } from "vitest";
import type { Access } from "../../../connectors/base.ts";
import type { AccountOpening } from "../../../connectors/paper/exchange/types.ts";
import { instrumentKey } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { paiseFromRupees, price, priceFromRupees, valueOf, ZERO_PAISE, ZERO_PRICE } from "../../../src/domain/money.ts";
import type { Order, OrderRequest } from "../../../src/domain/order.ts";
import { type Holding, isDeliverySale, type Position, type Trade } from "../../../src/domain/portfolio.ts";
import { carriedDayPnl, pnlOf, saleDayPnl } from "../../../src/domain/totals.ts";
import type { Kit } from "../kit.ts";
import { logIn } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { future, listed, option, placeResting, share, termsOf, ticket } from "../tickets.ts";

const SBIN = instrumentKey("NSE", 3045);
export const OPENING: AccountOpening = {
  cash: paiseFromRupees("30000000"),
  holdings: [
    { key: SBIN, qty: 40, avgPrice: priceFromRupees("812.35"), t1Qty: 5 },
    { key: instrumentKey("NSE", 2031), qty: 7, avgPrice: priceFromRupees("2981.4") },
    { key: instrumentKey("NSE", 16669), qty: 3, avgPrice: priceFromRupees("9420.55") },
    // Received by a transfer: its cost is unknown.
    { key: instrumentKey("NSE", 1660), qty: 11, avgPrice: ZERO_PRICE },
  ],
};

export function portfolioCases(kit: Kit): void {
  const { asReported = {} } = kit.spec;

  kit.group("portfolio", () => {
    kit.case("has the profile of the account", async () => {
      const { rig, access } = await kit.loggedIn();
      const profile = await rig.connector.getProfile(access);
      expect(profile.accountId).toBe(access.session.accountId);
      expect(profile.name.trim()).not.toBe("");
    });

    kit.case("has the funds to the paisa, before and after trades", async () => {
      const { rig, access } = await kit.loggedIn({ opening: OPENING });
      const report = asReported.funds ?? unchanged;
      expect(await rig.connector.getFunds(access)).toEqual(report(rig.account.funds()));
      tradeSeveral(rig);
      expect(await rig.connector.getFunds(access)).toEqual(report(rig.account.funds()));
    });

    kit.case("has the holdings, including undelivered ones and those of unknown cost", async () => {
      const { rig, access } = await kit.loggedIn({ opening: OPENING });
      await expectHoldings(rig, access);
      expect(rig.account.holdings().map(({ t1Qty }) => t1Qty)).toContain(5);
    });

    kit.case("subtracts today's sales from held and sellable quantities", async () => {
      const { rig, access } = await kit.loggedIn({ opening: OPENING });
      const sold = fillAtExchange(rig, ticket(rig, share(rig), { side: "SELL", qty: 10 }));
      expect(sold.status).toBe("filled");
      const atExchange = rig.account.holdings().find(({ key }) => key === SBIN);
      if (!atExchange) expect.fail("the holding is gone");
      const reported = (await rig.connector.getHoldings(access)).find(({ key }) => key === SBIN);
      expect(atExchange.sellableQty).toBe(25);
      expect(reported?.sellableQty).toBe((asReported.holding?.(atExchange) ?? atExchange).sellableQty);
      await expectHoldings(rig, access);
      fillAtExchange(rig, ticket(rig, listed(rig, "BSE:SBIN"), { side: "SELL", qty: 5 }));
      expect(rig.account.holdings().find(({ key }) => key === SBIN)?.qty).toBe(25);
      await expectHoldings(rig, access);
    });

    kit.case("keeps the day's P&L of sold shares when their price moves afterwards", async () => {
      const { rig, access } = await kit.loggedIn({ opening: OPENING });
      fillAtExchange(rig, ticket(rig, share(rig), { side: "SELL", qty: 10 }));
      rig.controls.now += 3_600_000;
      const prevClose = rig.exchange.quote(SBIN).prevClose ?? expect.fail("no close");
      const [sale] = rig.account.trades();
      const sold = (await rig.connector.getPositions(access)).find(isDeliverySale) ?? expect.fail("not reported");
      expect(sold).toMatchObject({ key: SBIN, qty: 10 });
      expect(saleDayPnl(sold, prevClose)).toBe(valueOf(price((sale?.price ?? 0) - prevClose), 10));
      expect(pnlOf(sold)).toBe(ZERO_PAISE);
    });

    kit.case("has long, short and closed positions in shares and derivatives", async () => {
      const { rig, access } = await kit.loggedIn({ opening: OPENING });
      tradeSeveral(rig);
      rig.controls.now += 90_000;
      const atExchange = rig.account.positions();
      expect(new Set(atExchange.map(({ side }) => side))).toEqual(new Set(["BUY", "SELL", "CLOSED"]));
      expect(new Set(atExchange.map(({ segment }) => segment))).toEqual(new Set(["NSE", "BSE", "NFO"]));
      await expectPositions(rig, access, false);
    });

    kit.case("has positions that were carried overnight", async () => {
      const rig = await kit.open({ opening: OPENING, now: istInstant("2026-11-19", "11:00") });
      const [reduced, closed, added] = [future(rig), option(rig, "monthly"), option(rig, "weekly")];
      for (const [instrument, side] of [
        [reduced, "BUY"],
        [closed, "SELL"],
        [added, "BUY"],
      ] as const) {
        fillAtExchange(rig, ticket(rig, instrument, { side, qty: instrument.lotSize * 2 }));
      }
      rig.controls.now = istInstant("2026-11-20", "11:00");
      fillAtExchange(rig, ticket(rig, reduced, { side: "SELL", qty: reduced.lotSize }));
      fillAtExchange(rig, ticket(rig, closed, { side: "BUY", qty: closed.lotSize * 2 }));
      fillAtExchange(rig, ticket(rig, added, { side: "BUY", qty: added.lotSize }));
      await expectPositions(rig, await logIn(rig), true);
    });

    kit.case("has the day's trades", async () => {
      const { rig, access } = await kit.loggedIn({ opening: OPENING });
      tradeSeveral(rig);
      const atExchange = rig.account.trades();
      expect(atExchange.length).toBeGreaterThan(5);
      const bare = ({ orderId: _order, tradeId: _trade, ...rest }: Trade) => rest;
      const trades = await rig.connector.getTrades(access);
      expect(trades.map(bare)).toEqual(atExchange.map(bare));
      const orders = new Set((await rig.connector.getOrders(access)).map(({ orderId }) => orderId));
      for (const { orderId, tradeId } of trades) {
        expect(orders.has(orderId)).toBe(true);
        expect(tradeId).not.toBe("");
      }
      expect(new Set(trades.map(({ tradeId }) => tradeId)).size).toBe(trades.length);
    });

    kit.case("has the day's orders, newest last", async () => {
      const { rig, access } = await kit.loggedIn({ opening: OPENING });
      await placeResting(rig, access);
      rig.controls.now += 60_000;
      await placeResting(rig, access, { tag: "intent0002" as OrderRequest["tag"], side: "SELL", qty: 4 });
      const orders = await rig.connector.getOrders(access);
      expect(orders.map(({ tag }) => tag)).toEqual(["intent0001", "intent0002"]);
      expect(orders.map(({ placedAt }) => placedAt)).toEqual(rig.account.orders().map(({ placedAt }) => placedAt));
    });

    kit.case("has empty lists and no error for an empty account", async () => {
      const { rig, access } = await kit.loggedIn({ opening: { cash: paiseFromRupees(0) } });
      const { connector } = rig;
      expect(await connector.getHoldings(access)).toEqual([]);
      expect(await connector.getPositions(access)).toEqual([]);
      expect(await connector.getOrders(access)).toEqual([]);
      expect(await connector.getTrades(access)).toEqual([]);
      expect(await connector.findOrdersByTag(access, "nothing" as OrderRequest["tag"])).toEqual([]);
      expect(await connector.getOrder(access, "261120000000099" as Order["orderId"], {})).toBeNull();
      expect(await connector.getFunds(access)).toMatchObject({ available: 0, used: 0, collateral: 0 });
    });
  });

  async function expectHoldings(rig: Rig, access: Access): Promise<void> {
    const report = asReported.holding ?? unchanged;
    const atExchange = rig.account.holdings().map((holding) => report(holding));
    expect(byKey(await rig.connector.getHoldings(access))).toEqual(byKey(atExchange));
  }

  async function expectPositions(rig: Rig, access: Access, isCarried: boolean): Promise<void> {
    const report = (position: Position): Position => asReported.position?.(position, isCarried) ?? position;
    const atExchange = rig.account.positions();
    const rows = await rig.connector.getPositions(access);
    expect(byKey(rows.map(({ carried: _carried, ...row }) => row))).toEqual(byKey(atExchange.map(report)));
    const trades = await rig.connector.getTrades(access);
    for (const row of rows.filter(({ dayPnl }) => dayPnl === null)) expectDayPnlComputable(rig, row, trades);
  }

  /** If the broker does not report today's P&L, it can be computed from what it reports. */
  function expectDayPnlComputable(rig: Rig, row: Position, trades: readonly Trade[]): void {
    const atExchange = rig.account
      .positions()
      .find(({ key, productType }) => key === row.key && productType === row.productType);
    const { prevClose } = rig.exchange.quote(row.key ?? expect.fail("without a key"));
    const known = { prevClose: prevClose ?? expect.fail("no close"), trades };
    const computed = carriedDayPnl(row, row.carried ?? expect.fail("not carried"), known);
    expect({ symbol: row.symbol, day: computed }).toEqual({ symbol: row.symbol, day: atExchange?.dayPnl });
  }
}

const unchanged = <T>(value: T): T => value;

const byKey = <T extends Holding | Position>(rows: readonly T[]): T[] =>
  rows.toSorted((a, b) => `${a.key} ${a.productType}`.localeCompare(`${b.key} ${b.productType}`));

/** Fills a market order directly at the exchange: the test is about how the broker reports it. */
function fillAtExchange(rig: Rig, request: OrderRequest): Order {
  const { account, exchange } = rig;
  const instrument = exchange.find(request.key);
  if (!instrument) throw new Error(`not listed: ${request.key}`);
  const reply = account.place({ ...request, terms: termsOf(rig, instrument, "MARKET", request.side) });
  if (reply.kind === "refused") throw new Error(reply.message);
  const order = account.order(reply.orderId);
  if (order?.status !== "filled") throw new Error(`not filled: ${order?.status} ${order?.message}`);
  return order;
}

/** Positions long, short, partly closed and closed; in shares of both exchanges, a future and options. */
function tradeSeveral(rig: Rig): void {
  const deal = (symbol: string, side: "BUY" | "SELL", qty: number, productType: OrderRequest["productType"]): void => {
    const instrument = listed(rig, symbol);
    fillAtExchange(rig, ticket(rig, instrument, { side, qty, productType }));
    rig.controls.now += 7_000;
  };
  deal("NSE:TCS-EQ", "BUY", 13, "INTRADAY");
  deal("NSE:TCS-EQ", "BUY", 4, "INTRADAY");
  deal("NSE:TCS-EQ", "SELL", 6, "INTRADAY");
  deal("NSE:INFY-EQ", "SELL", 21, "INTRADAY");
  deal("NSE:ITC-EQ", "BUY", 50, "INTRADAY");
  deal("NSE:ITC-EQ", "SELL", 50, "INTRADAY");
  deal("NSE:M&M-EQ", "BUY", 3, "CNC");
  deal("BSE:SBIN", "BUY", 2, "CNC");
  deal(future(rig).symbol, "SELL", future(rig).lotSize, "MARGIN");
  deal(option(rig, "weekly").symbol, "BUY", option(rig, "weekly").lotSize * 2, "MARGIN");
  deal(option(rig, "monthly").symbol, "BUY", option(rig, "monthly").lotSize, "INTRADAY");
}
