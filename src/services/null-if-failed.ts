import { BrokerError } from "../errors.ts";

/** Null instead of a BrokerError, for callers that can do without the answer. Other errors are thrown. */
export async function nullIfFailed<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof BrokerError) return null;
    throw error;
  }
}
