import { randomBytes, scryptSync } from "node:crypto";
import type { UserId } from "../../domain/ids.ts";
import { isSameText } from "../../lib/same-text.ts";
import { Secret } from "../../lib/secret.ts";
import { newTotpSecret, stepAt, stepOf } from "../../lib/totp.ts";
import type { Collection, CollectionSpec, Document } from "../../ports/store.ts";
import { changeDocument } from "../change-document.ts";
import type { CapturedMessage } from "../accounts/key-capture.ts";
import { createAudit, type AuditDeps, type AuditEvent } from "./audit.ts";
import { CLOCKS_APART_MS } from "../leases.ts";

export type LockKind = "none" | "pin" | "totp";

interface LockDocument extends Document {
  readonly _id: UserId;
  /** While true, no order is placed, even if confirmed. */
  readonly isFrozen: boolean;
  /** The message that froze it. */
  readonly frozenBy?: Sent;
  readonly kind: LockKind;
  /** Salt and hash of the PIN, or the authenticator's secret. */
  readonly secret: Secret | null;
  /** A new authenticator secret, not yet proven by a code. */
  readonly offered: Secret | null;
  /** Id of the message that shows `offered`, to be deleted once a code has proven it. */
  readonly offeredIn: number | null;
  /** Wrong codes in a row. */
  readonly fails: number;
  /** No code is accepted until then (epoch ms). */
  readonly lockedOutUntil: number;
  /** No further code is needed until then (epoch ms). */
  readonly openUntil: number;
  /** TOTP time step of the last code accepted: each code counts once. */
  readonly lastStep: number;
  /** What the user's next message is expected to be, and until when. */
  readonly awaits: LockInput | null;
  readonly awaitedUntil: number;
  /** The last message taken, and its result. If redelivered after a crash, it must not count as another guess. */
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
/** Telegram redelivers for 24 hours. Not longer, because another bot (a changed token) would reuse message ids. */
const TAKEN_MS = 25 * 3_600_000;
export const PIN_PATTERN = /^\d{4,8}$/;

/** When a message was sent. By date first, because another bot (a changed token) numbers its messages anew. */
export interface Sent {
  readonly date: number;
  readonly id: number;
}
const isBefore = (one: Sent, other: Sent): boolean =>
  one.date < other.date || (one.date === other.date && one.id < other.id);

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

/** The result of a message that was awaited. */
export type Entered =
  | { readonly kind: "pin-set" | "bad-pin" }
  | { readonly kind: "totp-set" | "totp-wrong"; readonly shownIn: number | null }
  | { readonly kind: "code"; readonly result: CodeResult };

/** The order lock: a freeze, and an optional PIN or authenticator code required before a confirmation counts. */
export interface OrderLock {
  state(user: UserId): Promise<LockState>;
  freeze(user: UserId, by: Sent): Promise<void>;
  /** False, with nothing changed, when the freeze was sent after this message: it overtakes what waits in the chat. */
  thaw(user: UserId, by: Sent): Promise<boolean>;
  /** Expects this in the user's next message. */
  expect(user: UserId, what: LockInput): Promise<void>;
  /**
   * Takes the awaited message, once. Null when nothing is awaited, or when a code is awaited and the text has no digit.
   * Five wrong codes in a row lock the user out for 15 minutes.
   */
  take(user: UserId, message: CapturedMessage): Promise<Entered | null>;
  /** The user turned to something else: stops awaiting a new PIN or the proof of an authenticator, but not a code. */
  leave(user: UserId): Promise<void>;
  /** Stops awaiting anything: the user's next message is for something else. */
  stop(user: UserId): Promise<void>;
  /** Creates a new authenticator secret, which takes effect once a code has proven it. */
  offerTotp(user: UserId): Promise<Secret>;
  /** Records the message that shows the offered secret. */
  noteShown(user: UserId, message: number): Promise<void>;
  remove(user: UserId): Promise<void>;
}

export function createOrderLock(deps: AuditDeps): OrderLock {
  const locks: Collection<LockDocument> = deps.store.collection(locksSpec);
  const { clock } = deps;
  const audit = createAudit(deps);

  /** Applies the change to the newest version, so that two simultaneous guesses count as two. */
  async function change<T>(user: UserId, apply: (lock: LockDocument) => Changed<T>): Promise<T> {
    let made: T | undefined;
    await changeDocument(
      locks,
      user,
      (stored) => {
        const current = stored ?? unlocked(user);
        const { lock, result } = apply(current);
        made = result;
        return lock === current ? null : lock;
      },
      (before, after) => audit.record(user, ...lockEvents(before ?? unlocked(user), after)),
    );
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
    freeze: (user, by) => set(user, { isFrozen: true, frozenBy: by }),
    thaw: (user, by) =>
      change(user, (lock) =>
        lock.isFrozen && lock.frozenBy && isBefore(by, lock.frozenBy)
          ? { lock, result: false }
          : { lock: { ...lock, isFrozen: false }, result: true },
      ),
    async offerTotp(user) {
      const secret = new Secret(newTotpSecret());
      await set(user, { offered: secret });
      return secret;
    },
    noteShown: (user, message) => set(user, { offeredIn: message }),
    remove: (user) => set(user, { ...CLEAR, kind: "none", secret: null }),
  };
}

/** A period that ends further ahead than one begun now was begun before the clock was set back: it is over. */
const isWithin = (lengthMs: number, until: number, now: number): boolean =>
  now < until && until <= now + lengthMs + CLOCKS_APART_MS;
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

function lockEvents(before: LockDocument, after: LockDocument): AuditEvent[] {
  const events: AuditEvent[] = [];
  if (before.isFrozen !== after.isFrozen) events.push({ what: after.isFrozen ? "frozen" : "thawed" });
  if (before.secret?.reveal() !== after.secret?.reveal())
    events.push({ what: after.kind === "none" ? "code-removed" : `${after.kind}-set` });
  if (before.lockedOutUntil < after.lockedOutUntil) events.push({ what: "locked-out" });
  return events;
}

/** Takes the message and remembers it, in one write. */
function withMessage(lock: LockDocument, { id, text }: CapturedMessage, now: number): Changed<Entered | null> {
  if (lock.taken?.message === id && now < lock.taken.until) return { lock, result: lock.taken.entered };
  const what = now < lock.awaitedUntil ? lock.awaits : null;
  // Authenticator apps show codes as "123 456".
  const typed = text.replaceAll(/\s/g, "");
  if (what === null || (what === "code" && !/\d/.test(typed))) return { lock, result: null };
  const { lock: answered, result } = withAnswer(lock, what, typed, now);
  const isAgain = result.kind === "bad-pin" || (result.kind === "code" && result.result.kind !== "right");
  // Keep awaiting after a failure or during a lockout, so that the next code is also taken and deleted from the chat.
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
  const step = matchingStep(lock, code, now);
  if (step !== null)
    return { lock: { ...lock, fails: 0, lastStep: step, openUntil: now + OPEN_MS }, result: { kind: "right" } };
  const fails = lock.fails + 1;
  if (fails < MAX_FAILS) return { lock: { ...lock, fails }, result: { kind: "wrong", left: MAX_FAILS - fails } };
  const until = now + LOCKOUT_MS;
  return { lock: { ...lock, fails: 0, lockedOutUntil: until, openUntil: 0 }, result: { kind: "locked-out", until } };
}

/**
 * The TOTP step of the code, or the unchanged last step for a PIN; null when the code is wrong or already used. A last
 * step that lies in the future was recorded before the clock was set back, and is ignored.
 */
function matchingStep(lock: LockDocument, code: string, now: number): number | null {
  if (lock.secret === null) return null;
  if (lock.kind === "totp") {
    const step = stepOf(lock.secret.reveal(), code, now);
    const isUsed = lock.lastStep <= stepAt(now + CLOCKS_APART_MS) + 1 && step !== null && step <= lock.lastStep;
    return isUsed ? null : step;
  }
  const [salt = ""] = lock.secret.reveal().split(".");
  const given = hashed(code, Buffer.from(salt, "base64url"));
  return isSameText(given.reveal(), lock.secret.reveal()) ? lock.lastStep : null;
}

/** About 15 ms per guess. More would not save so short a PIN, and the hash is also encrypted under MASTER_KEY. */
const SCRYPT_COST = 4_096;
const hashed = (pin: string, salt: Buffer): Secret =>
  new Secret(`${salt.toString("base64url")}.${scryptSync(pin, salt, 32, { cost: SCRYPT_COST }).toString("base64url")}`);
