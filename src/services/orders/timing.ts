/** Deadlines that together rule out sending an order twice: sendWithinMs + callMs must be less than leaseMs. */
export interface OrderTiming {
  /** Latest start of the connector call, counted from confirmation. A process that was held up longer must not send. */
  readonly sendWithinMs: number;
  /** Timeout of the connector call, including the wait for its rate limit: nothing is sent after this. */
  readonly callMs: number;
  /** Counted from confirmation. After this nobody can still be sending, so the sender is taken for dead. */
  readonly leaseMs: number;
}

export const ORDER_TIMING: OrderTiming = { sendWithinMs: 5_000, callMs: 12_000, leaseMs: 20_000 };
