/** A little less than a second, because two calls sent a second apart may arrive closer together. */
const WINDOW_MS = 900;

export interface RateLimitOptions {
  readonly windowMs?: number;
  readonly now?: () => number;
}

/**
 * Returns whether one more call of its kind is allowed. `scope` is what the calls are counted by, the kind if absent.
 * Measures real time, as the callers do: the exchange's clock may stand still or jump.
 */
export function createRateLimit<K extends string>(
  perSecond: Readonly<Record<K, number>>,
  { windowMs = WINDOW_MS, now = () => performance.now() }: RateLimitOptions = {},
): (kind: K, scope?: string) => boolean {
  const calls = new Map<string, number[]>();
  return (kind, scope = kind) => {
    const at = now();
    const recent = (calls.get(scope) ?? []).filter((earlier) => at - earlier < windowMs);
    calls.set(scope, recent);
    if (recent.length >= perSecond[kind]) return false;
    recent.push(at);
    return true;
  };
}
