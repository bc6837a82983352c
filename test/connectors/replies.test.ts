import { describe, expect, it } from "vitest";
import { z } from "zod";
import { cleanMessage, nullIfRefused, nullUnlessExpired, replyErrors } from "../../connectors/replies.ts";
import { brokerName } from "../../src/domain/ids.ts";
import { BrokerError, type BrokerErrorKind } from "../../src/errors.ts";
import { HttpFailure } from "../../src/lib/http.ts";

const ACME = brokerName("acme");
const { badField, mapReply, noReply } = replyErrors(ACME, "Acme");
const ORDERS = "POST /orders";

describe("a call that ends without a complete reply", () => {
  it("does not count as unreachable once it was sent, whatever ended the wait", () => {
    expect(noReply(new HttpFailure("timeout", "no answer in 10 s"), ORDERS, true)).toMatchObject({
      kind: "timeout",
      message: "Acme POST /orders: no answer in 10 s",
      broker: ACME,
      endpoint: ORDERS,
    });
    expect(noReply(new HttpFailure("broken", "connection reset"), ORDERS, true).kind).not.toBe("unreachable");
    expect(noReply(new Error("the person left"), ORDERS, true).kind).toBe("timeout");
  });

  it("counts as unreachable when it was abandoned before it was sent", () => {
    expect(noReply(new Error("the person left"), ORDERS, false).kind).toBe("unreachable");
  });
});

describe("a reply that does not match the documentation", () => {
  it("is reported by its first bad field", () => {
    const { error } = z.array(z.object({ status: z.literal("open") })).safeParse([{ status: "parked" }]);
    expect(error && badField(ORDERS, error).message).toMatch(/^Acme POST \/orders: 0\.status: /);
  });

  it("is reported when a mapping refuses a value, but a bug in the mapping is thrown as it is", () => {
    expect(mapReply(ORDERS, () => 7)).toBe(7);
    const refuse = (): never => {
      throw new RangeError("not a price: -1");
    };
    expect(() => mapReply(ORDERS, refuse)).toThrow(
      expect.objectContaining({ kind: "bad-response", message: "Acme POST /orders: not a price: -1" }),
    );
    const broken = (): never => {
      throw new TypeError("undefined is not a function");
    };
    expect(() => mapReply(ORDERS, broken)).toThrow(TypeError);
  });
});

it("cleans a broker's message: one line, limited in length, tokens masked", () => {
  expect(cleanMessage(" Order\n refused  for eyJhbGciOi.J9_x-y.z ")).toBe("Order refused for ***");
  expect(cleanMessage("x".repeat(400))).toHaveLength(300);
});

describe("a call whose result can be done without", () => {
  const errorOf = (kind: BrokerErrorKind): BrokerError =>
    new BrokerError(kind, kind, { broker: ACME, endpoint: ORDERS });

  it("is null when it is refused, or when it fails in any way but an expired session", () => {
    for (const kind of ["rejected", "invalid-request"] as const) expect(nullIfRefused(errorOf(kind))).toBeNull();
    for (const kind of ["rejected", "timeout", "unavailable"] as const)
      expect(nullUnlessExpired(errorOf(kind))).toBeNull();
  });

  it("throws every other error", () => {
    const defect = new TypeError("no such field");
    for (const error of [errorOf("auth-expired"), errorOf("timeout"), defect])
      expect(() => nullIfRefused(error)).toThrow(error);
    for (const error of [errorOf("auth-expired"), defect]) expect(() => nullUnlessExpired(error)).toThrow(error);
  });
});
