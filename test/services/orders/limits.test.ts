import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Segment } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { paise, paiseFromRupees, price, priceFromRupees, ZERO_PAISE, ZERO_PRICE } from "../../../src/domain/money.ts";
import type { Position } from "../../../src/domain/portfolio.ts";
import type { MarketPhase } from "../../../src/services/orders/findings.ts";
import { inForce, type LimitState, DEFAULT_LIMITS, withLimit } from "../../../src/services/orders/limits.ts";
import { fakeBroker, type FakeBroker } from "./fake-broker.ts";
import { allSent, ASHA, type Floor, openFloor, SBIN, sent, ticket } from "./floor.ts";

let broker: FakeBroker;
let floor: Floor;
beforeEach(async () => {
  broker = fakeBroker();
  floor = await openFloor({ brokers: [broker] });
});
afterEach(() => floor.close());

const blocks = async (more: Parameters<typeof ticket>[1] = {}) =>
  (await ticket(floor, more)).findings.filter((finding) => finding.level === "block");
const qty = (count: number) => ({ parts: [{ link: floor.link, qty: count }] });

const losing = (rupees: number): Position => ({
  symbol: SBIN.symbol,
  key: SBIN.key,
  segment: "NSE",
  productType: "INTRADAY",
  qty: 10,
  side: "BUY",
  avgPrice: price(8_000_000),
  ltp: ZERO_PRICE,
  pnl: paiseFromRupees(-rupees),
  realised: ZERO_PAISE,
  unrealised: paiseFromRupees(-rupees),
  dayPnl: paiseFromRupees(-rupees),
  buyQty: 10,
  buyValue: ZERO_PAISE,
  sellQty: 0,
  sellValue: ZERO_PAISE,
  multiplier: 1,
});

