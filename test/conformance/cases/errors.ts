import { expect } from "vitest";
import type { FaultKind } from "../../../playground/brokers/types.ts";
import { orderTag } from "../../../src/domain/ids.ts";
import type { OrderRequest } from "../../../src/domain/order.ts";
import { BrokerError, type BrokerErrorKind, type UnreadRows } from "../../../src/errors.ts";
import type { HttpReply, HttpRequest } from "../../../src/lib/http.ts";
import type { Kit } from "../kit.ts";
import type { Rig } from "../rig.ts";
import { settle, listed, readsOf, placeResting, share, SYMBOLS, termsOf, ticket } from "../tickets.ts";
import { expectFor } from "../expect-for.ts";
import { OPENING } from "./portfolio.ts";

/** The kind of a read's error for each lasting network fault. */
const KINDS: readonly (readonly [FaultKind, BrokerErrorKind])[] = [
  ["html-502", "unavailable"],
  ["drop-before", "unavailable"],
  ["drop-after", "unavailable"],
  ["hang-after", "timeout"],
  ["truncated", "bad-response"],
  ["too-many", "rate-limited"],
];
const SHORT_TIMEOUT_MS = 150;

export function errorCases(kit: Kit): void {
  const { wire } = kit.spec;

  kit.group("errors", () => {
    for (const [fault, kind] of KINDS) {
      kit.case(`reads fail with ${kind} after ${fault}, naming broker and endpoint`, async () => {
        const { rig, access } = await kit.loggedIn();
        const { name } = rig.definition;
        rig.server.inject(name, { kind: fault });
        if (fault === "hang-after") rig.controls.timeoutMs = SHORT_TIMEOUT_MS;
        const reads = Object.entries(readsOf(rig, access));
        const ends = await Promise.all(reads.map(async ([read, call]) => ({ read, end: await settle(call()) })));
        for (const { read, end } of ends) {
          if (!("error" in end)) expect.fail(`${read} succeeded: ${JSON.stringify(end.value)}`);
          expectFor(end.error, read).toBeInstanceOf(BrokerError);
          expectFor(end.error, read).toMatchObject({ kind, broker: name });
          const { endpoint, retryAfterMs } = end.error as BrokerError;
          expectFor(endpoint, read).toMatch(/^(GET|POST) \S+$/);
          if (kind === "rate-limited") expectFor(retryAfterMs, read).toBe(1_000);
        }
      });
    }

    kit.case("reads retry temporary failures within their deadline", async () => {
      const { rig, access } = await kit.loggedIn();
      const { name } = rig.definition;
      for (const kind of ["too-many", "html-502", "drop-before"] as const) {
        rig.server.inject(name, { kind, times: 2 });
        expect(await rig.connector.getOrders(access)).toEqual([]);
        rig.server.clearFaults(name);
      }
      expect(rig.record.waits).toHaveLength(6);
      expectFor(rig.record.waits.slice(0, 2), "waits as long as Retry-After says").toEqual([1_000, 1_000]);
    });

    kit.case("an unregistered IP means that an order was not sent", async () => {
      const { rig, access } = await kit.loggedIn();
      const order = await placeResting(rig, access);
      rig.broker.switches.isIpAllowed = false;
      const { connector } = rig;
      const expected = { kind: "not-sent", cause: "ip-not-allowed", reason: expect.stringMatching(/\w/) as string };
      const tag = "intent0002" as NonNullable<Parameters<typeof connector.findOrdersByTag>[1]>;
      expect(await connector.placeOrder(access, ticket(rig, share(rig), { tag }))).toMatchObject(expected);
      expect(await connector.modifyOrder(access, order, { qty: 1 })).toMatchObject(expected);
      expect(await connector.cancelOrder(access, order)).toMatchObject(expected);
      expect(await connector.getOrders(access)).toMatchObject([{ qty: order.qty, status: "open" }]);
    });

    kit.case("a reply without a required field is an error that names the field", async () => {
      const { rig, access } = await kit.loggedIn();
      await placeResting(rig, access);
      for (const field of [wire?.orderId ?? "", wire?.status ?? ""]) {
        rig.controls.tamper = inBookOf(rig, wire?.book, (row) => without(row, field));
        const end = await settle(rig.connector.getOrders(access));
        expect("error" in end && end.error).toMatchObject({
          kind: "bad-response",
          broker: rig.definition.name,
          message: expect.stringContaining(field) as string,
        });
      }
    });

    kit.case("an absurdly large number in any field is a broker error, not a crash", async () => {
      const { rig, access } = await kit.loggedIn();
      await rig.connector.placeOrder(access, ticket(rig, share(rig), filledShort(rig)));
      const { getFunds, getHoldings, getPositions, getTrades, getQuote } = readsOf(rig, access);
      const getOrderCost = async () => rig.connector.getOrderCost?.(access, ticket(rig, share(rig)));
      const reads = { getFunds, getHoldings, getPositions, getTrades, getQuote, getOrderCost };
      for (const [read, call] of Object.entries(reads)) {
        const fields = new Set<string>();
        rig.controls.tamper = (_request, reply) => (
          namesIn(reply.body, isNumber).forEach((name) => fields.add(name)),
          reply
        );
        await call?.();
        expectFor(fields.size, read).toBeGreaterThan(0);
        for (const field of fields) {
          rig.controls.tamper = (_request, reply) => ({ ...reply, body: withHugeNumber(reply.body, field) });
          const end = await settle(Promise.resolve(call?.()));
          if ("error" in end) expectFor(end.error, `${read} ${field}`).toBeInstanceOf(BrokerError);
        }
      }
    });

    kit.case("an unknown order status or product is an error, never guessed", async () => {
      const { rig, access } = await kit.loggedIn();
      await placeResting(rig, access);
      for (const field of [wire?.status ?? "", wire?.product ?? ""]) {
        for (const value of ["SOMETHING NEW", 987, null]) {
          rig.controls.tamper = inBookOf(rig, wire?.book, (row) => ({ ...row, [field]: value }));
          await expectFor(rig.connector.getOrders(access), `${field} ${value}`).rejects.toMatchObject({
            kind: "bad-response",
          });
        }
      }
    });

    kit.case("an order that cannot be read hides no other, and does not count as absent", async () => {
      const { rig, access } = await kit.loggedIn();
      const { connector } = rig;
      const order = await placeResting(rig, access);
      const odd = await placeResting(rig, access, { tag: orderTag("intent0002") });
      const { orderId = "", status = "", product = "" } = wire ?? {};
      for (const field of [status, product]) {
        rig.controls.tamper = inBookOf(rig, wire?.book, (row) =>
          row[orderId] === odd.orderId ? { ...row, [field]: "SOMETHING NEW" } : row,
        );
        expectFor(await connector.findOrdersByTag(access, orderTag("intent0001")), field).toEqual([order]);
        expectFor(await connector.findOrdersByTag(access, orderTag("intent0003")), field).toEqual([]);
        expectFor(await connector.getOrder(access, order.orderId, {}), field).toEqual(order);
        expectFor(await settle(connector.findOrdersByTag(access, orderTag("intent0002"))), field).not.toEqual({
          value: [],
        });
        expectFor(await settle(connector.getOrder(access, odd.orderId, {})), field).not.toEqual({ value: null });
        const { symbol, key } = odd;
        await expectFor(connector.getOrders(access), field).rejects.toMatchObject({
          kind: "bad-response",
          book: { rows: [order], unread: [{ orderId: odd.orderId, listed: { symbol, key } }] },
        });
      }
    });

    kit.case("a position that cannot be read hides no other", async () => {
      const { rig, access } = await kit.loggedIn();
      const { connector } = rig;
      for (const [at, instrument] of [share(rig), listed(rig, SYMBOLS.ampersand)].entries()) {
        const terms = termsOf(rig, instrument, "MARKET", "SELL");
        const sale = { ...filledShort(rig), terms, tag: orderTag(`intent${at}`) };
        await connector.placeOrder(access, ticket(rig, instrument, sale));
      }
      const [odd, ...others] = await connector.getPositions(access);
      expect(others).toHaveLength(1);
      rig.controls.tamper = firstRowWith(wire?.product ?? "", "SOMETHING NEW");
      await expect(connector.getPositions(access)).rejects.toMatchObject({
        kind: "bad-response",
        book: { rows: others, unread: [{ orderId: null, listed: { symbol: odd?.symbol, key: odd?.key } }] },
      });
    });

    kit.case("a holding or trade that cannot be read hides no other", async () => {
      const { rig, access } = await kit.loggedIn({ opening: OPENING });
      const { connector } = rig;
      for (const [at, instrument] of [share(rig), listed(rig, SYMBOLS.ampersand)].entries()) {
        const terms = termsOf(rig, instrument, "MARKET", "SELL");
        const sale = { ...filledShort(rig), terms, tag: orderTag(`intent${at}`) };
        await connector.placeOrder(access, ticket(rig, instrument, sale));
      }
      for (const [read, call] of [
        ["getHoldings", /holding/i],
        ["getTrades", /trade/i],
      ] as const) {
        const known: readonly unknown[] = await connector[read](access);
        expectFor(known.length, read).toBeGreaterThan(1);
        rig.controls.tamper = spoilOneRow(rig, call);
        const end = await settle(connector[read](access));
        rig.controls.tamper = null;
        const { book } = ("error" in end ? end.error : {}) as UnreadRows<unknown>;
        expectFor(book?.unread, read).toHaveLength(1);
        expectFor(known, read).toEqual(expect.arrayContaining([...book.rows]));
        expectFor(book.rows, read).toHaveLength(known.length - 1);
      }
    });

    kit.case("an error code that every object has as a property counts as one that is not listed", async () => {
      const { rig, access } = await kit.loggedIn();
      rig.broker.switches.expireSessions();
      const place = () => rig.connector.placeOrder(access, ticket(rig, share(rig)));
      const fields = new Set<string>();
      rig.controls.tamper = (_request, reply) => (
        namesIn(reply.body, isText).forEach((name) => fields.add(name)),
        reply
      );
      await place();
      expect(fields.size).toBeGreaterThan(0);
      for (const field of fields) {
        rig.controls.tamper = (_request, reply) => ({ ...reply, body: withText(reply.body, field, "constructor") });
        const outcome = await place();
        if (outcome.kind === "not-sent") expectFor(outcome.cause, field).toEqual(expect.any(String));
      }
    });

    kit.case("an extra field is no error", async () => {
      const { rig, access } = await kit.loggedIn();
      const order = await placeResting(rig, access);
      rig.controls.tamper = inBookOf(rig, wire?.book, (row) => ({ ...row, something_new: { deep: [1] } }));
      expect(await rig.connector.getOrders(access)).toEqual([order]);
    });

    kit.case("an acceptance without an order id leaves the outcome unknown", async () => {
      const { rig, access } = await kit.loggedIn();
      for (const [at, id] of [undefined, null, "", " ", "0", "null"].entries()) {
        rig.controls.tamper = (request, reply) =>
          wire?.place.test(callOf(rig, request)) === true
            ? { ...reply, body: withOrderId(reply.body, wire.placedId ?? wire.orderId, id) }
            : reply;
        const tag = orderTag(`intent${at}`);
        const outcome = await rig.connector.placeOrder(access, ticket(rig, share(rig), { tag, qty: 1 }));
        expectFor(outcome, `${id}`).toEqual({ kind: "unknown", reason: expect.any(String) as string });
      }
    });
  });
}

