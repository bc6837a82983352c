import { describe, expect, it } from "vitest";
import { brokerName } from "../src/domain/ids.ts";
import { BrokerError, type BrokerErrorKind, failedOutcome } from "../src/errors.ts";

const failed = (kind: BrokerErrorKind, brokerCode?: string): BrokerError =>
  new BrokerError(kind, "said so", { broker: brokerName("acme"), endpoint: "POST /orders", brokerCode });

describe("a broker's error", () => {
  it("keeps as much of a broker's words and code as a message can show, since both are logged and stored", () => {
    const details = { broker: brokerName("acme"), endpoint: "GET /orders", brokerCode: "E".repeat(100_000) };
    const error = new BrokerError("bad-response", `status: ${"🏦".repeat(50_000)}`, details);
    expect(error.message).toMatch(/^status: 🏦+…$/u);
    expect(error.message.length).toBeLessThan(610);
    expect(error.brokerCode?.length).toBeLessThan(610);
    expect(failed("rejected", "E7")).toMatchObject({ message: "said so", brokerCode: "E7" });
  });
});

describe("a failed order call", () => {
  it.each<[BrokerErrorKind, string]>([
    ["auth-expired", "session-expired"],
    ["auth-invalid", "invalid-credentials"],
    ["ip-not-allowed", "ip-not-allowed"],
    ["invalid-request", "invalid-request"],
    ["unreachable", "unreachable"],
  ])("proves by %s that nothing was sent", (kind, cause) => {
    expect(failedOutcome(failed(kind))).toEqual({ kind: "not-sent", reason: "said so", cause });
  });

  it.each<BrokerErrorKind>(["rejected", "no-permission"])("was refused by %s, in the broker's words", (kind) => {
    expect(failedOutcome(failed(kind, "E7"))).toEqual({ kind: "rejected", reason: "said so", raw: "E7 said so" });
    expect(failedOutcome(failed(kind))).toMatchObject({ raw: "said so" });
  });

  it.each<BrokerErrorKind>(["rate-limited", "unavailable", "timeout", "bad-response", "login-unfinished"])(
    "leaves the order unknown by %s",
    (kind) => {
      expect(failedOutcome(failed(kind, "E7"))).toEqual({ kind: "unknown", reason: "said so" });
    },
  );

  it("that is a defect of ours is no outcome", () => {
    const defect = new TypeError("cannot read properties of undefined");
    expect(() => failedOutcome(defect)).toThrow(defect);
  });
});
