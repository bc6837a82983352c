import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { paiseFromRupees, price, ZERO_PRICE } from "../../../src/domain/money.ts";
import type { Position } from "../../../src/domain/portfolio.ts";
import type { MarketPhase } from "../../../src/services/orders/findings.ts";
import { TICKET_TTL_MS } from "../../../src/services/orders/ticket-plan.ts";
import { fakeBroker, type FakeBroker } from "./fake-broker.ts";
import { ASHA, type Floor, openFloor, SBIN, sent, states, statesNow, ticket, VIKRAM, watch } from "./floor.ts";

const LONG = { key: SBIN.key, symbol: SBIN.symbol, productType: "INTRADAY", side: "BUY" } as Position;

let broker: FakeBroker;
let floor: Floor;
beforeEach(async () => {
  broker = fakeBroker();
  floor = await openFloor({ brokers: [broker] });
});
afterEach(() => floor.close());

describe("a confirmation", () => {
  it("sends the order once under a hundred taps at the same moment", async () => {
    const { intent } = await ticket(floor);
    const results = await Promise.all(Array.from({ length: 100 }, () => floor.desk.confirm(ASHA, intent.confirmId)));
    await Promise.all(results.map((result) => (result.kind === "confirmed" ? result.sent : Promise.resolve(null))));
    expect(results.filter((result) => result.kind === "confirmed")).toHaveLength(1);
    expect(results.filter((result) => result.kind === "used")).toHaveLength(99);
    expect(broker.placed).toHaveLength(1);
    expect(await statesNow(floor, intent)).toEqual(["working"]);
  });

  it("sends the order once when two processes get the tap", async () => {
    const other = floor.crash();
    const { intent } = await ticket(floor);
    const results = await Promise.all([
      floor.desk.confirm(ASHA, intent.confirmId),
      other.desk.confirm(ASHA, intent.confirmId),
    ]);
    await Promise.all(results.map((result) => (result.kind === "confirmed" ? result.sent : Promise.resolve(null))));
    expect(results.map((result) => result.kind).sort()).toEqual(["confirmed", "used"]);
    expect(broker.placed).toHaveLength(1);
  });

  it("by another user does nothing", async () => {
    const { intent } = await ticket(floor);
    expect(await floor.desk.confirm(VIKRAM, intent.confirmId)).toEqual({ kind: "used" });
    expect(await floor.desk.drop(VIKRAM, intent._id, "cancelled")).toBeNull();
    expect(states(await sent(floor, { intent }))).toEqual(["working"]);
  });

  it("does nothing when replayed after the order has ended", async () => {
    const { intent } = await ticket(floor);
    const placed = await sent(floor, { intent });
    broker.set(placed.legs[0]?.orderId ?? "", { status: "filled", filledQty: 10, avgPrice: broker.ltp });
    await watch(floor, 2_000);
    const again = floor.crash();
    expect(await again.desk.confirm(ASHA, intent.confirmId)).toEqual({ kind: "used" });
    expect(await statesNow(again, intent)).toEqual(["filled"]);
    expect(broker.placed).toHaveLength(1);
  });

  it("does nothing for a cancelled or unknown ticket", async () => {
    const { intent } = await ticket(floor);
    await floor.desk.drop(ASHA, intent._id, "cancelled");
    expect(await floor.desk.confirm(ASHA, intent.confirmId)).toEqual({ kind: "used" });
    expect(await floor.desk.confirm(ASHA, "")).toEqual({ kind: "used" });
    expect(broker.placed).toEqual([]);
  });

  it("is accepted for two minutes and not a millisecond longer", async () => {
    const [early, late] = [await ticket(floor), await ticket(floor)];
    floor.pass(TICKET_TTL_MS - 1);
    expect(states(await sent(floor, early))).toEqual(["working"]);
    floor.pass(1);
    expect(await floor.desk.confirm(ASHA, late.intent.confirmId)).toMatchObject({ kind: "lapsed" });
    expect(broker.placed).toHaveLength(1);
  });

  it("is refused for a normal order after the close", async () => {
    let phase: MarketPhase = "open";
    const street = await openFloor({ brokers: [broker], phaseOf: () => phase });
    const { intent } = await ticket(street);
    phase = "closed";
    expect(await street.desk.confirm(ASHA, intent.confirmId)).toMatchObject({ kind: "shut" });
    expect(broker.placed).toEqual([]);
    const renewed = await street.tickets.renew(intent, { isAmo: true });
    await sent(street, renewed ?? { intent });
    expect(broker.placed).toMatchObject([{ isAmo: true }]);
    await street.close();
  });

  it.each([false, true])("is refused once the contract has expired (after-market order: %s)", async (isAmo) => {
    let phase: MarketPhase = isAmo ? "closed" : "open";
    const street = await openFloor({ brokers: [broker], phaseOf: () => phase });
    const { intent } = await ticket(street, { isAmo });
    phase = "expired";
    expect(await street.desk.confirm(ASHA, intent.confirmId)).toMatchObject({ kind: "shut" });
    expect(broker.placed).toEqual([]);
    await street.close();
  });

  it("is refused for an after-market order once its session has begun, until the card says so", async () => {
    let opensAt = Infinity;
    const street = await openFloor({ brokers: [broker], phaseOf: (_, at) => (at < opensAt ? "closed" : "open") });
    const { intent } = await ticket(street, { isAmo: true });
    opensAt = intent.pricedAt + 60_000;
    street.pass(60_000);
    expect(await street.desk.confirm(ASHA, intent.confirmId)).toMatchObject({ kind: "shut" });
    expect(broker.placed).toEqual([]);
    const renewed = await street.tickets.renew(intent);
    expect(renewed?.findings).toMatchObject([{ level: "warn", code: "amo-open" }]);
    await sent(street, renewed ?? { intent });
    expect(broker.placed).toMatchObject([{ isAmo: true }]);
    await street.close();
  });

  it("is refused when another tap prices the card again while this one is being checked", async () => {
    const street: Floor = await openFloor({
      brokers: [broker],
      mayTrade: async () => (await street.tickets.renew(intent)) !== null,
    });
    const { intent } = await ticket(street);
    expect(await street.desk.confirm(ASHA, intent.confirmId)).toEqual({ kind: "used" });
    expect(broker.placed).toEqual([]);
    await street.close();
  });

  it("is refused while the user may not trade", async () => {
    const locked = await openFloor({ brokers: [broker], mayTrade: async () => false });
    const { intent } = await ticket(locked);
    expect(await locked.desk.confirm(ASHA, intent.confirmId)).toEqual({ kind: "not-allowed" });
    expect(broker.placed).toEqual([]);
    await locked.close();
  });

  it.each(["getQuote", "getPositions"] as const)(
    "is refused when trading was locked while %s still hung, and does not count",
    async (read) => {
      let mayTrade = true;
      const street = await openFloor({ brokers: [broker], mayTrade: async () => mayTrade });
      await street.limits.set(ASHA, "dayLoss", paiseFromRupees(1_000));
      await street.limits.set(ASHA, "ordersPerDay", 1);
      const { intent } = await ticket(street);
      street.pass(6_000);
      const asks = broker.connector[read].bind(broker.connector) as (...asked: unknown[]) => Promise<never>;
      Object.assign(broker.connector, {
        [read]: (...asked: unknown[]) => {
          mayTrade = false;
          return asks(...asked);
        },
      });
      expect(await street.desk.confirm(ASHA, intent.confirmId)).toEqual({ kind: "not-allowed" });
      expect([mayTrade, broker.placed]).toEqual([false, []]);
      Object.assign(broker.connector, { [read]: asks });
      mayTrade = true;
      await sent(street, await ticket(street));
      expect(broker.placed).toHaveLength(1);
      await street.close();
    },
  );

  it("records who tapped which message, and the card", async () => {
    const { intent } = await ticket(floor);
    const result = await floor.desk.confirm(ASHA, intent.confirmId, { chatId: 1001, messageId: 77 });
    const after = result.kind === "confirmed" ? await result.sent : null;
    expect(after?.card).toEqual({ chatId: 1001, messageId: 77 });
    expect(after?.history).toMatchObject([
      { who: ASHA, what: "ticket" },
      { who: ASHA, what: "confirmed", message: 77 },
      { who: "sauda", what: "accepted", leg: 0, detail: "zerodha-1" },
    ]);
  });
});

