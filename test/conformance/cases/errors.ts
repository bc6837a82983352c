import { expect } from "vitest";
import type { FaultKind } from "../../../playground/brokers/types.ts";
import { orderTag } from "../../../src/domain/ids.ts";
import type { OrderRequest } from "../../../src/domain/order.ts";
import { BrokerError, type BrokerErrorKind, type UnreadRows } from "../../../src/errors.ts";
import type { HttpReply, HttpRequest } from "../../../src/lib/http.ts";
import type { Kit } from "../kit.ts";
import type { Street } from "../street.ts";
import { ending, listed, readsOf, resting, share, SYMBOLS, termsOf, ticket } from "../tickets.ts";
import { expectFor } from "../expect-for.ts";
import { OPENING } from "./portfolio.ts";

/** What a read says of each lasting trouble on the line. */
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
      kit.case(`of reads: ${fault} is ${kind}, naming broker and endpoint`, async () => {
        const { street, access } = await kit.enter();
        const { name } = street.definition;
        street.server.inject(name, { kind: fault });
        if (fault === "hang-after") street.hands.timeoutMs = SHORT_TIMEOUT_MS;
        const reads = Object.entries(readsOf(street, access));
        const ends = await Promise.all(reads.map(async ([read, call]) => ({ read, end: await ending(call()) })));
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

    kit.case("that pass are outwaited by reads, within their deadline", async () => {
      const { street, access } = await kit.enter();
      const { name } = street.definition;
      for (const kind of ["too-many", "html-502", "drop-before"] as const) {
        street.server.inject(name, { kind, times: 2 });
        expect(await street.connector.getOrders(access)).toEqual([]);
        street.server.clearFaults(name);
      }
      expect(street.record.waits).toHaveLength(6);
      expectFor(street.record.waits.slice(0, 2), "as Retry-After says").toEqual([1_000, 1_000]);
    });

    kit.case("of an address that is not registered: nothing was sent", async () => {
      const { street, access } = await kit.enter();
      const order = await resting(street, access);
      street.broker.switches.isIpAllowed = false;
      const { connector } = street;
      const expected = { kind: "not-sent", cause: "ip-not-allowed", reason: expect.stringMatching(/\w/) as string };
      const tag = "intent0002" as NonNullable<Parameters<typeof connector.findOrdersByTag>[1]>;
      expect(await connector.placeOrder(access, ticket(street, share(street), { tag }))).toMatchObject(expected);
      expect(await connector.modifyOrder(access, order, { qty: 1 })).toMatchObject(expected);
      expect(await connector.cancelOrder(access, order)).toMatchObject(expected);
      expect(await connector.getOrders(access)).toMatchObject([{ qty: order.qty, status: "open" }]);
    });

    kit.case("of a reply that lacks a field name the field", async () => {
      const { street, access } = await kit.enter();
      await resting(street, access);
      for (const field of [wire?.orderId ?? "", wire?.status ?? ""]) {
        street.hands.tamper = inBookOf(street, wire?.book, (row) => without(row, field));
        const end = await ending(street.connector.getOrders(access));
        expect("error" in end && end.error).toMatchObject({
          kind: "bad-response",
          broker: street.definition.name,
          message: expect.stringContaining(field) as string,
        });
      }
    });

    kit.case("of numbers beyond all measure are the broker's, whatever the field", async () => {
      const { street, access } = await kit.enter();
      await street.connector.placeOrder(access, ticket(street, share(street), filledShort(street)));
      const { getFunds, getHoldings, getPositions, getTrades, getQuote } = readsOf(street, access);
      const getOrderCost = async () => street.connector.getOrderCost?.(access, ticket(street, share(street)));
      const reads = { getFunds, getHoldings, getPositions, getTrades, getQuote, getOrderCost };
      for (const [read, call] of Object.entries(reads)) {
        const fields = new Set<string>();
        street.hands.tamper = (_request, reply) => (numbersIn(reply.body).forEach((name) => fields.add(name)), reply);
        await call?.();
        expectFor(fields.size, read).toBeGreaterThan(0);
        for (const field of fields) {
          street.hands.tamper = (_request, reply) => ({ ...reply, body: beyondMeasure(reply.body, field) });
          const end = await ending(Promise.resolve(call?.()));
          if ("error" in end) expectFor(end.error, `${read} ${field}`).toBeInstanceOf(BrokerError);
        }
      }
    });

    kit.case("of an order status or product that is new are loud, never guessed", async () => {
      const { street, access } = await kit.enter();
      await resting(street, access);
      for (const field of [wire?.status ?? "", wire?.product ?? ""]) {
        for (const value of ["SOMETHING NEW", 987, null]) {
          street.hands.tamper = inBookOf(street, wire?.book, (row) => ({ ...row, [field]: value }));
          await expectFor(street.connector.getOrders(access), `${field} ${value}`).rejects.toMatchObject({
            kind: "bad-response",
          });
        }
      }
    });

    kit.case("of one order in the book do not hide another, and are never its absence", async () => {
      const { street, access } = await kit.enter();
      const { connector } = street;
      const order = await resting(street, access);
      const odd = await resting(street, access, { tag: orderTag("intent0002") });
      const { orderId = "", status = "", product = "" } = wire ?? {};
      for (const field of [status, product]) {
        street.hands.tamper = inBookOf(street, wire?.book, (row) =>
          row[orderId] === odd.orderId ? { ...row, [field]: "SOMETHING NEW" } : row,
        );
        expectFor(await connector.findOrdersByTag(access, orderTag("intent0001")), field).toEqual([order]);
        expectFor(await connector.findOrdersByTag(access, orderTag("intent0003")), field).toEqual([]);
        expectFor(await connector.getOrder(access, order.orderId, {}), field).toEqual(order);
        expectFor(await ending(connector.findOrdersByTag(access, orderTag("intent0002"))), field).not.toEqual({
          value: [],
        });
        expectFor(await ending(connector.getOrder(access, odd.orderId, {})), field).not.toEqual({ value: null });
        const { symbol, key } = odd;
        await expectFor(connector.getOrders(access), field).rejects.toMatchObject({
          kind: "bad-response",
          book: { rows: [order], unread: [{ orderId: odd.orderId, listed: { symbol, key } }] },
        });
      }
    });

    kit.case("of one position do not hide another", async () => {
      const { street, access } = await kit.enter();
      const { connector } = street;
      for (const [at, instrument] of [share(street), listed(street, SYMBOLS.ampersand)].entries()) {
        const terms = termsOf(street, instrument, "MARKET", "SELL");
        const sale = { ...filledShort(street), terms, tag: orderTag(`intent${at}`) };
        await connector.placeOrder(access, ticket(street, instrument, sale));
      }
      const [odd, ...others] = await connector.getPositions(access);
      expect(others).toHaveLength(1);
      street.hands.tamper = firstRowWith(wire?.product ?? "", "SOMETHING NEW");
      await expect(connector.getPositions(access)).rejects.toMatchObject({
        kind: "bad-response",
        book: { rows: others, unread: [{ orderId: null, listed: { symbol: odd?.symbol, key: odd?.key } }] },
      });
    });

    kit.case("of one holding or trade do not hide another", async () => {
      const { street, access } = await kit.enter({ opening: OPENING });
      const { connector } = street;
      for (const [at, instrument] of [share(street), listed(street, SYMBOLS.ampersand)].entries()) {
        const terms = termsOf(street, instrument, "MARKET", "SELL");
        const sale = { ...filledShort(street), terms, tag: orderTag(`intent${at}`) };
        await connector.placeOrder(access, ticket(street, instrument, sale));
      }
      for (const read of ["getHoldings", "getTrades"] as const) {
        const known: readonly unknown[] = await connector[read](access);
        expectFor(known.length, read).toBeGreaterThan(1);
        street.hands.tamper = spoilOneRow();
        const end = await ending(connector[read](access));
        street.hands.tamper = null;
        const { book } = ("error" in end ? end.error : {}) as UnreadRows<unknown>;
        expectFor(book?.unread, read).toHaveLength(1);
        expectFor(known, read).toEqual(expect.arrayContaining([...book.rows]));
        expectFor(book.rows, read).toHaveLength(known.length - 1);
      }
    });

    kit.case("are none where the broker adds a field", async () => {
      const { street, access } = await kit.enter();
      const order = await resting(street, access);
      street.hands.tamper = inBookOf(street, wire?.book, (row) => ({ ...row, something_new: { deep: [1] } }));
      expect(await street.connector.getOrders(access)).toEqual([order]);
    });

    kit.case("of an acceptance that names no order leave it unknown", async () => {
      const { street, access } = await kit.enter();
      for (const [at, id] of [undefined, null, "", " ", "0", "null"].entries()) {
        street.hands.tamper = (request, reply) =>
          wire?.place.test(callOf(street, request)) === true
            ? { ...reply, body: named(reply.body, wire.placedId ?? wire.orderId, id) }
            : reply;
        const tag = orderTag(`intent${at}`);
        const outcome = await street.connector.placeOrder(access, ticket(street, share(street), { tag, qty: 1 }));
        expectFor(outcome, `${id}`).toEqual({ kind: "unknown", reason: expect.any(String) as string });
      }
    });
  });
}

