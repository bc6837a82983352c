export type CallKind = "order" | "live" | "other";
const PER_SECOND: Readonly<Record<CallKind, number>> = { order: 10, live: 10, other: 20 };
/** Less than a second, because two calls sent a second apart may arrive closer together. */
const WINDOW_MS = 900;

/** Whether a call still fits into the second of its kind. Real time, whatever the exchange's clock shows. */
export function createMeters(now: () => number = () => performance.now()) {
  const calls = new Map<CallKind, number[]>();
  return (kind: CallKind): boolean => {
    const recent = (calls.get(kind) ?? []).filter((at) => now() - at < WINDOW_MS);
    calls.set(kind, recent);
    if (recent.length >= PER_SECOND[kind]) return false;
    recent.push(now());
    return true;
  };
}
