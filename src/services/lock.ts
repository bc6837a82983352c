import { randomBytes, scryptSync } from "node:crypto";
import type { UserId } from "../domain/ids.ts";
import { isSameText } from "../lib/same-text.ts";
import { Secret } from "../lib/secret.ts";
import { newTotpSecret, stepAt, stepOf } from "../lib/totp.ts";
import type { Clock } from "../ports/clock.ts";
import type { Collection, CollectionSpec, Document, Store } from "../ports/store.ts";
import { changeDocument } from "./change-document.ts";
import type { CapturedMessage } from "./key-capture.ts";

export type LockKind = "none" | "pin" | "totp";

interface LockDocument extends Document {
  readonly _id: UserId;
  /** No order is placed, whatever is confirmed. */
  readonly isFrozen: boolean;
  readonly kind: LockKind;
  /** Salt and hash of the PIN, or the authenticator's secret. */
  readonly secret: Secret | null;
  /** An authenticator's secret that has not been proven yet. */
  readonly offered: Secret | null;
  /** The message that shows it, to be deleted once its code has come. */
  readonly offeredIn: number | null;
  /** Wrong codes in a row, and until when none is taken. */
  readonly fails: number;
  readonly lockedOutUntil: number;
  /** A code given counts for a while. */
  readonly openUntil: number;
  /** A code of an authenticator counts once. */
  readonly lastStep: number;
  /** What the user's next message will be taken as, and until when. */
  readonly awaits: LockInput | null;
  readonly awaitedUntil: number;
  /** The message taken last, and what became of it: after a crash it comes again, and is neither a guess nor plain text. */
  readonly taken?: { readonly message: number; readonly until: number; readonly entered: Entered };
}
const LOCK_INPUTS = ["new-pin", "totp-proof", "code"] as const;
export type LockInput = (typeof LOCK_INPUTS)[number];

interface Changed<T> {
  readonly lock: LockDocument;
  readonly result: T;
}

const locksSpec: CollectionSpec<LockDocument> = {
  name: "locks",
  indexes: [],
  encrypted: ["secret", "offered"],
  durability: "full",
};

const OPEN_MS = 5 * 60_000;
const MAX_FAILS = 5;
const LOCKOUT_MS = 15 * 60_000;
const AWAITED_MS = 5 * 60_000;
/** Telegram repeats for 24 hours what was not answered; another bot's messages have the same numbers. */
const TAKEN_MS = 25 * 3_600_000;
const PIN_PATTERN = /^\d{4,8}$/;

export type CodeResult =
  | { readonly kind: "right" }
  | { readonly kind: "wrong"; readonly left: number }
  | { readonly kind: "locked-out"; readonly until: number };

export interface LockState {
  readonly kind: LockKind;
  readonly isFrozen: boolean;
  /** Whether Confirm has to wait for a code. */
  readonly needsCode: boolean;
  readonly lockedOutUntil: number | null;
}

/** What became of a message that was awaited. */
export type Entered =
  | { readonly kind: "pin-set" | "bad-pin" }
  | { readonly kind: "totp-set" | "totp-wrong"; readonly shownIn: number | null }
  | { readonly kind: "code"; readonly result: CodeResult };

/** The order lock: a freeze, and a PIN or authenticator code before a confirmation counts. */
export interface OrderLock {
  state(user: UserId): Promise<LockState>;
  freeze(user: UserId, isFrozen: boolean): Promise<void>;
  /** The user's next message is this. */
  expect(user: UserId, what: LockInput): Promise<void>;
  /**
   * Takes that message, once. Null when nothing is awaited, or a code is and these are words. Five wrong codes in a row
   * close the lock for a quarter of an hour.
   */
  take(user: UserId, message: CapturedMessage): Promise<Entered | null>;
  /** The user turned to something else: a new PIN or its proof is not awaited any more, the code of a set lock still is. */
  leave(user: UserId): Promise<void>;
  /** Nothing is awaited any more: the user's next message answers something else. */
  stop(user: UserId): Promise<void>;
  /** A new authenticator secret; counts once a code of it has come back. */
  offerTotp(user: UserId): Promise<Secret>;
  /** Where the secret on offer is shown. */
  noteShown(user: UserId, message: number): Promise<void>;
  remove(user: UserId): Promise<void>;
}

export function createOrderLock(deps: { store: Store; clock: Clock }): OrderLock {
  const locks: Collection<LockDocument> = deps.store.collection(locksSpec);
  const { clock } = deps;

  /** Applies the change to the newest version, one at a time: two guesses at once are two guesses. */
  async function change<T>(user: UserId, apply: (lock: LockDocument) => Changed<T>): Promise<T> {
    let made: T | undefined;
    await changeDocument(locks, user, (stored) => {
      const current = stored ?? unlocked(user);
      const { lock, result } = apply(current);
      made = result;
      return lock === current ? null : lock;
    });
    return made as T;
  }

  const set = (user: UserId, changes: Partial<LockDocument>): Promise<void> =>
    change(user, (lock) => ({ lock: { ...lock, ...changes }, result: undefined }));

  const expect = (user: UserId, what: LockInput): Promise<void> =>
    set(user, { awaits: what, awaitedUntil: clock.now() + AWAITED_MS });

  const stop = (user: UserId, which: readonly LockInput[] = LOCK_INPUTS): Promise<void> =>
    change(user, (lock) => ({
      lock: lock.awaits !== null && which.includes(lock.awaits) ? { ...lock, awaits: null } : lock,
      result: undefined,
    }));

  return {
    expect,
    take: (user, message) => change(user, (lock) => withMessage(lock, message, clock.now())),
    leave: (user) => stop(user, ["new-pin", "totp-proof"]),
    stop,
    async state(user) {
      const lock = (await locks.get(user)) ?? unlocked(user);
      const now = clock.now();
      return {
        kind: lock.kind,
        isFrozen: lock.isFrozen,
        needsCode: lock.kind !== "none" && !isWithin(OPEN_MS, lock.openUntil, now),
        lockedOutUntil: isLockedOut(lock, now) ? lock.lockedOutUntil : null,
      };
    },
    freeze: (user, isFrozen) => set(user, { isFrozen }),
    async offerTotp(user) {
      const secret = new Secret(newTotpSecret());
      await set(user, { offered: secret });
      return secret;
    },
    noteShown: (user, message) => set(user, { offeredIn: message }),
    remove: (user) => set(user, { ...CLEAR, kind: "none", secret: null }),
  };
}

