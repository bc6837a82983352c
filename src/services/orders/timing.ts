/** The times that keep an order from being sent twice. Each is longer than the one before it, by a margin. */
export interface OrderTiming {
  /** From confirmation to the broker's connector being called; a process that slept longer must not send any more. */
  readonly sendWithinMs: number;
  /** From calling the connector to giving up, waiting for its rate limit included: nothing leaves after this. */
  readonly askMs: number;
  /** From confirmation on: after it nobody can be sending any more, whoever confirmed it is gone. */
  readonly leaseMs: number;
}

export const ORDER_TIMING: OrderTiming = { sendWithinMs: 5_000, askMs: 12_000, leaseMs: 20_000 };
