import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchFifo, realisedIn, realisedOf, unrecorded, type Fill } from "../../src/domain/fifo.ts";
import { tradingSymbol } from "../../src/domain/ids.ts";
import { instrumentKey } from "../../src/domain/instrument.ts";
import { addDays, istDate, istInstant } from "../../src/domain/market.ts";
import { paiseFromRupees, priceFromRupees, type Price } from "../../src/domain/money.ts";
import type { Product, Side } from "../../src/domain/order.ts";

const SBIN = tradingSymbol("NSE:SBIN-EQ");
let count = 0;
const fill = (side: Side, qty: number, rupees: number, fields: Partial<Fill> = {}): Fill => ({
  tradeId: `t${(count += 1)}`,
  symbol: SBIN,
  key: null,
  productType: "CNC",
  side,
  qty,
  price: priceFromRupees(rupees),
  at: count,
  ...fields,
});
const rupees = paiseFromRupees;

describe("first-in-first-out matching", () => {
  it("sells the oldest shares first, splitting a buy where needed", () => {
    const { closed, open, unmatched } = matchFifo([fill("BUY", 10, 100), fill("BUY", 10, 120), fill("SELL", 15, 130)]);
    expect(closed.map(({ qty, entry, exit }) => [qty, entry, exit])).toEqual([
      [10, priceFromRupees(100), priceFromRupees(130)],
      [5, priceFromRupees(120), priceFromRupees(130)],
    ]);
    expect(realisedOf(closed)).toBe(rupees(350));
    expect([...open.values()].flat()).toMatchObject([{ qty: 5, price: priceFromRupees(120) }]);
    expect(unmatched).toEqual([]);
  });

  it("opens a short in a product that allows it, and turns a short into a long", () => {
    const { closed, open } = matchFifo([
      fill("SELL", 50, 200, { productType: "MARGIN" }),
      fill("BUY", 75, 190, { productType: "MARGIN" }),
    ]);
    expect(closed).toMatchObject([{ qty: 50, isShort: true }]);
    expect(realisedOf(closed)).toBe(rupees(500));
    expect([...open.values()].flat()).toMatchObject([{ side: "BUY", qty: 25 }]);
  });

  it("leaves a delivery sale without a recorded buy unmatched", () => {
    const { closed, unmatched, open } = matchFifo([fill("SELL", 10, 130), fill("BUY", 4, 100)]);
    expect(closed).toEqual([]);
    expect(unmatched).toMatchObject([{ qty: 10 }]);
    expect([...open.values()].flat()).toMatchObject([{ side: "BUY", qty: 4 }]);
  });

  it("keeps intraday and delivery of one share apart", () => {
    const { closed } = matchFifo([
      fill("BUY", 10, 100),
      fill("BUY", 10, 110, { productType: "INTRADAY" }),
      fill("SELL", 10, 111, { productType: "INTRADAY" }),
    ]);
    expect(closed).toMatchObject([{ productType: "INTRADAY", entry: priceFromRupees(110) }]);
  });

  it("keeps a contract apart from a later one that got the same token from the exchange", () => {
    const option = { productType: "MARGIN", key: instrumentKey("NFO", 43_210) } as const;
    const { closed, open } = matchFifo([
      fill("BUY", 75, 120, { ...option, symbol: tradingSymbol("NSE:NIFTY26NOV24500CE") }),
      fill("SELL", 75, 300, { ...option, symbol: tradingSymbol("NSE:NIFTY27FEB26000PE") }),
    ]);
    expect(closed).toEqual([]);
    expect([...open.values()].flat()).toHaveLength(2);
  });

  it("knows a share by its token after it has been renamed", () => {
    const key = instrumentKey("NSE", 3045);
    const { closed } = matchFifo([
      fill("BUY", 10, 100, { key, symbol: tradingSymbol("NSE:OLD-EQ") }),
      fill("SELL", 10, 110, { key, symbol: tradingSymbol("NSE:NEW-EQ") }),
    ]);
    expect(realisedOf(closed)).toBe(rupees(100));
  });

  it("matches a delivery sale on one exchange with a buy on the other by the share's name", () => {
    const bse = { key: instrumentKey("BSE", 500_112), symbol: tradingSymbol("BSE:SBIN") } as const;
    const nse = { key: instrumentKey("NSE", 3045) } as const;
    const { closed, unmatched } = matchFifo([
      fill("BUY", 10, 100, nse),
      fill("BUY", 10, 200, nse),
      fill("SELL", 10, 150, bse),
      fill("SELL", 10, 250, nse),
      // Intraday trades are not delivered, so they are matched on each exchange separately.
      fill("BUY", 1, 100, { ...nse, productType: "INTRADAY" }),
      fill("SELL", 1, 900, { ...bse, productType: "INTRADAY" }),
    ]);
    expect(closed.map(({ entry, exit }) => [entry, exit])).toEqual([
      [priceFromRupees(100), priceFromRupees(150)],
      [priceFromRupees(200), priceFromRupees(250)],
    ]);
    expect(unmatched).toEqual([]);
  });

  it("multiplies a commodity's lots by the units per lot", () => {
    const crude = { productType: "MARGIN", multiplier: 100, symbol: tradingSymbol("MCX:CRUDEOIL26DECFUT") } as const;
    const { closed } = matchFifo([fill("BUY", 2, 5_820, crude), fill("SELL", 2, 5_855, crude)]);
    expect(realisedOf(closed)).toBe(rupees(7_000));
  });

  describe("the profit realised in a period", () => {
    const at = (date: string): number => istInstant(date, "11:00");
    const span = { from: istInstant("2026-11-01"), to: istInstant("2026-11-30", "16:00") };
    const option = {
      symbol: tradingSymbol("NSE:NIFTY26NOV26000CE"),
      productType: "MARGIN",
      expiry: "2026-11-24",
    } as const;

    it("leaves out and names a share of which more was sold than bought, so that a split is not taken for a loss", () => {
      const fills = [
        fill("BUY", 10, 1_000, { at: at("2026-10-05") }),
        fill("SELL", 50, 210, { at: at("2026-11-20") }),
        fill("BUY", 1, 100, { at: at("2026-11-20"), productType: "INTRADAY" }),
        fill("SELL", 1, 101, { at: at("2026-11-20"), productType: "INTRADAY" }),
      ];
      const { trips, uncounted } = realisedIn(fills, span);
      expect(realisedOf(trips)).toBe(rupees(1));
      expect(uncounted).toEqual([{ symbol: SBIN, why: "oversold" }]);
    });

    it("leaves out and names a share that was split since its purchase, though fewer were sold than bought", () => {
      const fills = [
        fill("BUY", 10, 1_000, { at: at("2026-10-05") }),
        fill("SELL", 5, 210, { at: at("2026-11-20") }),
        fill("BUY", 1, 100, { at: at("2026-11-20"), productType: "INTRADAY" }),
        fill("SELL", 1, 101, { at: at("2026-11-20"), productType: "INTRADAY" }),
      ];
      const { trips, uncounted } = realisedIn(fills, { ...span, rebased: new Set([SBIN]) });
      expect([realisedOf(trips), uncounted]).toEqual([rupees(1), [{ symbol: SBIN, why: "rebased" }]]);
    });

    it("counts a share again when such a sale was before the period", () => {
      const fills = [
        fill("SELL", 5, 210, { at: at("2026-10-20") }),
        fill("BUY", 5, 200, { at: at("2026-11-02") }),
        fill("SELL", 5, 210, { at: at("2026-11-20") }),
      ];
      const { trips, uncounted } = realisedIn(fills, span);
      expect([realisedOf(trips), uncounted]).toEqual([rupees(50), []]);
    });

    it.each<Product>(["INTRADAY", "CO", "BO"])(
      "does not match %s trades of different days, and names a share that the records leave open",
      (productType) => {
        const crude = { symbol: tradingSymbol("MCX:CRUDEOIL26DECFUT"), productType };
        const fills = [
          // The sale was in the evening, after the day's trades had been recorded.
          fill("BUY", 1, 5_800, { ...crude, at: at("2026-11-19") }),
          fill("SELL", 1, 5_900, { ...crude, at: at("2026-11-20") }),
          fill("BUY", 1, 5_890, { ...crude, at: at("2026-11-20") }),
        ];
        const named = [{ symbol: crude.symbol, why: "unended" }];
        const { trips, uncounted } = realisedIn(fills, span);
        expect([realisedOf(trips), uncounted]).toEqual([rupees(10), named]);
        const sameDay = realisedIn(fills.slice(0, 1), { ...span, to: istInstant("2026-11-19", "16:00") });
        expect(sameDay).toEqual({ trips: [], uncounted: [] });
        const later = realisedIn(fills, { ...span, from: istInstant("2026-11-20") });
        expect([realisedOf(later.trips), later.uncounted]).toEqual([rupees(10), []]);
      },
    );

    it("leaves out and names a contract that was still open when it expired", () => {
      const fills = [
        fill("SELL", 150, 100, { ...option, at: at("2026-11-02") }),
        fill("BUY", 75, 90, { ...option, at: at("2026-11-03") }),
      ];
      expect(realisedIn(fills, span)).toEqual({ trips: [], uncounted: [{ symbol: option.symbol, why: "expired" }] });
      const before = { ...span, to: istInstant("2026-11-24", "15:39") };
      expect(realisedOf(realisedIn(fills, before).trips)).toBe(rupees(750));
      expect(realisedIn(fills, { ...span, from: istInstant("2026-11-25") })).toEqual({ trips: [], uncounted: [] });
    });

    it("counts a contract that was closed before it expired", () => {
      const fills = [
        fill("SELL", 75, 100, { ...option, at: at("2026-11-02") }),
        fill("BUY", 75, 90, { ...option, at: at("2026-11-24") }),
      ];
      const { trips, uncounted } = realisedIn(fills, span);
      expect([realisedOf(trips), uncounted]).toEqual([rupees(750), []]);
    });
  });

  const fills = (product: Product) =>
    fc
      .array(
        fc.record({
          side: fc.constantFrom<Side>("BUY", "SELL"),
          qty: fc.integer({ min: 1, max: 500 }),
          units: fc.integer({ min: 1, max: 50_000_000 }),
        }),
        { maxLength: 40 },
      )
      .map((rows) =>
        rows.map(({ side, qty, units }, at): Fill => ({
          tradeId: String(at).padStart(4, "0"),
          symbol: SBIN,
          key: null,
          productType: product,
          side,
          qty,
          price: units as Price,
          at,
        })),
      );

  it("conserves quantity and money, whatever is traded", () => {
    fc.assert(
      fc.property(fc.oneof(fills("CNC"), fills("MARGIN")), (all) => {
        const { closed, open, unmatched } = matchFifo(all);
        const signed = (side: Side, qty: number): number => (side === "BUY" ? qty : -qty);
        const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
        const left = [...[...open.values()].flat(), ...unmatched];
        expect(sum(left.map(({ side, qty }) => signed(side, qty)))).toBe(
          sum(all.map(({ side, qty }) => signed(side, qty))),
        );
        const cash = sum(all.map(({ side, qty, price }) => -signed(side, qty) * price));
        const inLots = sum(left.map(({ side, qty, price }) => -signed(side, qty) * price));
        const gains = sum(closed.map(({ qty, entry, exit, isShort }) => qty * (isShort ? entry - exit : exit - entry)));
        expect(gains).toBe(cash - inLots);
        expect(Math.abs(realisedOf(closed) - gains / 100)).toBeLessThanOrEqual(0.5);
        expect([...open.values()].every((lots) => new Set(lots.map(({ side }) => side)).size <= 1)).toBe(true);
      }),
    );
  });

  it("gives the same profit in however many parts orders were filled and in whatever order the fills are given", () => {
    fc.assert(
      fc.property(fills("MARGIN"), fc.integer({ min: 1, max: 9 }), (all, parts) => {
        const split = all.flatMap((one) => {
          const first = Math.min(parts, one.qty - 1);
          return first < 1
            ? [one]
            : [
                { ...one, tradeId: `${one.tradeId}a`, qty: first },
                { ...one, tradeId: `${one.tradeId}b`, qty: one.qty - first },
              ];
        });
        expect(realisedOf(matchFifo([...split].reverse()).closed)).toBe(realisedOf(matchFifo(all).closed));
      }),
    );
  });

  it("takes pledged shares for recorded whether or not the broker counts them in the quantity", () => {
    const at = istInstant("2026-11-20", "11:00");
    const fills = [fill("BUY", 10, 100), fill("SELL", 4, 110, { at })];
    const gaps = (qty: number, pledgedQty: number) =>
      unrecorded(fills, "2026-11-20", [{ symbol: SBIN, key: null, productType: "CNC", qty, pledgedQty }]);
    expect([gaps(6, 5), gaps(1, 5)]).toEqual([[], []]);
    expect([gaps(7, 5), gaps(16, 0)]).toEqual([[SBIN], [SBIN]]);
  });

  it("counts intraday trips in a share of which earlier purchases are not recorded, and takes them for no gap in it", () => {
    const [before, date] = ["2026-11-19", "2026-11-20"];
    const at = (day: string, time: string) => ({ at: istInstant(day, time) });
    const day = [
      fill("BUY", 10, 100, { ...at(date, "10:00"), productType: "INTRADAY" }),
      fill("SELL", 10, 101, { ...at(date, "10:30"), productType: "INTRADAY" }),
    ];
    const old = fill("BUY", 5, 100, { ...at(before, "10:00"), productType: "MTF" });
    const fills = [old, ...day, fill("BUY", 10, 100, at(date, "11:00")), fill("SELL", 4, 110, at(date, "11:30"))];
    const span = { from: istInstant(date), to: istInstant("2026-11-21") };
    const { trips, uncounted } = realisedIn(fills, { ...span, unrecorded: new Set([SBIN]) });
    expect(realisedOf(trips)).toBe(rupees(10));
    expect(uncounted).toEqual([{ symbol: SBIN, why: "unrecorded" }]);
    const left = fill("BUY", 10, 100, { ...at(date, "12:00"), productType: "INTRADAY" });
    const owned = { symbol: SBIN, key: null, productType: "CNC", qty: 6, pledgedQty: 0 } as const;
    expect(unrecorded([...fills.slice(3), left], date, [owned])).toEqual([]);
  });

  const signed = (all: readonly Pick<Fill, "side" | "qty">[]): number =>
    all.reduce((total, { side, qty }) => total + (side === "BUY" ? qty : -qty), 0);

  /** Days of trades in one instrument, delivery sales only of what there is; on the day `gap` all on one side. */
  const history = fc
    .record({
      productType: fc.constantFrom<Product>("CNC", "MARGIN"),
      gap: fc.nat(4),
      gapSide: fc.constantFrom<Side>("BUY", "SELL"),
      trades: fc.array(
        fc.record({
          day: fc.nat(5),
          side: fc.constantFrom<Side>("BUY", "SELL"),
          qty: fc.integer({ min: 1, max: 6 }),
          units: fc.integer({ min: 1, max: 50_000_000 }),
        }),
        { maxLength: 24, size: "max" },
      ),
    })
    .map(({ productType, gap, gapSide, trades }) => {
      const all: Fill[] = [];
      for (const { day, side, qty, units } of trades.toSorted((a, b) => a.day - b.day)) {
        const at = istInstant(addDays("2026-11-16", day), "10:00") + all.length;
        const made = fill(day === gap ? gapSide : side, qty, 0, { productType, price: units as Price, at });
        if (productType === "MARGIN" || signed([...all, made]) >= 0) all.push(made);
      }
      return { all, gap: addDays("2026-11-16", gap) };
    });

  it("tells the right profit although a day before the period is missing, or names the instrument", () => {
    let told = 0;
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 3 }), ({ all, gap }, later) => {
        const recorded = all.filter(({ at }) => istDate(at) !== gap);
        const [from, to] = [istInstant(addDays(gap, later)), istInstant("2026-11-30")];
        const gaps = [...new Set(recorded.filter(({ at }) => at >= from).map(({ at }) => istDate(at)))].flatMap(
          (date) => {
            const upTo = (fills: readonly Fill[]) => fills.filter(({ at }) => istDate(at) <= date);
            const owned = [{ ...all[0]!, qty: signed(upTo(all)), pledgedQty: 0 }];
            return unrecorded(upTo(recorded), date, owned);
          },
        );
        const { trips, uncounted } = realisedIn(recorded, { from, to, unrecorded: new Set(gaps) });
        const isTold = uncounted.length === 0;
        if (isTold) expect(realisedOf(trips)).toBe(realisedOf(realisedIn(all, { from, to }).trips));
        if (all.length === recorded.length) expect(isTold).toBe(true);
        if (trips.length > 0) told += 1;
      }),
      { numRuns: 1_000 },
    );
    expect(told).toBeGreaterThan(20);
  });
});
