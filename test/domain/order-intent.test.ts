import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { brokerOrderId, linkId, orderTag } from "../../src/domain/ids.ts";
import { price, ZERO_PRICE } from "../../src/domain/money.ts";
import {
  beginChange,
  endChange,
  isClosed,
  LEG_STATES,
  nextLeg,
  currentTerms,
  type BookedOrder,
  type Leg,
  type LegEvent,
  type LegState,
} from "../../src/domain/order-intent.ts";
import { ORDER_STATUSES, type OrderOutcome, type OrderTerms } from "../../src/domain/order.ts";

const OURS = brokerOrderId("24112600001");
const OTHERS = brokerOrderId("24112600099");

const legIn = (state: LegState, more: Partial<Leg> = {}): Leg => ({
  link: linkId("l1"),
  qty: 10,
  tag: orderTag("sd0123456789abcd"),
  state,
  orderId: state === "working" ? OURS : null,
  handle: {},
  filledQty: 0,
  avgPrice: ZERO_PRICE,
  booked: null,
  reason: null,
  notSentCause: null,
  change: null,
  sentAt: null,
  unknownSince: null,
  ...more,
});

const booked = (more: Partial<BookedOrder> = {}): BookedOrder => ({
  orderId: OURS,
  status: "open",
  qty: 10,
  filledQty: 0,
  avgPrice: ZERO_PRICE,
  message: null,
  handle: { variety: "regular" },
  type: "LIMIT",
  price: ZERO_PRICE,
  triggerPrice: ZERO_PRICE,
  ...more,
});

const OUTCOMES: readonly OrderOutcome[] = [
  { kind: "accepted", orderId: OURS, handle: {} },
  { kind: "rejected", reason: "margin", raw: "MarginException: margin" },
  { kind: "not-sent", reason: "session", cause: "session-expired" },
  { kind: "unknown", reason: "timeout" },
];
const EVENTS: readonly LegEvent[] = [
  { kind: "confirm" },
  { kind: "drop" },
  ...OUTCOMES.map((outcome): LegEvent => ({ kind: "outcome", outcome })),
  { kind: "sender-lost" },
  { kind: "asker-lost" },
  ...ORDER_STATUSES.map((status): LegEvent => ({ kind: "seen", order: booked({ status }) })),
  { kind: "absent" },
  { kind: "day-over" },
];

const nameOf = (event: LegEvent): string => {
  if (event.kind === "outcome") return `outcome ${event.outcome.kind}`;
  return event.kind === "seen" ? `seen ${event.order.status}` : event.kind;
};

const SEEN = Object.fromEntries(
  ORDER_STATUSES.map((status) => [
    `seen ${status}`,
    status === "pending" || status === "open" || status === "trigger-pending" ? "working" : status,
  ]),
);

/** The whole state machine: an event that is not listed for a state changes nothing. */
const TRANSITIONS: Readonly<Record<LegState, Readonly<Record<string, LegState>>>> = {
  ticket: { confirm: "sending", drop: "dropped" },
  sending: {
    "outcome accepted": "working",
    "outcome rejected": "rejected",
    "outcome not-sent": "not-sent",
    "outcome unknown": "unknown",
    "sender-lost": "unknown",
  },
  unknown: {
    "outcome accepted": "working",
    "outcome rejected": "rejected",
    "outcome not-sent": "not-sent",
    ...SEEN,
    absent: "not-found",
    "day-over": "unresolved",
  },
  working: { ...SEEN, "day-over": "unresolved" },
  "not-found": { "outcome accepted": "working", ...SEEN },
  dropped: {},
  filled: {},
  cancelled: {},
  rejected: {},
  expired: {},
  "not-sent": {},
  unresolved: {},
} as const;

describe("every event in every state of an order's leg", () => {
  const cases = LEG_STATES.flatMap((state) => EVENTS.map((event) => [state, nameOf(event), event] as const));

  it.each(cases)("%s on %s goes where the table says", (state, name, event) => {
    const after = nextLeg(legIn(state), event, 5)?.state ?? null;
    expect(after).toBe(TRANSITIONS[state][name] ?? null);
  });

  it("takes the reason of a rejection from the broker's order book", () => {
    const order = booked({ status: "rejected", message: "RMS: margin exceeds" });
    const refused = nextLeg(legIn("working"), { kind: "seen", order }, 0);
    expect(refused).toMatchObject({ state: "rejected", reason: "RMS: margin exceeds" });
  });

  it("takes the quantity from the order book's row, if it has one", () => {
    const qtyAfter = (qty: number) => nextLeg(legIn("working"), { kind: "seen", order: booked({ qty }) }, 0)?.qty;
    expect([25, 0].map(qtyAfter)).toEqual([25, 10]);
  });

  it("ignores a row of the order book whose id is not the leg's", () => {
    for (const state of LEG_STATES) {
      const leg = legIn(state, { orderId: OURS });
      expect(nextLeg(leg, { kind: "seen", order: booked({ orderId: OTHERS, status: "filled" }) }, 5)).toBeNull();
    }
  });

  it("takes nothing but the price from the book once an order has ended with fills of no known price", () => {
    const leg = legIn("filled", { orderId: OURS, booked: "filled", filledQty: 10 });
    const seen = (more: Partial<BookedOrder>) =>
      nextLeg(leg, { kind: "seen", order: booked({ filledQty: 10, avgPrice: price(8_000_000), ...more }) }, 5);
    expect(seen({ status: "filled" })).toMatchObject({ state: "filled", avgPrice: 8_000_000 });
    expect(seen({ status: "open" })).toBeNull();
    expect(seen({ status: "filled", avgPrice: ZERO_PRICE })).toBeNull();
  });
});

