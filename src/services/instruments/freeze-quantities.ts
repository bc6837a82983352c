import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { InstrumentKey } from "../../domain/ids.ts";

/** Freeze quantity (most that one order may have) by chain name, `NFO:NIFTY`, and contract key, if known. */
export type FreezeOf = (chain: string, key: InstrumentKey) => number | undefined;

const fileSchema = z.object({
  from: z.iso.date(),
  quantities: z.record(z.string().regex(/^[NB]FO:[A-Z0-9&-]+$/), z.int().positive()),
});

const FILE = join(import.meta.dirname, "../../../assets/freeze-quantities.json");

/**
 * The shipped quantities, for masters without the column. They may be outdated: if the exchange has raised one since,
 * an order is split more than needed; if it has lowered one, the exchange rejects the order, as it would without this
 * file.
 */
export function loadFreezeQuantities(): FreezeOf {
  const { quantities } = fileSchema.parse(JSON.parse(readFileSync(FILE, "utf8")));
  const byChain = new Map(Object.entries(quantities));
  return (chain) => byChain.get(chain);
}
