import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { angelone } from "../../../connectors/angelone/index.ts";
import type { LoginGrant } from "../../../connectors/base.ts";
import { linkId } from "../../../src/domain/ids.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { BrokerError } from "../../../src/errors.ts";
import { HttpFailure, type HttpReply } from "../../../src/lib/http.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { bodyOf } from "../harness.ts";
import {
  access,
  API_KEY,
  buy,
  credentials,
  expired,
  fixtureReply,
  JWT,
  MIDNIGHT,
  NOW,
  reply,
  setUp,
} from "./harness.ts";

const REDIRECT = "https://app.example.in/oauth/angelone/callback";
const callback = (params: Record<string, string>, given = credentials): LoginGrant => ({
  kind: "callback",
  link: linkId("link-1"),
  credentials: given,
  redirectUrl: REDIRECT,
  params,
});
const pasted = (token: string): LoginGrant => ({
  kind: "token",
  link: linkId("link-1"),
  credentials,
  token: new Secret(token),
});

describe("the login URL", () => {
  it("carries the API key, the redirect URL and the state, all encoded", async () => {
    const { connector, requests } = setUp({});
    const login = await connector.getLoginUrl?.({ credentials, redirectUrl: REDIRECT, state: "b7e1_f0-" });
    expect(login).toEqual({
      url: `https://smartapi.angelone.in/publisher-login?api_key=${API_KEY}&redirect_url=https%3A%2F%2Fapp.example.in%2Foauth%2Fangelone%2Fcallback&state=b7e1_f0-`,
    });
    expect(requests).toEqual([]);
  });
});

describe("completing a login", () => {
  it.each([
    ["the callback's token", callback({ auth_token: JWT, feed_token: "f.e.d", state: "s" })],
    ["a token with Bearer before it", callback({ auth_token: `Bearer ${JWT}` })],
    ["a pasted token", pasted(` ${JWT}\n`)],
    ["everything after auth_token= in the URL", pasted(`${JWT}&feed_token=f.e.d&state=b7e1f0`)],
    ["the URL's query from auth_token on", pasted(`auth_token=${JWT}&feed_token=f.e.d`)],
  ])("accepts %s and reads the client code from the profile", async (_what, grant) => {
    const { connector, requests } = setUp({ getProfile: "get-getProfile.json" });
    const session = await connector.generateSession(grant);
    expect(session.accessToken.reveal()).toBe(JWT);
    expect(session).toMatchObject({ accountId: "R58213", issuedAt: NOW, expiresAt: MIDNIGHT });
    expect(requests).toHaveLength(1);
    expect(requests[0]?.headers).toMatchObject({ Authorization: `Bearer ${JWT}` });
  });

  it("gives a session that expires at midnight IST, or with the token if that is sooner", async () => {
    const claims = (exp: number): string =>
      `eyJhbGciOiJIUzUxMiJ9.${Buffer.from(JSON.stringify({ exp })).toString("base64url")}.c2ln`;
    const end = async (at: number, token: string): Promise<number> =>
      (await setUp({ getProfile: "get-getProfile.json" }, { now: at }).connector.generateSession(pasted(token)))
        .expiresAt;
    expect(await end(istInstant("2026-11-20", "23:59:59"), JWT)).toBe(MIDNIGHT);
    expect(await end(MIDNIGHT, JWT)).toBe(istInstant("2026-11-22"));
    expect(await end(NOW, claims(NOW / 1000 + 600))).toBe(NOW + 600_000);
    expect(await end(NOW, claims(NOW / 1000 + 999_999))).toBe(MIDNIGHT);
  });

  it("refuses another client's login when the link has a client code", async () => {
    const given = (code: string) => ({ ...credentials, clientCode: new Secret(code) });
    const { connector } = setUp({ getProfile: "get-getProfile.json" });
    const params = { auth_token: JWT };
    await expect(connector.generateSession(callback(params, given("A11111")))).rejects.toMatchObject({
      kind: "auth-invalid",
    });
    expect(await connector.generateSession(callback(params, given("r58213")))).toMatchObject({ accountId: "R58213" });
  });

  it.each([
    ["a callback without a token", callback({ state: "s" }), "login-unfinished"],
    ["a callback whose auth_token is not a token", callback({ state: "s", auth_token: "no" }), "auth-invalid"],
    ["pasted text that is not a token", pasted("hello there"), "auth-invalid"],
  ])("fails for %s with $2, without a request", async (_what, grant, kind) => {
    const { connector, requests } = setUp({});
    await expect(connector.generateSession(grant)).rejects.toMatchObject({ kind });
    expect(requests).toEqual([]);
  });
});

describe("isTokenValid", () => {
  it.each(["AG8001", "AG8002", "AG8003", "AB1010", "AB1011", "AB8050", "AB8051"])("is false after %s", async (code) => {
    const refusal = reply(JSON.stringify({ success: false, message: "no", errorCode: code, data: "" }), 401);
    expect(await setUp({ getProfile: refusal }).connector.isTokenValid(access)).toBe(false);
  });

  it("is true when the profile can be read, and false without a request once the session has expired", async () => {
    const { connector, requests } = setUp({ getProfile: "get-getProfile.json" });
    expect(await connector.isTokenValid(access)).toBe(true);
    expect(await connector.isTokenValid(expired)).toBe(false);
    expect(requests).toHaveLength(1);
  });

  it("throws when Angel One gives no clear answer", async () => {
    const { connector } = setUp({ getProfile: fixtureReply("error-rate-limit.txt", 403) });
    await expect(connector.isTokenValid(access)).rejects.toMatchObject({ kind: "rate-limited" });
  });
});