describe("any history of a leg", () => {
  const orders = fc.record({
    orderId: fc.constantFrom(OURS, OURS, OTHERS),
    status: fc.constantFrom(...ORDER_STATUSES),
    filledQty: fc.integer({ min: 0, max: 10 }),
    qty: fc.constantFrom(0, 10, 20),
    avgPrice: fc.integer({ min: 0, max: 10_000_000 }).map(price),
    message: fc.option(fc.constant("as the broker says")),
    handle: fc.constant({}),
    type: fc.constantFrom("LIMIT", "MARKET"),
    price: fc.constant(ZERO_PRICE),
    triggerPrice: fc.constant(ZERO_PRICE),
  });
  const events: fc.Arbitrary<LegEvent> = fc.oneof(
    fc.constantFrom(...EVENTS),
    orders.map((order): LegEvent => ({ kind: "seen", order })),
  );
  const histories = fc.array(events, { maxLength: 40 });

  /** Every state of the leg that a history passes through, the first one included. */
  function walk(history: readonly LegEvent[]): { event: LegEvent | null; leg: Leg }[] {
    const steps: { event: LegEvent | null; leg: Leg }[] = [{ event: null, leg: legIn("ticket") }];
    history.forEach((event, at) => {
      const last = steps.at(-1)?.leg;
      const next = last && nextLeg(last, event, at);
      if (next) steps.push({ event, leg: next });
    });
    return steps;
  }

  it("sends the order at most once, and only after a confirmation", () => {
    fc.assert(
      fc.property(histories, (history) => {
        const steps = walk(history);
        const sendings = steps.filter(
          ({ leg }, at) => leg.state === "sending" && steps[at - 1]?.leg.state !== "sending",
        );
        expect(sendings.length).toBeLessThanOrEqual(1);
        for (const { event } of sendings) expect(event?.kind).toBe("confirm");
      }),
      { numRuns: 3_000 },
    );
  });

  it("never reopens a final leg, except when an order that was not found turns up after all", () => {
    fc.assert(
      fc.property(histories, (history) => {
        const legs = walk(history).map(({ leg }) => leg);
        const reopened = legs.slice(1).filter((leg, at) => {
          const before = legs[at];
          return before && isClosed(before) && before.state !== "not-found" && leg.state !== before.state;
        });
        expect(reopened).toEqual([]);
      }),
      { numRuns: 3_000 },
    );
  });

  it("never reduces a fill, and never changes an order id or a tag", () => {
    fc.assert(
      fc.property(histories, (history) => {
        const legs = walk(history).map(({ leg }) => leg);
        legs.slice(1).forEach((leg, at) => {
          const before = legs[at];
          if (!before) return;
          expect(leg.filledQty).toBeGreaterThanOrEqual(before.filledQty);
          expect(leg.tag).toBe(before.tag);
          if (before.orderId !== null) expect(leg.orderId).toBe(before.orderId);
        });
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("a change of an open order", () => {
  it("can begin only on an open order, and only one at a time", () => {
    for (const state of LEG_STATES) {
      expect(beginChange(legIn(state), "cancel", 1_000) !== null).toBe(state === "working");
    }
    const begun = beginChange(legIn("working"), "cancel", 1_000);
    expect(begun && beginChange(begun, "modify", 1_001)).toBeNull();
    expect(begun && beginChange(begun, "cancel", 40_000)).toMatchObject({ change: { at: 40_000 } });
  });

  it("accepts its own answer once, and no other change's answer", () => {
    const begun = beginChange(legIn("working"), "modify", 1_000);
    const [accepted, rejected] = OUTCOMES;
    if (!begun || !accepted || !rejected) throw new Error("no change");
    expect(endChange(begun, 999, accepted)).toBeNull();
    const ended = endChange(begun, 1_000, rejected);
    expect(ended).toMatchObject({ state: "working", change: { outcome: "refused", reason: "margin" } });
    expect(ended && endChange(ended, 1_000, accepted)).toBeNull();
  });

  it("keeps the handle that an accepted change gave the order, for it is read by that from then on", () => {
    const before = { handle: { variety: "NORMAL", uniqueorderid: "7c1e5b0a" } };
    const begun = beginChange(legIn("working", before), "modify", 1_000);
    const accepted: OrderOutcome = { kind: "accepted", orderId: OURS, handle: { uniqueorderid: "91d2c4f7" } };
    expect(begun && endChange(begun, 1_000, accepted)).toMatchObject({
      handle: { variety: "NORMAL", uniqueorderid: "91d2c4f7" },
    });
    for (const outcome of OUTCOMES) expect(begun && endChange(begun, 1_000, outcome)).toMatchObject(before);
  });

  it("does not change the order's state, even when a cancel was accepted: only the order book does", () => {
    const begun = beginChange(legIn("working"), "cancel", 1_000);
    for (const outcome of OUTCOMES) expect(begun && endChange(begun, 1_000, outcome)?.state).toBe("working");
  });
});

describe("the terms of an order that was changed", () => {
  const asked: OrderTerms = { type: "LIMIT", price: price(8_000_000) };
  const market: OrderTerms = { type: "MARKET", protection: { basisPoints: 100, limit: price(8_080_000) } };
  const at = (limit: number, more: Partial<Leg> = {}): Leg =>
    legIn("cancelled", {
      bookedTerms: { type: "LIMIT", price: price(limit), triggerPrice: ZERO_PRICE },
      ...more,
    });
  const modified: Partial<Leg> = { change: { kind: "modify", at: 1, outcome: "accepted", reason: null } };

  it("are those of the brokers' order books, if all accounts' books agree", () => {
    expect(currentTerms(asked, [at(8_120_000), at(8_120_000)])).toEqual({ type: "LIMIT", price: 8_120_000 });
    expect(currentTerms(asked, [at(8_120_000), at(8_000_000)])).toEqual(asked);
    expect(currentTerms(asked, [legIn("not-sent")])).toEqual(asked);
    expect(currentTerms(asked, [at(0)])).toEqual(asked);
  });

  it("stay those of a market order that only its broker turned into a limit order", () => {
    expect(currentTerms(market, [at(8_080_000)])).toEqual(market);
    const refused: Partial<Leg> = { change: { kind: "modify", at: 1, outcome: "refused", reason: "no" } };
    expect(currentTerms(market, [at(8_080_000, refused)])).toEqual(market);
    expect(currentTerms(market, [at(8_120_000, modified)])).toEqual({ type: "LIMIT", price: 8_120_000 });
  });

  it("are the limit order's also when it was cancelled after the change, or the change had no clear answer", () => {
    const limit = { type: "LIMIT", price: 8_120_000 };
    const begun = beginChange({ ...at(8_120_000, modified), state: "working" }, "cancel", 40_000);
    expect(begun && currentTerms(market, [begun])).toEqual(limit);
    const again = begun && beginChange({ ...begun, state: "working" }, "cancel", 80_000);
    expect(again && currentTerms(market, [again])).toEqual(limit);
    const unanswered: Partial<Leg> = { change: { kind: "modify", at: 1, outcome: "unknown", reason: "timeout" } };
    expect(currentTerms(market, [at(8_120_000, unanswered)])).toEqual(limit);
  });

  it("stay those of a market order that was only cancelled, or whose change was refused before", () => {
    const refused: Partial<Leg> = { change: { kind: "modify", at: 1, outcome: "refused", reason: "no" } };
    for (const before of [{}, refused]) {
      const begun = beginChange({ ...at(8_080_000, before), state: "working" }, "cancel", 40_000);
      expect(begun && currentTerms(market, [begun])).toEqual(market);
    }
  });

  it("have a stop-limit order's new limit and trigger price, and neither if the book lacks one", () => {
    const stop: OrderTerms = { ...asked, type: "SL", triggerPrice: price(7_900_000) };
    const moved = { type: "SL", price: price(8_050_000), triggerPrice: price(7_950_000) } as const;
    expect(currentTerms(stop, [at(0, { bookedTerms: moved })])).toEqual(moved);
    expect(currentTerms(stop, [at(0, { bookedTerms: { ...moved, triggerPrice: ZERO_PRICE } })])).toEqual(stop);
    expect(currentTerms(stop, [at(0, { bookedTerms: { ...moved, price: ZERO_PRICE } })])).toEqual(stop);
  });

  it("have a stop order's new trigger price and its old protection", () => {
    const stop: OrderTerms = { ...market, type: "SL-M", triggerPrice: price(7_900_000) };
    const moved = { type: "SL-M", price: ZERO_PRICE, triggerPrice: price(7_950_000) } as const;
    const asLimit = { ...moved, type: "SL", price: price(7_870_000) } as const;
    for (const bookedTerms of [moved, asLimit])
      expect(currentTerms(stop, [at(0, { bookedTerms })])).toEqual({ ...stop, triggerPrice: 7_950_000 });
  });
});
