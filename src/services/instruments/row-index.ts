/** Hash index of rows: an open-addressing table of row numbers, four bytes per slot, at most two thirds full. */
export interface RowIndex {
  insert(hash: number, row: number): void;
  /** The first matching row inserted under the hash; -1 when there is none. */
  find(hash: number, isMatch: (row: number) => boolean): number;
}

export function createRowIndex(rows: number): RowIndex {
  const size = 2 ** Math.ceil(Math.log2(Math.max(8, rows * 1.5)));
  const mask = size - 1;
  // Stores row + 1, because 0 marks an empty slot.
  const slots = new Uint32Array(size);
  return {
    insert(hash, row) {
      let slot = hash & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = row + 1;
    },
    find(hash, isMatch) {
      for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
        const kept = slots[slot] ?? 0;
        if (kept === 0) return -1;
        if (isMatch(kept - 1)) return kept - 1;
      }
    },
  };
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a with a final mix, because the table uses only the low bits. Returns an unsigned 32-bit number. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = FNV_OFFSET;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), FNV_PRIME);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 0;
}
