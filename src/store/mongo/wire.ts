import type { CollectionSpec, Document, IndexSpec } from "../../ports/store.ts";
import type { PlainDocument } from "../codec.ts";

/** A document as MongoDB stores it: with its version, a date for the TTL index, and one key per unique index. */
export interface WireDocument {
  readonly _id: string;
  readonly version: number;
  readonly expiresAt?: number;
  readonly expireAt?: Date;
  readonly uniqueKeys?: Readonly<Record<string, string>>;
}

/** The server deletes by its own clock, which may be ahead of ours. */
const TTL_MARGIN_MS = 60 * 60 * 1000;
/** In field names, MongoDB gives `.` and `$` a meaning and BSON ends at NUL; `%` is our escape character. */
const UNSAFE_IN_NAME = /[%.$\0]/g;

export function toWire<T extends Document>(
  spec: CollectionSpec<T>,
  plain: PlainDocument,
  envelope: { readonly version: number; readonly now: number },
): WireDocument {
  const keys = uniqueKeys(spec, plain);
  return {
    ...(renamed(plain, escapeName) as PlainDocument),
    version: envelope.version,
    ...(plain.expiresAt === undefined ? {} : { expireAt: serverExpiry(plain.expiresAt - envelope.now) }),
    ...(Object.keys(keys).length === 0 ? {} : { uniqueKeys: keys }),
  };
}

export function fromWire(wire: WireDocument): { plain: PlainDocument; version: number } {
  const { version, expireAt: _expireAt, uniqueKeys: _uniqueKeys, ...fields } = wire;
  return { plain: renamed(fields, unescapeName) as PlainDocument, version };
}

/**
 * MongoDB's unique indexes treat an absent field as a value, and partial indexes are not supported by every compatible
 * server. A sparse index on a key that only complete documents have works everywhere.
 */
export function uniqueKeys<T extends Document>(spec: CollectionSpec<T>, plain: PlainDocument): Record<string, string> {
  const complete = spec.indexes
    .filter((index) => index.unique)
    .map((index): [IndexSpec, unknown[]] => [index, index.fields.map((field) => plain[field] ?? null)])
    .filter(([, values]) => !values.includes(null));
  return Object.fromEntries(complete.map(([index, values]) => [index.name, JSON.stringify(values)]));
}

/** Computed from the remaining lifetime, because our clock may be set (SAUDA_CLOCK) and the server's is not. */
function serverExpiry(livesForMs: number): Date {
  const latest = 8.64e15;
  return new Date(Math.min(Date.now() + livesForMs + TTL_MARGIN_MS, latest));
}

function renamed(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => renamed(item, rename));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [rename(name), renamed(inner, rename)]));
}

const escapeName = (name: string): string => name.replace(UNSAFE_IN_NAME, (unsafe) => encodeUnsafe(unsafe));
const encodeUnsafe = (unsafe: string): string => `%${unsafe.charCodeAt(0).toString(16).padStart(2, "0")}`;
const unescapeName = (name: string): string =>
  name.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
