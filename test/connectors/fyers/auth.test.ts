import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { appIdHash, expiryOf } from "../../../connectors/fyers/auth.ts";
import { fyers } from "../../../connectors/fyers/index.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { Secret } from "../../../src/lib/secret.ts";
import type { LoginGrant } from "../../../connectors/base.ts";
import { failureOf } from "../harness.ts";
import { access, credentials, html, NOW, PIN, reply, SECRET, setUp, text } from "./harness.ts";

const jwt = (claims: object): string =>
  ["{}", JSON.stringify(claims), "sig"].map((part) => Buffer.from(part).toString("base64url")).join(".");
const EXPIRES_AT = istInstant("2026-11-21", "06:00");
const ACCESS_TOKEN = jwt({ exp: EXPIRES_AT / 1_000 });
const AUTH_CODE = "eyJhdXRoIjoxfQ.eyJjb2RlIjoxfQ.b25jZQ";

const callback = (params: Record<string, string>): LoginGrant => ({
  kind: "callback",
  link: access.link,
  credentials,
  redirectUrl: "https://app.example/oauth/fyers/callback",
  params,
});
const granted = callback({ s: "ok", code: "200", auth_code: AUTH_CODE, state: "Zk91xQ" });

const broker = (tokens: object) =>
  setUp(({ url }) =>
    url.endsWith("/profile")
      ? reply("get-profile")
      : text(JSON.stringify({ s: "ok", code: 200, message: "", ...tokens })),
  );

describe("login", () => {
  it("hashes the app id and secret as documented", () => {
    expect(appIdHash(credentials)).toBe("ccfd1c4d290922e36f5ea9e0d72e3757211d872f4fc5b003daadd1ae5257147b");
  });

  it("has a login URL with every parameter encoded", async () => {
    const { connector } = await setUp(() => html(500));
    const login = await connector.getLoginUrl?.({
      credentials,
      redirectUrl: "https://app.example/oauth/fyers/callback?x=1&y=2",
      state: "Zk91xQ",
    });
    expect(login?.url).toBe(
      "https://api-t1.fyers.in/api/v3/generate-authcode?client_id=DEMOAPP123-100" +
        "&redirect_uri=https%3A%2F%2Fapp.example%2Foauth%2Ffyers%2Fcallback%3Fx%3D1%26y%3D2&response_type=code&state=Zk91xQ",
    );
  });

  it("exchanges the auth_code parameter, not code, and verifies the token with the profile call", async () => {
    const { connector, sent } = await broker({ access_token: ACCESS_TOKEN, refresh_token: "refresh" });
    const session = await connector.generateSession(granted);
    expect(sent.map(({ via, method, url }) => `${via} ${method} ${new URL(url).pathname}`)).toEqual([
      "send POST /api/v3/validate-authcode",
      "read GET /api/v3/profile",
    ]);
    expect(JSON.parse(sent[0]?.body ?? "")).toEqual({
      grant_type: "authorization_code",
      appIdHash: appIdHash(credentials),
      code: AUTH_CODE,
    });
    expect(sent[1]?.headers?.["authorization"]).toBe(`DEMOAPP123-100:${ACCESS_TOKEN}`);
    expect(session).toMatchObject({ accountId: "FA20411", issuedAt: NOW, expiresAt: EXPIRES_AT });
    expect(session.accessToken.reveal()).toBe(ACCESS_TOKEN);
    expect(session.refreshToken?.reveal()).toBe("refresh");
  });

  it("works without a refresh token in the reply", async () => {
    const { connector } = await broker({ access_token: ACCESS_TOKEN });
    expect(await connector.generateSession(granted)).not.toHaveProperty("refreshToken");
  });

  it.each([
    ["the auth_code alone", AUTH_CODE],
    ["the whole URL", ` http://127.0.0.1/cb?s=ok&code=200&auth_code=${AUTH_CODE}&state=x `],
  ])("accepts %s when it is pasted", async (_what, pasted) => {
    const { connector, sent } = await broker({ access_token: ACCESS_TOKEN });
    await connector.generateSession({ kind: "token", link: access.link, credentials, token: new Secret(pasted) });
    expect(JSON.parse(sent[0]?.body ?? "")).toMatchObject({ code: AUTH_CODE });
  });

  it("fails with Fyers' message when the login was refused, without a request", async () => {
    const { connector, sent } = await broker({});
    const params = { s: "error", code: "-99", message: "user cancelled", auth_code: AUTH_CODE };
    const error = await failureOf(connector.generateSession(callback(params)));
    expect(error).toMatchObject({ kind: "login-unfinished", message: "user cancelled", brokerCode: "-99" });
    expect(await failureOf(connector.generateSession(callback({ code: "200" })))).toMatchObject({
      kind: "login-unfinished",
    });
    expect(sent).toHaveLength(0);
  });

  it.each([
    ["a wrong secret", -371, "auth-invalid"],
    ["a used auth_code", -374, "auth-invalid"],
    ["a wrong app id", -352, "auth-invalid"],
    ["an auth_code that is none", -437, "auth-invalid"],
  ])("fails after %s with $2", async (_what, code, kind) => {
    const { connector } = await setUp(() => text(JSON.stringify({ s: "error", code, message: "no" }), 401));
    expect(await failureOf(connector.generateSession(granted))).toMatchObject({ kind, brokerCode: String(code) });
  });

  it("keeps secrets out of its errors, even when Fyers echoes them", async () => {
    const echo = `bad ${AUTH_CODE} ${appIdHash(credentials)}`;
    const { connector } = await setUp(() => text(JSON.stringify({ s: "error", code: -374, message: echo }), 400));
    const seen = inspect(await failureOf(connector.generateSession(granted)), { depth: 9 });
    for (const secret of [AUTH_CODE, SECRET, appIdHash(credentials)]) expect(seen).not.toContain(secret);
  });
});