describe("the user's own limits", () => {
  it("on order value block a larger order, but not one at the limit", async () => {
    await floor.limits.set(ASHA, "orderValue", paiseFromRupees(8_000));
    expect(await blocks(qty(10))).toEqual([]);
    expect(await blocks(qty(11))).toEqual([{ level: "block", code: "limit-value", limit: 800_000 }]);
  });

  it("on order value count a stop at its trigger price, not at the current price", async () => {
    await floor.limits.set(ASHA, "orderValue", paiseFromRupees(8_000));
    const stop = { type: "SL-M", triggerPrice: priceFromRupees(1_000) } as const;
    expect((await ticket(floor, { ...stop, ...qty(9) })).intent.plan.value).toBe(paiseFromRupees(9_000));
    expect(await blocks({ ...stop, ...qty(9) })).toEqual([{ level: "block", code: "limit-value", limit: 800_000 }]);
  });

  it("on orders a day count slices on the card", async () => {
    await floor.limits.set(ASHA, "ordersPerDay", 2);
    const sliced = { instrument: { ...SBIN, freezeQty: 10 }, ...qty(30) };
    expect(await blocks(sliced)).toEqual([{ level: "block", code: "limit-count", limit: 2 }]);
  });

  it("on the day's loss leave out shares sold for delivery", async () => {
    await floor.limits.set(ASHA, "dayLoss", paiseFromRupees(1_000));
    const loss = { dayPnl: paiseFromRupees(-1_500), realised: ZERO_PAISE, side: "SELL", qty: 5 };
    broker.positions = [{ ...loss, productType: "CNC" } as Position];
    expect(await blocks()).toEqual([]);
    broker.positions = [{ ...loss, productType: "INTRADAY" } as Position];
    expect(await blocks()).toEqual([{ level: "block", code: "limit-loss", limit: paiseFromRupees(1_000) }]);
  });

  it("on the day's loss count shares bought and sold today", async () => {
    await floor.limits.set(ASHA, "dayLoss", paiseFromRupees(1_000));
    broker.positions = [{ ...losing(0), side: "SELL", productType: "CNC", realised: paiseFromRupees(-1_500) }];
    expect(await blocks()).toEqual([{ level: "block", code: "limit-loss", limit: paiseFromRupees(1_000) }]);
  });

  it("on the day's loss count a carried position's loss since the last close", async () => {
    const lostToday = async (_: unknown, rows: readonly Position[]): Promise<Position[]> =>
      rows.map((row) => ({ ...row, dayPnl: paiseFromRupees(-1_500) }));
    await floor.close();
    floor = await openFloor({ brokers: [broker], closes: { completePositions: lostToday } });
    await floor.limits.set(ASHA, "dayLoss", paiseFromRupees(1_000));
    broker.positions = [{ ...losing(-20_000), dayPnl: null }];
    expect(await blocks()).toEqual([{ level: "block", code: "limit-loss", limit: paiseFromRupees(1_000) }]);
  });

  it("on segments block other segments", async () => {
    await floor.limits.set(ASHA, "segments", ["NFO"]);
    expect(await blocks()).toEqual([{ level: "block", code: "limit-segment", segment: "NSE" }]);
  });

  it("on the day's loss add up the positions of every account", async () => {
    await floor.limits.set(ASHA, "dayLoss", paiseFromRupees(1_000));
    broker.positions = [losing(999)];
    expect(await blocks()).toEqual([]);
    broker.positions = [losing(600), losing(400)];
    expect(await blocks()).toEqual([{ level: "block", code: "limit-loss", limit: 100_000 }]);
  });

  describe("on the day's loss, with a paper account beside the real one,", () => {
    const paper = () => fakeBroker("paper", { isPaper: true });
    const REACHED = { level: "block", code: "limit-loss", limit: 100_000 };

    /** What blocks an order at the real account, at the paper one, and one at both. */
    async function blocksOf(mixed: Floor) {
      const links = await mixed.accounts.active(ASHA);
      const parts = links.map((link) => ({ link, qty: 10 }));
      const found = [];
      for (const each of [parts.slice(0, 1), parts.slice(1), parts])
        found.push((await ticket(mixed, { parts: each })).findings.filter(({ level }) => level === "block"));
      return found;
    }

    it("count real money for real orders and play money for paper ones", async () => {
      const play = paper();
      const mixed = await openFloor({ brokers: [broker, play] });
      await mixed.limits.set(ASHA, "dayLoss", paiseFromRupees(1_000));
      play.positions = [losing(1_000)];
      broker.positions = [losing(-5_000)];
      expect(await blocksOf(mixed)).toEqual([[], [REACHED], [REACHED]]);
      play.positions = [losing(-5_000)];
      broker.positions = [losing(1_000)];
      expect(await blocksOf(mixed)).toEqual([[REACHED], [], [REACHED]]);
      play.positions = broker.positions = [losing(600)];
      expect(await blocksOf(mixed)).toEqual([[], [], []]);
      await mixed.close();
    });

    it("count so at the tap, too", async () => {
      const play = paper();
      const mixed = await openFloor({ brokers: [broker, play] });
      const links = await mixed.accounts.active(ASHA);
      const [real, practice] = await Promise.all(links.map((link) => ticket(mixed, { parts: [{ link, qty: 10 }] })));
      await mixed.limits.set(ASHA, "dayLoss", paiseFromRupees(1_000));
      play.positions = [losing(1_000)];
      expect(await mixed.limits.admit(real!.intent)).toBeNull();
      expect(await mixed.limits.admit(practice!.intent)).toEqual(REACHED);
      await mixed.close();
    });

    it("count an account that is not linked any more as real", async () => {
      const mixed = await openFloor({ brokers: [broker, paper()] });
      const [, practice] = await mixed.accounts.active(ASHA);
      const { intent } = await ticket(mixed, { parts: [{ link: practice!, qty: 10 }] });
      await mixed.limits.set(ASHA, "dayLoss", paiseFromRupees(1_000));
      broker.positions = [losing(1_000)];
      await mixed.accounts.remove(ASHA, practice!._id);
      expect(await mixed.limits.admit(intent)).toEqual(REACHED);
      await mixed.close();
    });

    it("block only what the account counts for while its loss cannot be read", async () => {
      const play = paper();
      const mixed = await openFloor({ brokers: [broker, play] });
      await mixed.limits.set(ASHA, "dayLoss", paiseFromRupees(1_000));
      const unread = (label: string) => ({ level: "block", code: "loss-unread", label });
      play.failsAt = "getPositions";
      expect(await blocksOf(mixed)).toEqual([[], [unread("paper")], [unread("paper")]]);
      play.failsAt = null;
      broker.failsAt = "getPositions";
      expect(await blocksOf(mixed)).toEqual([[unread("zerodha")], [], [unread("zerodha")]]);
      await mixed.close();
    });
  });

  it("on the day's loss block while the loss cannot be read", async () => {
    await floor.limits.set(ASHA, "dayLoss", paiseFromRupees(1_000));
    const { intent } = await ticket(floor);
    broker.failsWith = "unavailable";
    const result = await floor.desk.confirm(ASHA, intent.confirmId);
    expect(result).toMatchObject({ kind: "limited", finding: { code: "loss-unread" } });
    expect(broker.placed).toEqual([]);
  });

  it.each([
    ["that is switched off", { is_active: false }, "limit-loss"],
    ["whose session has ended", { tokens: null }, "loss-unread"],
  ] as const)(
    "on the day's loss count an account %s, if an order of today is open or has filled there",
    async (_, change, code) => {
      const fyers = fakeBroker("fyers");
      const wide = await openFloor({ brokers: [broker, fyers] });
      const [, other] = await wide.accounts.active(ASHA);
      if (!other) throw new Error("no second account");
      const atFyers = { parts: [{ link: other, qty: 10 }] };
      const blocked = async () =>
        (await ticket(wide, atFyers)).findings.filter(({ level }) => level === "block").map(({ code }) => code);
      await wide.limits.set(ASHA, "dayLoss", paiseFromRupees(1_000));
      await wide.accounts.update(wide.link._id, () => change);
      expect(await blocked()).toEqual([]);
      await wide.accounts.update(wide.link._id, () => ({ is_active: true, tokens: wide.link.tokens }));
      const order = await sent(wide, await ticket(wide));
      broker.positions = [losing(1_000)];
      await wide.accounts.update(wide.link._id, () => change);
      expect(await blocked()).toEqual([code]);
      await wide.accounts.update(wide.link._id, () => ({ is_active: true, tokens: wide.link.tokens }));
      broker.set("zerodha-1", { status: "filled", filledQty: 10 });
      await wide.watcher.look(order);
      expect(await blocked()).toEqual(["limit-loss"]);
      await wide.accounts.update(wide.link._id, () => change);
      expect(await blocked()).toEqual([code]);
      wide.pass(86_400_000);
      expect(await blocked()).toEqual([]);
      await wide.close();
    },
  );

  it("on the day's loss count an account that is switched off, if last evening's after-market order filled there", async () => {
    const fyers = fakeBroker("fyers");
    let phase: MarketPhase = "closed";
    const wide = await openFloor({ brokers: [broker, fyers], phaseOf: () => phase });
    await wide.limits.set(ASHA, "dayLoss", paiseFromRupees(1_000));
    wide.clock.at = istInstant("2026-11-23", "20:00");
    const order = await sent(wide, await ticket(wide, { isAmo: true }));
    wide.clock.at = istInstant("2026-11-24", "11:00");
    phase = "open";
    broker.set("zerodha-1", { status: "filled", filledQty: 10 });
    await wide.watcher.look(order);
    broker.positions = [losing(1_000)];
    const { _id } = await wide.accounts.update(wide.link._id, () => ({ is_active: false }));
    const other = (await wide.accounts.active(ASHA)).find((link) => link._id !== _id)!;
    const atFyers = { parts: [{ link: other, qty: 10 }] };
    expect((await ticket(wide, atFyers)).findings).toContainEqual({
      level: "block",
      code: "limit-loss",
      limit: 100_000,
    });
    wide.pass(86_400_000);
    expect((await ticket(wide, atFyers)).findings).toEqual([]);
    await wide.close();
  });

  it("on the day's loss block while an open position has neither a price nor a P&L", async () => {
    await floor.limits.set(ASHA, "dayLoss", paiseFromRupees(1_000));
    const unpriced = { ...losing(0), ltp: null, dayPnl: null };
    broker.positions = [losing(10), unpriced];
    expect(await blocks()).toMatchObject([{ code: "loss-unread" }]);
    const told = { ...losing(20), ltp: null };
    broker.positions = [
      { ...unpriced, qty: 0, side: "CLOSED" },
      { ...unpriced, side: "SELL", productType: "CNC" },
      told,
    ];
    expect(await blocks()).toEqual([]);
  });

  it("on orders a day hold under simultaneous taps, and start over the next day", async () => {
    await floor.limits.set(ASHA, "ordersPerDay", 3);
    const tickets = await Promise.all(Array.from({ length: 8 }, () => ticket(floor)));
    const results = await Promise.all(tickets.map(({ intent }) => floor.desk.confirm(ASHA, intent.confirmId)));
    await allSent(results);
    expect(results.filter((result) => result.kind === "confirmed")).toHaveLength(3);
    expect(results.filter((result) => result.kind === "limited")).toHaveLength(5);
    expect(broker.placed).toHaveLength(3);
    expect(await blocks()).toEqual([{ level: "block", code: "limit-count", limit: 3 }]);
    floor.clock.at = istInstant("2026-11-24", "09:30");
    expect(await blocks()).toEqual([]);
  });

  it("on orders a day count orders confirmed before the limit was set", async () => {
    await sent(floor, await ticket(floor));
    await sent(floor, await ticket(floor));
    await floor.limits.set(ASHA, "ordersPerDay", 2);
    expect(await blocks()).toEqual([{ level: "block", code: "limit-count", limit: 2 }]);
    const { intent } = await ticket(floor);
    expect(await floor.desk.confirm(ASHA, intent.confirmId)).toMatchObject({ kind: "limited" });
  });

  it("on orders a day count every order of a confirmation at the tap, before and after the limit was set", async () => {
    const sliced = { instrument: { ...SBIN, freezeQty: 10 }, ...qty(30) };
    await sent(floor, await ticket(floor, sliced));
    const [late, early] = [await ticket(floor, sliced), await ticket(floor, qty(1))];
    await floor.limits.set(ASHA, "ordersPerDay", 6);
    const tap = ({ intent }: typeof late) => floor.desk.confirm(ASHA, intent.confirmId);
    expect(await tap(early)).toMatchObject({ kind: "confirmed" });
    expect(await tap(late)).toMatchObject({ kind: "limited", finding: { code: "limit-count" } });
    expect(await tap(await ticket(floor, { ...sliced, ...qty(20) }))).toMatchObject({ kind: "confirmed" });
    expect(await tap(await ticket(floor, qty(1)))).toMatchObject({ kind: "limited" });
    expect(broker.placed).toHaveLength(6);
  });

  it("on orders a day do not count exits", async () => {
    broker.positions = [losing(0)];
    await sent(floor, await ticket(floor, { origin: "exit", side: "SELL", productType: "INTRADAY" }));
    await floor.limits.set(ASHA, "ordersPerDay", 1);
    expect(await blocks()).toEqual([]);
  });

  it("on orders a day count an order once however often it is tapped, and not once it is dropped", async () => {
    await floor.limits.set(ASHA, "ordersPerDay", 1);
    const dropped = await ticket(floor);
    expect(await floor.limits.admit(dropped.intent)).toBeNull();
    expect(await floor.limits.admit(dropped.intent)).toBeNull();
    await floor.desk.drop(ASHA, dropped.intent._id, "cancelled");
    await floor.limits.release(dropped.intent);
    const { intent } = await ticket(floor);
    const taps = await Promise.all(Array.from({ length: 10 }, () => floor.desk.confirm(ASHA, intent.confirmId)));
    expect(taps.filter((tap) => tap.kind === "confirmed")).toHaveLength(1);
    expect(await blocks()).toEqual([{ level: "block", code: "limit-count", limit: 1 }]);
  });

  it("on orders a day give back the place of the order that is released, and none to one that was refused", async () => {
    await floor.limits.set(ASHA, "ordersPerDay", 2);
    const [kept, released, refused, next] = await Promise.all([1, 2, 3, 4].map(() => ticket(floor)));
    const admit = (view = kept) => view && floor.limits.admit(view.intent);
    expect([await admit(kept), await admit(released)]).toEqual([null, null]);
    expect(await admit(refused)).toMatchObject({ code: "limit-count" });
    if (released) await floor.limits.release(released.intent);
    expect(await admit(next)).toBeNull();
    expect(await admit(refused)).toMatchObject({ code: "limit-count" });
  });

  it("on orders a day do not count an order whose process died, once its card has lapsed", async () => {
    await floor.limits.set(ASHA, "ordersPerDay", 1);
    const { intent } = await ticket(floor);
    expect(await floor.limits.admit(intent)).toBeNull();
    const next = floor.crash();
    expect(await next.limits.admit((await ticket(next)).intent)).toMatchObject({ code: "limit-count" });
    next.pass(intent.lapsesAt - next.clock.now());
    const { findings, intent: another } = await ticket(next);
    expect(findings.filter(({ level }) => level === "block")).toEqual([]);
    expect(await next.limits.admit(another)).toBeNull();
    expect(await next.limits.admit((await ticket(next)).intent)).toMatchObject({ code: "limit-count" });
  });

  it("on the price move decide after which one a card asks again: 0.5% until the user sets another", async () => {
    const moved = async (ltp: number) => {
      broker.ltp = price(8_000_000);
      // The last quote is cached for a second.
      floor.pass(2_000);
      const { intent } = await ticket(floor);
      floor.pass(20_000);
      broker.ltp = price(ltp);
      return (await floor.desk.confirm(ASHA, intent.confirmId)).kind;
    };
    expect([await moved(8_040_000), await moved(8_041_000)]).toEqual(["confirmed", "moved"]);
    await floor.limits.set(ASHA, "driftBasisPoints", 20);
    expect([await moved(8_016_000), await moved(8_017_000)]).toEqual(["confirmed", "moved"]);
    await floor.limits.set(ASHA, "driftBasisPoints", 300);
    expect(await moved(8_017_000)).toBe("moved");
    floor.clock.at = istInstant("2026-11-24", "09:30");
    expect([await moved(8_240_000), await moved(8_241_000)]).toEqual(["confirmed", "moved"]);
    await floor.limits.set(ASHA, "driftBasisPoints", null);
    floor.clock.at = istInstant("2026-11-25", "09:30");
    expect(await moved(9_000_000)).toBe("confirmed");
  });

  it("that are newer than the stored ones have their default", async () => {
    const { driftBasisPoints: _, ...values } = DEFAULT_LIMITS;
    const limits = { name: "limits", indexes: [], encrypted: [], durability: "full" } as const;
    const older = { _id: ASHA, values: { ...values, ordersPerDay: 5 }, waiting: {}, day: { date: "", orders: [] } };
    await floor.store.collection<typeof older>(limits).insert(older);
    expect((await floor.limits.of(ASHA)).values).toEqual({ ...DEFAULT_LIMITS, ordersPerDay: 5 });
    const tighter = await floor.limits.set(ASHA, "ordersPerDay", 4);
    expect(tighter.values).toEqual({ ...DEFAULT_LIMITS, ordersPerDay: 4 });
  });

  it("set between card and tap apply at the tap", async () => {
    const { intent } = await ticket(floor, qty(100));
    await floor.limits.set(ASHA, "orderValue", paiseFromRupees(1_000));
    expect(await floor.desk.confirm(ASHA, intent.confirmId)).toMatchObject({ kind: "limited" });
    expect(broker.placed).toEqual([]);
  });

  it("never block an exit or a panic", async () => {
    await floor.limits.set(ASHA, "orderValue", paise(1));
    await floor.limits.set(ASHA, "ordersPerDay", 0);
    await floor.limits.set(ASHA, "segments", []);
    await floor.limits.set(ASHA, "dayLoss", paise(1));
    broker.positions = [losing(5_000)];
    for (const origin of ["exit", "panic"] as const) {
      const { intent, findings } = await ticket(floor, { origin, side: "SELL", productType: "INTRADAY" });
      expect(findings.filter((finding) => finding.level === "block")).toEqual([]);
      expect(await floor.desk.confirm(ASHA, intent.confirmId)).toMatchObject({ kind: "confirmed" });
    }
  });
});

