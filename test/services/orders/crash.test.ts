import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { brokerName, linkId } from "../../../src/domain/ids.ts";
import { addDays, istInstant } from "../../../src/domain/market.ts";
import { price } from "../../../src/domain/money.ts";
import type { LegState } from "../../../src/domain/order-intent.ts";
import { BrokerError } from "../../../src/errors.ts";
import { createLog } from "../../../src/lib/log.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { traceFields } from "../../../src/lib/trace.ts";
import type { Collection, Document, Store } from "../../../src/ports/store.ts";
import type { Intent } from "../../../src/services/orders/journal.ts";
import { ORDER_TIMING } from "../../../src/services/orders/timing.ts";
import { fakeBroker, type FakeBroker } from "./fake-broker.ts";
import { ASHA, letWorkProceed, type Floor, openFloor, sent, states, statesNow, ticket, watch } from "./floor.ts";

const LEASE_MS = ORDER_TIMING.leaseMs;
const BELIEVED_MS = 30_000;

let broker: FakeBroker;
let floor: Floor;
beforeEach(async () => {
  broker = fakeBroker();
  floor = await openFloor({ brokers: [broker] });
});
afterEach(() => floor.close());

const tap = (at: Floor, confirmId: string) => at.desk.confirm(ASHA, confirmId);

describe("a process that dies", () => {
  it("before the tap is claimed leaves a ticket that can still be confirmed once", async () => {
    const { intent } = await ticket(floor);
    const next = floor.crash();
    expect(states(await sent(next, { intent }))).toEqual(["working"]);
    expect(broker.placed).toHaveLength(1);
  });

  it("right after the confirmation leaves an order that ends as not found", async () => {
    const dying = await openFloor({ brokers: [broker], wrap: dyingAtTheFirstWrite });
    const { intent } = await ticket(dying);
    void tap(dying, intent.confirmId);
    await letWorkProceed();
    const next = dying.crash();
    expect(await statesNow(next, intent)).toEqual(["sending"]);
    await watch(next, LEASE_MS + BELIEVED_MS + 20_000);
    expect(states(next.drawn.at(-1) ?? null)).toEqual(["not-found"]);
    expect(broker.placed).toEqual([]);
    await dying.close();
  });

  it.each([
    ["before the broker took it", "never-ask", ["not-found"]],
    ["after the broker took it", "never-answer", ["working"]],
  ] as const)(
    "while sending, %s, leaves an order that ends as the book shows it and is not sent again",
    async (_, script, expected) => {
      broker.scripts.push(script);
      const { intent } = await ticket(floor);
      await tap(floor, intent.confirmId);
      const next = floor.crash();
      await watch(next, LEASE_MS - 1_000);
      expect(await statesNow(next, intent)).toEqual(["sending"]);
      await watch(next, 4_000 + BELIEVED_MS + 30_000);
      expect(await statesNow(next, intent)).toEqual(expected);
      expect(broker.placed).toHaveLength(1);
    },
  );

  it("after the answer leaves an order that another process follows to its end", async () => {
    const { intent } = await ticket(floor);
    const placed = await sent(floor, { intent });
    const next = floor.crash();
    broker.set(placed.legs[0]?.orderId ?? "", { status: "filled", filledQty: 10, avgPrice: broker.ltp });
    await watch(next, 3_000);
    expect(await statesNow(next, intent)).toEqual(["filled"]);
    expect(states(next.drawn.at(-1) ?? null)).toEqual(["filled"]);
    // Looked up by order id, because not every broker's book can be searched by tag.
    expect(broker.calls).not.toContain("findOrdersByTag");
  });
});

/** A log of warnings and errors, and what it has said. */
function warnings() {
  const said: object[] = [];
  const log = createLog({ level: "warn", destination: { write: (line) => void said.push(JSON.parse(line)) } });
  return { said, log };
}

describe("a broker whose book cannot be read for long", () => {
  it("is logged once with the account, not for every look at every order", async () => {
    const { said, log } = warnings();
    const logged = await openFloor({ brokers: [broker], log });
    for (let order = 0; order < 3; order += 1) await sent(logged, await ticket(logged));
    broker.failsAt = "getOrder";
    await watch(logged, 30 * 60_000, 30_000);
    const words = "order book cannot be read; retrying";
    expect(said).toEqual([
      expect.objectContaining({
        msg: words,
        link: logged.link._id,
        err: expect.objectContaining({ kind: "unavailable" }),
      }),
    ]);
    await logged.close();
  });
});

