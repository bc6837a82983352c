/** Calls a second; the longer windows of the real table are never reached in play. */
const PER_SECOND: Readonly<Record<string, number>> = {
  orders: 9,
  orderBook: 1,
  tradeBook: 1,
  positions: 1,
  holdings: 1,
  profile: 3,
  funds: 2,
  login: 1,
  quotes: 10,
  candles: 3,
  other: 10,
};
const WINDOW_MS = 1_000;

/** Says whether a call is one too many. Counts real time: the exchange's clock may stand still or leap. */
export function createThrottle(now: () => number = () => performance.now()): (kind: string) => boolean {
  const recent = new Map<string, number[]>();
  return (kind) => {
    const at = now();
    const calls = (recent.get(kind) ?? []).filter((earlier) => at - earlier < WINDOW_MS);
    const isTooMany = calls.length >= (PER_SECOND[kind] ?? 1);
    if (!isTooMany) calls.push(at);
    recent.set(kind, calls);
    return isTooMany;
  };
}
