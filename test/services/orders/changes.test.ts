import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { orderCard } from "../../../src/bot/render/order-card.ts";
import { brokerOrderId } from "../../../src/domain/ids.ts";
import { paiseFromRupees, price } from "../../../src/domain/money.ts";
import type { Position } from "../../../src/domain/portfolio.ts";
import type { Wanted } from "../../../src/services/orders/changes.ts";
import type { Intent, Journal } from "../../../src/services/orders/journal.ts";
import { ORDER_TIMING } from "../../../src/services/orders/timing.ts";
import { fakeBroker, type FakeBroker } from "./fake-broker.ts";
import { ASHA, letWorkProceed, type Floor, openFloor, SBIN, sent, statesNow, ticket, VIKRAM, watch } from "./floor.ts";

let broker: FakeBroker;
let floor: Floor;
let open: Intent;
beforeEach(async () => {
  broker = fakeBroker();
  floor = await openFloor({ brokers: [broker] });
  open = await sent(floor, await ticket(floor, { type: "LIMIT", price: price(7_900_000) }));
});
afterEach(() => floor.close());

const LOSING = { dayPnl: paiseFromRupees(-1_000), pnl: paiseFromRupees(-1_000) } as Position;
const ID = brokerOrderId("zerodha-1");
const count = (call: string): number => broker.calls.filter((each) => each === call).length;

describe("a process that was held up before sending", () => {
  it("sends its cancel, but no modification: a newer one may have been sent meanwhile", async () => {
    const change = floor.journal.change.bind(floor.journal);
    const slow: Partial<Journal> = {
      async change(...asked) {
        const changed = await change(...asked);
        floor.pass(ORDER_TIMING.sendWithinMs + 1);
        return changed;
      },
    };
    Object.assign(floor.journal, slow);
    expect(await floor.changes.ask(ASHA, open._id, 0, { qty: 20 })).toMatchObject({
      outcome: { kind: "not-sent" },
      intent: { legs: [{ state: "working", change: { outcome: "not-sent" } }] },
    });
    await floor.changes.ask(ASHA, open._id, 0, "cancel");
    expect([count("modifyOrder"), count("cancelOrder")]).toEqual([0, 1]);
  });
});

