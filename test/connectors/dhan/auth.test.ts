import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import type { LoginGrant } from "../../../connectors/base.ts";
import { expiryOf, readClaims } from "../../../connectors/dhan/auth.ts";
import { dhan } from "../../../connectors/dhan/index.ts";
import { linkId } from "../../../src/domain/ids.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { BrokerError } from "../../../src/errors.ts";
import { Secret } from "../../../src/lib/secret.ts";
import {
  access,
  type Answer,
  answering,
  API_SECRET,
  CLIENT_ID,
  credentials,
  fixture,
  jwt,
  NOW,
  reply,
  setUp,
} from "./harness.ts";

const link = linkId("link-1");
const redirectUrl = "https://bot.example/oauth/dhan/callback";
const callback = (params: Record<string, string>): LoginGrant => ({
  kind: "callback",
  link,
  credentials,
  redirectUrl,
  params,
});
const pasted = (token: string): LoginGrant => ({ kind: "token", link, credentials, token: new Secret(token) });
const profile = reply(fixture("get-profile.json"));

const APP_TOKEN = jwt({ tokenConsumerType: "APP", exp: istInstant("2026-11-21", "09:05:40") / 1000 });
const issued = {
  dhanClientId: CLIENT_ID,
  dhanClientName: "ASHA RAO",
  dhanClientUcc: "KQWZ48213T",
  givenPowerOfAttorney: false,
  accessToken: APP_TOKEN,
  expiryTime: "2026-11-21T09:05:40",
};

describe("claims and expiry", () => {
  test("claims are read from a token, and null from anything else", () => {
    expect(readClaims(jwt({ exp: 1_795_000_000 }))).toMatchObject({
      dhanClientId: CLIENT_ID,
      exp: 1_795_000_000,
      tokenConsumerType: "SELF",
    });
    for (const text of ["", "hello", "a.b", "a.b.c", "..", `x.${Buffer.from("[1]").toString("base64url")}.y`])
      expect(readClaims(text)).toBeNull();
  });

  test("the stated expiry is read as IST, with or without milliseconds, but the token's own expiry takes precedence", () => {
    const end = istInstant("2026-11-21", "09:02:11");
    expect(expiryOf({ accessToken: "opaque", expiryTime: "2026-11-21T09:02:11.000" })).toBe(end);
    expect(expiryOf({ accessToken: "opaque", expiryTime: "2026-11-21T09:02:11" })).toBe(end);
    expect(expiryOf({ accessToken: jwt({ exp: end / 1000 - 60 }), expiryTime: "2026-11-21T09:02:11" })).toBe(
      end - 60_000,
    );
  });
});