describe("cards that cannot be drawn for long", () => {
  it("are logged once, not for every look at every order, and are drawn when they can be", async () => {
    const { said, log } = warnings();
    const drawn: Intent[] = [];
    let isTelegramDown = true;
    const onChange = async (intent: Intent): Promise<void> => {
      if (isTelegramDown) throw new Error("Telegram is down");
      drawn.push(intent);
    };
    const logged = await openFloor({ brokers: [broker], log, onChange });
    for (let order = 0; order < 3; order += 1) await sent(logged, await ticket(logged));
    await watch(logged, 10 * 60_000, 30_000);
    expect(said).toEqual([expect.objectContaining({ msg: "order cards cannot be drawn; retrying" })]);
    isTelegramDown = false;
    await watch(logged, 60_000);
    expect(drawn.map(states)).toEqual([["working"], ["working"], ["working"]]);
    await logged.close();
  });
});

describe("a card that Telegram holds up", () => {
  it("does not hold up the other orders", async () => {
    const held: Intent[] = [];
    const slow = await openFloor({
      brokers: [broker],
      onChange: (intent) => (held.length === 0 ? new Promise(() => void held.push(intent)) : Promise.resolve()),
    });
    vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
      const ends = new AbortController();
      if (ms <= 1_000) setImmediate(() => ends.abort());
      return ends.signal;
    });
    await sent(slow, await ticket(slow));
    await watch(slow, 1_000);
    expect(held).toHaveLength(1);
    const other = await sent(slow, await ticket(slow));
    broker.set(other.legs[0]?.orderId ?? "", { status: "filled", filledQty: 10, avgPrice: broker.ltp });
    await watch(slow, 3_000);
    vi.restoreAllMocks();
    expect(await statesNow(slow, other)).toEqual(["filled"]);
    await slow.close();
  });
});

describe("a look at an order that nobody asked for", () => {
  it("logs under the order's id, down to the call to the broker", async () => {
    const { intent } = await ticket(floor);
    await sent(floor, { intent });
    const traces: unknown[] = [];
    broker.connector.getOrder = async () => {
      traces.push(traceFields());
      return null;
    };
    await watch(floor, 3_000);
    expect(traces[0]).toEqual({ intent: intent._id });
  });
});

describe("a clock that was a day ahead and is set back", () => {
  const DAY_MS = 86_400_000;

  it("does not stop an order from being followed", async () => {
    const { intent } = await ticket(floor);
    const placed = await sent(floor, { intent });
    floor.pass(-DAY_MS);
    broker.set(placed.legs[0]?.orderId ?? "", { status: "filled", filledQty: 10, avgPrice: broker.ltp });
    await watch(floor, 3_000);
    expect(await statesNow(floor, intent)).toEqual(["filled"]);
  });

  it("lapses a ticket that nobody has confirmed: how old its card is, is not known", async () => {
    const limit = { type: "LIMIT", price: price(7_900_000) } as const;
    const [tapped, left] = [await ticket(floor, limit), await ticket(floor, limit)];
    floor.pass(-DAY_MS);
    expect(await floor.desk.confirm(ASHA, tapped.intent.confirmId)).toMatchObject({ kind: "lapsed" });
    expect(await floor.tickets.renew(left.intent)).toBeNull();
    await floor.watcher.sweep();
    expect(await statesNow(floor, left.intent)).toEqual(["dropped"]);
    expect(broker.placed).toEqual([]);
  });

  it("does not stop an order whose sender died from being found in the book", async () => {
    broker.scripts.push("never-answer");
    const { intent } = await ticket(floor);
    await tap(floor, intent.confirmId);
    await letWorkProceed();
    const next = floor.crash();
    next.pass(-DAY_MS);
    await watch(next, 3_000);
    expect(await statesNow(next, intent)).toEqual(["working"]);
    expect(broker.placed).toHaveLength(1);
  });

  it("sends nothing if it happens between confirmation and sending", async () => {
    const turned = await openFloor({
      brokers: [broker],
      wrap: (store) => onReplace(store, 1, () => turned.pass(-DAY_MS)),
    });
    const { intent } = await ticket(turned);
    expect((await sent(turned, { intent })).legs).toMatchObject([{ state: "not-sent" }]);
    expect(broker.placed).toEqual([]);
    await turned.close();
  });
});