/** A sell that fills: its open position's row has every number. */
const filledShort = (rig: Rig): Partial<OrderRequest> => ({
  side: "SELL",
  productType: "INTRADAY",
  terms: termsOf(rig, share(rig), "MARKET", "SELL"),
});

const isNumber = (value: unknown): boolean =>
  typeof value === "number" || (typeof value === "string" && /^[-+]?[\d.,]+$/.test(value));

const isText = (value: unknown): boolean => typeof value === "string";

/** The names of the fields whose value is of a kind. */
function namesIn(body: string, isOfKind: (value: unknown) => boolean): string[] {
  const names: string[] = [];
  JSON.parse(body, (name, value: unknown) => {
    if (isOfKind(value)) names.push(name);
    return value;
  });
  return names;
}

const withText = (body: string, field: string, text: string): string =>
  JSON.stringify(JSON.parse(body), (name, value: unknown) => (name === field && isText(value) ? text : value));

const HUGE = 1e17;
const withHugeNumber = (body: string, field: string): string =>
  JSON.stringify(JSON.parse(body), (name, value: unknown) => {
    if (name !== field || !isNumber(value)) return value;
    return typeof value === "number" ? HUGE : String(HUGE);
  });

type Row = Readonly<Record<string, unknown>>;

const callOf = ({ definition }: Rig, { method, url }: HttpRequest): string =>
  `${method} ${new URL(url).pathname.slice(definition.name.length + 1)}`;

