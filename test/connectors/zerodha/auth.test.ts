import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { LoginGrant } from "../../../connectors/base.ts";
import { zerodha } from "../../../connectors/zerodha/index.ts";
import { linkId } from "../../../src/domain/ids.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { HttpFailure } from "../../../src/lib/http.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { failureOf } from "../harness.ts";
import { access, API_SECRET, credentials, fixture, html, NOW, reply, setUp, text } from "./harness.ts";

const redirectUrl = "https://app.example/oauth/zerodha/callback";
const link = linkId("link-1");
const callback = (params: Readonly<Record<string, string>>): LoginGrant => ({
  kind: "callback",
  link,
  credentials,
  redirectUrl,
  params,
});
const pasted = (token: string): LoginGrant => ({ kind: "token", link, credentials, token: new Secret(token) });
const success = { action: "login", type: "login", status: "success", request_token: "rqtok7Qm2X9", state: "Zk91xQ" };

const loggingIn = (session = fixture("post-session-token.json"), now = NOW) =>
  setUp(({ url }) => (url.endsWith("/session/token") ? text(session) : reply("get-user-profile")), { now: () => now });

describe("the login URL", () => {
  it("carries the state in redirect_params, the only parameter that Kite returns", async () => {
    const { connector, sent } = await setUp(() => html(500));
    const login = await connector.getLoginUrl?.({ credentials, redirectUrl, state: "Zk91xQ" });
    expect(login?.url).toBe(
      "https://kite.zerodha.com/connect/login?v=3&api_key=demoapikey00001&redirect_params=state%3DZk91xQ",
    );
    expect(sent).toEqual([]);
  });

  it("uses the configured origin", async () => {
    const roots = { ...zerodha.roots, ZERODHA_LOGIN_ROOT: "http://127.0.0.1:9/zerodha" };
    const { connector } = await setUp(() => html(500), { roots });
    const login = await connector.getLoginUrl?.({ credentials, redirectUrl, state: "a-_9" });
    expect(login?.url).toMatch(/^http:\/\/127\.0\.0\.1:9\/zerodha\/connect\/login\?/);
  });

  it("fails with auth-invalid without an API key", async () => {
    const { connector } = await setUp(() => html(500));
    const call = connector.getLoginUrl?.({ credentials: {}, redirectUrl, state: "x" }) ?? Promise.resolve();
    expect(await failureOf(call)).toMatchObject({ kind: "auth-invalid", message: "the apiKey is missing" });
  });
});

describe("the token exchange", () => {
  it("sends the documented checksum, once, and verifies the session with the profile call", async () => {
    const { connector, sent } = await loggingIn();
    const session = await connector.generateSession(callback(success));
    expect(sent.map(({ via, method, url }) => `${via} ${method} ${url}`)).toEqual([
      "send POST https://api.kite.trade/session/token",
      "read GET https://api.kite.trade/user/profile",
    ]);
    expect(Object.fromEntries(new URLSearchParams(sent[0]?.body))).toEqual({
      api_key: "demoapikey00001",
      request_token: "rqtok7Qm2X9",
      checksum: "cdf89566e03aea4bcb852d09e540eb3c0d094ac415848afae2334fd61ac43514",
    });
    expect(sent[0]?.headers?.["Authorization"]).toBeUndefined();
    expect(sent[1]?.headers?.["Authorization"]).toBe("token demoapikey00001:access-token-of-the-fixture");
    expect(session).toMatchObject({ accountId: "QX4411", issuedAt: NOW, expiresAt: istInstant("2026-11-21", "06:00") });
    expect(inspect(session)).not.toContain("access-token-of-the-fixture");
  });

  it.each([
    ["2026-11-20 05:59:59", "2026-11-20"],
    ["2026-11-20 06:00:00", "2026-11-21"],
    ["2026-12-31 23:10:00", "2027-01-01"],
  ])("at %s gives a session until 06:00 on %s", async (loginTime, day) => {
    const { connector } = await loggingIn(
      fixture("post-session-token.json").replace("2026-11-20 08:41:07", loginTime),
      istInstant("2026-11-20", "05:00"),
    );
    const { expiresAt } = await connector.generateSession(callback(success));
    expect(expiresAt).toBe(istInstant(day, "06:00"));
  });

  it.each([["rqtok7Qm2X9"], ["http://127.0.0.1/cb?state=x&status=success&request_token=rqtok7Qm2X9&action=login"]])(
    "accepts a pasted token or URL: %s",
    async (token) => {
      const { connector, sent } = await loggingIn();
      await connector.generateSession(pasted(token));
      expect(new URLSearchParams(sent[0]?.body).get("request_token")).toBe("rqtok7Qm2X9");
    },
  );

  it.each([
    ["a callback without a token", callback({ status: "success" }), "login-unfinished"],
    ["a callback without status success", callback({ ...success, status: "cancelled" }), "login-unfinished"],
    ["a pasted URL without a token", pasted("https://kite.zerodha.com/connect/login?v=3"), "auth-invalid"],
    ["pasted nonsense", pasted("http://"), "auth-invalid"],
  ])("fails for %s with $2, without a request", async (_what, grant, kind) => {
    const { connector, sent } = await loggingIn();
    expect(await failureOf(connector.generateSession(grant))).toMatchObject({
      kind,
      message: "the login was not completed",
    });
    expect(sent).toEqual([]);
  });

  it("fails for a used request token, and the error contains no secret", async () => {
    const { connector, sent } = await setUp(() => reply("error-403-login", 403));
    const error = await failureOf(connector.generateSession(callback(success)));
    expect(error).toMatchObject({ kind: "auth-expired", status: 403, brokerCode: "TokenException" });
    expect(inspect(error, { depth: 9 })).not.toContain(API_SECRET);
    expect(inspect(error, { depth: 9 })).not.toContain("rqtok7Qm2X9");
    expect(sent).toHaveLength(1);
  });

  it("distinguishes a wrong API secret from an expired token", async () => {
    const { connector } = await setUp(() =>
      text('{"status":"error","message":"Invalid `checksum`.","error_type":"TokenException"}', 403),
    );
    expect(await failureOf(connector.generateSession(callback(success)))).toMatchObject({ kind: "auth-invalid" });
  });

  it("fails when the session's account is not the profile's", async () => {
    const { connector } = await loggingIn(fixture("post-session-token.json").replace("QX4411", "ZZ0001"));
    expect(await failureOf(connector.generateSession(callback(success)))).toMatchObject({ kind: "bad-response" });
  });
});

