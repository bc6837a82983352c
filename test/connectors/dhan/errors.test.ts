import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { kindOf, readRefusal, replyError } from "../../../connectors/dhan/errors.ts";
import { BrokerError } from "../../../src/errors.ts";
import { HttpFailure } from "../../../src/lib/http.ts";
import { access, API_SECRET, fixture, reply, setUp, TOKEN } from "./harness.ts";

const errorBody = (errorCode: string, errorMessage: string) => ({ errorType: "x", errorCode, errorMessage });

describe("an error reply", () => {
  test.each([
    ["an expired token", 401, fixture("error-auth.json"), "auth-expired"],
    ["missing trading access", 403, errorBody("DH-902", "no access"), "no-permission"],
    ["a disabled segment", 400, errorBody("DH-903", "segment not enabled"), "no-permission"],
    ["the rate limit", 429, errorBody("DH-904", "Too many requests"), "rate-limited"],
    ["the rate limit as plain text", 429, "slow down", "rate-limited"],
    ["invalid input", 400, errorBody("DH-905", "quantity is required"), "invalid-request"],
    ["the IP address, with the documented code,", 400, errorBody("DH-911", "Invalid IP"), "ip-not-allowed"],
    ["the IP address, with the observed code,", 400, errorBody("DH-905", "Invalid IP"), "ip-not-allowed"],
    ["a refused order", 400, errorBody("DH-906", "Order is in Transit state"), "rejected"],
    ["an expired token on an order call", 400, errorBody("DH-906", "Invalid Token"), "auth-expired"],
    ["an internal error", 500, errorBody("DH-908", "Internal"), "unavailable"],
    ["a missing data plan, with a numeric code,", 401, fixture("error-data-806.json"), "no-permission"],
    [
      "an expired token on a data call",
      401,
      { status: "failed", data: { "807": "Access token is expired" } },
      "auth-expired",
    ],
    [
      "a wrong client on a data call",
      401,
      { status: "failed", data: { "810": "Client ID is invalid" } },
      "auth-invalid",
    ],
    ["too many data calls", 400, { status: "failed", data: { "805": "Too many requests" } }, "rate-limited"],
    ["an unknown security id", 400, fixture("error-data-813.json"), "invalid-request"],
    ["an unknown code", 400, errorBody("DH-999", "?"), "bad-response"],
    ["another unknown code", 401, errorBody("X", "?"), "auth-expired"],
    ["the gateway's own error", 404, fixture("error-gateway.json"), "bad-response"],
    ["an old chart error", 400, fixture("error-chart-range.json"), "bad-response"],
    ["HTML from the gateway", 502, "<html>Bad Gateway</html>", "unavailable"],
    ["HTML from a firewall", 403, "<html>Forbidden</html>", "bad-response"],
    ["HTML with a 401", 401, "<html>Unauthorized</html>", "auth-expired"],
  ])("for %s with HTTP %i has kind $3", (_, status, body, kind) => {
    expect(kindOf(status, readRefusal(body), false)).toBe(kind);
  });

  test("is recognised in every envelope, and no successful reply is taken for one", () => {
    expect(readRefusal(fixture("error-chart-range.json"))).toMatchObject({ code: "RS-9005" });
    expect(readRefusal(fixture("error-ip-list.json"))).toEqual({
      code: null,
      message: "IP cannot be changed for 7 days",
    });
    expect(readRefusal(fixture("error-data-813.json"))).toEqual({ code: "813", message: "Invalid SecurityId" });
    for (const name of [
      "get-orders.json",
      "get-orders-empty.json",
      "post-orders.json",
      "get-positions.json",
      "post-marketfeed-quote.json",
    ])
      expect(readRefusal(fixture(name))).toBeNull();
  });
});

describe("a failed read", () => {
  test.each([
    [new HttpFailure("unreachable", "no connection"), "unreachable"],
    [new HttpFailure("timeout", "no reply"), "timeout"],
    [new HttpFailure("broken", "broke"), "unavailable"],
    [new HttpFailure("aborted", "abandoned"), "timeout"],
    [new HttpFailure("too-large", "too large"), "bad-response"],
  ] as const)("with %s has kind %s", async (failure, kind) => {
    const { connector } = setUp(() => Promise.reject(failure));
    await expect(connector.getFunds(access())).rejects.toMatchObject({ kind, endpoint: "GET /fundlimit" });
  });

  test("because of a missing field names the broker, the endpoint and the field", async () => {
    const { connector } = setUp(() => reply({ dhanClientId: "1", availabelBalance: 1, collateralAmount: 0 }));
    await expect(connector.getFunds(access())).rejects.toMatchObject({
      kind: "bad-response",
      broker: "dhan",
      message: expect.stringContaining("GET /fundlimit: utilizedAmount"),
    });
  });

  test("is bad-response for truncated JSON and unavailable for a gateway's HTML page", async () => {
    const cut = setUp(() => reply('{"availabelBalance": 84'));
    await expect(cut.connector.getFunds(access())).rejects.toMatchObject({ kind: "bad-response" });
    const gateway = setUp(() => reply("<html>502</html>", 502));
    await expect(gateway.connector.getFunds(access())).rejects.toMatchObject({ kind: "unavailable", status: 502 });
  });

  test("contains no secret, even when Dhan echoes the token", async () => {
    const { connector } = setUp(() => reply(errorBody("DH-901", `token ${TOKEN} is dead`), 401));
    const failure = await connector.getProfile(access()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BrokerError);
    const printed = inspect(failure, { depth: 9 }) + JSON.stringify(failure) + (failure as BrokerError).message;
    expect(printed).not.toContain(TOKEN);
    expect(printed).not.toContain(API_SECRET);
    expect(printed).toContain("token *** is dead");
  });
});

test("a refusal without words still says something", () => {
  const asked = { endpoint: "GET /orders", isOrder: false };
  for (const message of ["", " \n"]) {
    const error = replyError(asked, { status: 500, headers: {}, body: "" }, { code: "DH-908", message });
    expect(error.message).toBe("Dhan answered HTTP 500 to GET /orders");
  }
});