/** Changes every row of the order book in its reply. */
function inBookOf(rig: Rig, book: RegExp | undefined, change: (row: Row) => Row) {
  return (request: HttpRequest, reply: HttpReply): HttpReply =>
    book?.test(callOf(rig, request)) === true
      ? { ...reply, body: JSON.stringify(mapRows(JSON.parse(reply.body), change)) }
      : reply;
}

/** Changes a field of the first row that has it. */
function firstRowWith(field: string, value: unknown) {
  return (_request: HttpRequest, reply: HttpReply): HttpReply => {
    if (!reply.body.includes(`"${field}"`)) return reply;
    let isDone = false;
    const change = (row: Row): Row => {
      if (isDone || !(field in row)) return row;
      isDone = true;
      return { ...row, [field]: value };
    };
    return { ...reply, body: JSON.stringify(mapRows(JSON.parse(reply.body), change)) };
  };
}

/**
 * Replaces all numbers in the first row of a reply to `call` by objects. Connectors may read other books beside it, whose
 * replies may come first.
 */
function spoilOneRow(rig: Rig, call: RegExp) {
  let isDone = false;
  const change = (row: Row): Row => {
    if (isDone) return row;
    isDone = true;
    return Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, isNumber(value) ? { odd: value } : value]),
    );
  };
  return (request: HttpRequest, reply: HttpReply): HttpReply =>
    call.test(callOf(rig, request))
      ? { ...reply, body: JSON.stringify(mapRows(JSON.parse(reply.body), change)) }
      : reply;
}

const isRow = (value: unknown): value is Row => typeof value === "object" && value !== null && !Array.isArray(value);

/** Changes the objects in every array. */
function mapRows(value: unknown, change: (row: Row) => Row): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => (isRow(each) ? change(each) : each));
  if (!isRow(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mapRows(inner, change)]));
}

const without = (row: Row, field: string): Row =>
  Object.fromEntries(Object.entries(row).filter(([name]) => name !== field));

const withOrderId = (body: string, field: string, id: unknown): string =>
  JSON.stringify(JSON.parse(body), (name: string, value: unknown) =>
    name === field ? (Array.isArray(value) && id !== undefined ? [id] : id) : value,
  );
