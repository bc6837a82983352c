import { expect } from "vitest";
import type { Access } from "../../../connectors/base.ts";
import { instrumentKey } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { paiseFromRupees, price, priceFromRupees } from "../../../src/domain/money.ts";
import { isFinal, type OrderRequest } from "../../../src/domain/order.ts";
import type { Kit } from "../kit.ts";
import type { Rig } from "../rig.ts";
import { priceAway, future, placeResting, share, termsOf, ticket } from "../tickets.ts";

export function refusalCases(kit: Kit): void {
  kit.group("refusals", () => {
    kit.case("an order without enough money is refused with a reason", async () => {
      const { rig, access } = await kit.loggedIn({ opening: { cash: paiseFromRupees(5_000) } });
      const words = await refusalOf(rig, access, ticket(rig, share(rig), { qty: 900 }));
      expect(words).toMatch(/margin|fund/i);
    });

    kit.case("a reason in the book is put on one line and cut, however long the broker's text is", async () => {
      const { rig, access } = await kit.loggedIn({ opening: { cash: paiseFromRupees(5_000) } });
      const request = ticket(rig, share(rig), { qty: 900 });
      const words = await refusalOf(rig, access, request);
      // Some brokers refuse such an order at once, and their book does not have it.
      if (rig.account.orders().every(({ tag }) => tag !== request.tag)) return;
      rig.controls.tamper = (_request, reply) => ({
        ...reply,
        body: reply.body.replaceAll(words, `${words}\\n${"x".repeat(5_000)}`),
      });
      const [order] = await rig.connector.findOrdersByTag(access, request.tag);
      expect(order?.message).toMatch(/^[^\n]{20,300}$/);
    });

    kit.case("a sell of shares that are not held is refused with a reason", async () => {
      const { rig, access } = await kit.loggedIn({
        opening: {
          cash: paiseFromRupees(500_000),
          holdings: [{ key: share(await kit.open()).key, qty: 4, avgPrice: priceFromRupees(900) }],
        },
      });
      await refusalOf(rig, access, ticket(rig, share(rig), { side: "SELL", qty: 5 }));
      const some = await placeResting(rig, access, { side: "SELL", qty: 4, tag: "held4" as OrderRequest["tag"] });
      expect(some.status).toBe("open");
    });

    kit.case("a quantity that is not a multiple of the lot is refused with a reason", async () => {
      const { rig, access } = await kit.loggedIn();
      const { lotSize } = future(rig);
      await refusalOf(rig, access, ticket(rig, future(rig), { qty: lotSize + 1 }));
    });

    kit.case("a price off the tick is refused with a reason", async () => {
      const { rig, access } = await kit.loggedIn();
      const instrument = share(rig);
      const off = price(priceAway(rig, instrument, -200) + instrument.tickSize / 5);
      await refusalOf(rig, access, ticket(rig, instrument, { terms: { type: "LIMIT", price: off } }));
    });

    kit.case("a price outside the circuit limits is refused with a reason", async () => {
      const { rig, access } = await kit.loggedIn();
      const instrument = share(rig);
      const terms = { type: "LIMIT", price: priceAway(rig, instrument, 3_000) } as const;
      await refusalOf(rig, access, ticket(rig, instrument, { terms }));
    });

    kit.case("a trigger on the wrong side is refused with a reason", async () => {
      const { rig, access } = await kit.loggedIn();
      const instrument = share(rig);
      const terms = {
        type: "SL",
        price: priceAway(rig, instrument, -100),
        triggerPrice: priceAway(rig, instrument, -200),
      } as const;
      await refusalOf(rig, access, ticket(rig, instrument, { terms }));
    });

    kit.case("a quantity above the freeze quantity is refused with a reason", async () => {
      const { rig, access } = await kit.loggedIn();
      const { lotSize, freezeQty = 0 } = future(rig);
      await refusalOf(rig, access, ticket(rig, future(rig), { qty: freezeQty + lotSize }));
    });

    kit.case("delivery of a derivative is refused with a reason", async () => {
      const { rig, access } = await kit.loggedIn();
      await refusalOf(rig, access, ticket(rig, future(rig), { productType: "CNC" }));
    });

    kit.case("an unknown instrument is refused and nothing reaches the market", async () => {
      const { rig, access } = await kit.loggedIn();
      const unlisted = { ...share(rig), key: instrumentKey("NSE", 987_654) };
      await refusalOf(rig, access, {
        ...ticket(rig, share(rig)),
        key: unlisted.key,
        terms: termsOf(rig, share(rig), "LIMIT"),
      });
    });

    kit.case("a modification that the exchange refuses leaves the order unchanged", async () => {
      const { rig, access } = await kit.loggedIn();
      const instrument = share(rig);
      const order = await placeResting(rig, access);
      const terms = { type: "LIMIT", price: priceAway(rig, instrument, -3_000) } as const;
      const outcome = await rig.connector.modifyOrder(access, order, { terms });
      const [after] = await rig.connector.findOrdersByTag(access, order.tag as OrderRequest["tag"]);
      expect(after).toMatchObject({ status: "open", price: order.price, qty: order.qty });
      // Some brokers accept the modification and report in the book that it failed.
      if (outcome.kind === "accepted") expect(after?.message).toMatch(/\w/);
      else expect(outcome).toMatchObject({ kind: "rejected", reason: expect.stringMatching(/\w/) as string });
    });

    kit.case("an order outside the session is refused with a reason, or becomes an AMO", async () => {
      const { rig, access } = await kit.loggedIn({ now: istInstant("2026-11-20", "20:30") });
      const request = ticket(rig, share(rig));
      const outcome = await rig.connector.placeOrder(access, request);
      if (outcome.kind === "accepted") {
        // Some brokers turn it into an after-market order.
        const [order] = await rig.connector.findOrdersByTag(access, request.tag);
        expect(order).toMatchObject({ isAmo: true });
      } else
        expect(outcome).toMatchObject({ kind: "rejected", reason: expect.stringMatching(/market|closed/i) as string });
    });
  });
}

/** The reason of a refusal, at once or in the book a moment later. Fails if the order could still fill. */
async function refusalOf(rig: Rig, access: Access, request: OrderRequest): Promise<string> {
  const outcome = await rig.connector.placeOrder(access, request);
  const mine = rig.account.orders().filter(({ tag }) => tag === request.tag);
  for (const { status } of mine) expect(isFinal(status) && status !== "filled").toBe(true);
  if (outcome.kind === "accepted") {
    rig.controls.now += 1_000;
    const [order] = await rig.connector.findOrdersByTag(access, request.tag);
    expect(order).toMatchObject({ status: "rejected", orderId: outcome.orderId, filledQty: 0 });
    expect(order?.message ?? "").toMatch(/\w/);
    return order?.message ?? "";
  }
  expect(["rejected", "not-sent"]).toContain(outcome.kind);
  expect(outcome.reason).toMatch(/\w/);
  return outcome.reason;
}
