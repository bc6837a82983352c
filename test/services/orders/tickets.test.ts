import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { finding } from "../../../src/bot/text.ts";
import { equitySymbol, instrumentKey } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { paiseFromRupees, price, priceFromRupees, ZERO_PAISE, ZERO_PRICE } from "../../../src/domain/money.ts";
import type { Position } from "../../../src/domain/portfolio.ts";
import { checkAge, checkChange, checkSession, checkTerms, slices } from "../../../src/services/orders/findings.ts";
import { fakeBroker, type FakeBroker } from "./fake-broker.ts";
import { type Floor, openFloor, SBIN, ticket } from "./floor.ts";
import { holding, holds } from "./rows.ts";

let broker: FakeBroker;
let floor: Floor;
beforeEach(async () => {
  broker = fakeBroker();
  floor = await openFloor({ brokers: [broker] });
});
afterEach(() => floor.close());

const codes = async (more: Parameters<typeof ticket>[1] = {}, at = floor) =>
  (await ticket(at, more)).findings.map((finding) => `${finding.level} ${finding.code}`);

const SALE = { side: "SELL", productType: "INTRADAY" } as const;

describe("a ticket's findings", () => {
  it("are none for a valid order", async () => {
    expect(await codes()).toEqual([]);
  });

  it.each([
    [{ type: "LIMIT", price: price(8_000_100) }, ["block tick"]],
    [{ type: "LIMIT", price: priceFromRupees(830) }, ["warn far-price"]],
    [{ type: "LIMIT", price: priceFromRupees(700) }, []],
    [{ type: "SL-M", triggerPrice: priceFromRupees(790) }, ["block trigger-side"]],
    [{ type: "SL", triggerPrice: priceFromRupees(810), price: priceFromRupees(805) }, ["block sl-price"]],
    [{ type: "SL", triggerPrice: priceFromRupees(810), price: priceFromRupees(810) }, []],
    [{ ...SALE, type: "LIMIT", price: priceFromRupees(770) }, ["warn far-price"]],
    [{ ...SALE, type: "LIMIT", price: priceFromRupees(900) }, []],
    [{ ...SALE, type: "SL-M", triggerPrice: priceFromRupees(800) }, ["block trigger-side"]],
    [{ ...SALE, type: "SL-M", triggerPrice: priceFromRupees(790) }, []],
    [{ ...SALE, type: "SL", triggerPrice: priceFromRupees(790), price: priceFromRupees(795) }, ["block sl-price"]],
    [{ ...SALE, type: "SL", triggerPrice: priceFromRupees(790), price: priceFromRupees(785) }, []],
    [{ productType: "MARGIN" }, ["block product-off"]],
    [{ productType: "MTF" }, ["block product-off"]],
    [{ instrument: { ...SBIN, kind: "index", segment: "INDEX" } as never }, ["block index"]],
  ] as const)("%j", async (more, expected) => {
    expect(await codes(more as never)).toEqual(expected);
  });

  it("name the nearest price on the tick, and the nearest whole number of lots", () => {
    const lots = { ...SBIN, lotSize: 75 };
    const nearest = (qty: number, at: number) =>
      checkTerms(
        {
          instrument: lots,
          side: "BUY",
          productType: "CNC",
          terms: { type: "LIMIT", price: price(at) },
          qty,
          quote: null,
          isAmo: false,
        },
        broker.definition.capabilities,
      ).flatMap((each) => ("nearest" in each ? [each.nearest] : []));
    expect([10, 100, 120, 150].map((qty) => nearest(qty, 8_000_000))).toEqual([[75], [75], [150], []]);
    expect([8_000_100, 8_000_300].map((at) => nearest(75, at))).toEqual([[8_000_000], [8_000_500]]);
  });

  it("only warn of the wrong trigger side when the price is Yahoo's", async () => {
    const { quote } = await ticket(floor);
    if (!quote) throw new Error("no quote");
    const terms = { type: "SL", triggerPrice: priceFromRupees(805), price: priceFromRupees(804) } as const;
    const order = { instrument: SBIN, side: "SELL", productType: "CNC", terms, qty: 1, isAmo: false } as const;
    const found = (source: "broker" | "yfinance") =>
      checkTerms({ ...order, quote: { ...quote, source } }, broker.definition.capabilities);
    expect(found("broker")).toMatchObject([{ level: "block", code: "trigger-side" }]);
    expect(found("yfinance")).toMatchObject([{ level: "warn", code: "trigger-side" }]);
  });

  it("warn that Yahoo's price is late, or of an earlier day", async () => {
    const { quote } = await ticket(floor);
    if (!quote) throw new Error("no quote");
    const said = (at: number) =>
      checkAge({ ...quote, source: "yfinance", at }, istInstant("2026-11-23", "09:20")).map((found) =>
        finding(found).toString(),
      );
    expect(said(istInstant("2026-11-20", "15:30"))).toEqual([
      "⚠️ The price shown is the last known one, of 20 Nov 2026.",
    ]);
    expect(said(istInstant("2026-11-23", "09:05"))).toEqual(["⚠️ The price shown is about 15 minutes late."]);
    expect(checkAge(quote, floor.clock.now())).toEqual([]);
  });

  it("block a market order without a price, and warn of a limit order without one", async () => {
    broker.failsWith = "unavailable";
    expect(await codes()).toContain("block no-price");
    expect(await codes({ type: "LIMIT", price: priceFromRupees(800) })).toContain("warn no-price");
  });

  it("block when the broker reports the session as over", async () => {
    broker.failsWith = "auth-expired";
    for (const side of ["BUY", "SELL"] as const) {
      const found = await codes({ side, type: "LIMIT", price: priceFromRupees(800) });
      expect(found).toContain("block session");
      expect(found).not.toContain("warn unread");
    }
  });

  it("protect a market order with a limit on the costly side, rounded to the tick", async () => {
    broker.ltp = price(8_001_500);
    const { intent } = await ticket(floor);
    expect(intent.plan.terms).toMatchObject({ protection: { basisPoints: 100, limit: 8_082_000 } });
    const sale = await ticket(floor, { side: "SELL", productType: "INTRADAY" });
    expect(sale.intent.plan.terms).toMatchObject({ protection: { limit: 7_921_000 } });
  });

  it("round that limit to the paisa when the tick size is unknown", async () => {
    broker.ltp = price(8_001_234);
    const limitOf = async (side: "BUY" | "SELL") =>
      (await ticket(floor, { side, productType: "INTRADAY", instrument: { ...SBIN, tickSize: ZERO_PRICE } })).intent
        .plan.terms;
    expect(await limitOf("BUY")).toMatchObject({ protection: { limit: 8_081_300 } });
    expect(await limitOf("SELL")).toMatchObject({ protection: { limit: 7_921_200 } });
  });

  it("keep that limit within the day's circuit", async () => {
    broker.quote = { lowerCircuit: priceFromRupees(795), upperCircuit: priceFromRupees("803.50") };
    const protection = async (side: "BUY" | "SELL", isAmo = false) =>
      (await ticket(floor, { side, isAmo, productType: "INTRADAY" })).intent.plan.terms;
    expect(await protection("BUY")).toMatchObject({ protection: { limit: priceFromRupees("803.50") } });
    expect(await protection("SELL")).toMatchObject({ protection: { limit: priceFromRupees(795) } });
    // Today's circuit does not apply to an after-market order.
    expect(await protection("SELL", true)).toMatchObject({ protection: { limit: priceFromRupees(792) } });
  });

  it("use the user's protection when the circuit is further away", async () => {
    broker.quote = { lowerCircuit: priceFromRupees(720), upperCircuit: priceFromRupees(880) };
    const buy = await ticket(floor);
    expect(buy.intent.plan.terms).toMatchObject({ protection: { limit: priceFromRupees(808) } });
    const sale = await ticket(floor, { side: "SELL", productType: "INTRADAY" });
    expect(sale.intent.plan.terms).toMatchObject({ protection: { limit: priceFromRupees(792) } });
  });

  it("only warn of today's circuit for an after-market order", async () => {
    broker.quote = { lowerCircuit: priceFromRupees(795), upperCircuit: priceFromRupees(805) };
    const limit = { type: "LIMIT", price: priceFromRupees(810) } as const;
    expect(await codes(limit)).toEqual(["block circuit"]);
    expect(await codes({ ...limit, isAmo: true })).toEqual(["warn circuit", "warn amo-open"]);
  });

  it("take a price on the circuit, and block one beyond it", async () => {
    broker.quote = { lowerCircuit: priceFromRupees(795), upperCircuit: priceFromRupees(805) };
    const found = (rupees: string) => codes({ type: "LIMIT", price: priceFromRupees(rupees) });
    expect(await found("795")).toEqual([]);
    expect(await found("794.95")).toEqual(["block circuit"]);
    expect(await found("805")).toEqual([]);
    expect(await found("805.05")).toEqual(["block circuit"]);
  });

  it("block a stop with one price outside the circuit", async () => {
    broker.quote = { lowerCircuit: priceFromRupees(795), upperCircuit: priceFromRupees(805) };
    const stop = { type: "SL", triggerPrice: priceFromRupees(804) } as const;
    expect(await codes({ ...stop, price: priceFromRupees(805) })).toEqual([]);
    expect(await codes({ ...stop, price: priceFromRupees("805.05") })).toEqual(["block circuit"]);
  });

  it("warn of missing funds, with the position before and after", async () => {
    broker.holdings = [holding({ qty: 50 })];
    const view = await ticket(floor, { parts: [{ link: floor.link, qty: 200 }] });
    expect(view.findings).toEqual([
      {
        level: "warn",
        code: "funds",
        label: "zerodha",
        needed: paiseFromRupees(160_000),
        available: paiseFromRupees(100_000),
      },
    ]);
    expect(view.accounts).toMatchObject([{ positionBefore: 50, positionAfter: 250 }]);
  });

  it("show a short position as negative", async () => {
    broker.positions = [holds(5, "SELL")];
    const { accounts } = await ticket(floor, { productType: "INTRADAY", parts: [{ link: floor.link, qty: 12 }] });
    expect(accounts).toMatchObject([{ positionBefore: -5, positionAfter: 7 }]);
  });

  it("do not check funds for an intraday order without a margin from the broker", async () => {
    expect(await codes({ productType: "INTRADAY", parts: [{ link: floor.link, qty: 200 }] })).toEqual([]);
  });

  describe("when the broker's margin ignores open positions", () => {
    const parts = () => [{ link: floor.link, qty: 10 }];
    const lacking = async (side: "BUY" | "SELL", open: Position[]) => {
      broker.positions = open;
      const cost = { margin: paiseFromRupees(150_000), charges: null };
      broker.connector.getOrderCost = async () => cost;
      return codes({ side, productType: "INTRADAY", parts: parts() });
    };

    it("check funds for a sale that opens a short, as for a purchase", async () => {
      expect(await lacking("SELL", [])).toEqual(["warn funds"]);
      expect(await lacking("SELL", [holds(4, "BUY")])).toEqual(["warn funds"]);
      expect(await lacking("SELL", [holds(4, "SELL")])).toEqual(["warn funds"]);
      expect(await lacking("BUY", [])).toEqual(["warn funds"]);
    });

    it("do not check funds for an order that only closes", async () => {
      expect(await lacking("BUY", [holds(10, "SELL")])).toEqual([]);
      expect(await lacking("SELL", [holds(15, "BUY")])).toEqual([]);
      const closing = await ticket(floor, { side: "SELL", productType: "INTRADAY", parts: parts() });
      expect(closing.accounts).toMatchObject([{ cost: { margin: null } }]);
      broker.positions = [];
      floor.pass(1);
      const opening = await ticket(floor, { side: "SELL", productType: "INTRADAY", parts: parts() });
      expect(opening.accounts).toMatchObject([{ cost: { margin: paiseFromRupees(150_000) } }]);
    });
  });

  it("warn of what could not be checked because the account did not answer", async () => {
    broker.failsWith = "unavailable";
    const limit = { type: "LIMIT", price: priceFromRupees(800) } as const;
    const view = await ticket(floor, limit);
    expect(view.findings).toContainEqual({ level: "warn", code: "unread", label: "zerodha", what: "funds" });
    expect(view.accounts).toMatchObject([{ positionBefore: null, positionAfter: null }]);
    expect((await ticket(floor, { ...limit, side: "SELL" })).findings).toContainEqual({
      level: "warn",
      code: "unread",
      label: "zerodha",
      what: "shares",
    });
    expect(await codes({ ...limit, side: "SELL", productType: "INTRADAY" })).toEqual(["warn no-price"]);
  });

  it("leave the held quantity unknown when only the holdings cannot be read", async () => {
    broker.failsAt = "getHoldings";
    const { accounts } = await ticket(floor);
    expect(accounts).toMatchObject([{ positionBefore: null }]);
  });

  it.each(["getHoldings", "getPositions"])("warn of a sale whose shares are unknown without %s", async (unread) => {
    broker.failsAt = unread;
    expect(await codes({ side: "SELL" })).toEqual(["warn unread"]);
  });

  it("count no position in another share or another product", async () => {
    const other = { key: instrumentKey("NSE", 1660), symbol: equitySymbol("NSE", "ITC", "EQ") };
    broker.holdings = [holding({ qty: 5, sellableQty: 5 })];
    broker.positions = [holds(7, "BUY"), holds(9, "BUY", { ...other, productType: "CNC" })];
    const view = await ticket(floor, { side: "SELL" });
    expect(view.accounts).toMatchObject([{ positionBefore: 5 }]);
    expect(view.findings).toMatchObject([{ level: "block", code: "not-sellable", sellable: 5 }]);
  });

  it.each([
    ["a broker that reports T1 shares separately", 30],
    ["a broker that counts them as sellable", 35],
  ])("allow selling T1 shares with a warning, and block pledged ones, at %s", async (_, sellableQty) => {
    broker.holdings = [holding({ qty: 50, sellableQty, t1Qty: 5, pledgedQty: 15 })];
    const sale = (qty: number) => ticket(floor, { side: "SELL", parts: [{ link: floor.link, qty }] });
    expect((await sale(30)).findings).toEqual([]);
    expect((await sale(34)).findings).toEqual([{ level: "warn", code: "undelivered", label: "zerodha", qty: 4 }]);
    expect((await sale(36)).findings).toEqual([
      { level: "block", code: "not-sellable", label: "zerodha", sellable: 35, owned: 50, pledged: 15 },
    ]);
  });

  it("warn of selling today's purchase of a trade-to-trade share", async () => {
    broker.holdings = [holding({ qty: 5, sellableQty: 5 })];
    broker.positions = [holds(10, "BUY", { productType: "CNC" })];
    const sale = (series: string) => codes({ side: "SELL", instrument: { ...SBIN, series } });
    expect(await sale("EQ")).toEqual([]);
    expect(await sale("BE")).toEqual(["warn undelivered"]);
    expect(
      await codes({ side: "SELL", instrument: { ...SBIN, series: "BE" }, parts: [{ link: floor.link, qty: 5 }] }),
    ).toEqual([]);
  });

  it("count only shares held in the order's own product", async () => {
    broker.holdings = [holding({ qty: 5, sellableQty: 5 }), holding({ productType: "MTF" })];
    const view = await ticket(floor, { side: "SELL" });
    expect(view.accounts).toMatchObject([{ positionBefore: 5 }]);
    expect(view.findings).toMatchObject([{ level: "block", code: "not-sellable", sellable: 5, owned: 5 }]);
    expect((await ticket(floor, { side: "SELL", productType: "MTF" })).accounts).toMatchObject([
      { positionBefore: 50 },
    ]);
  });

  it("do not subtract today's sales from the holdings again", async () => {
    broker.holdings = [holding({ qty: 30, sellableQty: 30 })];
    broker.positions = [{ key: SBIN.key, productType: "CNC", side: "SELL", qty: 10 } as Position];
    const view = await ticket(floor, { side: "SELL" });
    expect(view.accounts).toMatchObject([{ positionBefore: 30, positionAfter: 20 }]);
  });

  it("allow selling on one exchange shares that the account lists on the other", async () => {
    const isin = "INE062A01020";
    const listed = { key: instrumentKey("BSE", 500112), symbol: equitySymbol("BSE", "SBIN", "A"), isin };
    broker.holdings = [holding({ ...listed, qty: 50, sellableQty: 50 })];
    // Kite's and Angel One's lists have no ISIN.
    for (const instrument of [{ ...SBIN, isin }, SBIN]) {
      const view = await ticket(floor, { side: "SELL", instrument });
      expect(view.findings).toEqual([]);
      expect(view.accounts).toMatchObject([{ positionBefore: 50, positionAfter: 40 }]);
    }
  });

  it("do the same when the instrument list has no ISIN", async () => {
    broker.holdings = [holding({ isin: "INE062A01020", qty: 50, sellableQty: 50 })];
    const listed = { key: instrumentKey("BSE", 500112), symbol: equitySymbol("BSE", "SBIN", "A") };
    const view = await ticket(floor, { side: "SELL", instrument: { ...SBIN, ...listed } });
    expect(view.findings).toEqual([]);
    expect(view.accounts).toMatchObject([{ positionBefore: 50, positionAfter: 40 }]);
  });

  it("warn when a sale from the demat account needs today's authorisation", async () => {
    broker.holdings = [holding({})];
    broker.profile = { ...broker.profile, canSellWithoutAuthorisation: false };
    expect(await codes({ side: "SELL" })).toEqual(["warn authorisation"]);
    broker.profile = { ...broker.profile, canSellWithoutAuthorisation: null };
    expect(await codes({ side: "SELL" })).toEqual([]);
  });

  it("do not ask for authorisation to sell shares bought today", async () => {
    broker.holdings = [holding({})];
    broker.positions = [holds(10, "BUY", { productType: "CNC" })];
    broker.profile = { ...broker.profile, canSellWithoutAuthorisation: false };
    expect(await codes({ side: "SELL" })).toEqual([]);
    expect(await codes({ side: "SELL", parts: [{ link: floor.link, qty: 11 }] })).toEqual(["warn authorisation"]);
  });

  it("block when the market is closed, and offer an after-market order", async () => {
    const closed = await openFloor({ brokers: [broker], phaseOf: () => "closed" });
    const { intent, findings } = await ticket(closed);
    expect(findings).toEqual([{ level: "block", code: "closed", label: "zerodha", hasAmo: true }]);
    const renewed = await closed.tickets.renew(intent, { isAmo: true });
    expect(renewed?.findings).toEqual([]);
    expect(renewed?.intent.plan.isAmo).toBe(true);
    await closed.close();
  });

  it("block an expired contract, also as an after-market order", async () => {
    const expired = await openFloor({ brokers: [broker], phaseOf: () => "expired" });
    expect(await codes({}, expired)).toEqual(["block expired"]);
    floor.pass(1);
    expect(await codes({ isAmo: true }, expired)).toEqual(["block expired"]);
    await expired.close();
  });

  it("are replaced by an error for an absurd value", async () => {
    const parts = [{ link: floor.link, qty: 10_000_000 }];
    await expect(ticket(floor, { type: "LIMIT", price: priceFromRupees(99_999_999), parts })).rejects.toThrow("money");
  });
});

