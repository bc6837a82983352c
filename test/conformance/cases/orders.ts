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
import type { Rig } from "../rig.ts";
import {
  priceAway,
  future,
  fromBook,
  listed,
  option,
  productsFor,
  readsOf,
  placeResting,
  share,
  SYMBOLS,
  termsOf,
  ticket,
} from "../tickets.ts";
import { expectFor } from "../expect-for.ts";

const TRADED: readonly (readonly [string, (rig: Rig) => Instrument])[] = [
  ["a share", share],
  ["a share of BSE", (rig) => listed(rig, SYMBOLS.bse)],
  ["a future", future],
  ["a weekly option", (rig) => option(rig, "weekly")],
];

export function orderCases(kit: Kit): void {
  const { bookShows = (type: OrderType) => type } = kit.spec;

  /** The exchange's record of the last order, with the type that this broker's book shows. */
  function exchangeOrder(rig: Rig, instrument: Instrument): Order {
    const order = rig.account.orders().at(-1);
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
      kit.case(`of every type and product for ${what} appear in the book as placed`, async () => {
        const { rig, access } = await kit.loggedIn();
        const { capabilities } = rig.definition;
        const instrument = pick(rig);
        const products = productsFor(instrument).filter((product) => capabilities.products.includes(product));
        expect(products.length).toBeGreaterThan(0);
        let turn = 0;
        for (const productType of products) {
          for (const type of ORDER_TYPES.filter((each) => capabilities.orderTypes.includes(each))) {
            turn += 1;
            const terms = termsOf(rig, instrument, type);
            const tag = orderTag(`t${turn}`);
            const request = ticket(rig, instrument, { productType, terms, tag, qty: instrument.lotSize });
            const outcome = await rig.connector.placeOrder(access, request);
            expectFor(outcome, `${productType} ${type}`).toMatchObject({ kind: "accepted" });
            const shown = await fromBook(rig, access, tag);
            if (outcome.kind === "accepted") expect(shown.orderId).toBe(outcome.orderId);
            expectShown(shown, exchangeOrder(rig, instrument), request);
            expect(shown.status).toBe(type === "MARKET" ? "filled" : type === "LIMIT" ? "open" : "trigger-pending");
            expectTerms(shown, terms);
          }
        }
      });
    }

    kit.case("are the same by tag, by id and in the book", async () => {
      const { rig, access } = await kit.loggedIn();
      const order = await placeResting(rig, access);
      await placeResting(rig, access, { tag: orderTag("intent0002") });
      const { connector } = rig;
      const found = (await connector.getOrders(access)).find(({ tag }) => tag === "intent0001");
      expect(found).toEqual(order);
      expect(await connector.getOrder(access, order.orderId, order.handle)).toEqual(order);
      expect(await connector.getOrder(access, order.orderId, {})).toEqual(order);
      expect(await connector.findOrdersByTag(access, orderTag("intent000"))).toEqual([]);
    });

    kit.case("carry tags of every allowed length", async () => {
      const { rig, access } = await kit.loggedIn();
      for (const tag of ["a", "Z9", "abcdefghij123456789"]) {
        const order = await placeResting(rig, access, { tag: orderTag(tag) });
        expect(order.tag).toBe(tag);
      }
    });

    kit.case("can be modified and cancelled with the handle of their acceptance", async () => {
      const { rig, access } = await kit.loggedIn();
      const request = ticket(rig, share(rig));
      const outcome = await rig.connector.placeOrder(access, request);
      if (outcome.kind !== "accepted") expect.fail(JSON.stringify(outcome));
      const order = await fromBook(rig, access, request.tag);
      const bare: Order = { ...order, handle: outcome.handle };
      expect(await rig.connector.modifyOrder(access, bare, { qty: 2 })).toMatchObject({ kind: "accepted" });
      expect(await rig.connector.cancelOrder(access, bare)).toMatchObject({ kind: "accepted" });
    });

    kit.case("with IOC are filled or cancelled, never resting", async () => {
      const { rig, access } = await kit.loggedIn();
      const order = await placeResting(rig, access, { validity: "IOC" });
      expect(order).toMatchObject({ status: "cancelled", validity: "IOC", filledQty: 0 });
    });

    kit.case("to sell appear in the book as sells", async () => {
      const { rig, access } = await kit.loggedIn();
      for (const [index, type] of ORDER_TYPES.entries()) {
        const terms = termsOf(rig, share(rig), type, "SELL");
        const tag = orderTag(`sell${index}`);
        const order = await placeResting(rig, access, { side: "SELL", productType: "INTRADAY", terms, tag });
        expect(order.side).toBe("SELL");
        expectTerms(order, terms);
      }
    });

    kit.case("report partial fills with quantity and price", async () => {
      const { rig, access } = await kit.loggedIn();
      const instrument = share(rig);
      const { asks } = rig.exchange.depth(instrument.key);
      const best = asks[0];
      if (!best) expect.fail("nothing is offered");
      const qty = best.quantity + 9_000;
      const order = await placeResting(rig, access, { qty, terms: { type: "LIMIT", price: best.price } });
      const truth = exchangeOrder(rig, instrument);
      expect(order).toMatchObject({ status: "open", filledQty: truth.filledQty, avgPrice: truth.avgPrice, qty });
      expect(order.filledQty).toBeGreaterThan(0);
      expect(order.filledQty).toBeLessThan(qty);
      const trades = await rig.connector.getTrades(access);
      expect(trades.reduce((sum, trade) => sum + trade.qty, 0)).toBe(order.filledQty);
      expect(await rig.connector.cancelOrder(access, order)).toMatchObject({ kind: "accepted" });
      const cancelled = await fromBook(rig, access, order.tag ?? "");
      expect(cancelled).toMatchObject({ status: "cancelled", filledQty: order.filledQty });
    });

    kit.case("in transit are pending", async () => {
      const { rig, access } = await kit.loggedIn({ orderLatencyMs: 5_000 });
      const order = await placeResting(rig, access);
      expect(order).toMatchObject({ status: "pending", filledQty: 0, avgPrice: ZERO_PRICE });
      rig.controls.now += 5_000;
      expect(await fromBook(rig, access, order.tag ?? "")).toMatchObject({ status: "open" });
    });

    kit.case("can be modified in price, quantity, or both", async () => {
      const { rig, access } = await kit.loggedIn();
      const { connector } = rig;
      const instrument = share(rig);
      let order = await placeResting(rig, access);
      const lower = priceAway(rig, instrument, -300);
      const lowest = priceAway(rig, instrument, -400);
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
        order = await fromBook(rig, access, order.tag ?? "");
        expect(order).toMatchObject({ ...expected, status: "open", type: "LIMIT" });
        expect(exchangeOrder(rig, instrument)).toMatchObject(expected);
      }
    });

    kit.case("can be modified in their trigger", async () => {
      const { rig, access } = await kit.loggedIn();
      const instrument = share(rig);
      const order = await placeResting(rig, access, { terms: termsOf(rig, instrument, "SL") });
      const [triggerPrice, price] = [priceAway(rig, instrument, 400), priceAway(rig, instrument, 500)];
      const terms: OrderTerms = { type: "SL", price, triggerPrice };
      expect(await rig.connector.modifyOrder(access, order, { terms })).toMatchObject({ kind: "accepted" });
      expect(await fromBook(rig, access, order.tag ?? "")).toMatchObject({
        price,
        triggerPrice,
        status: "trigger-pending",
        type: "SL",
        qty: order.qty,
      });
    });

    kit.case("keep their trigger when only the quantity is modified", async () => {
      const { rig, access } = await kit.loggedIn();
      const order = await placeResting(rig, access, { terms: termsOf(rig, share(rig), "SL") });
      expect(await rig.connector.modifyOrder(access, order, { qty: 2 })).toMatchObject({ kind: "accepted" });
      const { price, triggerPrice, type } = order;
      expect(await fromBook(rig, access, order.tag ?? "")).toMatchObject({ qty: 2, price, triggerPrice, type });
    });

    kit.case("can be cancelled once", async () => {
      const { rig, access } = await kit.loggedIn();
      const order = await placeResting(rig, access);
      const { connector } = rig;
      expect(await connector.cancelOrder(access, order)).toMatchObject({ kind: "accepted", orderId: order.orderId });
      expect(await fromBook(rig, access, order.tag ?? "")).toMatchObject({ status: "cancelled" });
      expect(await connector.cancelOrder(access, order)).toMatchObject({ kind: "rejected" });
    });

    kit.case("that are filled can be neither cancelled nor modified", async () => {
      const { rig, access } = await kit.loggedIn();
      const order = await placeResting(rig, access, { terms: termsOf(rig, share(rig), "MARKET") });
      expect(order.status).toBe("filled");
      const { connector } = rig;
      const said = expect.stringMatching(/\w/) as string;
      expect(await connector.cancelOrder(access, order)).toMatchObject({ kind: "rejected", reason: said });
      expect(await connector.modifyOrder(access, order, { qty: 9 })).toMatchObject({ kind: "rejected", reason: said });
      expect(await fromBook(rig, access, order.tag ?? "")).toMatchObject({ status: "filled", qty: order.qty });
    });

    kit.case("for the next session wait and are marked as AMO", async () => {
      const { rig, access } = await kit.loggedIn({ now: istInstant("2026-11-20", "20:30") });
      const order = await placeResting(rig, access, { isAmo: true });
      const truth = exchangeOrder(rig, share(rig));
      expect(truth.isAmo).toBe(true);
      expect(order).toMatchObject({ isAmo: true, filledQty: 0, price: truth.price });
      expect(["pending", "open"]).toContain(order.status);
      expect(await rig.connector.modifyOrder(access, order, { qty: 2 })).toMatchObject({ kind: "accepted" });
      const changed = await fromBook(rig, access, order.tag ?? "");
      expect(changed).toMatchObject({ isAmo: true, qty: 2 });
      expect(["pending", "open"]).toContain(changed.status);
      expect(await rig.connector.cancelOrder(access, changed)).toMatchObject({ kind: "accepted" });
      expect(await fromBook(rig, access, order.tag ?? "")).toMatchObject({ isAmo: true, status: "cancelled" });
    });

    kit.case("for the next session go live in this one only if AMO is by-clock", async () => {
      const { rig, access } = await kit.loggedIn();
      const isLive = async (type: "LIMIT" | "SL"): Promise<boolean> => {
        const more = { tag: orderTag(`nextsession${type}`), isAmo: true, terms: termsOf(rig, share(rig), type) };
        await rig.connector.placeOrder(access, ticket(rig, share(rig), more));
        const matching = rig.account.orders().filter(({ tag }) => tag === more.tag);
        return matching.some(({ isAmo, status }) => !isAmo && !isFinal(status));
      };
      const live = [await isLive("LIMIT"), await isLive("SL")];
      expect(live.includes(true)).toBe(rig.definition.capabilities.amo === "by-clock");
    });

    kit.case("cost what the exchange charges, or null where the broker does not report it", async () => {
      const { rig, access } = await kit.loggedIn();
      for (const [what, pick] of TRADED) {
        const instrument = pick(rig);
        const request = ticket(rig, instrument, { qty: instrument.lotSize });
        const cost = await rig.connector.getOrderCost?.(access, request);
        const truth = rig.account.cost(request);
        expectFor([truth.margin, null], what).toContain(cost?.margin);
        expectFor([truth.charges, null], what).toContain(cost?.charges);
        expectFor(cost?.margin ?? cost?.charges, what).not.toBeNull();
      }
    });

    kit.case("are sent once each through the link's egress, and nothing else is", async () => {
      const { rig, access } = await kit.loggedIn();
      const { place, modify, cancel } = wireOf(kit);
      const proxy = await startConnectProxy();
      const egress = new Secret(`http://127.0.0.1:${proxy.port}`);
      const order = await placeResting(rig, { ...access, egress });
      await rig.connector.modifyOrder({ ...access, egress }, order, { qty: 2 });
      await rig.connector.cancelOrder({ ...access, egress }, order);
      await proxy.close();
      for (const read of Object.values(readsOf(rig, { ...access, egress }))) await read();
      const isOrderCall = ({ method, url }: { method: string; url: string }): boolean => {
        const call = `${method} ${new URL(url).pathname.slice(`/${rig.definition.name}`.length)}`;
        return [place, modify, cancel].some((pattern) => pattern.test(call));
      };
      const { requests } = rig.record;
      expect(requests.filter(isOrderCall).map(({ how }) => how)).toEqual(["send", "send", "send"]);
      for (const request of requests) {
        expect(request.scope).toBe(rig.definition.name);
        expectFor(request.egress, request.url).toBe(isOrderCall(request) ? egress : undefined);
      }
      expect(proxy.asked).toContain(`127.0.0.1:${rig.server.port}`);
    });
  });
}

function wireOf({ spec }: Kit): NonNullable<Kit["spec"]["wire"]> {
  if (!spec.wire) throw new Error("this connector has no wire: skip the case by name");
  return spec.wire;
}

/** Whatever type the book shows, it has the limit and trigger that were placed. */
function expectTerms(shown: Order, terms: OrderTerms): void {
  if (terms.type === "LIMIT" || terms.type === "SL") expect(shown.price).toBe(terms.price);
  if (terms.type === "SL" || terms.type === "SL-M") expect(shown.triggerPrice).toBe(terms.triggerPrice);
  if (terms.type === "SL-M" && shown.type === "SL") expect(shown.price).toBe(terms.protection.limit);
}
