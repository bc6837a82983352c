import { inspect } from "node:util";
import { KiteConnect } from "kiteconnect";
import { describe, expect, it, vi } from "vitest";
import { createKiteClient } from "../../../connectors/zerodha/client.ts";
import { RATE_LIMITS } from "../../../connectors/zerodha/facts.ts";
import { BrokerError } from "../../../src/errors.ts";
import { HttpFailure } from "../../../src/lib/http.ts";
import { failureOf } from "../harness.ts";
import { access, ACCESS_TOKEN, API_SECRET, depsOver, fakeHttp, html, NOW, reply, setUp, text } from "./harness.ts";

describe("our wrapper of the kiteconnect package", () => {
  it("sends every call through our HTTP client, with Kite's version and authorization headers", async () => {
    const { connector, sent } = await setUp(() => reply("get-orders-empty"));
    await connector.getOrders(access);
    expect(sent[0]).toMatchObject({
      via: "read",
      scope: "zerodha",
      method: "GET",
      url: "https://api.kite.trade/orders",
      timeoutMs: 10_000,
    });
    expect(sent[0]?.headers).toMatchObject({
      "X-Kite-Version": "3",
      Authorization: `token demoapikey00001:${ACCESS_TOKEN}`,
    });
    expect(sent[0]?.egress).toBeUndefined();
    expect("body" in (sent[0] ?? {})).toBe(false);
  });

  it("keeps times as text, where the package alone parses them in the server's time zone", async () => {
    const { http } = fakeHttp(({ url }) => reply(url.endsWith("/trades") ? "get-trades" : "get-orders"));
    const client = createKiteClient(depsOver(http));
    expect((await client.getOrders(access))[0]).toMatchObject({ row: { order_timestamp: "2026-11-20 11:04:33" } });
    expect((await client.getTrades(access))[0]).toMatchObject({ row: { fill_timestamp: "2026-11-20 11:04:33" } });
  });

  it("throws an Error with the HTTP status, where the package throws a plain object without it", async () => {
    const { connector } = await setUp(() => reply("error-403-permission", 403));
    const error = await failureOf(connector.getFunds(access));
    expect(error).toBeInstanceOf(BrokerError);
    expect(error).toMatchObject({
      kind: "no-permission",
      status: 403,
      brokerCode: "PermissionException",
      endpoint: "GET /user/margins",
      message: "Insufficient permission for that call.",
    });
  });

  it("fails on HTML with status 200, which the package accepts", async () => {
    const { connector } = await setUp(() => html(200));
    expect(await failureOf(connector.getProfile(access))).toMatchObject({ kind: "bad-response", status: 200 });
  });

  it("fails on an error envelope with status 200", async () => {
    const { connector } = await setUp(() => reply("error-403-token", 200));
    expect(await failureOf(connector.getProfile(access))).toMatchObject({ kind: "auth-expired" });
  });

  it("maps each transport failure to its error kind", async () => {
    const kinds = ["unreachable", "timeout", "broken", "aborted", "too-large"] as const;
    const seen = [];
    for (const kind of kinds) {
      const { connector } = await setUp(() => new HttpFailure(kind, "it failed"));
      const error = await failureOf(connector.getProfile(access));
      seen.push(error instanceof BrokerError ? error.kind : error);
    }
    expect(seen).toEqual(["unreachable", "timeout", "unavailable", "timeout", "bad-response"]);
  });

  it("does not modify the caller's parameters, as the package does", async () => {
    const { http } = fakeHttp(() => reply("post-orders"));
    const params = Object.freeze({ exchange: "NSE", quantity: 1 });
    await createKiteClient(depsOver(http)).postOrder(access, "regular", params);
    expect(params).toEqual({ exchange: "NSE", quantity: 1 });
  });

  it("prints nothing, and shares no response between concurrent calls", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    const { connector, sent } = await setUp(() => reply("get-user-profile"));
    const other = { ...access, credentials: { ...access.credentials } };
    await Promise.all([connector.getProfile(access), connector.getProfile(other)]);
    expect(sent).toHaveLength(2);
    expect(log).not.toHaveBeenCalled();
    log.mockRestore();
  });

  it("relies on a private part of the package, which this version still has", () => {
    const kite = new KiteConnect({ api_key: "demoapikey00001" }) as unknown as {
      requestInstance: { defaults: object; getUri: unknown };
    };
    expect(kite.requestInstance.defaults).toBeTypeOf("object");
    expect(kite.requestInstance.getUri).toBeTypeOf("function");
  });

  it("throws errors that contain no secret", async () => {
    for (const answer of [
      html(502),
      reply("error-403-token", 403),
      new HttpFailure("timeout", "no reply"),
      text("{"),
    ]) {
      const { connector } = await setUp(() => answer);
      const shown = inspect(await failureOf(connector.getProfile(access)), { depth: 9 });
      expect(shown).not.toContain(ACCESS_TOKEN);
      expect(shown).not.toContain(API_SECRET);
    }
  });
});