describe("the session check", () => {
  const order = { phase: "open", isAmo: false, type: "LIMIT", validity: "DAY", label: "dhan" } as const;
  const said = (more: Partial<Parameters<typeof checkSession>[0]>, amo: boolean | "by-clock" = true) =>
    checkSession({ ...order, ...more }, { amo }).map((finding) => `${finding.level} ${finding.code}`);

  it("finds what the exchange does not take in each phase", () => {
    expect(said({})).toEqual([]);
    expect(said({ phase: "closed" })).toEqual(["block closed"]);
    expect(said({ phase: "closed", isAmo: true })).toEqual([]);
    expect(said({ phase: "closed", isAmo: true }, false)).toEqual(["block amo-off"]);
    expect(said({ phase: "closed", isAmo: true }, "by-clock")).toEqual([]);
    expect(said({ isAmo: true })).toEqual(["warn amo-open"]);
    // It would trade now.
    expect(said({ isAmo: true }, "by-clock")).toEqual(["block amo-now"]);
    expect(said({ phase: "closing-auction", isAmo: true }, "by-clock")).toEqual(["block amo-now"]);
    expect(said({ phase: "post-close" })).toEqual(["warn post-close"]);
    expect(said({ phase: "post-close", isAmo: true }, "by-clock")).toEqual(["block amo-now"]);
    expect(said({ phase: "unknown" })).toEqual(["warn calendar-unknown"]);
    expect(said({ phase: "unknown", isAmo: true })).toEqual(["warn calendar-unknown"]);
    expect(said({ phase: "unknown", isAmo: true }, false)).toEqual(["block amo-off"]);
    // It might trade now.
    expect(said({ phase: "unknown", isAmo: true }, "by-clock")).toEqual(["block amo-unknown"]);
    expect(said({ phase: "closing-auction" })).toEqual(["warn auction-rules"]);
    expect(said({ phase: "closing-auction", type: "SL" })).toEqual(["warn auction"]);
    expect(said({ phase: "closing-auction", validity: "IOC" })).toEqual(["warn auction"]);
    expect(said({ phase: "closing-auction", type: "MARKET" })).toEqual(["warn auction-rules"]);
    expect(said({ phase: "closing-auction-limits", type: "MARKET" })).toEqual(["warn auction"]);
    expect(said({ phase: "closing-auction-limits" })).toEqual(["warn auction-rules"]);
  });
});

