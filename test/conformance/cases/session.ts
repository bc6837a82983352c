import { expect } from "vitest";
import type { Access } from "../../../connectors/base.ts";
import type { OrderOutcome } from "../../../src/domain/order.ts";
import { BrokerError } from "../../../src/errors.ts";
import { Secret } from "../../../src/lib/secret.ts";
import type { Kit } from "../kit.ts";
import type { LoginFacts } from "../spec.ts";
import { LINK, pastesOf } from "../street.ts";
import type { Street } from "../street.ts";
import { readsOf, resting, share, ticket } from "../tickets.ts";
import { expectFor } from "../expect-for.ts";

const EVERY_CALL = /./;

export function sessionCases(kit: Kit): void {
  kit.group("session", () => {
    kit.case("is alive after a login", async () => {
      const { street, access } = await kit.enter();
      expect(await street.connector.isTokenValid(access)).toBe(true);
    });

    kit.case("is dead when the broker says so: reads throw it, orders were not sent", async () => {
      const { street, access } = await kit.enter();
      const order = await resting(street, access);
      street.broker.switches.expireSessions();
      expect(await street.connector.isTokenValid(access)).toBe(false);
      await expectDead(street, access, order);
      expect(street.account.orders()).toHaveLength(1);
    });

    kit.case("is not tried any more once its time is over", async () => {
      const { street, access } = await kit.enter();
      const order = await resting(street, access);
      street.hands.now = access.session.expiresAt;
      const before = street.calls(EVERY_CALL).length;
      expect(await street.connector.isTokenValid(access)).toBe(false);
      await expectDead(street, access, order);
      expect(street.calls(EVERY_CALL).length).toBe(before);
    });

    kit.case("throws when the broker cannot be asked whether it is alive", async () => {
      const { street, access } = await kit.enter();
      street.server.inject(street.definition.name, { kind: "html-502" });
      await expect(street.connector.isTokenValid(access)).rejects.toMatchObject({ kind: "unavailable" });
    });

    kit.case("ends by a logout", async () => {
      const { street, access } = await kit.enter();
      await street.connector.logout?.(access);
      expect(await street.connector.isTokenValid(access)).toBe(street.connector.logout === undefined);
    });

    kit.case("is renewed, or refused in a way that asks for a login", async () => {
      const { street, access } = await kit.enter();
      if (!street.definition.capabilities.refresh) return expect("refreshToken" in street.connector).toBe(false);
      const renewable = [access, ...(await pasted(street, kit.spec.login))];
      for (const each of renewable) {
        street.hands.now += 60_000;
        const renewed = await street.connector.refreshToken?.(each).catch((error: unknown) => error);
        if (renewed instanceof BrokerError) {
          expect(renewed.kind).toMatch(/^(auth-expired|no-permission)$/);
          continue;
        }
        expect(renewed).toMatchObject({ accountId: access.session.accountId, issuedAt: street.hands.now });
        const session = renewed as Access["session"];
        expect(await street.connector.isTokenValid({ ...each, session })).toBe(true);
      }
    });
  });
}

async function pasted(street: Street, login: LoginFacts | undefined): Promise<Access[]> {
  const [text] = (login && (await pastesOf(street, login))) ?? [];
  if (text === undefined) return [];
  const { credentials } = street;
  const grant = { kind: "token", link: LINK, credentials, token: new Secret(text) } as const;
  return [{ link: LINK, credentials, session: await street.connector.generateSession(grant) }];
}

async function expectDead(
  street: Street,
  access: Access,
  order: Parameters<Street["connector"]["cancelOrder"]>[1],
): Promise<void> {
  for (const [name, read] of Object.entries(readsOf(street, access)))
    await expectFor(read(), name).rejects.toMatchObject({ name: "BrokerError", kind: "auth-expired" });
  const expected = { kind: "not-sent", cause: "session-expired", reason: expect.stringMatching(/\w/) as string };
  const { connector } = street;
  const outcomes: Record<string, OrderOutcome> = {
    place: await connector.placeOrder(access, ticket(street, share(street))),
    modify: await connector.modifyOrder(access, order, { qty: 1 }),
    cancel: await connector.cancelOrder(access, order),
  };
  for (const [name, outcome] of Object.entries(outcomes)) expectFor(outcome, name).toMatchObject(expected);
}
