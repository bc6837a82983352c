import type { Keyring } from "../../src/lib/crypto.ts";
import { createKeyring, generateKey, parseKey } from "../../src/lib/crypto.ts";
import { Secret } from "../../src/lib/secret.ts";
import type { CollectionSpec } from "../../src/ports/store.ts";

/** A document that uses every feature of a specification. */
export interface Sample {
  readonly _id: string;
  readonly expiresAt?: number;
  readonly owner: string;
  readonly rank: number;
  readonly tag?: string;
  readonly slot?: number;
  readonly body?: unknown;
  readonly keys?: unknown;
}

export const sampleSpec = (
  name: string,
  durability: CollectionSpec<Sample>["durability"] = "normal",
): CollectionSpec<Sample> => ({
  name,
  durability,
  encrypted: ["keys"],
  indexes: [
    { name: "byOwner", fields: ["owner", "rank"] },
    { name: "byTag", fields: ["tag"], unique: true },
    { name: "bySlot", fields: ["owner", "slot"], unique: true },
  ],
});

export const sample = (id: string, fields: Partial<Sample> = {}): Sample => ({
  _id: id,
  owner: "asha",
  rank: 1,
  ...fields,
});

export const newKeyring = (): Keyring => createKeyring({ current: parseKey(generateKey()) });

export async function listed<T>(documents: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const document of documents) all.push(document);
  return all;
}

/** Makes secrets comparable: to a matcher they are all equal. */
export function revealed(value: unknown): unknown {
  if (value instanceof Secret) return { revealed: value.reveal() };
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revealed(inner)]));
}
