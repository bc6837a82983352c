import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { panicReport } from "../../../src/bot/render/panic.ts";
import { brokerOrderId, tradingSymbol } from "../../../src/domain/ids.ts";
import { instrumentKey } from "../../../src/domain/instrument.ts";
import { price } from "../../../src/domain/money.ts";
import type { Order } from "../../../src/domain/order.ts";
import { createLog } from "../../../src/lib/log.ts";
import { fakeBroker, type FakeBroker } from "./fake-broker.ts";
import {
  ASHA,
  letWorkProceed,
  type Floor,
  openFloor,
  openLink,
  SBIN,
  sent,
  statesNow,
  ticket,
  VIKRAM,
  watch,
} from "./floor.ts";
import { holds } from "./rows.ts";

let zerodha: FakeBroker;
let fyers: FakeBroker;
let floor: Floor;
beforeEach(async () => {
  zerodha = fakeBroker("zerodha");
  fyers = fakeBroker("fyers");
  floor = await openFloor({ brokers: [zerodha, fyers] });
});
afterEach(() => floor.close());

const RELIANCE = { symbol: tradingSymbol("NSE:RELIANCE-EQ"), key: instrumentKey("NSE", 2885) };
const resting = { type: "LIMIT", price: price(7_900_000) } as const;