describe("a card attached to an intent", () => {
  const card = { chatId: 1001, messageId: 77 };

  it("is up to date before its order has changed", async () => {
    const { intent } = await ticket(floor);
    await floor.desk.attachCard(intent._id, card);
    expect(await floor.journal.get(intent._id)).toMatchObject({ card, isCardStale: false });
  });

  it("is drawn again at the next look if its order has changed", async () => {
    const { intent } = await ticket(floor);
    const { legs } = await sent(floor, { intent });
    await watch(floor, 2_000);
    expect(await floor.journal.get(intent._id)).toMatchObject({ isCardStale: false });
    await floor.desk.attachCard(intent._id, card);
    await floor.watcher.sweep();
    expect(floor.drawn.at(-1)).toMatchObject({ card, legs: [{ orderId: legs[0]?.orderId }] });
  });
});

describe("an order that is followed", () => {
  const reads = (): number => broker.calls.filter((call) => call === "getOrder").length;

  it("is looked at less and less often while nothing happens, and drawn only when something does", async () => {
    const { legs } = await sent(floor, await ticket(floor));
    await watch(floor, 60_000);
    const [drawn, first] = [floor.drawn.length, reads()];
    await watch(floor, 60_000);
    expect([floor.drawn.length, reads() - first < first]).toEqual([drawn, true]);
    broker.set(legs[0]?.orderId ?? "", { qty: 0 });
    await watch(floor, 60_000);
    expect(floor.drawn).toHaveLength(drawn);
    broker.set(legs[0]?.orderId ?? "", { filledQty: 4 });
    await watch(floor, 60_000);
    expect(floor.drawn.slice(drawn).map((each) => each.legs[0]?.filledQty)).toEqual([4]);
    broker.set(legs[0]?.orderId ?? "", { avgPrice: price(8_001_000) });
    await watch(floor, 60_000);
    expect(floor.drawn.at(-1)?.legs[0]).toMatchObject({ qty: 10, filledQty: 4, avgPrice: price(8_001_000) });
  });

  it("is not drawn again for news that another look has brought already", async () => {
    const intent = await sent(floor, await ticket(floor));
    await floor.journal.markDrawn(await floor.watcher.look(intent));
    const after = await floor.watcher.look(intent);
    expect(after).toMatchObject({ isCardStale: false });
    expect(after.history.filter(({ what }) => what === "seen")).toHaveLength(1);
  });

  it("is not drawn when a tap has drawn it since the look", async () => {
    const intent = await sent(floor, await ticket(floor));
    vi.spyOn(floor.journal, "get").mockImplementationOnce(async (id) => {
      const looked = await floor.journal.get(id);
      await floor.journal.markDrawn(looked!);
      return looked;
    });
    await floor.watcher.follow(intent);
    expect(floor.drawn).toEqual([]);
  });

  it("is drawn again when another process drew it first, as it is now, and an older drawing came after that", async () => {
    const older = await sent(floor, await ticket(floor));
    broker.set(older.legs[0]?.orderId ?? "", { status: "filled", filledQty: 10, avgPrice: price(8_000_000) });
    const newer = await floor.watcher.look(older);
    for (const drawn of [newer, older]) await floor.journal.markDrawn(drawn);
    await floor.watcher.sweep();
    expect(floor.drawn.map(states)).toEqual([["filled"]]);
    await watch(floor, 60_000);
    expect(floor.drawn).toHaveLength(1);
  });

  it("is looked at by one of two processes at a time", async () => {
    await sent(floor, await ticket(floor));
    const other = floor.crash();
    floor.pass(60_000);
    const looks = await Promise.all([floor.watcher.sweep(), other.watcher.sweep(), floor.watcher.sweep()]);
    expect([looks.reduce((sum, count) => sum + count), reads()]).toEqual([1, 1]);
  });
});

