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
import { logIn } from "../street.ts";
import type { Street } from "../street.ts";
import { future, listed, option, resting, share, termsOf, ticket } from "../tickets.ts";

const SBIN = instrumentKey("NSE", 3045);
export const OPENING: AccountOpening = {
  cash: paiseFromRupees("30000000"),
  holdings: [
    { key: SBIN, qty: 40, avgPrice: priceFromRupees("812.35"), t1Qty: 5 },
    { key: instrumentKey("NSE", 2031), qty: 7, avgPrice: priceFromRupees("2981.4") },
    { key: instrumentKey("NSE", 16669), qty: 3, avgPrice: priceFromRupees("9420.55") },
    // Got by a transfer: what it cost is not known.
    { key: instrumentKey("NSE", 1660), qty: 11, avgPrice: ZERO_PRICE },
  ],
};

export function portfolioCases(kit: Kit): void {
  const { asTold = {} } = kit.spec;

  kit.group("portfolio", () => {
    kit.case("tells whose account it is", async () => {
      const { street, access } = await kit.enter();
      const profile = await street.connector.getProfile(access);
      expect(profile.accountId).toBe(access.session.accountId);
      expect(profile.name.trim()).not.toBe("");
    });

    kit.case("has the funds to the paisa, before and after trades", async () => {
      const { street, access } = await kit.enter({ opening: OPENING });
      const told = asTold.funds ?? same;
      expect(await street.connector.getFunds(access)).toEqual(told(street.account.funds()));
      trade(street);
      expect(await street.connector.getFunds(access)).toEqual(told(street.account.funds()));
    });

    kit.case("has the holdings, those not yet delivered and those of unknown cost included", async () => {
      const { street, access } = await kit.enter({ opening: OPENING });
      await expectHoldings(street, access);
      expect(street.account.holdings().map(({ t1Qty }) => t1Qty)).toContain(5);
    });

    kit.case("takes what was sold today off what is held and what can be sold", async () => {
      const { street, access } = await kit.enter({ opening: OPENING });
      const sold = at(street, ticket(street, share(street), { side: "SELL", qty: 10 }));
      expect(sold.status).toBe("filled");
      const own = street.account.holdings().find(({ key }) => key === SBIN);
      if (!own) expect.fail("the holding is gone");
      const told = (await street.connector.getHoldings(access)).find(({ key }) => key === SBIN);
      expect(own.sellableQty).toBe(25);
      expect(told?.sellableQty).toBe((asTold.holding?.(own) ?? own).sellableQty);
      await expectHoldings(street, access);
      at(street, ticket(street, listed(street, "BSE:SBIN"), { side: "SELL", qty: 5 }));
      expect(street.account.holdings().find(({ key }) => key === SBIN)?.qty).toBe(25);
      await expectHoldings(street, access);
    });

    kit.case("keeps the day's P&L of shares that were sold, whatever their price does afterwards", async () => {
      const { street, access } = await kit.enter({ opening: OPENING });
      at(street, ticket(street, share(street), { side: "SELL", qty: 10 }));
      street.hands.now += 3_600_000;
      const prevClose = street.exchange.quote(SBIN).prevClose ?? expect.fail("no close");
      const [sale] = street.account.trades();
      const sold = (await street.connector.getPositions(access)).find(isDeliverySale) ?? expect.fail("not told");
      expect(sold).toMatchObject({ key: SBIN, qty: 10 });
      expect(saleDayPnl(sold, prevClose)).toBe(valueOf(price((sale?.price ?? 0) - prevClose), 10));
      expect(pnlOf(sold)).toBe(ZERO_PAISE);
    });

    kit.case("has positions long and short, closed today, of shares and derivatives", async () => {
      const { street, access } = await kit.enter({ opening: OPENING });
      trade(street);
      street.hands.now += 90_000;
      const own = street.account.positions();
      expect(new Set(own.map(({ side }) => side))).toEqual(new Set(["BUY", "SELL", "CLOSED"]));
      expect(new Set(own.map(({ segment }) => segment))).toEqual(new Set(["NSE", "BSE", "NFO"]));
      await expectPositions(street, access, false);
    });

    kit.case("has positions that were carried overnight", async () => {
      const street = await kit.open({ opening: OPENING, now: istInstant("2026-11-19", "11:00") });
      const [reduced, closed, added] = [future(street), option(street, "monthly"), option(street, "weekly")];
      for (const [instrument, side] of [
        [reduced, "BUY"],
        [closed, "SELL"],
        [added, "BUY"],
      ] as const) {
        at(street, ticket(street, instrument, { side, qty: instrument.lotSize * 2 }));
      }
      street.hands.now = istInstant("2026-11-20", "11:00");
      at(street, ticket(street, reduced, { side: "SELL", qty: reduced.lotSize }));
      at(street, ticket(street, closed, { side: "BUY", qty: closed.lotSize * 2 }));
      at(street, ticket(street, added, { side: "BUY", qty: added.lotSize }));
      await expectPositions(street, await logIn(street), true);
    });

    kit.case("has the day's trades", async () => {
      const { street, access } = await kit.enter({ opening: OPENING });
      trade(street);
      const own = street.account.trades();
      expect(own.length).toBeGreaterThan(5);
      const bare = ({ orderId: _order, tradeId: _trade, ...rest }: Trade) => rest;
      const trades = await street.connector.getTrades(access);
      expect(trades.map(bare)).toEqual(own.map(bare));
      const orders = new Set((await street.connector.getOrders(access)).map(({ orderId }) => orderId));
      for (const { orderId, tradeId } of trades) {
        expect(orders.has(orderId)).toBe(true);
        expect(tradeId).not.toBe("");
      }
      expect(new Set(trades.map(({ tradeId }) => tradeId)).size).toBe(trades.length);
    });

    kit.case("has the day's orders, the newest last", async () => {
      const { street, access } = await kit.enter({ opening: OPENING });
      await resting(street, access);
      street.hands.now += 60_000;
      await resting(street, access, { tag: "intent0002" as OrderRequest["tag"], side: "SELL", qty: 4 });
      const orders = await street.connector.getOrders(access);
      expect(orders.map(({ tag }) => tag)).toEqual(["intent0001", "intent0002"]);
      expect(orders.map(({ placedAt }) => placedAt)).toEqual(street.account.orders().map(({ placedAt }) => placedAt));
    });

    kit.case("has nothing, and no error, in an empty account", async () => {
      const { street, access } = await kit.enter({ opening: { cash: paiseFromRupees(0) } });
      const { connector } = street;
      expect(await connector.getHoldings(access)).toEqual([]);
      expect(await connector.getPositions(access)).toEqual([]);
      expect(await connector.getOrders(access)).toEqual([]);
      expect(await connector.getTrades(access)).toEqual([]);
      expect(await connector.findOrdersByTag(access, "nothing" as OrderRequest["tag"])).toEqual([]);
      expect(await connector.getOrder(access, "261120000000099" as Order["orderId"], {})).toBeNull();
      expect(await connector.getFunds(access)).toMatchObject({ available: 0, used: 0, collateral: 0 });
    });
  });

  async function expectHoldings(street: Street, access: Access): Promise<void> {
    const told = asTold.holding ?? same;
    const own = street.account.holdings().map((holding) => told(holding));
    expect(byKey(await street.connector.getHoldings(access))).toEqual(byKey(own));
  }

  async function expectPositions(street: Street, access: Access, isCarried: boolean): Promise<void> {
    const told = (position: Position): Position => asTold.position?.(position, isCarried) ?? position;
    const own = street.account.positions();
    const rows = await street.connector.getPositions(access);
    expect(byKey(rows.map(({ carried: _carried, ...row }) => row))).toEqual(byKey(own.map(told)));
    const trades = await street.connector.getTrades(access);
    for (const row of rows.filter(({ dayPnl }) => dayPnl === null)) expectCountable(street, row, trades);
  }

  /** Today's part, which the broker does not tell, can be counted from what it does. */
  function expectCountable(street: Street, row: Position, trades: readonly Trade[]): void {
    const own = street.account
      .positions()
      .find(({ key, productType }) => key === row.key && productType === row.productType);
    const { prevClose } = street.exchange.quote(row.key ?? expect.fail("without a key"));
    const known = { prevClose: prevClose ?? expect.fail("no close"), trades };
    const counted = carriedDayPnl(row, row.carried ?? expect.fail("not carried"), known);
    expect({ symbol: row.symbol, day: counted }).toEqual({ symbol: row.symbol, day: own?.dayPnl });
  }
}

