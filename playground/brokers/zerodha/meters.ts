export type RateClass = "quote" | "historical" | "order" | "other";

/** Calls a second. Real time, whatever the exchange's clock shows: callers pace themselves by it too. */
const PER_SECOND: Record<RateClass, number> = { quote: 1, historical: 3, order: 10, other: 10 };
/** Less than a second, because two calls sent a second apart may arrive closer together. */
const WINDOW_MS = 900;

/** Whether a call still fits into its class's second. */
export function createMeters(now: () => number = () => performance.now()): (rate: RateClass) => boolean {
  const calls = new Map<RateClass, number[]>();
  return (rate) => {
    const recent = (calls.get(rate) ?? []).filter((at) => now() - at < WINDOW_MS);
    calls.set(rate, recent);
    if (recent.length >= PER_SECOND[rate]) return false;
    recent.push(now());
    return true;
  };
}
