import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { InstrumentKey } from "../../domain/ids.ts";

/** The most that one order of a contract may be, by its chain, `NFO:NIFTY`, and its key; undefined where nobody tells. */
export type FreezeOf = (chain: string, key: InstrumentKey) => number | undefined;

const fileSchema = z.object({
  from: z.iso.date(),
  quantities: z.record(z.string().regex(/^[NB]FO:[A-Z0-9&-]+$/), z.int().positive()),
});

const FILE = join(import.meta.dirname, "../../../assets/freeze-quantities.json");

/**
 * The shipped quantities, for masters that tell none. One that the exchange has raised since makes more orders than
 * needed, one that it has lowered leaves orders that the exchange refuses, as without it.
 */
export function loadFreezeQuantities(): FreezeOf {
  const { quantities } = fileSchema.parse(JSON.parse(readFileSync(FILE, "utf8")));
  const byChain = new Map(Object.entries(quantities));
  return (chain) => byChain.get(chain);
}