describe("a store that fails", () => {
  it("is retried when the broker's answer is stored", async () => {
    let failures = 3;
    const flaky = await openFloor({ brokers: [broker], wrap: (store) => failing(store, () => (failures -= 1) >= 0) });
    const { intent } = await withoutFailures(() => ticket(flaky));
    broker.onPlace = () => void (failures = 3);
    expect(states(await sent(flaky, { intent }))).toEqual(["working"]);
    await flaky.close();

    async function withoutFailures<T>(run: () => Promise<T>): Promise<T> {
      failures = 0;
      return run();
    }
  });

  it("for longer than the retries leaves the order to be found by its tag", async () => {
    let isDown = false;
    const broken = await openFloor({ brokers: [broker], wrap: (store) => failing(store, () => isDown) });
    const { intent } = await ticket(broken);
    broker.onPlace = () => void (isDown = true);
    await sent(broken, { intent });
    isDown = false;
    expect(await statesNow(broken, intent)).toEqual(["sending"]);
    await watch(broken, LEASE_MS + 3_000);
    expect((await broken.journal.get(intent._id))?.legs).toMatchObject([{ state: "working", orderId: "zerodha-1" }]);
    expect(broker.placed).toHaveLength(1);
    await broken.close();
  });

  it("when the confirmation is stored sends nothing, and the ticket can be confirmed again", async () => {
    let isDown = false;
    const broken = await openFloor({ brokers: [broker], wrap: (store) => failing(store, () => isDown) });
    const { intent } = await ticket(broken);
    isDown = true;
    await expect(tap(broken, intent.confirmId)).rejects.toThrow("disk");
    expect(broker.placed).toEqual([]);
    isDown = false;
    expect(states(await sent(broken, { intent }))).toEqual(["working"]);
    await broken.close();
  });

  it("after storing the confirmation, but before saying so, leaves an order that nobody sends", async () => {
    let isDown = false;
    const broken = await openFloor({ brokers: [broker], wrap: (store) => losingAnswers(store, () => isDown) });
    const { intent } = await ticket(broken);
    isDown = true;
    await expect(tap(broken, intent.confirmId)).rejects.toThrow("connection");
    isDown = false;
    expect(await tap(broken, intent.confirmId)).toEqual({ kind: "used" });
    await watch(broken, LEASE_MS + BELIEVED_MS + 20_000);
    expect(await statesNow(broken, intent)).toEqual(["not-found"]);
    expect(broker.placed).toEqual([]);
    await broken.close();
  });
});

describe("a process that was held up", () => {
  it("between confirmation and sending no longer sends", async () => {
    const slow = await openFloor({
      brokers: [broker],
      wrap: (store) => onReplace(store, 1, () => slow.pass(ORDER_TIMING.sendWithinMs + 1)),
    });
    const { intent } = await ticket(slow);
    expect((await sent(slow, { intent })).legs).toMatchObject([{ state: "not-sent" }]);
    expect(broker.placed).toEqual([]);
    await slow.close();
  });

  it("before the confirmation sends nothing if another has closed the order", async () => {
    const { intent } = await ticket(floor);
    const dying = await openFloor({ brokers: [broker] });
    await dying.close();
    const confirmed = await floor.journal.change(intent._id, (current) => ({
      legs: current.legs.map((leg) => ({ ...leg, state: "not-sent" as const })),
    }));
    expect(confirmed && (await tap(floor, intent.confirmId))).toEqual({ kind: "used" });
    expect(broker.placed).toEqual([]);
  });

  it("after the sender was taken for dead still has its answer believed", async () => {
    const { intent } = await ticket(floor);
    broker.scripts.push("never-ask");
    await tap(floor, intent.confirmId);
    await watch(floor, LEASE_MS + 1_000);
    expect(await statesNow(floor, intent)).toEqual(["unknown"]);
    const outcome = { kind: "rejected", reason: "Margin is short", raw: "M" } as const;
    await floor.journal.transition(intent._id, 0, { kind: "outcome", outcome }, { who: "sauda", what: "rejected" });
    expect(await statesNow(floor, intent)).toEqual(["rejected"]);
  });
});

