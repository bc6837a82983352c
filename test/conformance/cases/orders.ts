import { expect } from "vitest";
import { orderTag } from "../../../src/domain/ids.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { ZERO_PRICE } from "../../../src/domain/money.ts";
import type { Order, OrderRequest, OrderTerms, OrderType } from "../../../src/domain/order.ts";
import { isFinal, ORDER_TYPES } from "../../../src/domain/order.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { startConnectProxy } from "../../lib/proxies.ts";
import type { Kit } from "../kit.ts";
import type { Street } from "../street.ts";
import {
  away,
  future,
  inBook,
  listed,
  option,
  productsFor,
  readsOf,
  resting,
  share,
  SYMBOLS,
  termsOf,
  ticket,
} from "../tickets.ts";
import { expectFor } from "../expect-for.ts";

const TRADED: readonly (readonly [string, (street: Street) => Instrument])[] = [
  ["a share", share],
  ["a share of BSE", (street) => listed(street, SYMBOLS.bse)],
  ["a future", future],
  ["a weekly option", (street) => option(street, "weekly")],
];

export function orderCases(kit: Kit): void {
  const { bookShows = (type: OrderType) => type } = kit.spec;

  /** The exchange's own record of the last order, as this broker's book tells it. */
  function own(street: Street, instrument: Instrument): Order {
    const order = street.account.orders().at(-1);
    if (!order) throw new Error("nothing reached the exchange");
    return { ...order, type: bookShows(order.type, instrument) };
  }

  function expectShown(shown: Order, truth: Order, request: OrderRequest): void {
    const { orderId: _id, exchangeOrderId: _exchangeId, message: _words, handle: _handle, tag: _wire, ...rest } = truth;
    const { type, price, triggerPrice, ...same } = rest;
    expect(shown).toMatchObject(same);
    expect(shown).toMatchObject({ tag: request.tag, qty: request.qty, isAmo: request.isAmo, side: request.side });
    expect(shown.type).toBe(type);
    if (type === request.terms.type) expect(shown).toMatchObject({ price, triggerPrice });
  }

  kit.group("orders", () => {
    for (const [what, pick] of TRADED) {
      kit.case(`of every type and product for ${what} stand in the book as placed`, async () => {
        const { street, access } = await kit.enter();
        const { capabilities } = street.definition;
        const instrument = pick(street);
        const products = productsFor(instrument).filter((product) => capabilities.products.includes(product));
        expect(products.length).toBeGreaterThan(0);
        let turn = 0;
        for (const productType of products) {
          for (const type of ORDER_TYPES.filter((each) => capabilities.orderTypes.includes(each))) {
            turn += 1;
            const terms = termsOf(street, instrument, type);
            const tag = orderTag(`t${turn}`);
            const request = ticket(street, instrument, { productType, terms, tag, qty: instrument.lotSize });
            const outcome = await street.connector.placeOrder(access, request);
            expectFor(outcome, `${productType} ${type}`).toMatchObject({ kind: "accepted" });
            const shown = await inBook(street, access, tag);
            if (outcome.kind === "accepted") expect(shown.orderId).toBe(outcome.orderId);
            expectShown(shown, own(street, instrument), request);
            expect(shown.status).toBe(type === "MARKET" ? "filled" : type === "LIMIT" ? "open" : "trigger-pending");
            expectTerms(shown, terms);
          }
        }
      });
    }

    kit.case("are found again by tag, by id and in the book, as one and the same", async () => {
      const { street, access } = await kit.enter();
      const order = await resting(street, access);
      await resting(street, access, { tag: orderTag("intent0002") });
      const { connector } = street;
      const found = (await connector.getOrders(access)).find(({ tag }) => tag === "intent0001");
      expect(found).toEqual(order);
      expect(await connector.getOrder(access, order.orderId, order.handle)).toEqual(order);
      expect(await connector.getOrder(access, order.orderId, {})).toEqual(order);
      expect(await connector.findOrdersByTag(access, orderTag("intent000"))).toEqual([]);
    });

    kit.case("carry a tag of every length that is allowed", async () => {
      const { street, access } = await kit.enter();
      for (const tag of ["a", "Z9", "abcdefghij123456789"]) {
        const order = await resting(street, access, { tag: orderTag(tag) });
        expect(order.tag).toBe(tag);
      }
    });

    kit.case("can be changed and cancelled with what their acceptance brought", async () => {
      const { street, access } = await kit.enter();
      const request = ticket(street, share(street));
      const outcome = await street.connector.placeOrder(access, request);
      if (outcome.kind !== "accepted") expect.fail(JSON.stringify(outcome));
      const order = await inBook(street, access, request.tag);
      const bare: Order = { ...order, handle: outcome.handle };
      expect(await street.connector.modifyOrder(access, bare, { qty: 2 })).toMatchObject({ kind: "accepted" });
      expect(await street.connector.cancelOrder(access, bare)).toMatchObject({ kind: "accepted" });
    });

    kit.case("to be gone at once are filled or cancelled, never resting", async () => {
      const { street, access } = await kit.enter();
      const order = await resting(street, access, { validity: "IOC" });
      expect(order).toMatchObject({ status: "cancelled", validity: "IOC", filledQty: 0 });
    });

    kit.case("for sale stand in the book as sales", async () => {
      const { street, access } = await kit.enter();
      for (const [index, type] of ORDER_TYPES.entries()) {
        const terms = termsOf(street, share(street), type, "SELL");
        const tag = orderTag(`sell${index}`);
        const order = await resting(street, access, { side: "SELL", productType: "INTRADAY", terms, tag });
        expect(order.side).toBe("SELL");
        expectTerms(order, terms);
      }
    });

    kit.case("that are filled in part say how much and at what price", async () => {
      const { street, access } = await kit.enter();
      const instrument = share(street);
      const { asks } = street.exchange.depth(instrument.key);
      const best = asks[0];
      if (!best) expect.fail("nothing is offered");
      const qty = best.quantity + 9_000;
      const order = await resting(street, access, { qty, terms: { type: "LIMIT", price: best.price } });
      const truth = own(street, instrument);
      expect(order).toMatchObject({ status: "open", filledQty: truth.filledQty, avgPrice: truth.avgPrice, qty });
      expect(order.filledQty).toBeGreaterThan(0);
      expect(order.filledQty).toBeLessThan(qty);
      const trades = await street.connector.getTrades(access);
      expect(trades.reduce((sum, trade) => sum + trade.qty, 0)).toBe(order.filledQty);
      expect(await street.connector.cancelOrder(access, order)).toMatchObject({ kind: "accepted" });
      const cancelled = await inBook(street, access, order.tag ?? "");
      expect(cancelled).toMatchObject({ status: "cancelled", filledQty: order.filledQty });
    });

    kit.case("on their way are pending", async () => {
      const { street, access } = await kit.enter({ orderLatencyMs: 5_000 });
      const order = await resting(street, access);
      expect(order).toMatchObject({ status: "pending", filledQty: 0, avgPrice: ZERO_PRICE });
      street.hands.now += 5_000;
      expect(await inBook(street, access, order.tag ?? "")).toMatchObject({ status: "open" });
    });

    kit.case("change in price and quantity, together and one by one", async () => {
      const { street, access } = await kit.enter();
      const { connector } = street;
      const instrument = share(street);
      let order = await resting(street, access);
      const lower = away(street, instrument, -300);
      const lowest = away(street, instrument, -400);
      const changes = [
        [{ qty: 2 }, { qty: 2, price: order.price }],
        [{ terms: { type: "LIMIT", price: lower } }, { qty: 2, price: lower }],
        [
          { qty: 5, terms: { type: "LIMIT", price: lowest } },
          { qty: 5, price: lowest },
        ],
      ] as const;
      for (const [change, expected] of changes) {
        const outcome = await connector.modifyOrder(access, order, change);
        expect(outcome).toMatchObject({ kind: "accepted", orderId: order.orderId });
        order = await inBook(street, access, order.tag ?? "");
        expect(order).toMatchObject({ ...expected, status: "open", type: "LIMIT" });
        expect(own(street, instrument)).toMatchObject(expected);
      }
    });

    kit.case("change in their trigger", async () => {
      const { street, access } = await kit.enter();
      const instrument = share(street);
      const order = await resting(street, access, { terms: termsOf(street, instrument, "SL") });
      const [triggerPrice, price] = [away(street, instrument, 400), away(street, instrument, 500)];
      const terms: OrderTerms = { type: "SL", price, triggerPrice };
      expect(await street.connector.modifyOrder(access, order, { terms })).toMatchObject({ kind: "accepted" });
      expect(await inBook(street, access, order.tag ?? "")).toMatchObject({
        price,
        triggerPrice,
        status: "trigger-pending",
        type: "SL",
        qty: order.qty,
      });
    });

    kit.case("change in quantity alone without losing their trigger", async () => {
      const { street, access } = await kit.enter();
      const order = await resting(street, access, { terms: termsOf(street, share(street), "SL") });
      expect(await street.connector.modifyOrder(access, order, { qty: 2 })).toMatchObject({ kind: "accepted" });
      const { price, triggerPrice, type } = order;
      expect(await inBook(street, access, order.tag ?? "")).toMatchObject({ qty: 2, price, triggerPrice, type });
    });

    kit.case("are cancelled, once", async () => {
      const { street, access } = await kit.enter();
      const order = await resting(street, access);
      const { connector } = street;
      expect(await connector.cancelOrder(access, order)).toMatchObject({ kind: "accepted", orderId: order.orderId });
      expect(await inBook(street, access, order.tag ?? "")).toMatchObject({ status: "cancelled" });
      expect(await connector.cancelOrder(access, order)).toMatchObject({ kind: "rejected" });
    });

    kit.case("that are filled can be neither cancelled nor changed", async () => {
      const { street, access } = await kit.enter();
      const order = await resting(street, access, { terms: termsOf(street, share(street), "MARKET") });
      expect(order.status).toBe("filled");
      const { connector } = street;
      const said = expect.stringMatching(/\w/) as string;
      expect(await connector.cancelOrder(access, order)).toMatchObject({ kind: "rejected", reason: said });
      expect(await connector.modifyOrder(access, order, { qty: 9 })).toMatchObject({ kind: "rejected", reason: said });
      expect(await inBook(street, access, order.tag ?? "")).toMatchObject({ status: "filled", qty: order.qty });
    });

    kit.case("for the next session wait and say so", async () => {
      const { street, access } = await kit.enter({ now: istInstant("2026-11-20", "20:30") });
      const order = await resting(street, access, { isAmo: true });
      const truth = own(street, share(street));
      expect(truth.isAmo).toBe(true);
      expect(order).toMatchObject({ isAmo: true, filledQty: 0, price: truth.price });
      expect(["pending", "open"]).toContain(order.status);
      expect(await street.connector.modifyOrder(access, order, { qty: 2 })).toMatchObject({ kind: "accepted" });
      const changed = await inBook(street, access, order.tag ?? "");
      expect(changed).toMatchObject({ isAmo: true, qty: 2 });
      expect(await street.connector.cancelOrder(access, changed)).toMatchObject({ kind: "accepted" });
    });

    kit.case("for the next session go out in this one only where the clock decides", async () => {
      const { street, access } = await kit.enter();
      const isLive = async (type: "LIMIT" | "SL"): Promise<boolean> => {
        const more = { tag: orderTag(`nextsession${type}`), isAmo: true, terms: termsOf(street, share(street), type) };
        await street.connector.placeOrder(access, ticket(street, share(street), more));
        const own = street.account.orders().filter(({ tag }) => tag === more.tag);
        return own.some(({ isAmo, status }) => !isAmo && !isFinal(status));
      };
      const live = [await isLive("LIMIT"), await isLive("SL")];
      expect(live.includes(true)).toBe(street.definition.capabilities.amo === "by-clock");
    });

    kit.case("cost what the exchange says, or what the broker tells of it", async () => {
      const { street, access } = await kit.enter();
      for (const [what, pick] of TRADED) {
        const instrument = pick(street);
        const request = ticket(street, instrument, { qty: instrument.lotSize });
        const cost = await street.connector.getOrderCost?.(access, request);
        const truth = street.account.cost(request);
        expectFor([truth.margin, null], what).toContain(cost?.margin);
        expectFor([truth.charges, null], what).toContain(cost?.charges);
        expectFor(cost?.margin ?? cost?.charges, what).not.toBeNull();
      }
    });

    kit.case("go out once each, by the link's own way, and nothing else does", async () => {
      const { street, access } = await kit.enter();
      const { place, modify, cancel } = wireOf(kit);
      const proxy = await startConnectProxy();
      const egress = new Secret(`http://127.0.0.1:${proxy.port}`);
      const order = await resting(street, { ...access, egress });
      await street.connector.modifyOrder({ ...access, egress }, order, { qty: 2 });
      await street.connector.cancelOrder({ ...access, egress }, order);
      await proxy.close();
      for (const read of Object.values(readsOf(street, { ...access, egress }))) await read();
      const isOrderCall = ({ method, url }: { method: string; url: string }): boolean => {
        const call = `${method} ${new URL(url).pathname.slice(`/${street.definition.name}`.length)}`;
        return [place, modify, cancel].some((pattern) => pattern.test(call));
      };
      const { requests } = street.record;
      expect(requests.filter(isOrderCall).map(({ how }) => how)).toEqual(["send", "send", "send"]);
      for (const request of requests) {
        expect(request.scope).toBe(street.definition.name);
        expectFor(request.egress, request.url).toBe(isOrderCall(request) ? egress : undefined);
      }
      expect(proxy.asked).toContain(`127.0.0.1:${street.server.port}`);
    });
  });
}

function wireOf({ spec }: Kit): NonNullable<Kit["spec"]["wire"]> {
  if (!spec.wire) throw new Error("this connector has no wire: skip the case by name");
  return spec.wire;
}

/** Whatever the book calls it, limit and trigger that were asked for stand in it. */
function expectTerms(shown: Order, terms: OrderTerms): void {
  if (terms.type === "LIMIT" || terms.type === "SL") expect(shown.price).toBe(terms.price);
  if (terms.type === "SL" || terms.type === "SL-M") expect(shown.triggerPrice).toBe(terms.triggerPrice);
  if (terms.type === "SL-M" && shown.type === "SL") expect(shown.price).toBe(terms.protection.limit);
}
