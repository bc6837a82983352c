import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { LoginGrant } from "../../../connectors/base.ts";
import { sessionEnd } from "../../../connectors/groww/auth.ts";
import { linkId } from "../../../src/domain/ids.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { stepAt, totp } from "../../../src/lib/totp.ts";
import { bodyOf } from "../harness.ts";
import { access, answering, credentials, NOW, recorded, reply, setUp, TOTP_TOKEN } from "./harness.ts";

const grant = (token: Secret, keys = credentials as LoginGrant["credentials"]): LoginGrant => ({
  kind: "token",
  link: linkId("link-1"),
  credentials: keys,
  token,
});
const ACCESS_TOKEN = new Secret("eyJtb2RheSI6MX0.eyJhIjoxfQ.c2ln");
const user = recorded("get-user-detail");
const loginReplies = answering({ "token/api/access": recorded("post-token-api-access"), "user/detail": user });
const authorization = (request: { headers?: Readonly<Record<string, string>> } | undefined) =>
  request?.headers?.["authorization"];

describe("a pasted TOTP token", () => {
  it("is exchanged for a session with the current TOTP code, verified by the profile, and kept for the next session", async () => {
    const { connector, requests } = setUp(loginReplies);
    const session = await connector.generateSession(grant(new Secret(` ${TOTP_TOKEN.reveal()}\n`)));
    expect(session).toMatchObject({
      accountId: "5520317",
      issuedAt: NOW,
      expiresAt: istInstant("2026-11-21", "06:00"),
    });
    expect(session.refreshToken?.reveal()).toBe(TOTP_TOKEN.reveal());
    const [exchange, profile] = requests;
    expect(exchange).toMatchObject({ via: "send", method: "POST", egress: undefined });
    expect(authorization(exchange)).toBe(`Bearer ${TOTP_TOKEN.reveal()}`);
    expect(bodyOf(exchange)).toEqual({ key_type: "totp", totp: totp("JBSWY3DPEHPK3PXP", stepAt(NOW)) });
    expect(authorization(profile)).toBe(`Bearer ${session.accessToken.reveal()}`);
    expect(exchange?.headers?.["x-api-version"]).toBe("1.0");
  });

  it("gives a new session each morning without the user, even after the last one has expired", async () => {
    const { connector } = setUp(loginReplies, { now: istInstant("2026-11-20", "08:30") });
    const expired = access({ expiresAt: istInstant("2026-11-20", "06:00") });
    const session = await connector.refreshToken?.(expired);
    expect(session).toMatchObject({ accountId: "5520317", expiresAt: istInstant("2026-11-21", "06:00") });
    expect(session?.refreshToken?.reveal()).toBe(TOTP_TOKEN.reveal());
  });

  it("that Groww no longer accepts fails with auth-expired, which asks for a login", async () => {
    const { connector } = setUp(() => recorded("error-session", 401));
    await expect(connector.refreshToken?.(access())).rejects.toMatchObject({ kind: "auth-expired" });
  });

  it("is not judged while Groww is unavailable", async () => {
    const { connector } = setUp(() => reply("<html>", 502));
    await expect(connector.refreshToken?.(access())).rejects.toMatchObject({ kind: "unavailable" });
    await expect(connector.generateSession(grant(TOTP_TOKEN))).rejects.toMatchObject({ kind: "unavailable" });
  });

  it("of another account does not renew the session", async () => {
    const { connector } = setUp(loginReplies);
    await expect(connector.refreshToken?.(access({ accountId: "1111111" }))).rejects.toMatchObject({
      kind: "bad-response",
    });
  });

  it("that gives an inactive token is refused", async () => {
    const inactive = reply({ token: "eyJa.b.c", expiry: "2026-11-21T06:00:00", isActive: false });
    const { connector } = setUp(answering({ "token/api/access": inactive, "user/detail": user }));
    await expect(connector.generateSession(grant(TOTP_TOKEN))).rejects.toMatchObject({ kind: "bad-response" });
  });
});