describe("an unknown outcome", () => {
  it("is resolved by the order's tag as soon as the book shows it", async () => {
    broker.scripts.push("lose-answer");
    broker.hidden = true;
    const { intent } = await ticket(floor);
    expect(states(await sent(floor, { intent }))).toEqual(["unknown"]);
    await watch(floor, BELIEVED_MS - 2_000);
    expect(await statesNow(floor, intent)).toEqual(["unknown"]);
    broker.hidden = false;
    await watch(floor, 16_000);
    expect(await statesNow(floor, intent)).toEqual(["working"]);
    expect(broker.placed).toHaveLength(1);
  });

  it("becomes not-found after the broker's own delay, not before, and may still turn up", async () => {
    broker.scripts.push("lose-answer");
    broker.hidden = true;
    const { intent } = await ticket(floor);
    await sent(floor, { intent });
    await watch(floor, BELIEVED_MS - 1_000);
    expect(await statesNow(floor, intent)).toEqual(["unknown"]);
    await watch(floor, 20_000);
    expect(await statesNow(floor, intent)).toEqual(["not-found"]);
    broker.hidden = false;
    const found = await floor.journal.get(intent._id);
    expect(states(found && (await floor.watcher.look(found)))).toEqual(["working"]);
  });

  it.each([
    ["forward", 1],
    ["back", -1],
  ])("becomes not-found after the same delay when the clock jumps %s an hour", async (_, way) => {
    broker.scripts.push("lose-answer");
    broker.hidden = true;
    const { intent } = await ticket(floor);
    const unknown = await sent(floor, { intent });
    floor.pass(way * 3_600_000);
    await floor.watcher.look(unknown);
    await watch(floor, BELIEVED_MS - 2_000);
    expect(await statesNow(floor, intent)).toEqual(["unknown"]);
    await watch(floor, 20_000);
    expect(await statesNow(floor, intent)).toEqual(["not-found"]);
  });

  it("does not become not-found while the book cannot be read", async () => {
    broker.scripts.push("lose-order");
    const { intent } = await ticket(floor);
    await sent(floor, { intent });
    broker.failsWith = "unavailable";
    await watch(floor, 120_000);
    expect(await statesNow(floor, intent)).toEqual(["unknown"]);
    broker.failsWith = null;
    await watch(floor, 61_000);
    expect(await statesNow(floor, intent)).toEqual(["not-found"]);
  });

  it("results when the connector throws after it was called", async () => {
    broker.scripts.push("throw");
    const { intent } = await ticket(floor);
    expect(states(await sent(floor, { intent }))).toEqual(["unknown"]);
    await watch(floor, 2_000);
    expect(await statesNow(floor, intent)).toEqual(["working"]);
  });

  it("results when a dead session is reported after the broker was called", async () => {
    const dead = new BrokerError("auth-expired", "over", { broker: brokerName("zerodha"), endpoint: "POST /orders" });
    broker.connector.placeOrder = () => Promise.reject(dead);
    expect(states(await sent(floor, await ticket(floor)))).toEqual(["unknown"]);
  });

  it("becomes unresolved, not not-found, when the day's book is gone", async () => {
    broker.scripts.push("lose-answer");
    const { intent } = await ticket(floor);
    await sent(floor, { intent });
    broker.failsWith = "auth-expired";
    floor.pass(14 * 3_600_000);
    await watch(floor, 61_000);
    expect(await statesNow(floor, intent)).toEqual(["unresolved"]);
  });
});

describe("an after-market order that no process could follow on the day of its session", () => {
  async function placedAt(date: string, time: string): Promise<Floor> {
    const closed = await openFloor({ brokers: [broker], phaseOf: () => "closed" });
    closed.clock.at = istInstant(date, time);
    const [link] = await closed.accounts.active(ASHA);
    const tokens = { accessToken: new Secret("t"), accountId: "X1", issuedAt: 0, expiresAt: closed.clock.at + 1e9 };
    await closed.accounts.update(link!._id, () => ({ tokens }));
    await sent(closed, await ticket(closed, { isAmo: true, parts: [{ link: { ...link!, tokens }, qty: 10 }] }));
    broker.book.length = 0;
    return closed;
  }
  async function statesAt(closed: Floor, date: string): Promise<LegState[]> {
    closed.clock.at = istInstant(date, "00:30");
    await closed.watcher.sweep();
    const [intent] = await closed.journal.recent(ASHA);
    return states(intent ?? null);
  }

  it.each([
    ["on the evening before it", "2026-11-23", "20:00", "2026-11-25"],
    ["on its own morning", "2026-11-24", "08:00", "2026-11-25"],
    ["before a weekend", "2026-11-27", "20:00", "2026-12-01"],
    ["on a Saturday", "2026-11-28", "08:00", "2026-12-01"],
  ])("is unresolved from the day after that, if it was placed %s", async (_, date, time, over) => {
    const closed = await placedAt(date, time);
    expect(await statesAt(closed, addDays(over, -1))).toEqual(["working"]);
    expect(await statesAt(closed, over)).toEqual(["unresolved"]);
    await closed.close();
  });

  it("is followed for five days more while its book cannot be read: a holiday may have moved the session", async () => {
    const closed = await placedAt("2026-11-23", "20:00");
    broker.failsWith = "auth-expired";
    expect(await statesAt(closed, "2026-11-29")).toEqual(["working"]);
    expect(await statesAt(closed, "2026-11-30")).toEqual(["unresolved"]);
    await closed.close();
  });
});