/** Clocks of several processes may differ by so much. */
const SKEW_MS = 60_000;
/** What ends later than it could if it began now began before the clock was set back, and is over. */
const isWithin = (lengthMs: number, until: number, now: number): boolean =>
  now < until && until <= now + lengthMs + SKEW_MS;
const isLockedOut = (lock: LockDocument, now: number): boolean => isWithin(LOCKOUT_MS, lock.lockedOutUntil, now);

const CLEAR = { offered: null, offeredIn: null, fails: 0, lockedOutUntil: 0, openUntil: 0, lastStep: 0 } as const;

const unlocked = (user: UserId): LockDocument => ({
  _id: user,
  isFrozen: false,
  kind: "none",
  secret: null,
  awaits: null,
  awaitedUntil: 0,
  ...CLEAR,
});

/** One write takes the message and remembers it. */
function withMessage(lock: LockDocument, { id, text }: CapturedMessage, now: number): Changed<Entered | null> {
  if (lock.taken?.message === id && now < lock.taken.until) return { lock, result: lock.taken.entered };
  const what = now < lock.awaitedUntil ? lock.awaits : null;
  // Authenticators show 123 456.
  const typed = text.replaceAll(/\s/g, "");
  if (what === null || (what === "code" && !/\d/.test(typed))) return { lock, result: null };
  const { lock: answered, result } = withAnswer(lock, what, typed, now);
  const isAgain = result.kind === "bad-pin" || (result.kind === "code" && result.result.kind !== "right");
  // The next try must not stay in the chat either, nor one that comes while the lock takes none.
  const next = isAgain ? { awaits: what, awaitedUntil: now + AWAITED_MS } : { awaits: null };
  const taken = { message: id, until: now + TAKEN_MS, entered: result };
  return { lock: { ...answered, ...next, taken }, result };
}

function withAnswer(lock: LockDocument, what: LockInput, typed: string, now: number): Changed<Entered> {
  switch (what) {
    case "new-pin":
      if (!PIN_PATTERN.test(typed)) return { lock, result: { kind: "bad-pin" } };
      return { lock: withPin(lock, typed), result: { kind: "pin-set" } };
    case "totp-proof": {
      const { lock: proven, result } = withProof(lock, typed, now);
      return { lock: proven, result: { kind: result ? "totp-set" : "totp-wrong", shownIn: lock.offeredIn } };
    }
    case "code": {
      const { lock: guessed, result } = withGuess(lock, typed, now);
      return { lock: guessed, result: { kind: "code", result } };
    }
  }
}

const withPin = (lock: LockDocument, pin: string): LockDocument => ({
  ...lock,
  ...CLEAR,
  kind: "pin",
  secret: hashed(pin, randomBytes(16)),
});

function withProof(lock: LockDocument, code: string, now: number): Changed<boolean> {
  const step = lock.offered && stepOf(lock.offered.reveal(), code, now);
  if (step === null) return { lock, result: false };
  return { lock: { ...lock, ...CLEAR, kind: "totp", secret: lock.offered, lastStep: step }, result: true };
}

function withGuess(lock: LockDocument, code: string, now: number): Changed<CodeResult> {
  if (isLockedOut(lock, now)) return { lock, result: { kind: "locked-out", until: lock.lockedOutUntil } };
  const step = matches(lock, code, now);
  if (step !== null)
    return { lock: { ...lock, fails: 0, lastStep: step, openUntil: now + OPEN_MS }, result: { kind: "right" } };
  const fails = lock.fails + 1;
  if (fails < MAX_FAILS) return { lock: { ...lock, fails }, result: { kind: "wrong", left: MAX_FAILS - fails } };
  const until = now + LOCKOUT_MS;
  return { lock: { ...lock, fails: 0, lockedOutUntil: until, openUntil: 0 }, result: { kind: "locked-out", until } };
}

/**
 * The authenticator's step, or the old one for a PIN; null when the code is wrong or was used before. A step that no
 * code has yet was noted before the clock was set back.
 */
function matches(lock: LockDocument, code: string, now: number): number | null {
  if (lock.secret === null) return null;
  if (lock.kind === "totp") {
    const step = stepOf(lock.secret.reveal(), code, now);
    const isUsed = lock.lastStep <= stepAt(now + SKEW_MS) + 1 && step !== null && step <= lock.lastStep;
    return isUsed ? null : step;
  }
  const [salt = ""] = lock.secret.reveal().split(".");
  const given = hashed(code, Buffer.from(salt, "base64url"));
  return isSameText(given.reveal(), lock.secret.reveal()) ? lock.lastStep : null;
}

/** About 15 ms a guess: a PIN has few digits, and it lies behind the master key already. */
const SCRYPT_COST = 4_096;
const hashed = (pin: string, salt: Buffer): Secret =>
  new Secret(`${salt.toString("base64url")}.${scryptSync(pin, salt, 32, { cost: SCRYPT_COST }).toString("base64url")}`);
