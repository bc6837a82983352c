import type { Exchange } from "../../connectors/paper/exchange/types.ts";
import type { Instrument } from "../../src/domain/instrument.ts";

/** An index of what the exchange lists, made anew when its list changes: contracts are added and expire daily. */
export function createInstrumentIndex<I>(
  exchange: Pick<Exchange, "instruments">,
  indexOf: (instruments: readonly Instrument[]) => I,
): () => I {
  let indexed: { readonly list: readonly Instrument[]; readonly index: I } | null = null;
  return () => {
    const list = exchange.instruments;
    if (indexed?.list !== list) indexed = { list, index: indexOf(list) };
    return indexed.index;
  };
}
