import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  randomBytes,
  type KeyObject,
} from "node:crypto";

const ALGORITHM = "aes-256-gcm";
const TOKEN_VERSION = "v1";
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A key and the id that tokens written under it carry. */
export interface EncryptionKey {
  readonly id: string;
  readonly key: KeyObject;
}

export interface Keyring {
  /** Returns a token `v1.keyId.nonce.tag.ciphertext`, which can be decrypted only with the same associated data. */
  encrypt(plaintext: string, associatedData: string): string;
  /** Throws DecryptionError. */
  decrypt(token: string, associatedData: string): string;
  /** Whether the token was written under the current key. */
  isCurrent(token: string): boolean;
}

/**
 * The token was altered, belongs to other associated data, or needs a key that is not in the keyring. Holds no content.
 */
export class DecryptionError extends Error {
  override readonly name = "DecryptionError";
}

/** Encrypts with `current`; decrypts with `previous` keys too, so that keys can be rotated. */
export function createKeyring(keys: {
  readonly current: EncryptionKey;
  readonly previous?: readonly EncryptionKey[];
}): Keyring {
  const { current } = keys;
  const known = new Map([current, ...(keys.previous ?? [])].map((entry) => [entry.id, entry.key]));

  return {
    encrypt(plaintext, associatedData) {
      // Random 96-bit nonces are safe for up to about 2^32 tokens per key.
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, current.key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(authenticated(current.id, associatedData));
      const ciphertext = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final()]);
      const parts = [nonce, cipher.getAuthTag(), ciphertext].map((part) => part.toString("base64url"));
      return [TOKEN_VERSION, current.id, ...parts].join(".");
    },

    isCurrent: (token) => token.split(".", 2)[1] === current.id,

    decrypt(token, associatedData) {
      const { keyId, nonce, tag, ciphertext } = parseToken(token);
      const key = known.get(keyId);
      if (!key) throw new DecryptionError("written under a key that is not in the keyring");
      const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(authenticated(keyId, associatedData));
      decipher.setAuthTag(tag);
      try {
        return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString("utf8");
      } catch {
        throw new DecryptionError("changed since it was encrypted, or moved from where it belongs");
      }
    },
  };
}

/** A new random key in base64, as `parseKey` accepts it. */
export const generateKey = (): string => randomBytes(KEY_BYTES).toString("base64");

/** Parses 32 bytes in base64. Throws a RangeError that does not repeat the text, which may be nearly a key. */
export function parseKey(base64: string): EncryptionKey {
  const text = base64.trim();
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== KEY_BYTES || !/^[A-Za-z0-9+/_-]+=?$/.test(text))
    throw new RangeError(`a key is ${KEY_BYTES} bytes in base64`);
  const id = createHmac("sha256", bytes).update("key id").digest("hex").slice(0, 8);
  return { id, key: createSecretKey(bytes) };
}

const authenticated = (keyId: string, associatedData: string): Buffer =>
  Buffer.from(`${TOKEN_VERSION}.${keyId}\0${associatedData}`);

function parseToken(token: string): { keyId: string; nonce: Buffer; tag: Buffer; ciphertext: Buffer } {
  const [version, keyId, ...parts] = token.split(".");
  const [nonce, tag, ciphertext] = parts.map(fromBase64Url);
  const isWhole = version === TOKEN_VERSION && keyId !== undefined && parts.length === 3;
  if (!isWhole || !ciphertext || nonce?.length !== NONCE_BYTES || tag?.length !== TAG_BYTES)
    throw new DecryptionError("not an encrypted value");
  return { keyId, nonce, tag, ciphertext };
}

/** Node ignores invalid characters and spare bits, so re-encoding checks that the text is canonical. */
function fromBase64Url(text: string): Buffer {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.toString("base64url") !== text) throw new DecryptionError("not an encrypted value");
  return bytes;
}