describe("an unconfirmed ticket", () => {
  it("lapses, and its card is drawn again, by any process", async () => {
    const { intent } = await ticket(floor);
    const other = floor.crash();
    await watch(other, TICKET_TTL_MS - 1_000);
    expect(other.drawn).toEqual([]);
    await watch(other, 2_000);
    expect(other.drawn.map((drawn) => [drawn._id, states(drawn)])).toEqual([[intent._id, ["dropped"]]]);
    expect(other.drawn[0]?.history.at(-1)).toMatchObject({ who: "sauda", what: "lapsed" });
    expect(await other.journal.watched(10)).toEqual([]);
  });

  it("has its card drawn again until that succeeds", async () => {
    let failures = 2;
    const flaky = await openFloor({
      brokers: [broker],
      onChange: async () => {
        failures -= 1;
        if (failures >= 0) throw new Error("Telegram is down");
      },
    });
    const { intent } = await ticket(flaky);
    await watch(flaky, TICKET_TTL_MS + 10_000);
    expect(failures).toBe(-1);
    expect(await flaky.journal.get(intent._id)).toMatchObject({ isCardStale: false, isWatched: false });
    await flaky.close();
  });

  it("is deleted after two days, unlike a confirmed order", async () => {
    const [dropped, kept] = [await ticket(floor), await ticket(floor)];
    await sent(floor, kept);
    floor.pass(30 * 86_400_000);
    expect(await floor.journal.get(dropped.intent._id)).toBeNull();
    expect(await floor.journal.get(kept.intent._id)).not.toBeNull();
  });
});