describe("a cancel", () => {
  it("is sent once under many taps, and counts once the book shows it", async () => {
    const results = await Promise.all(
      Array.from({ length: 20 }, () => floor.changes.ask(ASHA, open._id, 0, "cancel", 5)),
    );
    expect(count("cancelOrder")).toBe(1);
    expect(results.filter((result) => result.kind === "asked")).toHaveLength(1);
    await watch(floor, 2_000);
    expect(await statesNow(floor, open)).toEqual(["cancelled"]);
    expect((await floor.journal.get(open._id))?.history).toContainEqual(
      expect.objectContaining({ who: ASHA, what: "cancel asked", message: 5 }),
    );
  });

  it("accepted while the order fills ends as filled", async () => {
    broker.scripts.push("lose-order");
    await floor.changes.ask(ASHA, open._id, 0, "cancel");
    broker.set(ID, { status: "filled", filledQty: 10, avgPrice: price(7_900_000) });
    await watch(floor, 2_000);
    expect(await statesNow(floor, open)).toEqual(["filled"]);
  });

  it("without a clear answer is unknown until the book shows it", async () => {
    broker.scripts.push("lose-answer");
    const result = await floor.changes.ask(ASHA, open._id, 0, "cancel");
    expect(result).toMatchObject({
      outcome: { kind: "unknown" },
      intent: { legs: [{ change: { outcome: "unknown" } }] },
    });
    await watch(floor, 2_000);
    expect(await statesNow(floor, open)).toEqual(["cancelled"]);
  });

  it("that could not be asked is not said to be refused", async () => {
    broker.scripts.push("not-sent");
    const result = await floor.changes.ask(ASHA, open._id, 0, "cancel");
    if (result.kind !== "asked") throw new Error(result.kind);
    const card = orderCard(result.intent, floor.accounts, [floor.link], floor.clock.now());
    expect(card.html.toString()).toContain("A cancel was not asked for: session over.");
  });

  it("that is refused marks the card stale even if it was drawn meanwhile, and is recorded", async () => {
    broker.scripts.push("refuse");
    const cancelOrder = broker.connector.cancelOrder.bind(broker.connector);
    broker.connector.cancelOrder = async (...asked) => {
      const intent = await floor.journal.get(open._id);
      if (intent) await floor.journal.markDrawn(intent);
      return cancelOrder(...asked);
    };
    const result = await floor.changes.ask(ASHA, open._id, 0, "cancel");
    expect(result).toMatchObject({
      intent: {
        isCardStale: true,
        legs: [{ state: "working", change: { outcome: "refused", reason: "Margin is short" } }],
      },
    });
    expect((await floor.journal.get(open._id))?.history.at(-1)).toMatchObject({
      what: "cancel rejected",
      detail: "MarginException: Margin is short",
    });
  });

  it("whose process died can be retried after half a minute", async () => {
    broker.scripts.push("never-ask");
    void floor.changes.ask(ASHA, open._id, 0, "cancel");
    await letWorkProceed();
    const next = floor.crash();
    expect(await next.changes.ask(ASHA, open._id, 0, "cancel")).toEqual({ kind: "busy" });
    next.pass(30_000);
    expect(await next.changes.ask(ASHA, open._id, 0, "cancel")).toMatchObject({ kind: "asked" });
  });

  it("whose process died is soon shown as unclear", async () => {
    broker.scripts.push("never-ask");
    void floor.changes.ask(ASHA, open._id, 0, "cancel");
    await letWorkProceed();
    const next = floor.crash();
    await watch(next, 100_000, 1_000);
    const [drawn] = next.drawn.slice(-1);
    expect(drawn).toMatchObject({ legs: [{ state: "working", change: { outcome: "unknown" } }] });
    expect(drawn && orderCard(drawn, next.accounts, [], next.clock.now()).html.toString()).toContain(
      "A cancel was asked for without a clear answer",
    );
    expect(await next.changes.ask(ASHA, open._id, 0, "cancel")).toMatchObject({ kind: "asked" });
  });

  it("whose process died can be retried after the clock was set back", async () => {
    broker.scripts.push("never-ask");
    void floor.changes.ask(ASHA, open._id, 0, "cancel");
    await letWorkProceed();
    const next = floor.crash();
    next.pass(-86_400_000);
    expect(await next.changes.ask(ASHA, open._id, 0, "cancel")).toMatchObject({ kind: "asked" });
  });

  it("of an order that the book does not show yet is not sent, and reported as unseen", async () => {
    broker.hidden = true;
    expect(await floor.changes.ask(ASHA, open._id, 0, "cancel")).toMatchObject({ kind: "unseen" });
    expect(count("cancelOrder")).toBe(0);
  });

  it("of an order that has ended or is another user's is not sent", async () => {
    expect(await floor.changes.ask(VIKRAM, open._id, 0, "cancel")).toEqual({ kind: "busy" });
    broker.set(ID, { status: "filled", filledQty: 10 });
    expect(await floor.changes.ask(ASHA, open._id, 0, "cancel")).toMatchObject({ kind: "nothing-to-do" });
    expect(count("cancelOrder")).toBe(0);
  });
});