describe("the expiry of a token", () => {
  it("is read from the token", () => {
    expect(expiryOf(jwt({ exp: 1_795_219_200 }), NOW)).toBe(1_795_219_200_000);
  });

  it("is the next 06:00 IST when the token cannot be read", () => {
    for (const token of ["opaque", "a.b.c", jwt({ sub: "x" })]) expect(expiryOf(token, NOW)).toBe(EXPIRES_AT);
    expect(expiryOf("opaque", istInstant("2026-11-20", "05:59"))).toBe(istInstant("2026-11-20", "06:00"));
  });
});

describe("a session", () => {
  it("is valid if the profile can be read", async () => {
    const { connector } = await setUp(() => reply("get-profile"));
    expect(await connector.isTokenValid(access)).toBe(true);
  });

  it("is invalid once it has expired, without a request", async () => {
    const { connector, sent } = await setUp(() => reply("get-profile"));
    expect(await connector.isTokenValid({ ...access, session: { ...access.session, expiresAt: NOW } })).toBe(false);
    expect(sent).toHaveLength(0);
  });

  it.each([
    ["-8 with HTTP 401", reply("get-profile-expired", 401)],
    ["-16 with HTTP 200", reply("get-data-quotes-dead-session")],
    ["-15 with HTTP 401", text('{"s":"error","code":-15,"message":"Could not authenticate the user"}', 401)],
    ["-17 with HTTP 400", text('{"s":"error","code":-17,"message":"Invalid token"}', 400)],
    ["HTTP 401 with another code", text('{"s":"error","code":-1,"message":""}', 401)],
  ])("is invalid after %s", async (_what, answer) => {
    const { connector } = await setUp(() => answer);
    expect(await connector.isTokenValid(access)).toBe(false);
  });

  it("is neither valid nor invalid while Fyers is unavailable: the check throws", async () => {
    const { connector } = await setUp(() => html(502));
    expect(await failureOf(connector.isTokenValid(access))).toMatchObject({ kind: "unavailable" });
  });

  it("is ended at Fyers on logout", async () => {
    const { connector, sent } = await setUp(() =>
      text('{"s":"ok","code":200,"message":"you are successfully logged out"}'),
    );
    await connector.logout?.(access);
    expect(sent.map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toEqual(["POST /api/v3/logout"]);
  });
});

describe("renewing with the PIN", () => {
  it("fails with auth-expired, which asks for a login, on the documented refusal", async () => {
    const { connector, sent } = await setUp(() => reply("post-validate-refresh-token-disabled", 400));
    const error = await failureOf(connector.refreshToken?.(access) ?? Promise.resolve());
    expect(error).toMatchObject({ kind: "auth-expired", brokerCode: "-16", endpoint: "POST /validate-refresh-token" });
    expect(inspect(error, { depth: 9 })).not.toContain(PIN);
    expect(sent).toHaveLength(1);
  });

  it("keeps PIN and refresh token out of the error when Fyers echoes them", async () => {
    const message = `wrong pin ${PIN} for refresh-token-value`;
    const { connector } = await setUp(() => text(JSON.stringify({ s: "error", code: -16, message }), 400));
    const seen = inspect(await failureOf(connector.refreshToken?.(access) ?? Promise.resolve()), { depth: 9 });
    expect(seen).toContain("wrong pin");
    for (const secret of [PIN, "refresh-token-value"]) expect(seen).not.toContain(secret);
  });

  it("keeps the refresh token when Fyers renews the session", async () => {
    const { connector, sent } = await broker({ access_token: ACCESS_TOKEN });
    const session = await connector.refreshToken?.(access);
    expect(session?.accessToken.reveal()).toBe(ACCESS_TOKEN);
    expect(session?.refreshToken?.reveal()).toBe("refresh-token-value");
    expect(JSON.parse(sent[0]?.body ?? "")).toEqual({
      grant_type: "refresh_token",
      appIdHash: appIdHash(credentials),
      refresh_token: "refresh-token-value",
      pin: PIN,
    });
  });

  it("fails with auth-expired, without a request, when there is no PIN", async () => {
    const { connector, sent } = await setUp(() => html(500));
    const { pin: _pin, ...withoutPin } = credentials;
    const error = await failureOf(
      connector.refreshToken?.({ ...access, credentials: withoutPin }) ?? Promise.resolve(),
    );
    expect(error).toMatchObject({ kind: "auth-expired" });
    expect(sent).toHaveLength(0);
  });
});

describe("the definition", () => {
  it("has examples that match their patterns, and only the PIN is optional", () => {
    expect(fyers.credentials.filter(({ pattern, example }) => !pattern.test(example))).toEqual([]);
    expect(fyers.credentials.filter(({ isOptional }) => isOptional).map(({ field }) => field)).toEqual(["pin"]);
  });

  it("limits calls to 8 a second and 180 a minute, and reads to fewer so that orders always have room", () => {
    expect(fyers.rateLimits["rest"]).toEqual([
      { count: 8, perMs: 1_000 },
      { count: 180, perMs: 60_000 },
    ]);
    expect(fyers.rateLimits["read"]?.map(({ count }) => count)).toEqual([6, 150]);
  });

  it("reads only the order's id from a postback", async () => {
    expect(fyers.capabilities.postback).toBe("hint");
    expect(await fyers.readPostback?.('{"id":"26112000001234","status":2}', credentials)).toEqual({
      orderId: "26112000001234",
    });
    for (const body of ["", "[]", '{"id":""}', '{"id":" "}', "<html>"])
      expect(await fyers.readPostback?.(body, credentials)).toBeNull();
  });
});
