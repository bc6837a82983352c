import { expect } from "vitest";
import type { Session } from "../../../connectors/base.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { BrokerError } from "../../../src/errors.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { LoginRefused } from "../browser.ts";
import type { Kit } from "../kit.ts";
import type { LoginFacts } from "../spec.ts";
import { grantOf, LINK, logIn, loginGrant, pastesOf, STATE } from "../street.ts";
import { ending } from "../tickets.ts";
import { expectFor } from "../expect-for.ts";

export function loginCases(kit: Kit): void {
  kit.group("login", () => {
    kit.case("sends the browser away with the state, or with something to know it by", async () => {
      const street = await kit.open();
      const { url, binding, grant } = await grantOf(street);
      const carries = (text: string): boolean => decodeURIComponent(url).includes(text);
      expect(binding === undefined ? carries(STATE) : carries(binding)).toBe(true);
      if (binding === undefined) expect(grant.params["state"]).toBe(STATE);
    });

    kit.case("turns what comes back into a session of the account", async () => {
      const street = await kit.open();
      const { session } = await logIn(street);
      const profile = await street.connector.getProfile({ link: LINK, credentials: street.credentials, session });
      expect(session.accountId).not.toBe("");
      expect(profile.accountId).toBe(session.accountId);
      expect(session.issuedAt).toBe(street.hands.now);
      expect(session.accessToken.reveal()).not.toBe("");
    });

    kit.case("ends sessions at the hour that India's clock says", async () => {
      const { endsAt } = factsOf(kit);
      for (const time of ["00:10", "05:30", "06:30", "11:00", "23:50"]) {
        const now = istInstant("2026-11-20", time);
        const { session } = await logIn(await kit.open({ now }));
        expectFor(new Date(session.expiresAt).toISOString(), time).toBe(new Date(endsAt(now)).toISOString());
        expect(session.expiresAt).toBeGreaterThan(now);
      }
    });

    kit.case("does not take a code that the broker did not give", async () => {
      const street = await kit.open();
      const { grant } = await grantOf(street);
      const code = codeOf(kit);
      const wrong = (grant.params[code] ?? "").split("").toReversed().join("");
      await expectAuthError(street.connector.generateSession({ ...grant, params: { ...grant.params, [code]: wrong } }));
    });

    kit.case(
      "calls a login that came back without a code unfinished, asks nothing, and lets it be tried again",
      async () => {
        const street = await kit.open();
        const { grant } = await grantOf(street);
        street.record.requests.length = 0;
        const { [codeOf(kit)]: _gone, ...params } = grant.params;
        await expect(street.connector.generateSession({ ...grant, params })).rejects.toMatchObject({
          name: "BrokerError",
          kind: "login-unfinished",
          message: expect.stringMatching(/\w/) as string,
        });
        expect(street.record.requests).toEqual([]);
        expect((await logIn(street)).session.accountId).not.toBe("");
      },
    );

    kit.case("does not take a code twice", async () => {
      const street = await kit.open();
      const { grant } = await grantOf(street);
      await street.connector.generateSession(grant);
      await expectAuthError(street.connector.generateSession(grant));
    });

    kit.case("does not log in with a wrong secret", async () => {
      const street = await kit.open();
      const { secret } = factsOf(kit);
      const right = street.credentials[secret]?.reveal() ?? "";
      const credentials = {
        ...street.credentials,
        [secret]: new Secret(`${right.slice(0, -1)}${right.endsWith("0") ? 1 : 0}`),
      };
      expect(credentials[secret]?.reveal()).not.toBe(right);
      const attempt = async (): Promise<Session> =>
        street.connector.generateSession(await loginGrant(street, credentials));
      const end = await ending(attempt());
      if ("error" in end && end.error instanceof LoginRefused) return;
      await expectAuthError(attempt());
    });

    kit.case("keeps the state to the login page", async () => {
      const street = await kit.open();
      const { grant } = await grantOf(street);
      street.record.requests.length = 0;
      const session = await street.connector.generateSession(grant);
      expect(JSON.stringify(street.record.requests)).not.toContain(STATE);
      expect(JSON.stringify(session)).not.toContain(STATE);
      expect(street.record.warnings.join()).not.toContain(STATE);
    });

    kit.case("takes what a person pastes", async () => {
      const street = await kit.open();
      const texts = await pastesOf(street, factsOf(kit));
      expect(street.definition.capabilities.login.includes("token")).toBe(texts.length > 0);
      for (const text of texts) {
        const token = new Secret(` ${text}\n`);
        const grant = { kind: "token", link: LINK, credentials: street.credentials, token } as const;
        const session = await street.connector.generateSession(grant);
        const access = { link: LINK, credentials: street.credentials, session };
        expect(await street.connector.isTokenValid(access)).toBe(true);
        expect(session.expiresAt).toBe(factsOf(kit).endsAt(street.hands.now));
      }
      const nonsense = new Secret("what is this");
      await expectAuthError(
        street.connector.generateSession({
          kind: "token",
          link: LINK,
          credentials: street.credentials,
          token: nonsense,
        }),
      );
    });
  });
}

function factsOf({ spec }: Kit): LoginFacts {
  if (!spec.login) throw new Error("this connector has no login: skip the case by name");
  return spec.login;
}

function codeOf(kit: Kit): string {
  const { code } = factsOf(kit);
  if (code === undefined) throw new Error("this connector has no login page: skip the case by name");
  return code;
}

async function expectAuthError(promise: Promise<unknown>): Promise<void> {
  const error: unknown = await promise.then(
    () => expect.fail("the login succeeded"),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(BrokerError);
  expect((error as BrokerError).kind).toMatch(/^auth-(invalid|expired)$/);
  expect((error as BrokerError).message.trim()).not.toBe("");
}
