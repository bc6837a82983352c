import type { InstrumentKey } from "../../src/domain/ids.ts";

/** Rows for the records whose instrument the exchange still lists. `at` is the record's place in the list. */
export function listedRows<T extends { readonly key: InstrumentKey | null }, Listing, Row>(
  records: readonly T[],
  listingOf: (key: InstrumentKey) => Listing | undefined,
  toRow: (record: T, listing: Listing, at: number) => Row,
): Row[] {
  return records.flatMap((record, at) => {
    const listing = record.key === null ? undefined : listingOf(record.key);
    return listing === undefined ? [] : [toRow(record, listing, at)];
  });
}
