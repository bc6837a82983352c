import { expect } from "vitest";
import type { Access } from "../../../connectors/base.ts";
import type { OrderOutcome } from "../../../src/domain/order.ts";
import { BrokerError } from "../../../src/errors.ts";
import { Secret } from "../../../src/lib/secret.ts";
import type { Kit } from "../kit.ts";
import type { LoginFacts } from "../spec.ts";
import { LINK, pastesOf } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { readsOf, placeResting, share, ticket } from "../tickets.ts";
import { expectFor } from "../expect-for.ts";

const EVERY_CALL = /./;

export function sessionCases(kit: Kit): void {
  kit.group("session", () => {
    kit.case("is valid after a login", async () => {
      const { rig, access } = await kit.loggedIn();
      expect(await rig.connector.isTokenValid(access)).toBe(true);
    });

    kit.case("has ended when the broker says so: reads throw auth-expired, orders are not sent", async () => {
      const { rig, access } = await kit.loggedIn();
      const order = await placeResting(rig, access);
      rig.broker.switches.expireSessions();
      expect(await rig.connector.isTokenValid(access)).toBe(false);
      await expectEnded(rig, access, order);
      expect(rig.account.orders()).toHaveLength(1);
    });

    kit.case("is not used any more after its expiry", async () => {
      const { rig, access } = await kit.loggedIn();
      const order = await placeResting(rig, access);
      rig.controls.now = access.session.expiresAt;
      const before = rig.calls(EVERY_CALL).length;
      expect(await rig.connector.isTokenValid(access)).toBe(false);
      await expectEnded(rig, access, order);
      expect(rig.calls(EVERY_CALL).length).toBe(before);
    });

    kit.case("is neither valid nor invalid when the broker cannot be asked", async () => {
      const { rig, access } = await kit.loggedIn();
      rig.server.inject(rig.definition.name, { kind: "html-502" });
      await expect(rig.connector.isTokenValid(access)).rejects.toMatchObject({ kind: "unavailable" });
    });

    kit.case("ends with a logout", async () => {
      const { rig, access } = await kit.loggedIn();
      await rig.connector.logout?.(access);
      expect(await rig.connector.isTokenValid(access)).toBe(rig.connector.logout === undefined);
    });

    kit.case("is renewed, or the refusal asks for a login", async () => {
      const { rig, access } = await kit.loggedIn();
      if (!rig.definition.capabilities.refresh) return expect("refreshToken" in rig.connector).toBe(false);
      const renewable = [access, ...(await pasted(rig, kit.spec.login))];
      for (const each of renewable) {
        rig.controls.now += 60_000;
        const renewed = await rig.connector.refreshToken?.(each).catch((error: unknown) => error);
        if (renewed instanceof BrokerError) {
          expect(renewed.kind).toMatch(/^(auth-expired|no-permission)$/);
          continue;
        }
        expect(renewed).toMatchObject({ accountId: access.session.accountId, issuedAt: rig.controls.now });
        const session = renewed as Access["session"];
        expect(await rig.connector.isTokenValid({ ...each, session })).toBe(true);
      }
    });
  });
}

async function pasted(rig: Rig, login: LoginFacts | undefined): Promise<Access[]> {
  const [text] = (login && (await pastesOf(rig, login))) ?? [];
  if (text === undefined) return [];
  const { credentials } = rig;
  const grant = { kind: "token", link: LINK, credentials, token: new Secret(text) } as const;
  return [{ link: LINK, credentials, session: await rig.connector.generateSession(grant) }];
}

async function expectEnded(
  rig: Rig,
  access: Access,
  order: Parameters<Rig["connector"]["cancelOrder"]>[1],
): Promise<void> {
  for (const [name, read] of Object.entries(readsOf(rig, access)))
    await expectFor(read(), name).rejects.toMatchObject({ name: "BrokerError", kind: "auth-expired" });
  const expected = { kind: "not-sent", cause: "session-expired", reason: expect.stringMatching(/\w/) as string };
  const { connector } = rig;
  const outcomes: Record<string, OrderOutcome> = {
    place: await connector.placeOrder(access, ticket(rig, share(rig))),
    modify: await connector.modifyOrder(access, order, { qty: 1 }),
    cancel: await connector.cancelOrder(access, order),
  };
  for (const [name, outcome] of Object.entries(outcomes)) expectFor(outcome, name).toMatchObject(expected);
}