describe("logging out", () => {
  it("sends the client code and succeeds even if the session had already ended", async () => {
    const { connector, requests } = setUp({ logout: "post-logout.json" });
    await connector.logout?.(access);
    expect(bodyOf(requests[0])).toEqual({ clientcode: "R58213" });
    await expect(setUp({ logout: "error-AG8001.json" }).connector.logout?.(access)).resolves.toBeUndefined();
  });
});

describe("a failed read", () => {
  const refusal = (code: string, status = 200): HttpReply =>
    reply(JSON.stringify({ status: false, message: "words", errorcode: code, data: null }), status);
  const cases: [string, HttpReply | Error, string][] = [
    ["AG8001", fixtureReply("error-AG8001.json"), "auth-expired"],
    ["AG7002", fixtureReply("error-AG7002.json", 403), "ip-not-allowed"],
    ["AG8004", refusal("AG8004", 403), "auth-invalid"],
    ["AB1050", refusal("AB1050"), "auth-invalid"],
    ["AB1006", refusal("AB1006"), "no-permission"],
    ["AB1012", refusal("AB1012"), "invalid-request"],
    ["AB1017", refusal("AB1017"), "rejected"],
    ["AB1004", refusal("AB1004"), "unavailable"],
    ["AB2001", refusal("AB2001"), "unavailable"],
    ["AB1021", refusal("AB1021"), "rate-limited"],
    [
      "AG8002 without data",
      reply('{"success":false,"message":"Token Expired","errorCode":"AG8002"}', 401),
      "auth-expired",
    ],
    ["an unlisted code", refusal("AB7777"), "bad-response"],
    ["an unlisted code with 500", refusal("AB7777", 500), "unavailable"],
    ["an unlisted code with 429", refusal("AB7777", 429), "rate-limited"],
    ["the plain text of the rate limit", fixtureReply("error-rate-limit.txt", 403), "rate-limited"],
    ["a 429", reply("slow down", 429), "rate-limited"],
    ["a gateway's HTML page", reply("<html></html>", 503), "unavailable"],
    ["an HTML page with 403", reply("<html>blocked</html>", 403), "bad-response"],
    ["an empty 400", reply("", 400), "bad-response"],
    ["JSON that is not an envelope", reply("[]"), "bad-response"],
    ["a missing field", reply('{"status":true,"message":"","errorcode":"","data":{"net":"1"}}'), "bad-response"],
    ["a timeout", new HttpFailure("timeout", "no reply"), "timeout"],
    ["a broken connection", new HttpFailure("broken", "broke"), "unavailable"],
    ["no connection", new HttpFailure("unreachable", "none"), "unreachable"],
  ];
  it.each(cases)("after %s has kind $2 and contains no secret", async (_what, answer, kind) => {
    const error: unknown = await setUp({ getRMS: answer })
      .connector.getFunds(access)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BrokerError);
    expect(error).toMatchObject({ kind, broker: "angelone", endpoint: "GET user/v1/getRMS" });
    expect(inspect(error, { depth: 5 })).not.toContain(JWT);
    expect(inspect(error, { depth: 5 })).not.toContain(API_KEY);
  });

  it("is retried only when Angel One is busy, and an order is never retried", async () => {
    const { connector, requests } = setUp({ getRMS: "get-getRMS.json", placeOrder: "post-placeOrder.json" });
    await connector.getFunds(access);
    await connector.placeOrder(access, buy());
    const [read, order] = requests;
    expect(read?.isBusy?.(fixtureReply("error-rate-limit.txt", 403))).toBe(true);
    expect(read?.isBusy?.(refusal("AB1004"))).toBe(true);
    expect(read?.isBusy?.(refusal("AB1021"))).toBe(true);
    expect(read?.isBusy?.(refusal("AG7002", 403))).toBe(false);
    expect(read?.isBusy?.(fixtureReply("get-getOrderBook.json"))).toBe(false);
    expect(order?.isBusy).toBeUndefined();
  });

  it("names the field that is missing", async () => {
    const answer = reply('{"status":true,"message":"","errorcode":"","data":{"net":"1"}}');
    await expect(setUp({ getRMS: answer }).connector.getFunds(access)).rejects.toThrow("availablecash");
  });

  it("is told at once, however long the text is that should be an amount", async () => {
    const data = JSON.stringify({ availablecash: `${" ".repeat(50_000)}x` });
    const answer = reply(`{"status":true,"message":"","errorcode":"","data":${data}}`);
    const started = performance.now();
    await expect(setUp({ getRMS: answer }).connector.getFunds(access)).rejects.toMatchObject({ kind: "bad-response" });
    expect(performance.now() - started).toBeLessThan(500);
  });

  it("is auth-expired, without a request, once the session has expired", async () => {
    const { connector, requests } = setUp({});
    await expect(connector.getFunds(expired)).rejects.toMatchObject({ kind: "auth-expired" });
    expect(requests).toEqual([]);
  });
});

it("says where to find each credential, with an example that matches its pattern", () => {
  for (const { pattern, example, where } of angelone.credentials) {
    expect(example).toMatch(pattern);
    expect(where).not.toBe("");
  }
});