describe("a modification", () => {
  const terms = { type: "LIMIT", price: price(7_950_000) } as const;

  it("is sent once, and the order takes the book's quantity", async () => {
    await watch(floor, 2_000);
    await floor.changes.ask(ASHA, open._id, 0, { qty: 25 });
    await watch(floor, 2_000);
    expect((await floor.journal.get(open._id))?.legs).toMatchObject([{ qty: 25, change: { outcome: "accepted" } }]);
    expect(count("modifyOrder")).toBe(1);
  });

  it("of the price is shown as the book has it, even if made elsewhere", async () => {
    const drawn = (): string | undefined => {
      const card = floor.drawn.at(-1);
      return card && orderCard(card, floor.accounts, [floor.link], floor.clock.at).html.toString();
    };
    await watch(floor, 2_000);
    expect(drawn()).not.toContain("At the broker:");
    await floor.changes.ask(ASHA, open._id, 0, { terms });
    await watch(floor, 2_000);
    expect(drawn()).toContain("At the broker: limit 795.00.");
    broker.set(ID, { price: price(7_900_000) });
    await watch(floor, 60_000);
    expect(drawn()).not.toContain("At the broker:");
  });

  it.each([
    ["off the tick", { terms: { type: "LIMIT", price: price(7_950_100) } }, "tick"],
    ["to what is already filled", { qty: 4 }, "below-filled"],
  ] as const)("%s is not sent", async (_, change, code) => {
    broker.set(ID, { filledQty: 4 });
    const result = await floor.changes.ask(ASHA, open._id, 0, change);
    expect(result).toMatchObject({ kind: "blocked", findings: [{ code }] });
    expect(count("modifyOrder")).toBe(0);
  });

  it("of a stop's limit price is sent although the price has passed the unchanged trigger", async () => {
    const triggerPrice = price(8_100_000);
    const stop = { type: "SL", price: price(8_110_000), triggerPrice } as const;
    const { _id } = await sent(floor, await ticket(floor, stop));
    broker.set("zerodha-2", { triggerPrice });
    broker.ltp = price(8_150_000);
    floor.pass(10_000);
    const chased = { ...stop, price: price(8_160_000) };
    const moved = { ...chased, triggerPrice: price(8_120_000) };
    expect(await floor.changes.ask(ASHA, _id, 0, { terms: moved })).toMatchObject({
      kind: "blocked",
      findings: [{ code: "trigger-side" }],
    });
    expect(await floor.changes.ask(ASHA, _id, 0, { terms: chased })).toMatchObject({ kind: "asked" });
  });

  it("cannot exceed the user's own limits, but may always make the order smaller", async () => {
    await floor.limits.set(ASHA, "orderValue", paiseFromRupees(1_000));
    expect(await floor.changes.ask(ASHA, open._id, 0, { qty: 20 })).toMatchObject({
      findings: [{ code: "limit-value" }],
    });
    expect(await floor.changes.ask(ASHA, open._id, 0, { qty: 5 })).toMatchObject({ kind: "asked" });
  });

  it("cannot exceed them by a higher price, but may lower it", async () => {
    await floor.limits.set(ASHA, "orderValue", paiseFromRupees(1_000));
    const change = (to: number) => floor.changes.ask(ASHA, open._id, 0, { terms: { type: "LIMIT", price: price(to) } });
    expect(await change(7_950_000)).toMatchObject({ kind: "blocked", findings: [{ code: "limit-value" }] });
    expect(await change(7_850_000)).toMatchObject({ kind: "asked" });
  });
});

describe("a larger quantity", () => {
  const stop = { type: "SL-M", triggerPrice: price(8_100_000) } as const;

  it("of a stop without a limit price cannot exceed the user's own limits either", async () => {
    const { _id } = await sent(floor, await ticket(floor, stop));
    broker.set("zerodha-2", { triggerPrice: stop.triggerPrice });
    await floor.limits.set(ASHA, "orderValue", paiseFromRupees(9_000));
    const change = (qty: number) => floor.changes.ask(ASHA, _id, 0, { qty });
    expect(await change(1_000)).toMatchObject({ kind: "blocked", findings: [{ code: "limit-value" }] });
    expect(await change(11)).toMatchObject({ kind: "asked" });
  });

  it("is blocked once the day's loss is reached, unlike a better price or a smaller quantity", async () => {
    await floor.limits.set(ASHA, "dayLoss", paiseFromRupees(1_000));
    broker.positions = [LOSING];
    const change = (wanted: Wanted) => floor.changes.ask(ASHA, open._id, 0, wanted);
    expect(await change({ qty: 20 })).toMatchObject({ kind: "blocked", findings: [{ code: "limit-loss" }] });
    expect(await change({ terms: { type: "LIMIT", price: price(7_950_000) } })).toMatchObject({ kind: "asked" });
    floor.pass(30_000);
    expect(await change({ qty: 5 })).toMatchObject({ kind: "asked" });
  });

  it("is not blocked by a loss of play money, unless the order is a paper one", async () => {
    const paper = fakeBroker("paper", { isPaper: true });
    const mixed = await openFloor({ brokers: [broker, paper] });
    const links = await mixed.accounts.active(ASHA);
    await mixed.limits.set(ASHA, "dayLoss", paiseFromRupees(1_000));
    const limit = { type: "LIMIT", price: price(7_900_000) } as const;
    const orders = [];
    for (const link of links)
      orders.push(await sent(mixed, await ticket(mixed, { ...limit, parts: [{ link, qty: 10 }] })));
    paper.positions = [LOSING];
    const [real, practice] = await Promise.all(orders.map(({ _id }) => mixed.changes.ask(ASHA, _id, 0, { qty: 20 })));
    expect(real).toMatchObject({ kind: "asked" });
    expect(practice).toMatchObject({ kind: "blocked", findings: [{ code: "limit-loss" }] });
    await mixed.close();
  });
});

