import { expect } from "vitest";
import type { Access } from "../../../connectors/base.ts";
import type { Fault, FaultKind } from "../../../playground/brokers/types.ts";
import { FAULT_KINDS } from "../../../playground/brokers/types.ts";
import { orderTag } from "../../../src/domain/ids.ts";
import type { Order, OrderOutcome } from "../../../src/domain/order.ts";
import type { Kit } from "../kit.ts";
import type { Rig } from "../rig.ts";
import { settle, placeResting, share, ticket } from "../tickets.ts";

/** Whether the call takes effect although its reply is lost. A slow one does, after we have given up. */
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

  const inject = (rig: Rig, kind: FaultKind, match: RegExp): void => {
    const fault: Fault = { kind, match, ms: LATENCY_MS };
    if (kind === "latency" || kind === "hang-after") rig.controls.timeoutMs = SHORT_TIMEOUT_MS;
    rig.server.inject(rig.definition.name, fault);
  };

  const recover = (rig: Rig): void => {
    rig.server.clearFaults(rig.definition.name);
    rig.controls.timeoutMs = null;
    rig.controls.now += 1_000;
  };

  kit.group("unknown outcomes", () => {
    for (const kind of FAULT_KINDS) {
      kit.case(`of placing: ${kind}`, async () => {
        const { rig, access } = await kit.loggedIn();
        const request = ticket(rig, share(rig));
        inject(rig, kind, wire?.place ?? /./);
        const outcome = await rig.connector.placeOrder(access, request);
        expectUnknown(outcome);
        recover(rig);
        const { connector } = rig;
        await expect
          .poll(async () => (await connector.findOrdersByTag(access, request.tag)).length, { timeout: 2_000 })
          .toBe(TAKES_EFFECT[kind] ? 1 : 0);
        expect(rig.account.orders()).toHaveLength(TAKES_EFFECT[kind] ? 1 : 0);
        expect(rig.calls(wire?.place ?? /./)).toHaveLength(1);
      });

      kit.case(`of modifying: ${kind}`, async () => {
        const { rig, access } = await kit.loggedIn();
        const order = await placeResting(rig, access);
        inject(rig, kind, wire?.modify ?? /./);
        expectUnknown(await rig.connector.modifyOrder(access, order, { qty: 2 }));
        recover(rig);
        await expectEventually(rig, access, order, { qty: TAKES_EFFECT[kind] ? 2 : 3, status: "open" });
        expect(rig.calls(wire?.modify ?? /./)).toHaveLength(1);
      });

      kit.case(`of cancelling: ${kind}`, async () => {
        const { rig, access } = await kit.loggedIn();
        const order = await placeResting(rig, access);
        inject(rig, kind, wire?.cancel ?? /./);
        expectUnknown(await rig.connector.cancelOrder(access, order));
        recover(rig);
        await expectEventually(rig, access, order, { status: TAKES_EFFECT[kind] ? "cancelled" : "open", qty: 3 });
        expect(rig.calls(wire?.cancel ?? /./)).toHaveLength(1);
      });
    }

    for (const status of [401, 403])
      kit.case(`are what a page with HTTP ${status} leaves: it is not the broker's refusal`, async () => {
        const { rig, access } = await kit.loggedIn();
        const order = await placeResting(rig, access);
        rig.controls.tamper = (_request, reply) => ({ ...reply, status, body: "<html>No</html>" });
        const { connector } = rig;
        expectUnknown(await connector.placeOrder(access, ticket(rig, share(rig), { tag: orderTag("intent0002") })));
        expectUnknown(await connector.modifyOrder(access, order, { qty: 2 }));
        expectUnknown(await connector.cancelOrder(access, order));
      });

    kit.case("are not reported when the broker cannot be reached", async () => {
      const { rig, access } = await kit.loggedIn();
      const order = await placeResting(rig, access);
      await rig.server.close();
      const { connector } = rig;
      // The first call after the close finds the kept-alive connection broken.
      await settle(connector.getFunds(access));
      for (const outcome of [
        await connector.placeOrder(access, ticket(rig, share(rig))),
        await connector.modifyOrder(access, order, { qty: 2 }),
        await connector.cancelOrder(access, order),
      ])
        expect(outcome).toMatchObject({ kind: "not-sent", cause: "unreachable" });
    });

    kit.case("are not reported when the call is aborted before it is sent", async () => {
      const { rig, access } = await kit.loggedIn();
      const aborted = AbortSignal.abort(new Error("given up"));
      const before = rig.calls(/./).length;
      const outcome = await rig.connector.placeOrder(access, ticket(rig, share(rig)), aborted);
      expect(outcome).toMatchObject({ kind: "not-sent" });
      expect(rig.calls(/./)).toHaveLength(before);
      expect(rig.account.orders()).toEqual([]);
    });
  });
}

function expectUnknown(outcome: OrderOutcome): void {
  expect(outcome).toEqual({ kind: "unknown", reason: expect.stringMatching(/\w/) as string });
}

async function expectEventually(rig: Rig, access: Access, order: Order, expected: Partial<Order>): Promise<void> {
  const read = (): Promise<Order | null> => rig.connector.getOrder(access, order.orderId, order.handle);
  await expect.poll(read, { timeout: 2_000 }).toMatchObject(expected);
}