describe("a limit that changes", () => {
  it("tightens at once and loosens on the next trading day, skipping a weekend", async () => {
    floor.clock.at = istInstant("2026-11-27", "12:00");
    await floor.limits.set(ASHA, "ordersPerDay", 5);
    const state = await floor.limits.set(ASHA, "ordersPerDay", 9);
    expect(state).toEqual({
      values: { ...DEFAULT_LIMITS, ordersPerDay: 5 },
      waiting: { ordersPerDay: { value: 9, from: "2026-11-30" } },
    });
    floor.clock.at = istInstant("2026-11-29", "23:59");
    expect((await floor.limits.of(ASHA)).values.ordersPerDay).toBe(5);
    floor.clock.at = istInstant("2026-11-30", "00:00");
    expect(await floor.limits.of(ASHA)).toEqual({ values: { ...DEFAULT_LIMITS, ordersPerDay: 9 }, waiting: {} });
  });

  it("holds until the next trading day when it is removed", async () => {
    await floor.limits.set(ASHA, "orderValue", paiseFromRupees(8_000));
    expect((await floor.limits.set(ASHA, "orderValue", null)).values.orderValue).toBe(paiseFromRupees(8_000));
    expect(await blocks(qty(10))).toEqual([]);
    floor.clock.at = istInstant("2026-11-24", "09:30");
    expect(await blocks(qty(11))).toEqual([]);
  });

  const FROM = "2026-11-24";
  const amounts = fc.option(fc.integer({ min: 0, max: 1_000_000 }));
  const segments = fc.option(fc.subarray<Segment>(["NSE", "BSE", "NFO", "MCX"]));
  const start: LimitState = { values: DEFAULT_LIMITS, waiting: {} };

  it("never allows more today than before, and applies the last wish from its day on", () => {
    fc.assert(
      fc.property(fc.array(amounts, { minLength: 1, maxLength: 6 }), (wishes) => {
        let state = start;
        for (const wish of wishes) {
          const next = withLimit(state, "ordersPerDay", wish, FROM);
          expect(next.values.ordersPerDay ?? Infinity).toBeLessThanOrEqual(state.values.ordersPerDay ?? Infinity);
          expect(next.values.ordersPerDay ?? Infinity).toBeLessThanOrEqual(wish ?? Infinity);
          state = next;
        }
        expect(inForce(state, FROM).values.ordersPerDay).toBe(wishes.at(-1));
      }),
    );
  });

  it("removes segments at once and adds them later", () => {
    fc.assert(
      fc.property(fc.array(segments, { minLength: 1, maxLength: 6 }), (wishes) => {
        let state = start;
        for (const wish of wishes) {
          const next = withLimit(state, "segments", wish, FROM);
          for (const segment of next.values.segments ?? []) {
            expect(state.values.segments === null || state.values.segments.includes(segment)).toBe(true);
            expect(wish === null || wish.includes(segment)).toBe(true);
          }
          if (state.values.segments !== null) expect(next.values.segments).not.toBeNull();
          state = next;
        }
        const then = inForce(state, FROM).values.segments;
        expect(then === null ? null : [...then].sort()).toEqual(wishes.at(-1)?.toSorted() ?? null);
      }),
    );
  });
});

describe("an order far above the user's median", () => {
  it("is warned of after five confirmed orders, and can still be confirmed", async () => {
    for (let count = 0; count < 4; count += 1) await sent(floor, await ticket(floor));
    for (let count = 0; count < 5; count += 1) await ticket(floor);
    // Unconfirmed tickets do not count for the median.
    expect((await ticket(floor, qty(51))).findings).toEqual([]);
    await sent(floor, await ticket(floor));
    expect((await ticket(floor, qty(50))).findings).toEqual([]);
    const { intent, findings } = await ticket(floor, qty(51));
    expect(findings).toEqual([{ level: "warn", code: "large", usual: 800_000 }]);
    expect(await floor.desk.confirm(ASHA, intent.confirmId)).toMatchObject({ kind: "confirmed" });
  });
});
