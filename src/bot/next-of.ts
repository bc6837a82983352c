/** The value after the current one, in a circle; the first when the current one is not among them. */
export function nextOf<T>(values: readonly T[], current: T): T {
  const next = values[(values.indexOf(current) + 1) % values.length];
  return next === undefined ? current : next;
}
