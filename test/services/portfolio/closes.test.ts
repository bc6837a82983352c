import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { InstrumentTable } from "../../../connectors/base.ts";
import { brokerName, userId } from "../../../src/domain/ids.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { paiseFromRupees, priceFromRupees, ZERO_PAISE, type Price } from "../../../src/domain/money.ts";
import type { Holding, Position, Trade } from "../../../src/domain/portfolio.ts";
import { BrokerError } from "../../../src/errors.ts";
import type { Link } from "../../../src/services/accounts/accounts.ts";
import { createCloses, type Closes } from "../../../src/services/portfolio/closes.ts";
import { createQuotes } from "../../../src/services/quotes/quotes.ts";
import { openMarketHarness, type MarketHarness } from "../market-harness.ts";
import { holding, position, trade } from "../stub-broker.ts";

const YESTERDAY = priceFromRupees(98);
const untraded = (): Promise<never> => Promise.reject(new Error("nothing to read trades for"));

describe("the previous close of shares whose broker omits it", () => {
  let harness: MarketHarness;
  let closes: Closes;
  let link: Link;
  let table: () => Promise<InstrumentTable>;
  let isOpened: boolean;

  beforeEach(async () => {
    harness = await openMarketHarness();
    harness.prices.prevClose = 98;
    const listed = ["SBIN-EQ", "ITC-EQ"].map((name) => harness.instrument(name));
    const byKey = (key: string) => {
      const instrument = listed.find((each) => each.key === key);
      return instrument && { instrument, venueSymbol: "", venueToken: "" };
    };
    table = async () => ({ byKey, bySymbol: () => undefined, byVenueSymbol: () => undefined });
    isOpened = true;
    closes = createCloses({
      clock: harness.clock,
      quotes: createQuotes(harness),
      table: () => table(),
      hasOpened: () => isOpened,
    });
    link = await harness.link(userId(1));
  });
  afterEach(() => harness.close());

  const held = (ticker: string, prevClose: Price | null = null): Holding => {
    const { key, symbol } = harness.instrument(ticker);
    return { ...holding, key, symbol, prevClose };
  };
  const filled = async (...rows: Holding[]) =>
    (await closes.completeHoldings(link, rows)).map(({ prevClose }) => prevClose);

  it("comes from the account's quotes in one call, while a close from the broker is left as it is", async () => {
    const own = priceFromRupees(97);
    expect(await filled(held("SBIN-EQ"), held("ITC-EQ"), held("INFY-EQ", own))).toEqual([YESTERDAY, YESTERDAY, own]);
    expect(harness.calls).toEqual(["broker getQuotes 2"]);
  });

  it("is not requested where the broker has it, and is cached for ten minutes where it does not", async () => {
    await filled(held("INFY-EQ", YESTERDAY));
    expect(harness.calls).toEqual([]);
    await filled(held("SBIN-EQ"));
    harness.pass(9 * 60_000);
    await filled(held("SBIN-EQ"));
    expect(harness.calls).toHaveLength(1);
    harness.pass(2 * 60_000);
    await filled(held("SBIN-EQ"));
    expect(harness.calls).toHaveLength(2);
  });

  it("comes from Yahoo when the broker's plan excludes quotes", async () => {
    harness.failures.set(link._id, "no-permission");
    expect(await filled(held("SBIN-EQ"))).toEqual([YESTERDAY]);
    expect(harness.calls).toEqual(["broker getQuotes 1", "yahoo getQuotes 1"]);
  });

  it("is Yahoo's last price as long as that is of an earlier day", async () => {
    harness.failures.set(link._id, "no-permission");
    harness.pricedAt = istInstant("2026-11-20", "15:30");
    expect(await filled(held("SBIN-EQ"))).toEqual([priceFromRupees(harness.prices.yahoo)]);
  });

  it("is Yahoo's previous close before the trading day begins", async () => {
    harness.failures.set(link._id, "no-permission");
    harness.pricedAt = istInstant("2026-11-20", "15:30");
    isOpened = false;
    expect(await filled(held("SBIN-EQ"))).toEqual([YESTERDAY]);
  });

  it("changes as soon as the day begins, even if it is still cached", async () => {
    harness.failures.set(link._id, "no-permission");
    harness.pricedAt = istInstant("2026-11-20", "15:30");
    isOpened = false;
    expect(await filled(held("SBIN-EQ"))).toEqual([YESTERDAY]);
    isOpened = true;
    harness.pass(60_000);
    expect(await filled(held("SBIN-EQ"))).toEqual([priceFromRupees(harness.prices.yahoo)]);
  });

  it("is the broker's previous close, however old its last trade", async () => {
    harness.pricedAt = istInstant("2026-11-20", "15:30");
    expect(await filled(held("SBIN-EQ"))).toEqual([YESTERDAY]);
  });

  it("is requested for an account even if another account without quotes has just found nothing", async () => {
    const withoutQuotes = await harness.link(userId(2));
    harness.failures.set(withoutQuotes._id, "no-permission").set("yahoo", "unreachable");
    const of = async (each: Link) =>
      (await closes.completeHoldings(each, [held("SBIN-EQ")])).map((row) => row.prevClose);
    expect(await of(withoutQuotes)).toEqual([null]);
    expect(await of(link)).toEqual([YESTERDAY]);
    const calls = harness.calls.length;
    expect(await of(link)).toEqual([YESTERDAY]);
    expect(harness.calls).toHaveLength(calls);
  });

  it("stays null when no source has it", async () => {
    harness.failures.set("all", "unreachable");
    expect(await filled(held("SBIN-EQ"), { ...held("ITC-EQ"), key: null })).toEqual([null, null]);
  });

  it("is requested again soon after no source had it, for any account", async () => {
    harness.failures.set("all", "unreachable");
    expect(await filled(held("SBIN-EQ"))).toEqual([null]);
    harness.failures.clear();
    harness.pass(30_000);
    link = await harness.link(userId(2));
    expect(await filled(held("SBIN-EQ"))).toEqual([YESTERDAY]);
  });

  it("corrects the day's P&L of shares sold for delivery, which brokers count as a short", async () => {
    const { key } = harness.instrument("SBIN-EQ");
    const traded = { sellQty: 10, sellValue: paiseFromRupees(1_010), buyQty: 0, buyValue: ZERO_PAISE };
    const sold = { ...position, key, ...traded, side: "SELL", qty: 10, productType: "CNC" } as const;
    const asShort = { ...sold, dayPnl: paiseFromRupees(-90), ltp: priceFromRupees(110) };
    const [known, unknown] = await closes.completePositions(link, [asShort, { ...asShort, key: null }], untraded);
    expect([known?.dayPnl, unknown?.dayPnl]).toEqual([paiseFromRupees(1_010 - 980), null]);
  });

  it("completes a carried position's day P&L: value now, less value at the close, plus today's trades", async () => {
    const { key } = harness.instrument("SBIN-EQ");
    const long = { ...position, key, dayPnl: null, ltp: priceFromRupees(101), qty: 10 };
    // 15 were carried into the day, and 5 of them sold at 100.
    const carried = { qty: 15, dayCash: paiseFromRupees(500) };
    const short = { ...long, productType: "MARGIN", side: "SELL", carried: { qty: -10, dayCash: ZERO_PAISE } } as const;
    const closed = { ...long, side: "CLOSED", qty: 0, ltp: null, carried: { qty: 5, dayCash: paiseFromRupees(500) } };
    const asked = [{ ...long, carried }, short, closed as Position, long, position];
    const rows = await closes.completePositions(link, asked, untraded);
    const days = [10 * 101 + 500 - 15 * 98, -10 * 101 + 10 * 98, 500 - 5 * 98].map((rupees) => paiseFromRupees(rupees));
    expect(rows.map(({ dayPnl }) => dayPnl)).toEqual([...days, null, position.dayPnl]);
    expect(harness.calls).toEqual(["broker getQuotes 1"]);
  });

  it("takes today's trades from the trade book when the broker reports only quantities", async () => {
    const { key } = harness.instrument("SBIN-EQ");
    const row = { ...position, key, dayPnl: null, side: "CLOSED", qty: 0, ltp: null, productType: "MARGIN" } as const;
    // 15 were carried into the day and sold at 100. The trade of the other product does not count.
    const carried = { qty: 15, dayCash: null };
    const sold = { ...trade, key, qty: 15, price: priceFromRupees(100), productType: "MARGIN", side: "SELL" } as const;
    const book = [sold, { ...sold, productType: "INTRADAY" } as const];
    const day = async (trades: () => Promise<Trade[]>) =>
      (await closes.completePositions(link, [{ ...row, carried }], trades)).map(({ dayPnl }) => dayPnl);
    expect(await day(async () => book)).toEqual([paiseFromRupees(15 * (100 - 98))]);
    const unread = new BrokerError("unavailable", "no", { broker: brokerName("acme"), endpoint: "trades" });
    expect(await day(() => Promise.reject(unread))).toEqual([null]);
  });

  it("stays null while the instrument list is unavailable, without failing the holdings", async () => {
    table = () =>
      Promise.reject(new BrokerError("unreachable", "no", { broker: brokerName("acme"), endpoint: "instruments" }));
    expect(await filled(held("SBIN-EQ"))).toEqual([null]);
  });
});