describe("a refused order", () => {
  it("keeps the broker's words, and a dead session is ended", async () => {
    broker.scripts.push("refuse", "not-sent");
    const refused = await sent(floor, await ticket(floor));
    expect(refused.legs).toMatchObject([{ state: "rejected", reason: "Margin is short" }]);
    expect(refused.history.at(-1)).toMatchObject({ what: "rejected", detail: "MarginException: Margin is short" });
    const notSent = await sent(floor, await ticket(floor));
    expect(notSent.legs).toMatchObject([{ state: "not-sent", notSentCause: "session-expired" }]);
    const link = await floor.accounts.byId(floor.link._id);
    expect(link?.tokens).toBeNull();
    const afterwards = await ticket(floor, { parts: link ? [{ link, qty: 10 }] : [] });
    expect(afterwards.findings).toContainEqual({ level: "block", code: "session", label: "zerodha" });
  });

  it("keeps the session when it is refused for another reason", async () => {
    broker.connector.placeOrder = async () => ({ kind: "not-sent", reason: "wrong address", cause: "ip-not-allowed" });
    expect((await sent(floor, await ticket(floor))).legs).toMatchObject([{ notSentCause: "ip-not-allowed" }]);
    expect((await floor.accounts.byId(floor.link._id))?.tokens).not.toBeNull();
  });

  it("is not sent when the session ends between card and tap", async () => {
    const { intent } = await ticket(floor);
    await floor.accounts.endSession(floor.link);
    expect((await sent(floor, { intent })).legs).toMatchObject([{ notSentCause: "session-expired" }]);
    expect(broker.placed).toEqual([]);
  });

  it("is not sent when the connector is gone, and that is not reported as a dead session", async () => {
    const { intent } = await ticket(floor);
    await floor.accounts.update(floor.link._id, () => ({ broker_name: brokerName("gone") }));
    expect((await sent(floor, { intent })).legs).toMatchObject([{ notSentCause: "invalid-request" }]);
    expect(broker.placed).toEqual([]);
  });

  it("is not sent when the account is removed between card and tap", async () => {
    const { intent } = await ticket(floor);
    await floor.accounts.remove(ASHA, linkId(floor.link._id));
    expect((await sent(floor, { intent })).legs).toMatchObject([{ state: "not-sent" }]);
    expect(broker.placed).toEqual([]);
  });
});

/** Writes of orders fail while `fails` returns true. */
const failing = (store: Store, fails: () => boolean): Store =>
  replacing(store, async (write) => {
    if (fails()) throw new Error("the disk is full");
    return write();
  });

/** Writes of orders succeed but throw afterwards while `loses` returns true, as when the connection breaks. */
const losingAnswers = (store: Store, loses: () => boolean): Store =>
  replacing(store, async (write) => {
    const result = await write();
    if (loses()) throw new Error("the connection broke");
    return result;
  });

/** Writes of orders succeed but never return, as when the process dies. */
const dyingAtTheFirstWrite = (store: Store): Store =>
  replacing(store, async (write) => {
    await write();
    return new Promise(() => undefined);
  });

/** Calls `then` right after the n-th write of an order. */
function onReplace(store: Store, nth: number, then: () => void): Store {
  let count = 0;
  return replacing(store, async (write) => {
    const result = await write();
    count += 1;
    if (count === nth) then();
    return result;
  });
}

function replacing(store: Store, around: (write: () => Promise<boolean>) => Promise<boolean>): Store {
  return {
    ...store,
    collection<T extends Document>(spec: Parameters<Store["collection"]>[0]): Collection<T> {
      const inner = store.collection<T>(spec);
      if (spec.name !== "orders") return inner;
      return { ...inner, replace: (document, version) => around(() => inner.replace(document, version)) };
    },
  };
}