describe("a pasted access token", () => {
  it("is used directly when there is no TOTP secret, and cannot be renewed", async () => {
    const { connector, paths } = setUp(answering({ "user/detail": user }));
    const session = await connector.generateSession(grant(ACCESS_TOKEN, {}));
    expect(session.accessToken.reveal()).toBe(ACCESS_TOKEN.reveal());
    expect(session).not.toHaveProperty("refreshToken");
    expect(session.expiresAt).toBe(istInstant("2026-11-21", "06:00"));
    expect(paths()).toEqual(["/v1/user/detail"]);
    const renewal = connector.refreshToken?.({ ...access(), session });
    await expect(renewal).rejects.toMatchObject({ kind: "no-permission" });
  });

  it("is recognised because Groww refuses it as a TOTP token, and is used directly", async () => {
    const answers = answering({ "token/api/access": recorded("error-session", 401), "user/detail": user });
    const session = await setUp(answers).connector.generateSession(grant(ACCESS_TOKEN));
    expect(session.accessToken.reveal()).toBe(ACCESS_TOKEN.reveal());
    expect(session).not.toHaveProperty("refreshToken");
  });

  it("is recognised too if the refusal has a code or a shape that is not documented", async () => {
    for (const refusal of [recorded("error-new-code", 403), reply("<html>Unauthorized</html>", 401)]) {
      const answers = answering({ "token/api/access": refusal, "user/detail": user });
      const session = await setUp(answers).connector.generateSession(grant(ACCESS_TOKEN));
      expect(session.accessToken.reveal()).toBe(ACCESS_TOKEN.reveal());
    }
  });

  it("that is refused says what was tried: only as an access token if there is no TOTP secret", async () => {
    const { connector } = setUp(() => recorded("error-session", 401));
    await expect(connector.generateSession(grant(ACCESS_TOKEN))).rejects.toThrow(/neither as a TOTP token/);
    await expect(connector.generateSession(grant(TOTP_TOKEN, {}))).rejects.toThrow(
      "Groww does not take it as an access token that is valid today; a TOTP token works only with its secret",
    );
  });

  it("is refused where the TOTP secret is new: it would take the place of one that worked, and was not tried", async () => {
    const { connector, paths } = setUp(
      answering({ "token/api/access": recorded("error-session", 401), "user/detail": user }),
    );
    const pasted = { ...grant(ACCESS_TOKEN), mustUseKeys: true } as const;
    await expect(connector.generateSession(pasted)).rejects.toMatchObject({
      kind: "auth-invalid",
      message: expect.stringContaining("an access token leaves the new secret untried") as string,
    });
    expect(paths()).toEqual(["/v1/token/api/access"]);
    const withoutSecret = setUp(answering({ "user/detail": user }));
    const session = await withoutSecret.connector.generateSession({ ...pasted, credentials: {} });
    expect(session.accountId).toBe("5520317");
  });

  it("that is neither kind of token is refused, and the error does not contain it", async () => {
    const { connector } = setUp(() => recorded("error-session", 401));
    const error: unknown = await connector.generateSession(grant(ACCESS_TOKEN)).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ kind: "auth-invalid" });
    expect(inspect(error, { depth: 8 })).not.toContain(ACCESS_TOKEN.reveal());
  });

  it("that is not a token, or comes with an invalid TOTP secret, is refused without a request", async () => {
    const { connector, requests } = setUp(loginReplies);
    await expect(connector.generateSession(grant(new Secret("what is this")))).rejects.toMatchObject({
      kind: "auth-invalid",
    });
    const typo = grant(TOTP_TOKEN, { totpSecret: new Secret("0189 0189 0189 0189") });
    await expect(connector.generateSession(typo)).rejects.toMatchObject({ kind: "auth-invalid" });
    expect(requests).toEqual([]);
  });
});

describe("a session", () => {
  it.each([
    ["02:30", "2026-11-20"],
    ["05:59", "2026-11-20"],
    ["06:00", "2026-11-21"],
    ["23:59", "2026-11-21"],
  ])("that starts at %s expires at the next 06:00", (time, date) => {
    expect(sessionEnd(istInstant("2026-11-20", time))).toBe(istInstant(date, "06:00"));
  });

  it("expires when Groww says, if that is earlier", async () => {
    const early = reply({ token: "eyJa.b.c", expiry: "2026-11-20T15:00:00", isActive: true });
    const { connector } = setUp(answering({ "token/api/access": early, "user/detail": user }));
    expect((await connector.generateSession(grant(TOTP_TOKEN))).expiresAt).toBe(istInstant("2026-11-20", "15:00"));
  });

  it("is invalid only if Groww says so, in either of its two shapes of refusal or by HTTP 401", async () => {
    for (const name of ["error-session", "error-not-authorised"])
      expect(await setUp(() => recorded(name, 401)).connector.isTokenValid(access())).toBe(false);
    for (const answer of [reply("", 401), recorded("error-new-code", 401)])
      expect(await setUp(() => answer).connector.isTokenValid(access())).toBe(false);
    const blocked = setUp(() => reply("error code: 1010", 403));
    await expect(blocked.connector.isTokenValid(access())).rejects.toMatchObject({ kind: "bad-response" });
  });
});
