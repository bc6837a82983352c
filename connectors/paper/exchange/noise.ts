/** Stateless seeded noise: the same seed and position always give the same number, so no history has to be kept. */

const mix = (hash: number, value: number): number => {
  let h = hash ^ Math.imul(value, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

/** The id of a noise stream, from the exchange's seed and a name. */
export function streamOf(seed: number, name: string): number {
  let hash = mix(0x811c9dc5, seed | 0);
  for (let index = 0; index < name.length; index++) hash = mix(hash, name.charCodeAt(index));
  return hash;
}

export const hash2 = (stream: number, a: number, b: number): number => mix(mix(stream, a), b);
/** In [0, 1). */
export const unit = (stream: number, a: number, b = 0): number => hash2(stream, a, b) / 0x1_0000_0000;
/** In [-1, 1). */
export const signed = (stream: number, a: number, b = 0): number => unit(stream, a, b) * 2 - 1;

/** Smooth noise in [-1, 1] along x: random at integers, interpolated between them. */
export function smooth(stream: number, x: number, layer = 0): number {
  const left = Math.floor(x);
  const t = x - left;
  const ease = t * t * (3 - 2 * t);
  const from = signed(stream, left, layer);
  return from + (signed(stream, left + 1, layer) - from) * ease;
}