describe("slices", () => {
  it("are whole lots within the freeze quantity and add up to the whole", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 500 }),
        fc.option(fc.integer({ min: 1, max: 5_000 }), { nil: undefined }),
        (lot, lots, freeze) => {
          const parts = slices(lot * lots, freeze, lot);
          expect(parts.reduce((sum, part) => sum + part, 0)).toBe(lot * lots);
          for (const part of parts) {
            expect(part % lot).toBe(0);
            expect(part).toBeGreaterThan(0);
            if (freeze !== undefined && freeze >= lot) expect(part).toBeLessThanOrEqual(freeze);
          }
        },
      ),
    );
  });
});

describe("any order", () => {
  it("is blocked if it is off the tick or the lot", () => {
    const { capabilities } = broker.definition;
    const amounts = fc.integer({ min: 1, max: 20_000_000 }).map(price);
    fc.assert(
      fc.property(
        amounts,
        amounts,
        fc.integer({ min: 1, max: 100_000 }),
        fc.constantFrom(1, 15, 75),
        (at, trigger, qty, lotSize) => {
          const terms = { type: "SL", price: at, triggerPrice: trigger } as const;
          const instrument = { ...SBIN, lotSize };
          const findings = checkTerms(
            { instrument, side: "BUY", productType: "CNC", terms, qty, quote: null, isAmo: false },
            capabilities,
          );
          const blocks = findings.filter((finding) => finding.level === "block");
          const blocked = new Set(blocks.map((finding) => finding.code));
          const isOff = at % SBIN.tickSize !== 0 || trigger % SBIN.tickSize !== 0;
          expect(blocked.has("tick")).toBe(isOff);
          expect(blocked.has("lot")).toBe(qty % lotSize !== 0);
        },
      ),
    );
  });

  it("is checked as it would be after a change", () => {
    const order = {
      side: "BUY",
      productType: "CNC",
      qty: 10,
      filledQty: 3,
      price: ZERO_PRICE,
      triggerPrice: ZERO_PAISE,
    } as never;
    const change = (qty: number) =>
      checkChange(
        { order, change: { qty }, instrument: { ...SBIN, freezeQty: 20 }, quote: null },
        broker.definition.capabilities,
      );
    expect(change(3)).toEqual([{ level: "block", code: "below-filled", filled: 3 }]);
    expect(change(4)).toEqual([]);
    expect(change(21)).toEqual([{ level: "block", code: "freeze", freeze: 20 }]);
  });
});