/** An open position, whose row has every figure. */
const filledShort = (street: Street): Partial<OrderRequest> => ({
  side: "SELL",
  productType: "INTRADAY",
  terms: termsOf(street, share(street), "MARKET", "SELL"),
});

const isNumber = (value: unknown): boolean =>
  typeof value === "number" || (typeof value === "string" && /^[-+]?[\d.,]+$/.test(value));

function numbersIn(body: string): string[] {
  const names: string[] = [];
  JSON.parse(body, (name, value: unknown) => {
    if (isNumber(value)) names.push(name);
    return value;
  });
  return names;
}

const BEYOND = 1e17;
const beyondMeasure = (body: string, field: string): string =>
  JSON.stringify(JSON.parse(body), (name, value: unknown) => {
    if (name !== field || !isNumber(value)) return value;
    return typeof value === "number" ? BEYOND : String(BEYOND);
  });

type Row = Readonly<Record<string, unknown>>;

const callOf = ({ definition }: Street, { method, url }: HttpRequest): string =>
  `${method} ${new URL(url).pathname.slice(definition.name.length + 1)}`;

/** Changes every row of the order book on its way. */
function inBookOf(street: Street, book: RegExp | undefined, change: (row: Row) => Row) {
  return (request: HttpRequest, reply: HttpReply): HttpReply =>
    book?.test(callOf(street, request)) === true
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

/** What should be numbers is none, in the first row that comes. */
function spoilOneRow() {
  let isDone = false;
  const change = (row: Row): Row => {
    if (isDone) return row;
    isDone = true;
    return Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, isNumber(value) ? { odd: value } : value]),
    );
  };
  return (_request: HttpRequest, reply: HttpReply): HttpReply => ({
    ...reply,
    body: JSON.stringify(mapRows(JSON.parse(reply.body), change)),
  });
}

const isRow = (value: unknown): value is Row => typeof value === "object" && value !== null && !Array.isArray(value);

/** Rows are the objects of the first array of objects. */
function mapRows(value: unknown, change: (row: Row) => Row): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => (isRow(each) ? change(each) : each));
  if (!isRow(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mapRows(inner, change)]));
}

const without = (row: Row, field: string): Row =>
  Object.fromEntries(Object.entries(row).filter(([name]) => name !== field));

const named = (body: string, field: string, id: unknown): string =>
  JSON.stringify(JSON.parse(body), (name: string, value: unknown) =>
    name === field ? (Array.isArray(value) && id !== undefined ? [id] : id) : value,
  );
