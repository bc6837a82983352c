import { describe, expect, it } from "vitest";
import { kindOf } from "../../../connectors/groww/errors.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { access, answering, buy, listed, recorded, reply, setUp } from "./harness.ts";

const day = { from: istInstant("2026-11-20"), to: istInstant("2026-11-20", "12:00") };

describe("Groww's codes", () => {
  it("have a kind that depends on the purpose of the call, and an unknown code is bad-response", () => {
    const rows = ["GA000", "GA001", "GA003", "GA004", "GA005", "GA006", "GA007", "GA042", undefined].map((code) => [
      code ?? "none",
      kindOf(400, code, "read"),
      kindOf(400, code, "place"),
      kindOf(400, code, "change"),
    ]);
    expect(rows).toEqual([
      ["GA000", "unavailable", "unavailable", "unavailable"],
      ["GA001", "invalid-request", "rejected", "rejected"],
      ["GA003", "unavailable", "unavailable", "unavailable"],
      ["GA004", "rejected", "rejected", "rejected"],
      ["GA005", "auth-expired", "auth-expired", "auth-expired"],
      ["GA006", "rejected", "bad-response", "rejected"],
      ["GA007", "bad-response", "bad-response", "bad-response"],
      ["GA042", "bad-response", "bad-response", "bad-response"],
      ["none", "bad-response", "bad-response", "bad-response"],
    ]);
    // A read with HTTP 401 was not authorised, whatever its code; an order's outcome needs a code that is known.
    expect([undefined, "GA042"].map((code) => kindOf(401, code, "read"))).toEqual(["auth-expired", "auth-expired"]);
    expect([undefined, "GA042"].map((code) => kindOf(401, code, "place"))).toEqual(["bad-response", "bad-response"]);
    expect(kindOf(500, "GA001", "place")).toBe("unavailable");
    expect(kindOf(429, "GA001", "place")).toBe("rate-limited");
  });
});

describe("a “not authorised” refusal", () => {
  const profileReply = { "user/detail": recorded("get-user-detail") };
  const refused = recorded("error-not-authorised", 403);

  it("means an expired session if the profile call is refused too", async () => {
    const { connector, paths } = setUp(() => refused);
    await expect(connector.getFunds(access())).rejects.toMatchObject({ kind: "auth-expired" });
    expect(paths()).toEqual(["/v1/margins/detail/user", "/v1/user/detail"]);
    expect(await connector.placeOrder(access(), buy())).toMatchObject({ kind: "not-sent", cause: "session-expired" });
  });

  it("of a read may be HTTP 401 without a code: the profile call tells what it means", async () => {
    const bare = reply("", 401);
    const ended = setUp(() => bare);
    await expect(ended.connector.getFunds(access())).rejects.toMatchObject({ kind: "auth-expired" });
    expect(ended.paths()).toEqual(["/v1/margins/detail/user", "/v1/user/detail"]);
    const plan = setUp(answering({ ...profileReply, "margins/detail": bare }));
    await expect(plan.connector.getFunds(access())).rejects.toMatchObject({ kind: "no-permission" });
    expect(await ended.connector.placeOrder(access(), buy())).toMatchObject({ kind: "unknown" });
  });

  it("means missing permission, not an expired session, if the profile can still be read", async () => {
    const { connector } = setUp(answering({ ...profileReply, candles: refused }));
    const query = { instrument: await listed("NSE:SBIN-EQ"), interval: "1d", ...day } as const;
    await expect(connector.getHistoricalData(access(), query)).rejects.toMatchObject({ kind: "no-permission" });
    expect(await connector.isTokenValid(access())).toBe(true);
  });

  it("proves neither of a read while the profile call fails; an order is rejected either way", async () => {
    const { connector } = setUp(
      answering({ "user/detail": reply("<html>", 502), "margins/detail": refused, "order/create": refused }),
    );
    await expect(connector.getFunds(access())).rejects.toMatchObject({ kind: "unavailable", brokerCode: "GA005" });
    expect(await connector.placeOrder(access(), buy())).toMatchObject({ kind: "rejected" });
  });

  it("of an order means an unregistered IP address if the message mentions one, else a rejection", async () => {
    const ip = setUp(answering({ "order/create": recorded("error-ip", 403) }));
    expect(await ip.connector.placeOrder(access(), buy())).toMatchObject({ kind: "not-sent", cause: "ip-not-allowed" });
    expect(ip.requests).toHaveLength(1);
    const plan = setUp(answering({ ...profileReply, "order/create": refused }));
    expect(await plan.connector.placeOrder(access(), buy())).toMatchObject({
      kind: "rejected",
      reason: "User not authorised to perform this operation",
      raw: "GA005 User not authorised to perform this operation",
    });
  });

  it("has tokens masked in its message", async () => {
    const { connector } = setUp(() => recorded("error-session", 401));
    const error: unknown = await connector.getFunds(access()).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ message: "Token expired ***" });
  });
});
