import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { LoginGrant } from "../../../connectors/base.ts";
import { sessionEnd } from "../../../connectors/groww/auth.ts";
import { linkId } from "../../../src/domain/ids.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { stepAt, totp } from "../../../src/lib/totp.ts";
import { access, answering, bodyOf, credentials, NOW, recorded, reply, setUp, TOTP_TOKEN } from "./harness.ts";

const grant = (token: Secret, keys = credentials as LoginGrant["credentials"]): LoginGrant => ({
  kind: "token",
  link: linkId("link-1"),
  credentials: keys,
  token,
});
const ACCESS_TOKEN = new Secret("eyJtb2RheSI6MX0.eyJhIjoxfQ.c2ln");
const user = recorded("get-user-detail");
const made = answering({ "token/api/access": recorded("post-token-api-access"), "user/detail": user });
const authorization = (request: { headers?: Readonly<Record<string, string>> } | undefined) =>
  request?.headers?.["authorization"];

describe("a pasted TOTP token", () => {
  it("makes a session with the code of this moment, proved by whose it is, and is kept to make the next", async () => {
    const { connector, requests } = setUp(made);
    const session = await connector.generateSession(grant(new Secret(` ${TOTP_TOKEN.reveal()}\n`)));
    expect(session).toMatchObject({
      accountId: "5520317",
      issuedAt: NOW,
      expiresAt: istInstant("2026-11-21", "06:00"),
    });
    expect(session.refreshToken?.reveal()).toBe(TOTP_TOKEN.reveal());
    const [exchange, proof] = requests;
    expect(exchange).toMatchObject({ via: "send", method: "POST", egress: undefined });
    expect(authorization(exchange)).toBe(`Bearer ${TOTP_TOKEN.reveal()}`);
    expect(bodyOf(exchange)).toEqual({ key_type: "totp", totp: totp("JBSWY3DPEHPK3PXP", stepAt(NOW)) });
    expect(authorization(proof)).toBe(`Bearer ${session.accessToken.reveal()}`);
    expect(exchange?.headers?.["x-api-version"]).toBe("1.0");
  });

  it("makes a new session each morning without anybody, after the last one has ended too", async () => {
    const { connector } = setUp(made, { now: istInstant("2026-11-20", "08:30") });
    const dead = access({ expiresAt: istInstant("2026-11-20", "06:00") });
    const session = await connector.refreshToken?.(dead);
    expect(session).toMatchObject({ accountId: "5520317", expiresAt: istInstant("2026-11-21", "06:00") });
    expect(session?.refreshToken?.reveal()).toBe(TOTP_TOKEN.reveal());
  });

  it("that Groww does not take any more asks for a login", async () => {
    const { connector } = setUp(() => recorded("error-session", 401));
    await expect(connector.refreshToken?.(access())).rejects.toMatchObject({ kind: "auth-expired" });
  });

  it("proves nothing while Groww cannot be asked", async () => {
    const { connector } = setUp(() => reply("<html>", 502));
    await expect(connector.refreshToken?.(access())).rejects.toMatchObject({ kind: "unavailable" });
    await expect(connector.generateSession(grant(TOTP_TOKEN))).rejects.toMatchObject({ kind: "unavailable" });
  });

  it("of another account renews nothing", async () => {
    const { connector } = setUp(made);
    await expect(connector.refreshToken?.(access({ accountId: "1111111" }))).rejects.toMatchObject({
      kind: "bad-response",
    });
  });

  it("that is not active is no session", async () => {
    const inactive = reply({ token: "eyJa.b.c", expiry: "2026-11-21T06:00:00", isActive: false });
    const { connector } = setUp(answering({ "token/api/access": inactive, "user/detail": user }));
    await expect(connector.generateSession(grant(TOTP_TOKEN))).rejects.toMatchObject({ kind: "bad-response" });
  });
});

describe("a pasted access token", () => {
  it("is taken as it is where there is no TOTP secret, and cannot be renewed", async () => {
    const { connector, paths } = setUp(answering({ "user/detail": user }));
    const session = await connector.generateSession(grant(ACCESS_TOKEN, {}));
    expect(session.accessToken.reveal()).toBe(ACCESS_TOKEN.reveal());
    expect(session).not.toHaveProperty("refreshToken");
    expect(session.expiresAt).toBe(istInstant("2026-11-21", "06:00"));
    expect(paths()).toEqual(["/v1/user/detail"]);
    const renewal = connector.refreshToken?.({ ...access(), session });
    await expect(renewal).rejects.toMatchObject({ kind: "no-permission" });
  });

  it("is told from a TOTP token by Groww, which makes no session of it", async () => {
    const answers = answering({ "token/api/access": recorded("error-session", 401), "user/detail": user });
    const session = await setUp(answers).connector.generateSession(grant(ACCESS_TOKEN));
    expect(session.accessToken.reveal()).toBe(ACCESS_TOKEN.reveal());
    expect(session).not.toHaveProperty("refreshToken");
  });

  it("that is neither is refused, and stands in no error", async () => {
    const { connector } = setUp(() => recorded("error-session", 401));
    const error: unknown = await connector.generateSession(grant(ACCESS_TOKEN)).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ kind: "auth-invalid" });
    expect(inspect(error, { depth: 8 })).not.toContain(ACCESS_TOKEN.reveal());
  });

  it("of the wrong look, and a secret that is none, are refused before anything is asked", async () => {
    const { connector, requests } = setUp(made);
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
  ])("of %s dies at the next 06:00", (time, date) => {
    expect(sessionEnd(istInstant("2026-11-20", time))).toBe(istInstant(date, "06:00"));
  });

  it("dies when Groww says, where that is earlier", async () => {
    const early = reply({ token: "eyJa.b.c", expiry: "2026-11-20T15:00:00", isActive: true });
    const { connector } = setUp(answering({ "token/api/access": early, "user/detail": user }));
    expect((await connector.generateSession(grant(TOTP_TOKEN))).expiresAt).toBe(istInstant("2026-11-20", "15:00"));
  });

  it("is dead on Groww's word alone, in either of its two shapes", async () => {
    for (const name of ["error-session", "error-not-authorised"])
      expect(await setUp(() => recorded(name, 401)).connector.isTokenValid(access())).toBe(false);
    const blocked = setUp(() => reply("error code: 1010", 403));
    await expect(blocked.connector.isTokenValid(access())).rejects.toMatchObject({ kind: "bad-response" });
  });
});
