import type { Access, BrokerConnector } from "../../../connectors/base.ts";
import type { OrderOutcome } from "../../domain/order.ts";
import { BrokerError } from "../../errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Accounts, Link } from "../accounts/accounts.ts";
import type { Note } from "./journal.ts";

/** Makes one order call (place, modify or cancel) at a broker. Never throws: any failure becomes an outcome. */
export type OrderCall = (
  link: Link,
  call: (connector: BrokerConnector, access: Access, signal: AbortSignal) => Promise<OrderOutcome>,
) => Promise<OrderOutcome>;

/** An error before the connector is called proves that nothing was sent; one after that leaves the outcome unknown. */
export function createOrderCall(deps: { accounts: Accounts; log: Log; timeoutMs: number }): OrderCall {
  const { accounts, log } = deps;

  return async (link, call) => {
    let hasBegun = false;
    try {
      const outcome = await accounts.call(link, (connector, access) => {
        hasBegun = true;
        return call(connector, access, AbortSignal.timeout(deps.timeoutMs));
      });
      if (outcome.kind === "not-sent" && outcome.cause === "session-expired") await endSession(link);
      return outcome;
    } catch (error) {
      if (!hasBegun && error instanceof BrokerError && error.kind === "auth-expired") {
        return { kind: "not-sent", reason: "the broker session is over", cause: "session-expired" };
      }
      log.error({ err: error, broker: link.broker_name, link: link._id }, "order call failed unexpectedly");
      return hasBegun
        ? { kind: "unknown", reason: "the broker's answer could not be understood" }
        : { kind: "not-sent", reason: "the order could not be prepared", cause: "invalid-request" };
    }
  };

  async function endSession(link: Link): Promise<void> {
    await accounts
      .endSession(link)
      .catch((error: unknown) => log.warn({ err: error, link: link._id }, "dead session could not be ended"));
  }
}

/** The outcome as an entry for the order's history. */
export function describeOutcome(outcome: OrderOutcome): Omit<Note, "who"> {
  switch (outcome.kind) {
    case "accepted":
      return { what: outcome.kind, detail: outcome.orderId };
    case "rejected":
      return { what: outcome.kind, detail: outcome.raw };
    case "not-sent":
    case "unknown":
      return { what: outcome.kind, detail: outcome.reason };
  }
}
