import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ExchangeAccount } from "../../../connectors/paper/exchange/types.ts";
import type { BrokerOrderId } from "../../../src/domain/ids.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { paiseFromRupees, type Price, valueOf } from "../../../src/domain/money.ts";
import type { OrderTerms } from "../../../src/domain/order.ts";
import type { Position, Trade } from "../../../src/domain/portfolio.ts";
import { DAY, MINUTE, accepted, listed, openFloor, order, plusPercent, richAccount } from "./floor.ts";
import type { Floor } from "./floor.ts";

const AT = "2026-11-20T09:20:00";
const CASH = paiseFromRupees(10_000_000);
const SYMBOLS = ["NSE:SBIN-EQ", "BSE:SBIN", "NSE:TCS-EQ", "NSE:NIFTY26DECFUT", "NSE:SBIN26NOVFUT"] as const;

const CASH_PRODUCTS = ["CNC", "INTRADAY", "MTF"] as const;
const DERIVATIVE_PRODUCTS = ["MARGIN", "INTRADAY"] as const;

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("place" as const),
      symbol: fc.nat(SYMBOLS.length),
      side: fc.constantFrom("BUY" as const, "SELL" as const),
      product: fc.nat(2),
      type: fc.constantFrom("MARKET" as const, "LIMIT" as const, "SL" as const, "SL-M" as const),
      validity: fc.constantFrom("DAY" as const, "DAY" as const, "IOC" as const),
      percent: fc.integer({ min: -15, max: 15 }).map((tenths) => tenths / 10),
      lots: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 4_000 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel" as const), pick: fc.nat(20) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("modify" as const),
      pick: fc.nat(20),
      percent: fc.integer({ min: -2, max: 2 }),
      lots: fc.integer({ min: 1, max: 300 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait" as const), minutes: fc.integer({ min: 0, max: 20 }) }) },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

function instrumentAt({ exchange }: Floor, index: number): Instrument {
  const symbol = SYMBOLS[index];
  if (symbol) return listed(exchange, symbol);
  const option = exchange.instruments.filter((each) => each.kind === "option" && each.underlying === "NIFTY")[41];
  if (!option) throw new Error("no option listed");
  return option;
}

function termsOf(floor: Floor, instrument: Instrument, wanted: Extract<Action, { kind: "place" }>): OrderTerms {
  const { ltp } = floor.exchange.quote(instrument.key);
  const level = plusPercent(instrument, ltp, wanted.percent);
  // Tight enough for the market to move past it.
  const protectionAt = (from: Price) => ({
    basisPoints: 10,
    limit: plusPercent(instrument, from, wanted.side === "BUY" ? 0.1 : -0.1),
  });
  switch (wanted.type) {
    case "MARKET":
      return { type: "MARKET", protection: protectionAt(ltp) };
    case "LIMIT":
      return { type: "LIMIT", price: level };
    case "SL":
      return { type: "SL", triggerPrice: level, price: level };
    case "SL-M":
      return { type: "SL-M", triggerPrice: level, protection: protectionAt(level) };
  }
}

/** Does one step. Notes in `limits` the worst price that a placed order may fill at. */
function play(floor: Floor, account: ExchangeAccount, step: Action, limits = new Map<BrokerOrderId, Price>()): void {
  if (step.kind === "wait") floor.now += step.minutes * MINUTE;
  else if (step.kind === "place") {
    const instrument = instrumentAt(floor, step.symbol);
    const { side, validity } = step;
    const isCash = instrument.kind === "equity";
    const productType = (isCash ? CASH_PRODUCTS : DERIVATIVE_PRODUCTS)[step.product] ?? "INTRADAY";
    const lots = isCash ? step.lots : 1 + (step.lots % 20);
    const terms = termsOf(floor, instrument, step);
    const reply = account.place(order(instrument, side, lots * instrument.lotSize, terms, { productType, validity }));
    if (reply.kind === "accepted") limits.set(reply.orderId, "price" in terms ? terms.price : terms.protection.limit);
  } else {
    const book = account.orders();
    const picked = book[step.pick % Math.max(1, book.length)];
    if (!picked) return;
    if (step.kind === "cancel") account.cancel(picked.orderId);
    else {
      const instrument = picked.key && floor.exchange.find(picked.key);
      if (!instrument) return;
      const price = plusPercent(instrument, floor.exchange.quote(instrument.key).ltp, step.percent);
      account.modify(picked.orderId, { qty: step.lots * instrument.lotSize, terms: { type: "LIMIT", price } });
    }
  }
}

const signedValue = ({ side, qty, price }: Trade): number => (side === "BUY" ? 1 : -1) * valueOf(price, qty);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function checkOrders(account: ExchangeAccount): void {
  const trades = account.trades();
  for (const each of account.orders()) {
    const fills = trades.filter(({ orderId }) => orderId === each.orderId);
    expect(sum(fills.map(({ qty }) => qty))).toBe(each.filledQty);
    expect(each.filledQty).toBeLessThanOrEqual(each.qty);
    expect(each.status === "filled").toBe(each.filledQty === each.qty);
    const worth = sum(fills.map(({ qty, price }) => qty * price));
    if (each.filledQty > 0) expect(Math.abs(each.avgPrice - worth / each.filledQty)).toBeLessThanOrEqual(0.5);
    if (each.status === "rejected") expect(each.filledQty).toBe(0);
    expect(new Set(fills.map(({ side }) => side)).size).toBeLessThanOrEqual(1);
  }
}

function checkPositions(account: ExchangeAccount): void {
  const trades = account.trades();
  for (const row of account.positions()) {
    const own = trades.filter((trade) => trade.key === row.key && trade.productType === row.productType);
    const net = sum(own.map(({ side, qty }) => (side === "BUY" ? qty : -qty)));
    expect(row.side === "SELL" ? -row.qty : row.qty).toBe(net);
    expect(row.buyQty - row.sellQty).toBe(net);
    const signedWorth = row.ltp === null ? 0 : Math.sign(net) * valueOf(row.ltp, Math.abs(net));
    expect(row.pnl).toBe(signedWorth - sum(own.map(signedValue)));
    expect(row.realised + row.unrealised).toBe(row.pnl);
    expect(row.dayPnl).toBe(row.pnl);
  }
}

const signedWorthOf = ({ side, ltp, qty }: Position): number =>
  ltp === null || qty === 0 ? 0 : (side === "SELL" ? -1 : 1) * valueOf(ltp, qty);

function checkMoney(floor: Floor, account: ExchangeAccount): void {
  const { cash, used, available } = account.funds();
  expect(available).toBe(cash - used);
  const isPaid = (key: Trade["key"], product: string): boolean =>
    product === "CNC" || (key !== null && floor.exchange.find(key)?.kind === "option");
  const paid = sum(
    account
      .trades()
      .filter(({ key, productType }) => isPaid(key, productType))
      .map(signedValue),
  );
  const settled = account.positions().filter(({ key, productType }) => !isPaid(key, productType));
  // `cash` still includes the cost of open positions, which count as used. A CNC sale from a holding opens no position.
  const open = account
    .positions()
    .filter(({ key, productType, side }) => isPaid(key, productType) && !(productType === "CNC" && side === "SELL"));
  const cost = sum(open.map((row) => signedWorthOf(row) - row.unrealised));
  expect(cash).toBe(CASH - paid + cost + sum(settled.map(({ realised }) => realised)) - account.chargesToday());
}

describe("after any sequence of orders", () => {
  it("quantities, averages, P&L and cash agree with the trades, to the paisa", () => {
    let trades = 0;
    const steps = fc.array(action, { minLength: 1, maxLength: 40, size: "max" });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 1_000 }), (plan, seed) => {
        const floor = openFloor(AT, { seed });
        const account = richAccount(floor.exchange);
        for (const step of plan) play(floor, account, step);
        checkOrders(account);
        checkPositions(account);
        checkMoney(floor, account);
        trades += account.trades().length;
      }),
      { numRuns: 150, seed: 20261120 },
    );
    expect(trades).toBeGreaterThan(1_000);
  });

  it("delivery orders over many days never spend more than the cash nor sell more than was bought", () => {
    const steps = fc.array(
      fc.record({
        buy: fc.boolean(),
        bse: fc.boolean(),
        qty: fc.integer({ min: 1, max: 90 }),
        hours: fc.integer({ min: 0, max: 30 }),
      }),
      { minLength: 1, maxLength: 30, size: "max" },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 1_000 }), (days, seed) => {
        const floor = openFloor(AT, { seed });
        const account = floor.exchange.account("D", { cash: paiseFromRupees(100_000) });
        let owned = 0;
        let spent = 0;
        for (const { buy, bse, qty, hours } of days) {
          const share = listed(floor.exchange, bse ? "BSE:SBIN" : "NSE:SBIN-EQ");
          const { ltp } = floor.exchange.quote(share.key);
          const before = account.chargesToday();
          const terms: OrderTerms = { type: "LIMIT", price: plusPercent(share, ltp, buy ? 2 : -2) };
          const id = accepted(account, order(share, buy ? "BUY" : "SELL", qty, terms, { validity: "IOC" }));
          const fills = account.trades().filter(({ orderId }) => orderId === id);
          owned += sum(fills.map((trade) => (trade.side === "BUY" ? trade.qty : -trade.qty)));
          spent += sum(fills.map(signedValue)) + account.chargesToday() - before;
          const held = sum(account.holdings().map((row) => row.qty));
          const bought = account.positions().filter(({ side }) => side === "BUY");
          // Shares sold from the holding have already left it, so only today's purchases are added.
          expect(held + sum(bought.map((row) => row.qty))).toBe(owned);
          expect(owned).toBeGreaterThanOrEqual(0);
          // A filled delivery order blocks nothing, so the available funds are the cash that is left.
          expect(account.funds().available).toBe(10_000_000 - spent);
          expect(account.funds().available).toBeGreaterThanOrEqual(0);
          floor.now += hours * 60 * MINUTE;
        }
        floor.now += 3 * DAY;
        expect(sum(account.holdings().map((row) => row.sellableQty))).toBe(owned);
        expect(account.funds().cash).toBe(10_000_000 - spent);
      }),
      { numRuns: 60, seed: 20261120 },
    );
  });

  it("no trade is beyond its order's limit or protection price, or the circuit limits", () => {
    fc.assert(
      fc.property(fc.array(action, { minLength: 1, maxLength: 30, size: "max" }), (steps) => {
        const floor = openFloor(AT);
        const account = richAccount(floor.exchange);
        const limits = new Map<BrokerOrderId, Price>();
        for (const step of steps) if (step.kind !== "modify") play(floor, account, step, limits);
        floor.now += 3 * 60 * MINUTE;
        for (const trade of account.trades()) {
          const limit = limits.get(trade.orderId);
          const quote = trade.key && floor.exchange.quote(trade.key);
          expect(trade.price).toBeGreaterThanOrEqual(quote?.lowerCircuit ?? 0);
          expect(trade.price).toBeLessThanOrEqual(quote?.upperCircuit ?? 0);
          if (limit === undefined) continue;
          if (trade.side === "BUY") expect(trade.price).toBeLessThanOrEqual(limit);
          else expect(trade.price).toBeGreaterThanOrEqual(limit);
        }
      }),
      { numRuns: 60, seed: 20261120 },
    );
  });

  it("a restart from a snapshot in between makes no difference", () => {
    fc.assert(
      fc.property(
        fc.array(action, { minLength: 2, maxLength: 20, size: "max" }),
        fc.array(action, { maxLength: 10, size: "max" }),
        (first, second) => {
          const floor = openFloor(AT);
          for (const step of first) play(floor, richAccount(floor.exchange), step);
          const snapshot = JSON.parse(JSON.stringify(floor.exchange.snapshot())) as Record<string, unknown>;
          const again = openFloor(AT, { snapshot });
          // The snapshot omits how much of this second's depth is already taken, so both continue in the next second.
          again.now = floor.now += 1_000;
          for (const each of [floor, again]) {
            for (const step of second) play(each, richAccount(each.exchange), step);
            each.now += DAY / 2;
          }
          const [one, two] = [richAccount(floor.exchange), richAccount(again.exchange)];
          expect(two.orders()).toEqual(one.orders());
          expect(two.trades()).toEqual(one.trades());
          expect(two.positions()).toEqual(one.positions());
          expect(two.funds()).toEqual(one.funds());
        },
      ),
      { numRuns: 40, seed: 20261120 },
    );
  });
});
