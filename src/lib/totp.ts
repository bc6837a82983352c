import { createHmac, randomBytes } from "node:crypto";

const STEP_S = 30;
const DIGITS = 6;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SECRET_BYTES = 20;

/** A new secret in base32, as authenticator apps expect it. */
export const newTotpSecret = (): string => {
  let text = "";
  let bits = 0;
  let kept = 0;
  for (const byte of randomBytes(SECRET_BYTES)) {
    kept = (kept << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32[(kept >> (bits - 5)) & 31];
    kept &= (1 << bits) - 1;
  }
  return text;
};

/** A code by RFC 6238 with SHA-1, 30-second steps and six digits, which every authenticator app supports. */
export function totp(secret: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", fromBase32(secret)).update(counter).digest();
  const code = mac.readUInt32BE((mac.at(-1) ?? 0) & 15) & 0x7fffffff;
  return String(code % 10 ** DIGITS).padStart(DIGITS, "0");
}

export const stepAt = (now: number): number => Math.floor(now / 1000 / STEP_S);

/** The step that the code belongs to, allowing one step of clock drift either way; null when it matches none. */
export function stepOf(secret: string, code: string, now: number): number | null {
  const current = stepAt(now);
  return [current, current - 1, current + 1].find((step) => totp(secret, step) === code) ?? null;
}

/** 64 non-ASCII letters would become about 600 characters in the URI: a QR code too dense to scan. */
const MAX_ACCOUNT = 24;

/** The URI that an authenticator app reads from a QR code or a pasted line. */
export const otpauthUri = (secret: string, account: string): string => {
  const name = account.slice(0, MAX_ACCOUNT).toWellFormed();
  return `otpauth://totp/Sauda:${encodeURIComponent(name)}?secret=${secret}&issuer=Sauda`;
};

function fromBase32(text: string): Buffer {
  const bytes: number[] = [];
  let kept = 0;
  let bits = 0;
  for (const letter of text.replace(/=+$/, "")) {
    const value = BASE32.indexOf(letter);
    if (value === -1) throw new RangeError("not base32");
    kept = ((kept << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((kept >> bits) & 0xff);
    }
  }
  return Buffer.from(bytes);
}