describe("a failed read", () => {
  it.each([
    ["error-403-token", 403, "auth-expired"],
    ["error-403-permission", 403, "no-permission"],
    ["error-403-ip-mismatch", 403, "ip-not-allowed"],
    ["error-400-input", 400, "invalid-request"],
    ["error-400-order", 400, "unavailable"],
    ["error-400-margin", 400, "rejected"],
    ["error-429", 429, "rate-limited"],
    ["error-503", 503, "unavailable"],
    ["error-502-data", 502, "unavailable"],
  ])("with %s and HTTP %i is %s", async (name, status, kind) => {
    const { connector } = await setUp(() => reply(name, status));
    expect(await failureOf(connector.getTrades(access))).toMatchObject({ kind, status });
  });

  it.each([
    [502, "unavailable"],
    [500, "unavailable"],
    [429, "rate-limited"],
    [404, "bad-response"],
    [302, "bad-response"],
  ])("with HTML and HTTP %i is %s", async (status, kind) => {
    const { connector } = await setUp(() => html(status));
    expect(await failureOf(connector.getTrades(access))).toMatchObject({ kind, status });
  });

  it("says how long to wait if Kite does", async () => {
    const busy = { ...reply("error-429", 429), headers: { "retry-after": "2" } };
    const { connector } = await setUp(() => busy);
    expect(await failureOf(connector.getTrades(access))).toMatchObject({ retryAfterMs: 2_000 });
  });
});

describe("the rate limits", () => {
  it("apply to each class of calls of each link separately", async () => {
    const metered: [string, unknown][] = [];
    const { connector, instrument } = await setUp(
      ({ url }) => reply(url.includes("/quote") ? "get-quote" : "get-orders-empty"),
      {
        limiter: {
          run: (key, windows, call) => {
            metered.push([key, windows]);
            return call();
          },
        },
      },
    );
    await connector.getOrders(access);
    await connector.getQuotes(access, [instrument("NSE:SBIN-EQ")]);
    expect(metered).toEqual([
      ["zerodha:QX4411:other", RATE_LIMITS.other],
      ["zerodha:QX4411:quote", RATE_LIMITS.quote],
    ]);
  });

  it("count every retry of a read too", async () => {
    const metered: string[] = [];
    const { connector, instrument, sent } = await setUp(
      ({ url }) => reply(url.includes("/historical") ? "get-instruments-historical" : "get-quote"),
      {
        limiter: {
          run: (key, _windows, call) => {
            metered.push(key);
            return call();
          },
        },
      },
    );
    const sbin = instrument("NSE:SBIN-EQ");
    await connector.getQuotes(access, [sbin]);
    await connector.getHistoricalData(access, { instrument: sbin, interval: "1m", from: NOW, to: NOW });
    metered.length = 0;
    for (const { turn } of sent) await turn?.(AbortSignal.any([]));
    expect(metered).toEqual(["zerodha:QX4411:quote", "zerodha:QX4411:historical"]);
  });
});
