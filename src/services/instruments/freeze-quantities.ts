import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** The most that one order of a chain's contracts may be, by `NFO:NIFTY`; undefined where nobody tells. */
export type FreezeOf = (chain: string) => number | undefined;

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