describe("logging in with the API key", () => {
  test("the login URL is bound to the consent that was created for it", async () => {
    const { connector, http, limiterKeys } = setUp(() => reply(fixture("post-app-generate-consent.json")));
    const made = await connector.getLoginUrl?.({ credentials, redirectUrl, state: "c3RhdGU" });
    expect(made).toEqual({
      url: "https://auth.dhan.co/login/consentApp-login?consentAppId=5f0c2b7e-9d41-4a76-8b2f-31c7e7d0a9b4",
      binding: "5f0c2b7e-9d41-4a76-8b2f-31c7e7d0a9b4",
    });
    expect(http.requests[0]).toMatchObject({
      via: "send",
      method: "POST",
      url: "https://auth.dhan.co/app/generate-consent?client_id=1104482917",
      headers: { app_id: "a1b2c3d4", app_secret: API_SECRET },
    });
    expect(http.requests[0]?.body).toBeUndefined();
    expect(limiterKeys).toEqual([`dhan:${CLIENT_ID}:consent`]);
  });

  test("only creating a consent counts against the 25 logins a day", async () => {
    const { connector, limiterKeys } = setUp(
      answering({ "GET /app/consumeApp-consent": reply(issued), "GET /v2/profile": profile }),
    );
    await connector.generateSession(callback({ tokenId: "c81f9f40-0000" }));
    expect(limiterKeys).toEqual([`dhan:${CLIENT_ID}:other`, `dhan:${CLIENT_ID}:other`]);
  });

  test("once the day's logins are used up, the call fails at once instead of waiting for tomorrow", async () => {
    const { connector, http } = setUp(() => reply({}), {
      limiter: {
        run: (_key, _windows, _call, signal) =>
          signal ? Promise.reject(new DOMException("gave up waiting", "TimeoutError")) : new Promise(() => {}),
      },
    });
    await expect(connector.getLoginUrl?.({ credentials, redirectUrl, state: "c3RhdGU" })).rejects.toMatchObject({
      kind: "rate-limited",
      message: "Dhan opens no more than 25 logins a day, and this client has had them",
    });
    expect(http.requests).toHaveLength(0);
  });

  test("nothing is sent without an API key and secret", async () => {
    const { connector, http } = setUp(() => reply({}));
    const withoutKey = { credentials: { clientId: credentials.clientId }, redirectUrl, state: "c3RhdGU" };
    await expect(connector.getLoginUrl?.(withoutKey)).rejects.toMatchObject({ kind: "auth-invalid" });
    expect(http.requests).toHaveLength(0);
  });

  test("the tokenId is exchanged for a session, which the profile call then verifies", async () => {
    const { connector, http } = setUp(
      answering({ "GET /app/consumeApp-consent": reply(issued), "GET /v2/profile": profile }),
    );
    const session = await connector.generateSession(callback({ tokenId: "c81f9f40-0000" }));
    expect(session).toMatchObject({
      accountId: CLIENT_ID,
      issuedAt: NOW,
      expiresAt: istInstant("2026-11-21", "09:05:40"),
      extra: { tokenConsumerType: "APP", name: "ASHA RAO" },
    });
    expect(session.accessToken.reveal()).toBe(APP_TOKEN);
    expect(new URL(http.requests[0]?.url ?? "").searchParams.get("tokenId")).toBe("c81f9f40-0000");
    expect(http.requests[1]?.headers?.["access-token"]).toBe(APP_TOKEN);
  });

  test("a refusal that comes with HTTP 200 is told in the login server's own words", async () => {
    const { connector } = setUp(() => reply({ status: "error", message: "The consent was used already" }));
    await expect(connector.generateSession(callback({ tokenId: "x" }))).rejects.toMatchObject({
      kind: "auth-invalid",
      message: "Dhan refused the login: The consent was used already",
    });
  });

  test("the exchange is repeated with POST if Dhan answers that GET is not allowed", async () => {
    const { connector, http } = setUp(
      answering({
        "GET /app/consumeApp-consent": reply(
          { timestamp: "x", status: 405, error: "Method Not Allowed", path: "/" },
          405,
        ),
        "POST /app/consumeApp-consent": reply(issued),
        "GET /v2/profile": profile,
      }),
    );
    await expect(connector.generateSession(callback({ tokenId: "c81f9f40" }))).resolves.toMatchObject({
      accountId: CLIENT_ID,
    });
    expect(http.requests.map(({ method }) => method)).toEqual(["GET", "POST", "GET"]);
  });

  test.each<[string, Record<string, string>, Answer, string]>([
    ["a callback without a tokenId", {}, () => reply({}), "login-unfinished"],
    [
      "a used tokenId",
      { tokenId: "x" },
      () => reply({ errorType: "x", errorCode: "DH-905", errorMessage: "Invalid tokenId" }, 400),
      "auth-invalid",
    ],
    ["a wrong secret", { tokenId: "x" }, () => reply(fixture("error-auth.json"), 401), "auth-invalid"],
    [
      "another client's login",
      { tokenId: "x" },
      () => reply({ ...issued, dhanClientId: "1109999999" }),
      "auth-invalid",
    ],
    ["a broken gateway", { tokenId: "x" }, () => reply("<html>", 502), "unavailable"],
    ["the rate limit", { tokenId: "x" }, () => reply("", 429), "rate-limited"],
  ])("%s fails with $3", async (_, params, answer, kind) => {
    const { connector } = setUp(answer);
    await expect(connector.generateSession(callback(params))).rejects.toMatchObject({ kind });
  });
});

describe("pasting a token", () => {
  test("the session comes from the token's claims", async () => {
    const { connector } = setUp(() => profile);
    const token = jwt({ iat: NOW / 1000 - 120, exp: NOW / 1000 + 86_280 });
    const session = await connector.generateSession(pasted(` ${token}\n`));
    expect(session.accessToken.reveal()).toBe(token);
    expect(session).toMatchObject({
      accountId: CLIENT_ID,
      issuedAt: NOW - 120_000,
      expiresAt: NOW + 86_280_000,
      extra: { tokenConsumerType: "SELF" },
    });
  });

  test("a token without an expiry lasts as long as the profile says", async () => {
    const { connector } = setUp(() => profile);
    const session = await connector.generateSession(pasted(jwt({ exp: undefined })));
    expect(session.expiresAt).toBe(istInstant("2026-11-21", "09:05"));
  });

  test.each([
    ["text that is not a token", "good morning", 0],
    ["an expired token", jwt({ exp: NOW / 1000 }), 0],
    ["another client's token", jwt({ dhanClientId: "1109999999" }), 0],
    ["a token that Dhan has replaced", jwt(), 1],
  ])("%s is refused, and the error does not contain it", async (_, token, calls) => {
    const { connector, http } = setUp(() => reply(fixture("error-auth.json"), 401));
    const failure = await connector.generateSession(pasted(token)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: "auth-invalid" });
    expect(inspect(failure, { depth: 9 })).not.toContain(token);
    expect(http.requests).toHaveLength(calls);
  });

  test("a token whose profile belongs to another client is refused", async () => {
    const { connector } = setUp(() => reply({ dhanClientId: "1109999999", tokenValidity: "21/11/2026 09:05" }));
    await expect(connector.generateSession(pasted(jwt()))).rejects.toMatchObject({ kind: "auth-invalid" });
  });
});

