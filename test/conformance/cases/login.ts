import { expect } from "vitest";
import type { Session } from "../../../connectors/base.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { BrokerError } from "../../../src/errors.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { LoginRefused } from "../browser.ts";
import type { Kit } from "../kit.ts";
import type { LoginFacts } from "../spec.ts";
import { grantOf, LINK, logIn, loginGrant, pastesOf, STATE } from "../rig.ts";
import { settle } from "../tickets.ts";
import { expectFor } from "../expect-for.ts";

export function loginCases(kit: Kit): void {
  kit.group("login", () => {
    kit.case("puts the state, or a binding, into the login page's address", async () => {
      const rig = await kit.open();
      const { url, binding, grant } = await grantOf(rig);
      const carries = (text: string): boolean => decodeURIComponent(url).includes(text);
      expect(binding === undefined ? carries(STATE) : carries(binding)).toBe(true);
      if (binding === undefined) expect(grant.params["state"]).toBe(STATE);
    });

    kit.case("tells the user to paste the address after the login where no browser brings it back", async () => {
      const rig = await kit.open();
      const { landing } = await grantOf(rig);
      const granted = [...landing.searchParams.keys()].filter((name) => name !== "state");
      const { paste = "" } = rig.definition.setup;
      expectFor(
        granted.filter((name) => paste.includes(`${name}=`)),
        paste,
      ).not.toEqual([]);
    });

    kit.case("turns the callback into a session of the account", async () => {
      const rig = await kit.open();
      const { session } = await logIn(rig);
      const profile = await rig.connector.getProfile({ link: LINK, credentials: rig.credentials, session });
      expect(session.accountId).not.toBe("");
      expect(profile.accountId).toBe(session.accountId);
      expect(session.issuedAt).toBe(rig.controls.now);
      expect(session.accessToken.reveal()).not.toBe("");
    });

    kit.case("ends sessions at the broker's hour in IST", async () => {
      const { endsAt } = factsOf(kit);
      for (const time of ["00:10", "05:30", "06:30", "11:00", "23:50"]) {
        const now = istInstant("2026-11-20", time);
        const { session } = await logIn(await kit.open({ now }));
        expectFor(new Date(session.expiresAt).toISOString(), time).toBe(new Date(endsAt(now)).toISOString());
        expect(session.expiresAt).toBeGreaterThan(now);
      }
    });

    kit.case("refuses a code that the broker did not issue", async () => {
      const rig = await kit.open();
      const { grant } = await grantOf(rig);
      const code = codeOf(kit);
      const wrong = (grant.params[code] ?? "").split("").toReversed().join("");
      await expectAuthError(rig.connector.generateSession({ ...grant, params: { ...grant.params, [code]: wrong } }));
    });

    kit.case("reports a callback without a code as unfinished, makes no call, and allows another try", async () => {
      const rig = await kit.open();
      const { grant } = await grantOf(rig);
      rig.record.requests.length = 0;
      const { [codeOf(kit)]: _gone, ...params } = grant.params;
      await expect(rig.connector.generateSession({ ...grant, params })).rejects.toMatchObject({
        name: "BrokerError",
        kind: "login-unfinished",
        message: expect.stringMatching(/\w/) as string,
      });
      expect(rig.record.requests).toEqual([]);
      expect((await logIn(rig)).session.accountId).not.toBe("");
    });

    kit.case("refuses a code the second time", async () => {
      const rig = await kit.open();
      const { grant } = await grantOf(rig);
      await rig.connector.generateSession(grant);
      await expectAuthError(rig.connector.generateSession(grant));
    });

    kit.case("refuses a login with a wrong secret", async () => {
      const rig = await kit.open();
      const { secret } = factsOf(kit);
      const right = rig.credentials[secret]?.reveal() ?? "";
      const credentials = {
        ...rig.credentials,
        [secret]: new Secret(`${right.slice(0, -1)}${right.endsWith("0") ? 1 : 0}`),
      };
      expect(credentials[secret]?.reveal()).not.toBe(right);
      const attempt = async (): Promise<Session> => rig.connector.generateSession(await loginGrant(rig, credentials));
      const end = await settle(attempt());
      if ("error" in end && end.error instanceof LoginRefused) return;
      await expectAuthError(attempt());
    });

    kit.case("blames the broker for a reply that it cannot read, not the keys", async () => {
      const rig = await kit.open();
      const grant = await loginGrant(rig, rig.credentials);
      rig.server.inject(rig.definition.name, { kind: "truncated" });
      await expect(rig.connector.generateSession(grant)).rejects.toMatchObject({ kind: "bad-response" });
    });

    kit.case("uses the state for the login page only", async () => {
      const rig = await kit.open();
      const { grant } = await grantOf(rig);
      rig.record.requests.length = 0;
      const session = await rig.connector.generateSession(grant);
      expect(JSON.stringify(rig.record.requests)).not.toContain(STATE);
      expect(JSON.stringify(session)).not.toContain(STATE);
      expect(rig.record.warnings.join()).not.toContain(STATE);
    });

    kit.case("accepts pasted tokens and refuses nonsense", async () => {
      const rig = await kit.open();
      const texts = await pastesOf(rig, factsOf(kit));
      expect(rig.definition.capabilities.login.includes("token")).toBe(texts.length > 0);
      for (const text of texts) {
        const token = new Secret(` ${text}\n`);
        const grant = { kind: "token", link: LINK, credentials: rig.credentials, token } as const;
        const session = await rig.connector.generateSession(grant);
        const access = { link: LINK, credentials: rig.credentials, session };
        expect(await rig.connector.isTokenValid(access)).toBe(true);
        expect(session.expiresAt).toBe(factsOf(kit).endsAt(rig.controls.now));
      }
      const nonsense = new Secret("what is this");
      await expectAuthError(
        rig.connector.generateSession({
          kind: "token",
          link: LINK,
          credentials: rig.credentials,
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
