import { createHmac, randomBytes } from "node:crypto";

const STEP_S = 30;
const DIGITS = 6;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SECRET_BYTES = 20;

/** A new secret in base32, as authenticator apps take it. */
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

/** RFC 6238 with SHA-1, 30 seconds and six digits: what every authenticator app speaks. */
export function totp(secret: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", fromBase32(secret)).update(counter).digest();
  const code = mac.readUInt32BE((mac.at(-1) ?? 0) & 15) & 0x7fffffff;
  return String(code % 10 ** DIGITS).padStart(DIGITS, "0");
}

export const stepAt = (now: number): number => Math.floor(now / 1000 / STEP_S);

/** The step whose code this is, one step of clock drift either way; null when it is none. */
export function stepOf(secret: string, code: string, now: number): number | null {
  const current = stepAt(now);
  return [current, current - 1, current + 1].find((step) => totp(secret, step) === code) ?? null;
}

/** A name of 64 letters outside ASCII would be 600 characters: too long to be shown whole, too dense to be scanned. */
const MAX_ACCOUNT = 24;

/** What an authenticator app reads from a QR picture or a pasted line. */
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