describe("a panic", () => {
  it("cancels every open order, ours or not, and reports what the book shows of each", async () => {
    const ours = await sent(floor, await ticket(floor, resting));
    fyers.book.push({ ...zerodha.book[0]!, orderId: brokerOrderId("app-1"), tag: null });
    fyers.scripts.push("lose-order");
    const { cancels, exits, left } = await floor.panic.run(ASHA, "p1", false);
    expect(cancels.map(({ link, after }) => [link.label, after?.status])).toEqual([
      ["zerodha", "cancelled"],
      ["fyers", "open"],
    ]);
    expect(cancels[1]?.answer).toMatchObject({ kind: "unknown" });
    expect(exits).toEqual([]);
    expect(left.map((book) => book.ok && book.orders.length)).toEqual([0, 1]);
    await watch(floor, 2_000);
    expect(await statesNow(floor, ours)).toEqual(["cancelled"]);
  });

  it("reports our orders that no book shows yet as unseen", async () => {
    zerodha.scripts.push("lose-answer");
    const late = await sent(floor, await ticket(floor, resting));
    zerodha.hidden = true;
    const { cancels, unseen } = await floor.panic.run(ASHA, "p1", false);
    expect(cancels).toEqual([]);
    expect(unseen.map(({ link, intent }) => [link.label, intent._id])).toEqual([["zerodha", late._id]]);
    zerodha.hidden = false;
    expect((await floor.panic.run(ASHA, "p2", false)).unseen).toEqual([]);
  });

  it("does not report a cancelled order as unseen, even if it cannot be read again", async () => {
    await sent(floor, await ticket(floor, resting));
    zerodha.onCancel = () => (zerodha.failsAt = "getOrder");
    const { cancels, unseen } = await floor.panic.run(ASHA, "p1", false);
    expect(cancels.map(({ after }) => after?.status)).toEqual(["cancelled"]);
    expect(unseen).toEqual([]);
  });

  it("reports an unseen order that another user has placed at a shared account", async () => {
    const theirs = await openLink(floor.accounts, zerodha, VIKRAM, floor.clock.at);
    for (const { _id } of [floor.link, theirs]) await floor.accounts.update(_id, () => ({ account_id: "X1" }));
    zerodha.scripts.push("lose-answer");
    const late = await sent(floor, await ticket(floor, resting));
    zerodha.hidden = true;
    const { unseen } = await floor.panic.run(VIKRAM, "p1", false);
    expect(unseen.map(({ link, intent }) => [link._id, intent._id])).toEqual([[theirs._id, late._id]]);
  });

  it("distinguishes an order that filled first from a cancelled one", async () => {
    await sent(floor, await ticket(floor, resting));
    zerodha.scripts.push("refuse");
    zerodha.onCancel = () => zerodha.set("zerodha-1", { status: "filled", filledQty: 10 });
    const { cancels } = await floor.panic.run(ASHA, "p1", false);
    expect(cancels.map(({ after }) => after?.status)).toEqual(["filled"]);
  });

  it("does not wait for an order that had ended before its cancel", async () => {
    await sent(floor, await ticket(floor, resting));
    const begun = floor.clock.at;
    const getOrder = zerodha.connector.getOrder.bind(zerodha.connector);
    zerodha.connector.getOrder = (...asked) => {
      zerodha.set("zerodha-1", { status: "filled", filledQty: 10 });
      return getOrder(...asked);
    };
    const { cancels } = await floor.panic.run(ASHA, "p1", false);
    expect(cancels.map(({ answer, after }) => [answer, after?.status])).toEqual([[null, "filled"]]);
    expect(floor.clock.at).toBe(begun);
  });

  it("retries a refused cancel once", async () => {
    await sent(floor, await ticket(floor, resting));
    zerodha.scripts.push("refuse");
    const { cancels } = await floor.panic.run(ASHA, "p1", false);
    expect(cancels.map(({ answer, after }) => [answer?.kind, after?.status])).toEqual([["accepted", "cancelled"]]);
    await sent(floor, await ticket(floor, resting));
    zerodha.scripts.push("refuse", "refuse", "refuse");
    const again = await floor.panic.run(ASHA, "p2", false);
    expect(again.cancels.map(({ answer, after }) => [answer?.kind, after?.status])).toEqual([["rejected", "open"]]);
    expect(zerodha.scripts).toEqual(["refuse"]);
  });

  it("retries a cancel that a change under way prevented", async () => {
    const order = await sent(floor, await ticket(floor, resting));
    await watch(floor, 1_000);
    const modifyOrder = zerodha.connector.modifyOrder.bind(zerodha.connector);
    const answered = Promise.withResolvers<void>();
    zerodha.connector.modifyOrder = async (...asked) => {
      await answered.promise;
      return modifyOrder(...asked);
    };
    const change = floor.changes.ask(ASHA, order._id, 0, { qty: 12 });
    await letWorkProceed();
    const sleep = floor.clock.sleep.bind(floor.clock);
    floor.clock.sleep = async (ms) => {
      answered.resolve();
      await change;
      return sleep(ms);
    };
    const { cancels } = await floor.panic.run(ASHA, "p1", false);
    expect(cancels.map(({ answer, after }) => [answer?.kind, after?.status])).toEqual([["accepted", "cancelled"]]);
  });

  it("retries a cancel that was not sent because the order could not be read", async () => {
    await sent(floor, await ticket(floor, resting));
    zerodha.failsAt = "getOrder";
    const sleep = floor.clock.sleep.bind(floor.clock);
    floor.clock.sleep = async (ms) => {
      zerodha.failsAt = null;
      return sleep(ms);
    };
    const { cancels } = await floor.panic.run(ASHA, "p1", false);
    expect(cancels.map(({ answer, after }) => [answer?.kind, after?.status])).toEqual([["accepted", "cancelled"]]);
  });

  it("closes every position once and now, with the right side, product and account", async () => {
    zerodha.positions = [holds(30, "BUY"), holds(0, "BUY", { side: "CLOSED" })];
    fyers.positions = [holds(5, "SELL")];
    const { exits } = await floor.panic.run(ASHA, "p1", true);
    expect(exits.map((exit) => exit.kind)).toEqual(["ordered", "ordered"]);
    expect(zerodha.placed).toMatchObject([
      { side: "SELL", qty: 30, productType: "INTRADAY", terms: { type: "MARKET" }, validity: "DAY", isAmo: false },
    ]);
    expect(fyers.placed).toMatchObject([{ side: "BUY", qty: 5, productType: "INTRADAY" }]);
  });

  it.each(["BUY", "SELL"] as const)(
    "exits nothing of what a broker lists in two rows (the other one %s)",
    async (side) => {
      zerodha.positions = [
        holds(30, "BUY"),
        holds(30, side, { key: null }),
        holds(5, "BUY", { productType: "MARGIN" }),
      ];
      fyers.positions = [holds(30, "BUY")];
      const { exits } = await floor.panic.run(ASHA, "p1", true);
      expect(exits.map(({ link, kind }) => [link.label, kind])).toEqual([
        ["zerodha", "listed-twice"],
        ["zerodha", "listed-twice"],
        ["zerodha", "blocked"],
        ["fyers", "ordered"],
      ]);
      expect(zerodha.placed).toEqual([]);
    },
  );

  it.each(["CNC", "MTF"] as const)("does not buy back shares sold for delivery (%s)", async (productType) => {
    zerodha.positions = [holds(5, "SELL", { productType })];
    const { exits, left } = await floor.panic.run(ASHA, "p1", true);
    expect(exits).toEqual([]);
    expect(zerodha.placed).toEqual([]);
    expect(left).toMatchObject([{ positions: [] }, { positions: [] }]);
  });

  it("reads positions after the cancels, so that it exits what has filled meanwhile", async () => {
    await sent(floor, await ticket(floor, resting));
    zerodha.scripts.push("refuse");
    zerodha.onCancel = () => {
      zerodha.set("zerodha-1", { status: "filled", filledQty: 10 });
      zerodha.positions = [holds(10, "BUY")];
    };
    await floor.panic.run(ASHA, "p1", true);
    expect(zerodha.placed.at(-1)).toMatchObject({ side: "SELL", qty: 10 });
  });

  it("does what it can when one broker is silent, and reports that account", async () => {
    zerodha.failsWith = "timeout";
    fyers.positions = [holds(5, "BUY")];
    const { exits, untouched, left } = await floor.panic.run(ASHA, "p1", true);
    expect(exits.map(({ link, kind }) => [link.label, kind])).toEqual([["fyers", "ordered"]]);
    expect(untouched).toMatchObject([{ link: { label: "zerodha" }, orders: true, positions: true }]);
    expect(left.map((book) => (book.ok ? "read" : book.error))).toEqual(["timeout", "read"]);
  });

  it("reports an account that was silent only while orders were cancelled, though its position was exited", async () => {
    zerodha.positions = [holds(5, "BUY")];
    const order = { symbol: RELIANCE.symbol, side: "BUY", productType: "CNC", qty: 1, status: "open" };
    fyers.book.push({ ...order, orderId: brokerOrderId("app-1") } as Order);
    zerodha.failsAt = "getOrders";
    fyers.onCancel = () => (zerodha.failsAt = null);
    const { exits, untouched } = await floor.panic.run(ASHA, "p1", true);
    expect(exits.map(({ link, kind }) => [link.label, kind])).toEqual([["zerodha", "ordered"]]);
    expect(untouched).toMatchObject([{ link: { label: "zerodha" }, orders: true, positions: false }]);
  });

  it("reports what was not done at an account that fell silent after the cancels", async () => {
    await sent(floor, await ticket(floor, resting));
    zerodha.onCancel = () => (zerodha.failsAt = "getPositions");
    const { cancels, exits, untouched } = await floor.panic.run(ASHA, "p1", true);
    expect(cancels.map(({ after }) => after?.status)).toEqual(["cancelled"]);
    expect(exits).toEqual([]);
    expect(untouched).toMatchObject([{ link: { label: "zerodha" }, orders: false, positions: true }]);
  });

  it("cancels the readable rows of a book and reports the unread ones", async () => {
    const odd = { orderId: brokerOrderId("app-9"), listed: RELIANCE };
    await sent(floor, await ticket(floor, resting));
    zerodha.unread.orders.push(odd);
    zerodha.positions = [holds(5, "BUY")];
    const { cancels, exits, untouched, left } = await floor.panic.run(ASHA, "p1", true);
    expect(cancels.map(({ after }) => after?.status)).toEqual(["cancelled"]);
    expect(exits.map(({ kind }) => kind)).toEqual(["ordered"]);
    expect(untouched).toEqual([]);
    expect(left[0]).toMatchObject({ ok: true, unread: { orders: [odd], positions: [] } });
  });

  it.each([
    ["is of the same share", SBIN],
    ["does not name its share", null],
  ])("sends no exit beside an unread order that %s", async (_, listed) => {
    zerodha.unread.orders.push({ orderId: null, listed });
    zerodha.positions = [holds(5, "BUY")];
    fyers.positions = [holds(3, "BUY")];
    const { exits } = await floor.panic.run(ASHA, "p1", true);
    expect(exits.map(({ link, kind }) => [link.label, kind])).toEqual([
      ["zerodha", "may-be-closing"],
      ["fyers", "ordered"],
    ]);
    expect(zerodha.placed).toEqual([]);
  });

  it("exits the readable positions beside an unread one", async () => {
    zerodha.unread.positions.push({ orderId: null, listed: RELIANCE });
    zerodha.positions = [holds(5, "BUY")];
    const { exits, left } = await floor.panic.run(ASHA, "p1", true);
    expect(exits.map(({ kind }) => kind)).toEqual(["ordered"]);
    expect(left[0]).toMatchObject({ unread: { positions: [{ listed: RELIANCE }] } });
  });

  it("does not report an unread order of ours as unseen", async () => {
    zerodha.scripts.push("lose-answer");
    await sent(floor, await ticket(floor, resting));
    await watch(floor, 2_000);
    const [row] = zerodha.book.splice(0);
    zerodha.unread.orders.push({ orderId: row!.orderId, listed: SBIN });
    expect((await floor.panic.run(ASHA, "p1", false)).unseen).toEqual([]);
  });

  it("closes a position without the exchange's token by its exact symbol only", async () => {
    zerodha.positions = [
      holds(3, "BUY", { key: null }),
      holds(5, "BUY", { key: null, symbol: tradingSymbol("NCO:SBIN") }),
    ];
    const { exits } = await floor.panic.run(ASHA, "p1", true);
    expect(exits.map(({ kind }) => kind)).toEqual(["ordered", "not-possible"]);
    expect(zerodha.placed).toMatchObject([{ key: SBIN.key, qty: 3 }]);
  });

  it("reports a position for which no order can be made", async () => {
    const resembling = { key: null, symbol: tradingSymbol("NCO:SBIN") };
    zerodha.positions = [holds(5, "BUY", resembling), holds(5, "BUY", { productType: "BO" })];
    const { exits } = await floor.panic.run(ASHA, "p1", true);
    expect(exits.map((exit) => exit.kind).sort()).toEqual(["blocked", "not-possible"]);
    expect(zerodha.placed).toEqual([]);
  });

  it("proceeds at the other brokers when one fails with an unexpected error", async () => {
    zerodha.positions = [holds(5, "BUY")];
    fyers.connector.getOrders = () => Promise.reject(new TypeError("cannot read properties of undefined"));
    const { exits, untouched } = await floor.panic.run(ASHA, "p1", true);
    expect(exits.map(({ link, kind }) => [link.label, kind])).toEqual([["zerodha", "ordered"]]);
    expect(untouched).toMatchObject([{ link: { label: "fyers" }, orders: true, positions: true }]);
  });

  it("logs each failure with its account, because somebody may have two at one broker", async () => {
    const said: { msg: string; err?: object; link?: string }[] = [];
    const destination = { write: (line: string) => void said.push(JSON.parse(line)) };
    const logged = await openFloor({ brokers: [zerodha, fyers], log: createLog({ level: "warn", destination }) });
    const [first, second] = await logged.accounts.active(ASHA);
    zerodha.positions = [holds(5, "BUY")];
    zerodha.scripts.push("throw");
    fyers.connector.getOrders = () => Promise.reject(new TypeError("cannot read properties of undefined"));
    await logged.panic.run(ASHA, "p1", true);
    const failures = said.filter(({ err }) => err !== undefined);
    expect(new Map(failures.map(({ msg, link }) => [msg, link]))).toEqual(
      new Map([
        ["account could not be read", second?._id],
        ["order call failed unexpectedly", first?._id],
      ]),
    );
    await logged.close();
  });

  it("is reported even if the results can no longer be read", async () => {
    await sent(floor, await ticket(floor, resting));
    zerodha.positions = [holds(5, "BUY")];
    const broken = (): Promise<never> => Promise.reject(new TypeError("cannot read properties of undefined"));
    zerodha.onPlace = () => {
      zerodha.connector.getOrder = broken;
      zerodha.connector.getOrders = broken;
    };
    const { cancels, exits, left } = await floor.panic.run(ASHA, "p1", true);
    expect(cancels.map(({ after }) => after?.status)).toEqual(["cancelled"]);
    expect(exits).toMatchObject([{ kind: "ordered", intent: { legs: [{ state: "working" }] } }]);
    expect(left.map((book) => (book.ok ? "read" : book.error))).toEqual(["bad-response", "read"]);
  });

  it("sends no second exit while the first one's outcome is unknown", async () => {
    zerodha.positions = [holds(10, "BUY")];
    zerodha.scripts.push("lose-answer");
    zerodha.hidden = true;
    await floor.panic.run(ASHA, "p1", true);
    const { exits } = await floor.panic.run(ASHA, "p2", true);
    expect(exits.map((exit) => exit.kind)).toEqual(["not-known"]);
    expect(zerodha.placed).toHaveLength(1);
    zerodha.hidden = false;
    await watch(floor, 2_000);
    await floor.panic.run(ASHA, "p3", true);
    expect(zerodha.book.map(({ status }) => status)).toEqual(["cancelled", "open"]);
  });

  it.each(["ours", "theirs"])("sends no exit beside an order that could not be cancelled (%s)", async (whose) => {
    await sent(floor, await ticket(floor, { ...resting, side: "SELL", productType: "INTRADAY" }));
    if (whose === "theirs")
      zerodha.book.splice(0, 1, { ...zerodha.book[0]!, orderId: brokerOrderId("app-1"), tag: null, key: null });
    zerodha.positions = [holds(20, "BUY")];
    zerodha.scripts.push("lose-order");
    expect((await floor.panic.run(ASHA, "p1", true)).exits).toMatchObject([{ kind: "still-closing" }]);
    expect(zerodha.placed).toHaveLength(1);
  });

  it("sends an exit beside an order of another product that could not be cancelled", async () => {
    await sent(floor, await ticket(floor, { ...resting, side: "SELL", productType: "CNC" }));
    zerodha.positions = [holds(20, "BUY")];
    zerodha.scripts.push("lose-order");
    expect((await floor.panic.run(ASHA, "p1", true)).exits).toMatchObject([{ kind: "ordered" }]);
  });

  it("sends no second exit while no book shows the accepted first one", async () => {
    zerodha.positions = [holds(10, "BUY")];
    zerodha.hidden = true;
    await floor.panic.run(ASHA, "p1", true);
    const { exits } = await floor.panic.run(ASHA, "p2", true);
    expect(exits.map((exit) => exit.kind)).toEqual(["not-known"]);
    expect(zerodha.placed).toHaveLength(1);
  });

  it("sends no exit for a position that another order closes while it is being read", async () => {
    zerodha.positions = [holds(10, "BUY")];
    const card = await ticket(floor, { side: "SELL", productType: "INTRADAY", origin: "exit" });
    const getFunds = zerodha.connector.getFunds.bind(zerodha.connector);
    zerodha.connector.getFunds = async (...asked) => {
      zerodha.connector.getFunds = getFunds;
      const intent = await sent(floor, card);
      zerodha.set("zerodha-1", { status: "filled", filledQty: 10 });
      await floor.watcher.look(intent);
      return getFunds(...asked);
    };
    const { exits } = await floor.panic.run(ASHA, "p1", true);
    expect(exits.map((exit) => exit.kind)).toEqual(["not-known"]);
    expect(zerodha.placed).toHaveLength(1);
  });

  it("closes a very large position in several runs", async () => {
    const frozen = { ...SBIN, freezeQty: 2 };
    const instruments = {
      byKey: async () => frozen,
      resolve: async () => ({ kind: "one", instrument: frozen }) as const,
    };
    const large = await openFloor({ brokers: [zerodha], instruments });
    zerodha.positions = [holds(45, "BUY")];
    const { exits } = await large.panic.run(ASHA, "p1", true);
    expect(exits.map((exit) => exit.kind === "ordered" && exit.intent.legs.length)).toEqual([20]);
    const report = { cancels: [], exits, untouched: [], unseen: [], left: [] };
    const said = panicReport(report, large.accounts, large.clock.now()).toString();
    expect(said).toContain("5 of it were too many for one go. Run /panic again.");
    for (const { orderId } of zerodha.book) zerodha.set(orderId, { status: "filled", filledQty: 2 });
    zerodha.positions = [holds(5, "BUY")];
    large.pass(5_000);
    const again = await large.panic.run(ASHA, "p2", true);
    expect(again.exits.map((exit) => exit.kind === "ordered" && exit.intent.legs.map(({ qty }) => qty))).toEqual([
      [2, 2, 1],
    ]);
    await large.close();
  });

  it("does not touch another user's accounts", async () => {
    await sent(floor, await ticket(floor, resting));
    expect(await floor.panic.run(VIKRAM, "p1", true)).toEqual({
      cancels: [],
      exits: [],
      untouched: [],
      unseen: [],
      left: [],
    });
    expect(zerodha.book[0]?.status).toBe("open");
  });

  it("records its exits in the journal under one group", async () => {
    zerodha.positions = [holds(5, "BUY")];
    await floor.panic.run(ASHA, "p1", true);
    const [intent] = await floor.journal.ofUser(ASHA, { limit: 1, order: "desc" });
    expect(intent).toMatchObject({ origin: "panic", group: "p1", plan: { side: "SELL" } });
  });
});