describe("a price move since the card was shown", () => {
  it("asks again on the same card with a new Confirm button", async () => {
    const { intent } = await ticket(floor);
    floor.pass(20_000);
    broker.ltp = price(8_080_000);
    const moved = await floor.desk.confirm(ASHA, intent.confirmId);
    expect(moved).toMatchObject({ kind: "moved", basisPoints: 100 });
    const renewed = await floor.tickets.renew(intent);
    expect(renewed?.intent).toMatchObject({ _id: intent._id, plan: { shownPrice: 8_080_000 } });
    expect(await floor.desk.confirm(ASHA, intent.confirmId)).toEqual({ kind: "used" });
    await sent(floor, renewed ?? { intent });
    expect(broker.placed).toMatchObject([{ terms: { protection: { limit: 8_161_000 } } }]);
  });

  it("of no more than one tick is accepted, however cheap the option", async () => {
    broker.ltp = price(49_500);
    const { intent } = await ticket(floor);
    floor.pass(20_000);
    broker.ltp = price(50_500);
    expect(await floor.desk.confirm(ASHA, intent.confirmId)).toMatchObject({ kind: "moved", basisPoints: 202 });
    floor.pass(2_000);
    broker.ltp = price(50_000);
    expect(await floor.desk.confirm(ASHA, intent.confirmId)).toMatchObject({ kind: "confirmed" });
  });

  it("is detected after the clock was set back, too", async () => {
    const { intent } = await ticket(floor);
    floor.pass(-60_000);
    broker.ltp = price(8_080_000);
    expect(await floor.desk.confirm(ASHA, intent.confirmId)).toMatchObject({ kind: "moved", basisPoints: 100 });
  });

  it("does not change the prices that the user asked for", async () => {
    const limit = { type: "SL", price: price(8_200_000), triggerPrice: price(8_150_000) } as const;
    const { intent } = await ticket(floor, limit);
    broker.ltp = price(8_080_000);
    expect((await floor.tickets.renew(intent))?.intent.plan.terms).toEqual(limit);
  });

  it("does not renew a ticket that has lapsed, was confirmed, or has lost its account", async () => {
    const [lapsed, confirmed, orphan] = [await ticket(floor), await ticket(floor), await ticket(floor)];
    await sent(floor, confirmed);
    expect(await floor.tickets.renew(confirmed.intent)).toBeNull();
    floor.pass(TICKET_TTL_MS);
    expect(await floor.tickets.renew(lapsed.intent)).toBeNull();
    await floor.accounts.remove(ASHA, floor.link._id);
    expect(await floor.tickets.renew(orphan.intent)).toBeNull();
  });

  it("renews the card once when two taps find it", async () => {
    const { intent } = await ticket(floor);
    const both = await Promise.all([floor.tickets.renew(intent), floor.tickets.renew(intent)]);
    expect(both.filter((view) => view !== null)).toHaveLength(1);
  });

  it("within the user's tolerance is confirmed at once", async () => {
    const { intent } = await ticket(floor);
    floor.pass(20_000);
    broker.ltp = price(8_040_000);
    expect(await floor.desk.confirm(ASHA, intent.confirmId)).toMatchObject({ kind: "confirmed" });
  });

  it.each(["chat", "exit"] as const)(
    "is not told by Yahoo's late price where the card had a live one: %s",
    async (origin) => {
      broker.positions = [{ ...LONG, qty: 10 }];
      const { intent } = await ticket(floor, { side: "SELL", productType: "INTRADAY", origin });
      floor.pass(20_000);
      const live = broker.connector.getQuote.bind(broker.connector);
      broker.connector.getQuote = async (...asked) => ({ ...(await live(...asked)), source: "yfinance" });
      broker.ltp = price(8_080_000);
      expect(await floor.desk.confirm(ASHA, intent.confirmId)).toMatchObject({ kind: "confirmed" });
      const late = (await ticket(floor)).intent;
      floor.pass(20_000);
      broker.ltp = price(8_160_800);
      expect(await floor.desk.confirm(ASHA, late.confirmId)).toMatchObject({ kind: "moved", basisPoints: 100 });
    },
  );

  it("does not matter to a limit order", async () => {
    const { intent } = await ticket(floor, { type: "LIMIT", price: price(7_900_000) });
    floor.pass(20_000);
    broker.ltp = price(9_000_000);
    expect(await floor.desk.confirm(ASHA, intent.confirmId)).toMatchObject({ kind: "confirmed" });
  });
});

