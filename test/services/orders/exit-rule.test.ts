import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { tradingSymbol } from "../../../src/domain/ids.ts";
import { instrumentKey } from "../../../src/domain/instrument.ts";
import { price } from "../../../src/domain/money.ts";
import type { Order } from "../../../src/domain/order.ts";
import type { Position } from "../../../src/domain/portfolio.ts";
import { fakeBroker, type FakeBroker } from "./fake-broker.ts";
import type { Journal } from "../../../src/services/orders/journal.ts";
import type { TicketView } from "../../../src/services/orders/tickets.ts";
import { allSent, ASHA, type Floor, openFloor, openLink, SBIN, sent, states, ticket, VIKRAM } from "./floor.ts";

let broker: FakeBroker;
let floor: Floor;
beforeEach(async () => {
  broker = fakeBroker();
  floor = await openFloor({ brokers: [broker] });
  broker.positions = [long(10)];
});
afterEach(() => floor.close());

const long = (qty: number): Position =>
  ({ key: SBIN.key, symbol: SBIN.symbol, productType: "INTRADAY", side: qty > 0 ? "BUY" : "CLOSED", qty }) as Position;
const exit = { side: "SELL", productType: "INTRADAY", origin: "exit" } as const;

describe("an exit", () => {
  it("is not sent when its position was closed since the card was shown, and the card says so", async () => {
    const [first, second] = [await ticket(floor, exit), await ticket(floor, exit)];
    await sent(floor, first);
    broker.positions = [long(0)];
    const result = await floor.desk.confirm(ASHA, second.intent.confirmId);
    expect(result).toMatchObject({ kind: "limited", finding: { code: "less-open", open: 0 } });
    expect((await floor.tickets.renew(second.intent))?.findings).toContainEqual({
      level: "block",
      code: "less-open",
      label: "zerodha",
      open: 0,
    });
    expect(broker.placed).toHaveLength(1);
  });

  it("is not sent when its position has been reversed since", async () => {
    const { intent } = await ticket(floor, exit);
    broker.positions = [{ ...long(10), side: "SELL" }];
    const result = await floor.desk.confirm(ASHA, intent.confirmId);
    expect(result).toMatchObject({ kind: "limited", finding: { code: "less-open", open: 0 } });
  });

  it.each(["BUY", "SELL"] as const)(
    "is not sent when a broker lists its position in two rows (the other one %s)",
    async (side) => {
      const { intent } = await ticket(floor, exit);
      broker.positions = [long(10), { ...long(10), side }];
      const finding = { level: "block", code: "listed-twice", label: "zerodha" };
      expect(await floor.desk.confirm(ASHA, intent.confirmId)).toMatchObject({ kind: "limited", finding });
      expect((await ticket(floor, exit)).findings).toContainEqual(finding);
      expect(broker.placed).toEqual([]);
    },
  );

  it("is not sent while another exit is not in the positions yet, but is once that one has ended", async () => {
    const [first, second] = [await ticket(floor, exit), await ticket(floor, exit)];
    broker.scripts.push("lose-answer");
    await sent(floor, first);
    const result = await floor.desk.confirm(ASHA, second.intent.confirmId);
    expect(result).toMatchObject({ kind: "limited", finding: { code: "closing" } });
    broker.set("zerodha-1", { status: "cancelled" });
    expect(await floor.desk.confirm(ASHA, second.intent.confirmId)).toMatchObject({ kind: "confirmed" });
  });

  it("is not sent when another exit closes the position while it is being read", async () => {
    const [first, second] = [await ticket(floor, exit), await ticket(floor, exit)];
    const getPositions = broker.connector.getPositions.bind(broker.connector);
    broker.connector.getPositions = async (...asked) => {
      broker.connector.getPositions = getPositions;
      const stale = await getPositions(...asked);
      const intent = await sent(floor, first);
      broker.set("zerodha-1", { status: "filled", filledQty: 10 });
      await floor.watcher.look(intent);
      return stale;
    };
    const result = await floor.desk.confirm(ASHA, second.intent.confirmId);
    expect(result).toMatchObject({ kind: "limited", finding: { code: "closing" } });
  });

  it("is not sent when positions are unreadable and another exit was confirmed since its card was made", async () => {
    const [first, second] = [await ticket(floor, exit), await ticket(floor, exit)];
    const intent = await sent(floor, first);
    broker.set("zerodha-1", { status: "filled", filledQty: 10 });
    await floor.watcher.look(intent);
    broker.failsAt = "getPositions";
    const result = await floor.desk.confirm(ASHA, second.intent.confirmId);
    expect(result).toMatchObject({ kind: "limited", finding: { code: "closing" } });
    floor.clock.at += 1_000;
    const again = await floor.tickets.renew(second.intent);
    expect(again?.findings.map(({ code }) => code)).toContain("closing");
  });

  it("closes nothing twice when confirmed at the same moment as another exit or a panic", async () => {
    const [first, second] = [await ticket(floor, exit), await ticket(floor, exit)];
    const confirm = ({ intent }: typeof first) => floor.desk.confirm(ASHA, intent.confirmId);
    await allSent(await Promise.all([confirm(first), confirm(second)]));
    expect(broker.placed.length).toBeLessThan(2);
    const kept = await Promise.all([first, second].map(({ intent }) => floor.journal.get(intent._id)));
    const unsent = kept.flatMap((intent) => intent?.legs ?? []).filter(({ state }) => state === "not-sent");
    expect(unsent.map(({ reason }) => reason?.includes("/exit"))).toContain(true);
    const third = await ticket(floor, exit);
    const [results] = await Promise.all([confirm(third), floor.panic.run(ASHA, "p1", true)]);
    await allSent([results]);
    expect(broker.book.filter(({ status }) => status === "open").length).toBeLessThan(2);
    expect(broker.placed.length).toBeLessThan(3);
  });

  it("is not sent when it cannot be seen whether another was confirmed at the same moment", async () => {
    const { intent } = await ticket(floor, exit);
    const change = floor.journal.change.bind(floor.journal);
    const broken: Partial<Journal> = {
      async change(...asked) {
        const changed = await change(...asked);
        if (changed?.confirmedAt) Object.assign(floor.journal, { recent: () => Promise.reject(new Error("no store")) });
        return changed;
      },
    };
    Object.assign(floor.journal, broken);
    expect(states(await sent(floor, { intent }))).toEqual(["not-sent"]);
    expect(broker.placed).toEqual([]);
  });

  it("closes nothing twice at an account that two users have linked", async () => {
    const theirs = await openLink(floor.accounts, broker, VIKRAM, floor.clock.at);
    for (const { _id } of [floor.link, theirs]) await floor.accounts.update(_id, () => ({ account_id: "X1" }));
    const parts = [{ link: theirs, qty: 10 }];
    const own = (): Promise<TicketView> => ticket(floor, exit);
    const other = (): Promise<TicketView> => ticket(floor, { ...exit, userId: VIKRAM, parts });
    const confirm = ({ intent }: TicketView) => floor.desk.confirm(intent.userId, intent.confirmId);
    const [late] = [await other(), await sent(floor, await own())];
    expect(await confirm(late)).toMatchObject({ kind: "limited", finding: { code: "closing" } });
    expect((await other()).findings.map(({ code }) => code)).toContain("closing");
    broker.set("zerodha-1", { status: "cancelled" });
    floor.pass(5_000);
    const both = [await own(), await other()];
    await allSent(await Promise.all(both.map(confirm)));
    expect(broker.book.filter(({ status }) => status === "open").length).toBeLessThan(2);
    for (const { orderId } of broker.book) broker.set(orderId, { status: "cancelled" });
    floor.pass(5_000);
    await Promise.all([floor.panic.run(ASHA, "p1", true), floor.panic.run(VIKRAM, "p2", true)]);
    expect(broker.book.filter(({ status }) => status === "open").length).toBeLessThan(2);
  });

  it("is allowed beside an open stop or target, with a warning", async () => {
    await sent(floor, await ticket(floor, { ...exit, origin: "chat", type: "LIMIT", price: price(8_200_000) }));
    const { intent, findings } = await ticket(floor, exit);
    // The target would open a short position once nothing is left to sell.
    expect(findings).toEqual([{ level: "warn", code: "stays-open", label: "zerodha", orders: 1 }]);
    expect(await floor.desk.confirm(ASHA, intent.confirmId)).toMatchObject({ kind: "confirmed" });
    broker.positions = [{ ...long(10), productType: "CNC" }];
    broker.book[0] = { ...broker.book[0]!, productType: "CNC" };
    expect((await ticket(floor, { ...exit, productType: "CNC" })).findings).toEqual([]);
  });

  it("has no such warning of orders that have ended, or would not close the same position", async () => {
    await sent(floor, await ticket(floor, { ...exit, origin: "chat", type: "LIMIT", price: price(8_200_000) }));
    const target = broker.book[0] ?? expect.fail("no order");
    const others: Partial<Order>[] = [
      { status: "cancelled" },
      { side: "BUY" },
      { productType: "MARGIN" },
      { key: instrumentKey("NSE", 2885), symbol: tradingSymbol("NSE:RELIANCE-EQ") },
    ];
    for (const other of others) {
      broker.book.splice(0, broker.book.length, { ...target, ...other });
      expect((await ticket(floor, exit)).findings).toEqual([]);
    }
  });

  it("finds its position in a row without the exchange's token", async () => {
    broker.positions = [{ ...long(10), key: null }];
    const { intent } = await ticket(floor, exit);
    expect(await floor.desk.confirm(ASHA, intent.confirmId)).toMatchObject({ kind: "confirmed" });
  });

  it("has the card wait for a slow broker's positions", async () => {
    const spans = new WeakMap<AbortSignal, number>();
    vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
      const { signal } = new AbortController();
      spans.set(signal, ms);
      return signal;
    });
    broker.positions = [long(0)];
    const getPositions = broker.connector.getPositions.bind(broker.connector);
    broker.connector.getPositions = (access, signal) => {
      if (signal && (spans.get(signal) ?? 0) < 2_500) broker.failsAt = "getPositions";
      return getPositions(access, signal);
    };
    const { findings } = await ticket(floor, exit);
    vi.restoreAllMocks();
    expect(findings.map(({ code }) => code)).toContain("less-open");
  });

  it("reads its position despite unread rows of other shares", async () => {
    const { intent } = await ticket(floor, exit);
    broker.unread.positions.push({ orderId: null, listed: { symbol: tradingSymbol("NSE:TCS-EQ"), key: null } });
    broker.positions = [long(4)];
    const result = await floor.desk.confirm(ASHA, intent.confirmId);
    expect(result).toMatchObject({ kind: "limited", finding: { code: "less-open", open: 4 } });
    broker.unread.positions.push({ orderId: null, listed: null });
    expect(await floor.desk.confirm(ASHA, intent.confirmId)).toMatchObject({ kind: "confirmed" });
  });

  it("asks again after a price move: at the limit of its old card it could stay open", async () => {
    const { intent } = await ticket(floor, exit);
    floor.pass(100_000);
    broker.ltp = price(7_840_000);
    const result = await floor.desk.confirm(ASHA, intent.confirmId);
    expect(result).toMatchObject({ kind: "moved", basisPoints: -200 });
    await sent(floor, (await floor.tickets.renew(intent)) ?? { intent });
    expect(broker.placed).toMatchObject([{ terms: { protection: { limit: 7_761_500 } } }]);
  });

  it.each([
    ["a better price", 8_160_000],
    ["a move that its limit covers", 7_921_000],
  ])("is not held up by %s", async (_, ltp) => {
    const { intent } = await ticket(floor, exit);
    floor.pass(100_000);
    broker.ltp = price(ltp);
    expect(await floor.desk.confirm(ASHA, intent.confirmId)).toMatchObject({ kind: "confirmed" });
  });

  it("does not wait long for a price that does not come", async () => {
    const { intent } = await ticket(floor, exit);
    floor.pass(100_000);
    broker.connector.getQuote = () => new Promise(() => undefined);
    vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
      const ends = new AbortController();
      if (ms <= 1_500) setImmediate(() => ends.abort());
      return ends.signal;
    });
    const result = await floor.desk.confirm(ASHA, intent.confirmId);
    vi.restoreAllMocks();
    expect(result).toMatchObject({ kind: "confirmed" });
  });

  it("of a panic is sent whatever the price has done", async () => {
    const { intent } = await ticket(floor, { ...exit, origin: "panic" });
    floor.pass(100_000);
    broker.ltp = price(7_840_000);
    expect(await floor.desk.confirm(ASHA, intent.confirmId)).toMatchObject({ kind: "confirmed" });
  });

  it("adds up its slices", async () => {
    const sliced = await ticket(floor, { ...exit, instrument: { ...SBIN, freezeQty: 6 } });
    broker.positions = [long(9)];
    expect(await floor.desk.confirm(ASHA, sliced.intent.confirmId)).toMatchObject({ kind: "limited" });
  });

  it("is sent when the positions cannot be read, unless another exit was confirmed since its card", async () => {
    const earlier = await sent(floor, await ticket(floor, exit));
    broker.set("zerodha-1", { status: "filled", filledQty: 10 });
    await floor.watcher.look(earlier);
    floor.pass(5_000);
    const { intent } = await ticket(floor, exit);
    broker.failsAt = "getPositions";
    expect(await floor.desk.confirm(ASHA, intent.confirmId)).toMatchObject({ kind: "confirmed" });
  });
});