describe("renewing", () => {
  test("a token made in Dhan Web is renewed in one request, with its special header", async () => {
    const fresh = {
      ...issued,
      accessToken: jwt({ exp: istInstant("2026-11-21", "14:31:10") / 1000 }),
      expiryTime: "2026-11-21T14:31:10",
    };
    const { connector, http } = setUp(answering({ "GET /v2/RenewToken": reply(fresh) }));
    const session = await connector.refreshToken?.(access());
    expect(session).toMatchObject({
      expiresAt: istInstant("2026-11-21", "14:31:10"),
      extra: { tokenConsumerType: "SELF" },
    });
    expect(http.requests[0]).toMatchObject({ via: "send", headers: { dhanClientId: CLIENT_ID } });
  });

  test("the new token is taken also as `token`, where no client id comes with it", async () => {
    const token = jwt({ exp: istInstant("2026-11-21", "14:31:10") / 1000 });
    const renewed = { createTime: "2026-11-20T14:31:10.417", expiryTime: "2026-11-21T14:31:10.417", token };
    const { connector } = setUp(answering({ "GET /v2/RenewToken": reply(renewed) }));
    const session = await connector.refreshToken?.(access());
    expect(session?.accessToken.reveal()).toBe(token);
    expect(session).toMatchObject({ accountId: CLIENT_ID, expiresAt: istInstant("2026-11-21", "14:31:10") });
  });

  test("a renewed token of another client is refused", async () => {
    const renewed = { expiryTime: "2026-11-21T14:31:10", token: jwt({ dhanClientId: "1109999999" }) };
    const { connector } = setUp(answering({ "GET /v2/RenewToken": reply(renewed) }));
    await expect(connector.refreshToken?.(access())).rejects.toMatchObject({ kind: "auth-invalid" });
  });

  test("a reply without a new token is a bad-response error that names the field", async () => {
    const { connector } = setUp(answering({ "GET /v2/RenewToken": reply({ expiryTime: "2026-11-21T14:31:10" }) }));
    await expect(connector.refreshToken?.(access())).rejects.toMatchObject({
      kind: "bad-response",
      message: expect.stringContaining("GET /RenewToken: accessToken"),
    });
  });

  test("an unreadable expiry is a bad-response error, so that it does not stop the renewal of other links", async () => {
    const { connector } = setUp(answering({ "GET /v2/RenewToken": reply({ ...issued, expiryTime: "tomorrow" }) }));
    await expect(connector.refreshToken?.(access())).rejects.toMatchObject({ kind: "bad-response", broker: "dhan" });
  });

  test.each([["APP"], [undefined]])("a token of kind %s is not renewed, and nothing is sent", async (kind) => {
    const { connector, http } = setUp(() => reply(issued));
    const extra = kind === undefined ? {} : { tokenConsumerType: kind };
    await expect(connector.refreshToken?.(access({ extra }))).rejects.toMatchObject({ kind: "no-permission" });
    expect(http.requests).toHaveLength(0);
  });

  test("an expired token is not renewed", async () => {
    const { connector } = setUp(() => reply(issued));
    await expect(connector.refreshToken?.(access({ expiresAt: NOW }))).rejects.toMatchObject({ kind: "auth-expired" });
  });
});

describe("isTokenValid", () => {
  test("is false without a request once the token has expired", async () => {
    const { connector, http } = setUp(() => profile);
    expect(await connector.isTokenValid(access({ expiresAt: NOW }))).toBe(false);
    expect(http.requests).toHaveLength(0);
  });

  test("is decided by the profile call", async () => {
    expect(await setUp(() => profile).connector.isTokenValid(access())).toBe(true);
    const refused = setUp(() => reply(fixture("error-auth.json"), 401));
    expect(await refused.connector.isTokenValid(access())).toBe(false);
    expect(await setUp(() => reply("", 401)).connector.isTokenValid(access())).toBe(false);
  });

  test("throws when Dhan is unavailable", async () => {
    const { connector } = setUp(() => reply("<html>", 503));
    await expect(connector.isTokenValid(access())).rejects.toBeInstanceOf(BrokerError);
  });
});

describe("the definition", () => {
  test("every credential's example matches its pattern, and only the client id is required", () => {
    for (const { pattern, example } of dhan.credentials) expect(example).toMatch(pattern);
    expect(dhan.credentials.filter(({ isOptional }) => !isOptional).map(({ field }) => field)).toEqual(["clientId"]);
    expect(dhan.setup.steps.join(" ")).toContain("{redirectUrl}");
  });

  test("a postback yields only the order's id, and null for another client's order", async () => {
    const body = JSON.stringify({
      dhanClientId: CLIENT_ID,
      orderId: "3426112100417",
      orderStatus: "TRADED",
      filled_qty: 10,
    });
    expect(await dhan.readPostback?.(body, credentials)).toEqual({ orderId: "3426112100417" });
    expect(await dhan.readPostback?.(body.replace(CLIENT_ID, "1109999999"), credentials)).toBeNull();
    expect(await dhan.readPostback?.(body.replace("3426112100417", " "), credentials)).toBeNull();
    expect(await dhan.readPostback?.("not json", credentials)).toBeNull();
    expect(await dhan.readPostback?.("{}", credentials)).toBeNull();
  });
});