const same = <T>(value: T): T => value;

const byKey = <T extends Holding | Position>(rows: readonly T[]): T[] =>
  rows.toSorted((a, b) => `${a.key} ${a.productType}`.localeCompare(`${b.key} ${b.productType}`));

/** A market order straight at the exchange: what is under test is how the broker tells of it. */
function at(street: Street, request: OrderRequest): Order {
  const { account, exchange } = street;
  const instrument = exchange.find(request.key);
  if (!instrument) throw new Error(`not listed: ${request.key}`);
  const reply = account.place({ ...request, terms: termsOf(street, instrument, "MARKET", request.side) });
  if (reply.kind === "refused") throw new Error(reply.message);
  const order = account.order(reply.orderId);
  if (order?.status !== "filled") throw new Error(`not filled: ${order?.status} ${order?.message}`);
  return order;
}

/** Long, short, partly closed, closed with gain or loss; shares of both exchanges, a future, options. */
function trade(street: Street): void {
  const deal = (symbol: string, side: "BUY" | "SELL", qty: number, productType: OrderRequest["productType"]): void => {
    const instrument = listed(street, symbol);
    at(street, ticket(street, instrument, { side, qty, productType }));
    street.hands.now += 7_000;
  };
  deal("NSE:TCS-EQ", "BUY", 13, "INTRADAY");
  deal("NSE:TCS-EQ", "BUY", 4, "INTRADAY");
  deal("NSE:TCS-EQ", "SELL", 6, "INTRADAY");
  deal("NSE:INFY-EQ", "SELL", 21, "INTRADAY");
  deal("NSE:ITC-EQ", "BUY", 50, "INTRADAY");
  deal("NSE:ITC-EQ", "SELL", 50, "INTRADAY");
  deal("NSE:M&M-EQ", "BUY", 3, "CNC");
  deal("BSE:SBIN", "BUY", 2, "CNC");
  deal(future(street).symbol, "SELL", future(street).lotSize, "MARGIN");
  deal(option(street, "weekly").symbol, "BUY", option(street, "weekly").lotSize * 2, "MARGIN");
  deal(option(street, "monthly").symbol, "BUY", option(street, "monthly").lotSize, "INTRADAY");
}