describe("an order that is filled before its price is told", () => {
  const tellPrice = () => broker.book.splice(0, 1, { ...broker.book[0]!, avgPrice: price(8_000_000) });

  it("is looked at until the price is there, and then drawn again", async () => {
    const { intent } = await ticket(floor);
    await sent(floor, { intent });
    broker.set("zerodha-1", { status: "filled", filledQty: 10, avgPrice: ZERO_PRICE });
    await watch(floor, 5_000);
    expect(await statesNow(floor, intent)).toEqual(["filled"]);
    tellPrice();
    await watch(floor, 60_000);
    expect((await floor.journal.get(intent._id))?.legs).toMatchObject([{ state: "filled", avgPrice: 8_000_000 }]);
    expect(floor.drawn.at(-1)?.legs).toMatchObject([{ avgPrice: 8_000_000 }]);
    expect(await floor.journal.watched(10)).toEqual([]);
  });

  it("is left alone after a few minutes, and looked at again when asked to", async () => {
    const { intent } = await ticket(floor);
    await sent(floor, { intent });
    broker.set("zerodha-1", { status: "filled", filledQty: 10, avgPrice: ZERO_PRICE });
    await watch(floor, 5 * 60_000);
    expect(await floor.journal.watched(10)).toEqual([]);
    tellPrice();
    const known = await floor.journal.get(intent._id);
    expect(known && (await floor.watcher.look(known)).legs).toMatchObject([{ avgPrice: 8_000_000 }]);
  });
});
