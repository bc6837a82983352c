import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { brokerOrderId } from "../../../src/domain/ids.ts";
import { paiseFromRupees, price } from "../../../src/domain/money.ts";
import type { Position } from "../../../src/domain/portfolio.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { fakeBroker, type FakeBroker } from "./fake-broker.ts";
import { ASHA, type Floor, openFloor, SBIN, sent, ticket } from "./floor.ts";

const HELD = { level: "block", code: "egress", label: "zerodha" };
const PROXY = new Secret("socks5://203.0.113.7:1080");

describe("a user who is not of the owner's family", () => {
  let broker: FakeBroker;
  let floor: Floor;
  let isFamily: boolean;
  let mayTrade: boolean;
  beforeEach(async () => {
    broker = fakeBroker();
    isFamily = false;
    mayTrade = true;
    floor = await openFloor({
      brokers: [broker],
      needsEgress: async () => !isFamily,
      mayTrade: async () => mayTrade,
    });
  });
  afterEach(() => floor.close());

  const setEgress = async (egress: Secret | null): Promise<void> => {
    await floor.accounts.update(floor.link._id, () => ({ egress }));
  };
  const freshParts = async () => {
    const link = await floor.accounts.get(ASHA, floor.link._id);
    if (!link) throw new Error("no link");
    return { parts: [{ link, qty: 10 }] };
  };

  it("gets a Confirm button only once the account has its own proxy", async () => {
    expect((await ticket(floor)).findings).toContainEqual(HELD);
    await setEgress(PROXY);
    const view = await ticket(floor, await freshParts());
    expect(view.findings).not.toContainEqual(HELD);
    await sent(floor, view);
    expect(broker.placed).toHaveLength(1);
  });

  it("is checked again at the confirmation", async () => {
    await setEgress(PROXY);
    const view = await ticket(floor, await freshParts());
    await setEgress(null);
    expect(await floor.desk.confirm(ASHA, view.intent.confirmId)).toMatchObject({ kind: "limited", finding: HELD });
    expect(broker.placed).toEqual([]);
  });

  it("may always close a position", async () => {
    const { key, symbol } = SBIN;
    broker.positions = [{ key, symbol, productType: "INTRADAY", side: "BUY", qty: 10 } as Position];
    const view = await ticket(floor, { origin: "exit", side: "SELL", productType: "INTRADAY" });
    expect(view.findings).not.toContainEqual(HELD);
    await sent(floor, view);
    expect(broker.placed).toHaveLength(1);
  });

  it("needs no proxy for paper trading", async () => {
    const paper = fakeBroker("paper", { isPaper: true });
    const other = await openFloor({ brokers: [paper], needsEgress: async () => true });
    await sent(other, await ticket(other));
    expect(paper.placed).toHaveLength(1);
    await other.close();
  });

  it("may cancel an order, but change it only through a proxy", async () => {
    isFamily = true;
    await sent(floor, await ticket(floor, { type: "LIMIT", price: price(7_900_000) }));
    isFamily = false;
    const id = brokerOrderId("zerodha-1");
    const change = { qty: 20 };
    const held = await floor.changes.askBooked(ASHA, floor.link, id, change, SBIN);
    expect(held).toMatchObject({ kind: "ours", result: { kind: "blocked", findings: [HELD] } });
    expect(broker.calls).not.toContain("modifyOrder");
    expect(await floor.changes.askBooked(ASHA, floor.link, id, "cancel")).toMatchObject({ result: { kind: "asked" } });
  });

  it("cannot change an order while trading is locked, like everybody", async () => {
    isFamily = true;
    await sent(floor, await ticket(floor, { type: "LIMIT", price: price(7_900_000) }));
    mayTrade = false;
    const id = brokerOrderId("zerodha-1");
    const held = await floor.changes.askBooked(ASHA, floor.link, id, { qty: 20 }, SBIN);
    expect(held).toMatchObject({ result: { kind: "blocked", findings: [{ code: "not-allowed" }] } });
    expect(broker.calls).not.toContain("modifyOrder");
    expect(await floor.changes.askBooked(ASHA, floor.link, id, "cancel")).toMatchObject({ result: { kind: "asked" } });
  });

  it("is told of the lock alone, not of a limit that would block the change too", async () => {
    isFamily = true;
    await sent(floor, await ticket(floor, { type: "LIMIT", price: price(7_900_000) }));
    await floor.limits.set(ASHA, "orderValue", paiseFromRupees(10_000));
    mayTrade = false;
    const held = await floor.changes.askBooked(ASHA, floor.link, brokerOrderId("zerodha-1"), { qty: 20 }, SBIN);
    expect(held).toMatchObject({ result: { kind: "blocked", findings: [{ code: "not-allowed" }] } });
  });

  it("cannot change an order when trading was locked while its price was still being read", async () => {
    isFamily = true;
    await sent(floor, await ticket(floor, { type: "LIMIT", price: price(7_900_000) }));
    floor.pass(60_000);
    const getQuote = broker.connector.getQuote.bind(broker.connector);
    broker.connector.getQuote = (...asked) => {
      mayTrade = false;
      return getQuote(...asked);
    };
    const held = await floor.changes.askBooked(ASHA, floor.link, brokerOrderId("zerodha-1"), { qty: 20 }, SBIN);
    expect(mayTrade).toBe(false);
    expect(held).toMatchObject({ result: { kind: "blocked", findings: [{ code: "not-allowed" }] } });
    expect(broker.calls).not.toContain("modifyOrder");
  });
});
