import type { Keyring } from "../lib/crypto.ts";
import { Secret } from "../lib/secret.ts";
import type { CollectionSpec, Document, Stored } from "../ports/store.ts";
import { RESERVED_FIELDS } from "./spec.ts";

/** A document as stored: plain JSON, encrypted fields as tokens, without its version. */
export interface PlainDocument {
  readonly _id: string;
  readonly expiresAt?: number;
  readonly [field: string]: unknown;
}

export interface Codec<T extends Document> {
  /** Throws TypeError on values that JSON cannot represent, and on a Secret outside the encrypted fields. */
  encode(document: T): PlainDocument;
  /** Throws DecryptionError. */
  decode(plain: PlainDocument, version: number): Stored<T>;
}

const SECRET_TAG = "$secret";

export function createCodec<T extends Document>(spec: CollectionSpec<T>, keyring: Keyring): Codec<T> {
  const encrypted = new Set<string>(spec.encrypted);
  const indexed = new Set(spec.indexes.flatMap((index) => index.fields));
  const place = (id: string, field: string): string => placeOf(spec.name, id, field);

  function encodeField(id: string, field: string, value: unknown): unknown {
    const path = `${spec.name}.${field}`;
    if (encrypted.has(field)) return keyring.encrypt(JSON.stringify(sealed(value, path)), place(id, field));
    if (indexed.has(field) && !isIndexable(value))
      throw new TypeError(`${path} is in an index and must be a string, a whole number or a boolean`);
    return exposed(value, path);
  }

  function decodeField(id: string, field: string, value: unknown): unknown {
    if (!encrypted.has(field)) return value;
    return revived(JSON.parse(keyring.decrypt(String(value), place(id, field))));
  }

  return {
    encode(document) {
      const { version: _, ...fields } = document as Document & { version?: number };
      checkEnvelope(spec.name, fields);
      const present = Object.entries(fields).filter(([, value]) => value !== undefined);
      return Object.fromEntries(
        present.map(([field, value]) => [field, encodeField(document._id, field, value)]),
      ) as unknown as PlainDocument;
    },
    decode(plain, version) {
      const fields = Object.entries(plain).map(([field, value]) => [field, decodeField(plain._id, field, value)]);
      return { ...Object.fromEntries(fields), version } as Stored<T>;
    },
  };
}

/** The associated data of a ciphertext, which makes it valid only in this field of this document. */
export const placeOf = (collection: string, id: string, field: string): string =>
  JSON.stringify([collection, id, field]);

function checkEnvelope(collection: string, document: Document): void {
  if (typeof document._id !== "string" || document._id === "") throw new TypeError(`${collection}: _id must be text`);
  if (document.expiresAt !== undefined && !Number.isSafeInteger(document.expiresAt))
    throw new TypeError(`${collection}.expiresAt must be whole milliseconds`);
  const reserved = RESERVED_FIELDS.find((field) => field in document);
  if (reserved !== undefined) throw new TypeError(`${collection}.${reserved}: the store reserves this name`);
}

/** No fractions: SQLite's JSON parses some of them one bit off, and a look-up would miss them. */
const isIndexable = (value: unknown): boolean =>
  value === null || typeof value === "string" || typeof value === "boolean" || Number.isSafeInteger(value);

interface Rewrite {
  readonly secret: (secret: Secret) => unknown;
  readonly key: (key: string) => string;
}

/**
 * For encryption: secrets are revealed and tagged. A leading `$` of other keys is doubled, to tell them from the tag.
 */
const sealed = (value: unknown, path: string): unknown =>
  plain(value, path, {
    secret: (secret) => ({ [SECRET_TAG]: secret.reveal() }),
    key: (key) => (key.startsWith("$") ? `$${key}` : key),
  });

const exposed = (value: unknown, path: string): unknown =>
  plain(value, path, {
    secret: () => {
      throw new TypeError(`${path} holds a secret but is not an encrypted field`);
    },
    key: (key) => key,
  });

/** A copy that survives JSON and both engines unchanged. Lone surrogates become U+FFFD, -0 becomes 0. */
function plain(value: unknown, path: string, rewrite: Rewrite): unknown {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value === "number" && Number.isFinite(value)) return value === 0 ? 0 : value;
  if (value instanceof Secret) return rewrite.secret(value);
  if (Array.isArray(value)) return value.map((item: unknown) => plain(item ?? null, path, rewrite));
  if (isPlainObject(value)) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
    return Object.fromEntries(
      entries.map(([key, inner]) => [rewrite.key(key.toWellFormed()), plain(inner, path, rewrite)]),
    );
  }
  throw new TypeError(`${path} holds what JSON cannot represent (${describe(value)})`);
}

function revived(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revived);
  if (!isPlainObject(value)) return value;
  if (typeof value[SECRET_TAG] === "string") return new Secret(value[SECRET_TAG]);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key.startsWith("$$") ? key.slice(1) : key, revived(inner)]),
  );
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const describe = (value: unknown): string =>
  typeof value === "object" && value !== null ? value.constructor.name : typeof value;
