import { expect } from "vitest";
import type { Access } from "../../../connectors/base.ts";
import type { Fault, FaultKind } from "../../../playground/brokers/types.ts";
import { FAULT_KINDS } from "../../../playground/brokers/types.ts";
import type { Order, OrderOutcome } from "../../../src/domain/order.ts";
import type { Kit } from "../kit.ts";
import type { Street } from "../street.ts";
import { ending, resting, share, ticket } from "../tickets.ts";

/** Whether the call took effect although its answer was lost. A slow one does, but after we gave up. */
const TAKES_EFFECT: Record<FaultKind, boolean> = {
  latency: true,
  "drop-before": false,
  "drop-after": true,
  "hang-after": true,
  "html-502": false,
  "html-502-after": true,
  truncated: true,
  "too-many": false,
};
const SHORT_TIMEOUT_MS = 120;
const LATENCY_MS = 200;

export function unknownCases(kit: Kit): void {
  const { wire } = kit.spec;

  const inject = (street: Street, kind: FaultKind, match: RegExp): void => {
    const fault: Fault = { kind, match, ms: LATENCY_MS };
    if (kind === "latency" || kind === "hang-after") street.hands.timeoutMs = SHORT_TIMEOUT_MS;
    street.server.inject(street.definition.name, fault);
  };

  const recover = (street: Street): void => {
    street.server.clearFaults(street.definition.name);
    street.hands.timeoutMs = null;
    street.hands.now += 1_000;
  };

  kit.group("unknown outcomes", () => {
    for (const kind of FAULT_KINDS) {
      kit.case(`of placing: ${kind}`, async () => {
        const { street, access } = await kit.enter();
        const request = ticket(street, share(street));
        inject(street, kind, wire?.place ?? /./);
        const outcome = await street.connector.placeOrder(access, request);
        expectUnknown(outcome);
        recover(street);
        const { connector } = street;
        await expect
          .poll(async () => (await connector.findOrdersByTag(access, request.tag)).length, { timeout: 2_000 })
          .toBe(TAKES_EFFECT[kind] ? 1 : 0);
        expect(street.account.orders()).toHaveLength(TAKES_EFFECT[kind] ? 1 : 0);
        expect(street.calls(wire?.place ?? /./)).toHaveLength(1);
      });

      kit.case(`of changing: ${kind}`, async () => {
        const { street, access } = await kit.enter();
        const order = await resting(street, access);
        inject(street, kind, wire?.modify ?? /./);
        expectUnknown(await street.connector.modifyOrder(access, order, { qty: 2 }));
        recover(street);
        await expectEventually(street, access, order, { qty: TAKES_EFFECT[kind] ? 2 : 3, status: "open" });
        expect(street.calls(wire?.modify ?? /./)).toHaveLength(1);
      });

      kit.case(`of cancelling: ${kind}`, async () => {
        const { street, access } = await kit.enter();
        const order = await resting(street, access);
        inject(street, kind, wire?.cancel ?? /./);
        expectUnknown(await street.connector.cancelOrder(access, order));
        recover(street);
        await expectEventually(street, access, order, { status: TAKES_EFFECT[kind] ? "cancelled" : "open", qty: 3 });
        expect(street.calls(wire?.cancel ?? /./)).toHaveLength(1);
      });
    }

    kit.case("are not the answer when nobody was there to be asked", async () => {
      const { street, access } = await kit.enter();
      const order = await resting(street, access);
      await street.server.close();
      const { connector } = street;
      // The first to come back learns that the kept connection is gone.
      await ending(connector.getFunds(access));
      for (const outcome of [
        await connector.placeOrder(access, ticket(street, share(street))),
        await connector.modifyOrder(access, order, { qty: 2 }),
        await connector.cancelOrder(access, order),
      ])
        expect(outcome).toMatchObject({ kind: "not-sent", cause: "unreachable" });
    });

    kit.case("are not the answer when it was given up before it was sent", async () => {
      const { street, access } = await kit.enter();
      const given = AbortSignal.abort(new Error("given up"));
      const before = street.calls(/./).length;
      const outcome = await street.connector.placeOrder(access, ticket(street, share(street)), given);
      expect(outcome).toMatchObject({ kind: "not-sent" });
      expect(street.calls(/./)).toHaveLength(before);
      expect(street.account.orders()).toEqual([]);
    });
  });
}

function expectUnknown(outcome: OrderOutcome): void {
  expect(outcome).toEqual({ kind: "unknown", reason: expect.stringMatching(/\w/) as string });
}

async function expectEventually(street: Street, access: Access, order: Order, told: Partial<Order>): Promise<void> {
  const read = (): Promise<Order | null> => street.connector.getOrder(access, order.orderId, order.handle);
  await expect.poll(read, { timeout: 2_000 }).toMatchObject(told);
}