describe("an order in the broker's book", () => {
  it("that is ours is changed through its intent", async () => {
    const change = await floor.changes.askBooked(ASHA, floor.link, ID, "cancel");
    expect(change).toMatchObject({ kind: "ours", result: { kind: "asked", intent: { _id: open._id } } });
  });

  it("that was placed elsewhere is changed without an intent", async () => {
    const foreign = brokerOrderId("app-7");
    broker.book.push({ ...broker.book[0]!, orderId: foreign, tag: null });
    expect(await floor.changes.askBooked(ASHA, floor.link, foreign, "cancel")).toMatchObject({
      kind: "theirs",
      outcome: { kind: "accepted" },
    });
    expect(await floor.changes.askBooked(ASHA, floor.link, foreign, "cancel")).toEqual({ kind: "gone" });
  });

  it("can be cancelled although the rest of the book cannot be read", async () => {
    const foreign = brokerOrderId("app-7");
    broker.book.push({ ...broker.book[0]!, orderId: foreign, tag: null });
    broker.failsAt = "getOrders";
    const change = await floor.changes.askBooked(ASHA, floor.link, foreign, "cancel");
    expect(change).toMatchObject({ kind: "theirs", outcome: { kind: "accepted" } });
  });

  it("that was placed elsewhere cannot be changed to exceed the user's own limits", async () => {
    const foreign = brokerOrderId("app-7");
    broker.book.push({ ...broker.book[0]!, orderId: foreign, tag: null });
    await floor.limits.set(ASHA, "orderValue", paiseFromRupees(1_000));
    expect(await floor.changes.askBooked(ASHA, floor.link, foreign, { qty: 20 }, SBIN)).toMatchObject({
      kind: "blocked",
      findings: [{ code: "limit-value" }],
    });
    expect(count("modifyOrder")).toBe(0);
  });

  it("cannot exceed those limits even if its instrument is unknown", async () => {
    const foreign = brokerOrderId("app-7");
    broker.book.push({ ...broker.book[0]!, orderId: foreign, tag: null, key: null });
    await floor.limits.set(ASHA, "orderValue", paiseFromRupees(1_000));
    const change = (qty: number) => floor.changes.askBooked(ASHA, floor.link, foreign, { qty });
    expect(await change(20)).toMatchObject({ kind: "blocked", findings: [{ code: "limit-value" }] });
    expect(await change(5)).toMatchObject({ kind: "theirs" });
  });

  it("with the same id at another broker is another order", async () => {
    const other = fakeBroker("fyers");
    const wide = await openFloor({ brokers: [broker, other] });
    const ours = await sent(wide, await ticket(wide, { type: "LIMIT", price: price(7_900_000) }));
    const id = ours.legs[0]?.orderId ?? expect.fail("not placed");
    other.book.push({ ...broker.book[0]!, orderId: id, tag: null });
    const link = (await wide.accounts.active(ASHA)).find(({ label }) => label === "fyers") ?? expect.fail("no link");
    expect(await wide.changes.askBooked(ASHA, link, id, "cancel")).toMatchObject({ kind: "theirs" });
    expect([other.book[0]?.status, broker.book.at(-1)?.status]).toEqual(["cancelled", "open"]);
    await wide.close();
  });
});
