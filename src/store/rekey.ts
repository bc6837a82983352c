import { DecryptionError, type Keyring } from "../lib/crypto.ts";
import { placeOf, type PlainDocument } from "./codec.ts";

/** Raw access to an engine's stored documents of all collections. */
export interface AtRest {
  collections(): Promise<readonly string[]>;
  scan(collection: string): AsyncIterable<PlainDocument>;
  /**
   * Replaces a field's value and keeps the document's version. False if the field has changed since `document` was
   * read.
   */
  swap(collection: string, document: PlainDocument, field: string, to: string): Promise<boolean>;
}

export interface Rekeyed {
  readonly documents: number;
  readonly rewritten: number;
  /** Values that look encrypted but that no key in the keyring decrypts. */
  readonly unreadable: number;
}

const TOKEN = /^v1\.[0-9a-f]{8}\./;
const MAX_PASSES = 20;

/**
 * Re-encrypts with the current key whatever was written under other keys of the keyring. Safe to interrupt and repeat, and
 * to run beside processes that know both keys: a value that changes meanwhile is handled in another pass.
 */
export async function rekey(atRest: AtRest, keyring: Keyring): Promise<Rekeyed> {
  let rewritten = 0;
  for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
    const counts = await onePass(atRest, keyring);
    rewritten += counts.rewritten;
    if (counts.rewritten === 0 && counts.contended === 0) return { ...counts, rewritten };
  }
  throw new Error("the store changes faster than it can be re-encrypted; run this again");
}

async function onePass(atRest: AtRest, keyring: Keyring): Promise<Rekeyed & { readonly contended: number }> {
  const counts = { documents: 0, rewritten: 0, unreadable: 0, contended: 0 };
  for (const collection of await atRest.collections()) {
    for await (const document of atRest.scan(collection)) {
      counts.documents += 1;
      let current = document;
      for (const field of tokenFields(document, keyring)) {
        const token = encryptedAgain(collection, document, field, keyring);
        if (token === null) counts.unreadable += 1;
        else if (await atRest.swap(collection, current, field, token)) counts.rewritten += 1;
        else counts.contended += 1;
        if (token !== null) current = { ...current, [field]: token };
      }
    }
  }
  return counts;
}

/** Whether the collection holds encrypted values but the keyring decrypts none of them: it is the wrong key. */
export async function isWrongKey(atRest: AtRest, collection: string, keyring: Keyring): Promise<boolean> {
  if (!(await atRest.collections()).includes(collection)) return false;
  let hasEncrypted = false;
  for await (const document of atRest.scan(collection)) {
    for (const [field, value] of Object.entries(document)) {
      if (typeof value !== "string" || !TOKEN.test(value)) continue;
      if (opened(collection, document, field, keyring) !== null) return false;
      hasEncrypted = true;
    }
  }
  return hasEncrypted;
}

const tokenFields = (document: PlainDocument, keyring: Keyring): string[] =>
  Object.entries(document)
    .filter(([, value]) => typeof value === "string" && TOKEN.test(value) && !keyring.isCurrent(value))
    .map(([field]) => field);

function encryptedAgain(collection: string, document: PlainDocument, field: string, keyring: Keyring): string | null {
  const text = opened(collection, document, field, keyring);
  return text === null ? null : keyring.encrypt(text, placeOf(collection, document._id, field));
}

function opened(collection: string, document: PlainDocument, field: string, keyring: Keyring): string | null {
  try {
    return keyring.decrypt(String(document[field]), placeOf(collection, document._id, field));
  } catch (error) {
    if (error instanceof DecryptionError) return null;
    throw error;
  }
}
