import { describe, expect, it } from "vitest";
import { kindOf } from "../../../connectors/groww/errors.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { access, answering, buy, listed, recorded, reply, setUp } from "./harness.ts";

const day = { from: istInstant("2026-11-20"), to: istInstant("2026-11-20", "12:00") };

describe("Groww's codes", () => {
  it("mean one thing of a read, another of an order, and nothing where they are new", () => {
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
    expect(kindOf(500, "GA001", "place")).toBe("unavailable");
    expect(kindOf(429, "GA001", "place")).toBe("rate-limited");
  });
});

describe("“not authorised”", () => {
  const alive = { "user/detail": recorded("get-user-detail") };
  const refused = recorded("error-not-authorised", 403);

  it("ends the session where it cannot say whose it is any more", async () => {
    const { connector, paths } = setUp(() => refused);
    await expect(connector.getFunds(access())).rejects.toMatchObject({ kind: "auth-expired" });
    expect(paths()).toEqual(["/v1/margins/detail/user", "/v1/user/detail"]);
    expect(await connector.placeOrder(access(), buy())).toMatchObject({ kind: "not-sent", cause: "session-expired" });
  });

  it("is the plan where the session lives: candles that it lacks end no login", async () => {
    const { connector } = setUp(answering({ ...alive, candles: refused }));
    const query = { instrument: await listed("NSE:SBIN-EQ"), interval: "1d", ...day } as const;
    await expect(connector.getHistoricalData(access(), query)).rejects.toMatchObject({ kind: "no-permission" });
    expect(await connector.isTokenValid(access())).toBe(true);
  });

  it("is no end of the session either while that cannot be asked", async () => {
    const { connector } = setUp(answering({ "user/detail": reply("<html>", 502), "margins/detail": refused }));
    await expect(connector.getFunds(access())).rejects.toMatchObject({ kind: "no-permission" });
  });

  it("of an order is the address where it speaks of one, else a refusal in Groww's words", async () => {
    const ip = setUp(answering({ "order/create": recorded("error-ip", 403) }));
    expect(await ip.connector.placeOrder(access(), buy())).toMatchObject({ kind: "not-sent", cause: "ip-not-allowed" });
    expect(ip.requests).toHaveLength(1);
    const plan = setUp(answering({ ...alive, "order/create": refused }));
    expect(await plan.connector.placeOrder(access(), buy())).toMatchObject({
      kind: "rejected",
      reason: "User not authorised to perform this operation",
      raw: "GA005 User not authorised to perform this operation",
    });
  });

  it("shows no token that its words have in them", async () => {
    const { connector } = setUp(() => recorded("error-session", 401));
    const error: unknown = await connector.getFunds(access()).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ message: "Token expired ***" });
  });
});