describe("the session", () => {
  it("is valid when the profile can be read", async () => {
    const { connector } = await setUp(() => reply("get-user-profile"));
    expect(await connector.isTokenValid(access)).toBe(true);
  });

  it("is not valid when Kite refuses the token", async () => {
    const { connector } = await setUp(() => reply("error-403-token", 403));
    expect(await connector.isTokenValid(access)).toBe(false);
  });

  it("is not valid from 06:00 on, and no call is sent after that", async () => {
    const { connector, sent } = await setUp(() => reply("get-user-profile"), { now: () => access.session.expiresAt });
    expect(await connector.isTokenValid(access)).toBe(false);
    expect(await failureOf(connector.getHoldings(access))).toMatchObject({ kind: "auth-expired" });
    expect(sent).toEqual([]);
  });

  it("is not judged when Kite is unreachable: the check throws", async () => {
    const { connector } = await setUp(() => new HttpFailure("unreachable", "no connection"));
    expect(await failureOf(connector.isTokenValid(access))).toMatchObject({ kind: "unreachable" });
  });

  it("is ended at Kite on logout", async () => {
    const { connector, sent } = await setUp(() => reply("delete-session-token"));
    await connector.logout?.(access);
    expect(sent[0]).toMatchObject({ method: "DELETE", via: "send" });
    expect(new URL(sent[0]?.url ?? "").pathname).toBe("/session/token");
  });
});

describe("a postback", () => {
  const body = fixture("postback.json");

  it("yields its order's id when its checksum is correct", async () => {
    expect(await zerodha.readPostback?.(body, credentials)).toEqual({ orderId: "261121003123456" });
  });

  it.each([
    ["another order's id", body.replace("261121003123456", "261121003123457")],
    ["a truncated checksum", body.replace("3c2a28cca6f4", "")],
    ["a checksum that is not hexadecimal", body.replace("3c2a28cca6f4", "zzzzzzzzzzzz")],
    ["a body that is not JSON", "order_id=1"],
    ["JSON of another shape", "[]"],
  ])("is ignored if it has %s", async (_what, changed) => {
    expect(await zerodha.readPostback?.(changed, credentials)).toBeNull();
  });

  it("is ignored when it was not signed with the link's API secret", async () => {
    expect(await zerodha.readPostback?.(body, { ...credentials, apiSecret: new Secret("othersecret001") })).toBeNull();
  });
});

describe("the definition", () => {
  it("has credential examples that match their patterns", () => {
    for (const { pattern, example } of zerodha.credentials) expect(example).toMatch(pattern);
  });

  it("claims the capabilities that the connector has", async () => {
    const { connector } = await setUp(() => html(500));
    expect(zerodha.capabilities.refresh).toBe(connector.refreshToken !== undefined);
    expect(zerodha.capabilities.orderCost).toBe(connector.getOrderCost !== undefined);
    expect(zerodha.capabilities.instruments).toBe(connector.getInstruments !== undefined);
    expect(zerodha.capabilities.login.includes("redirect")).toBe(connector.getLoginUrl !== undefined);
    expect(zerodha.capabilities.postback === "none").toBe(zerodha.readPostback === undefined);
  });
});
