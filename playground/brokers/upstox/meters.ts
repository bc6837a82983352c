const PER_SECOND = { order: 10, other: 50 } as const;
/** Less than a second, because two calls sent a second apart may arrive closer together. */
const WINDOW_MS = 900;

/** Whether a call still fits into the second of its API. Real time, whatever the exchange's clock shows. */
export function createMeters(now: () => number = () => performance.now()) {
  const calls = new Map<string, number[]>();
  return (api: string, isOrder: boolean): boolean => {
    const recent = (calls.get(api) ?? []).filter((at) => now() - at < WINDOW_MS);
    calls.set(api, recent);
    if (recent.length >= PER_SECOND[isOrder ? "order" : "other"]) return false;
    recent.push(now());
    return true;
  };
}
