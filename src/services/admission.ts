import { istDate } from "../domain/market.ts";
import type { UserId } from "../domain/ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { OneTime } from "./one-time.ts";
import type { Role, User, Users } from "./users.ts";

const INVITE = "invite";
const INVITE_TTL_MS = 24 * 3_600_000;
/** What the owner may make of somebody. An outsider trades, but not through the household's address. */
const GRANTABLE = ["viewer", "trader", "outsider", "blocked"] as const;
export type Grantable = (typeof GRANTABLE)[number];

const GRANTS: Readonly<Record<Grantable, Pick<User, "role" | "needsEgress">>> = {
  viewer: { role: "viewer", needsEgress: false },
  trader: { role: "trader", needsEgress: false },
  outsider: { role: "trader", needsEgress: true },
  blocked: { role: "blocked", needsEgress: false },
};

/** What the owner made of somebody; null while they wait, and for the owner. */
export const grantOf = ({ role, needsEgress }: Pick<User, "role" | "needsEgress">): Grantable | null =>
  GRANTABLE.find((name) => GRANTS[name].role === role && GRANTS[name].needsEgress === needsEgress) ?? null;

export const isGrantable = (text: string | undefined): text is Grantable => GRANTABLE.some((grant) => grant === text);

export interface Admission {
  /** Tells the owner that somebody waits, once a day for each. */
  knock(user: User): Promise<void>;
  /** Null when the one asked about is not known, or the owner themselves. Only the owner may call it. */
  decide(by: User, who: UserId, grant: Grantable): Promise<User | null>;
  /** A token that lets one person in. Only the owner may call it. */
  invite(by: User, grant: Exclude<Grantable, "blocked">): Promise<string>;
  /** The user with their new role, or null when the invitation was used or is too old. */
  accept(user: User, token: string): Promise<User | null>;
}

export interface AdmissionDeps {
  readonly users: Users;
  readonly oneTime: OneTime;
  readonly clock: Clock;
  /** Two with one key are one. */
  readonly tellOwner: (owner: User, about: User, key: string) => Promise<void>;
  readonly tellUser: (user: User, before: Role, key: string) => Promise<void>;
}

/** Who gets in, and as what: decided by the owner alone. */
export function createAdmission({ users, oneTime, clock, tellOwner, tellUser }: AdmissionDeps): Admission {
  /** Kept here too: /forget me takes along what the outbox remembers, and a stranger could ask again and again. */
  let knocked = { date: "", users: new Set<UserId>() };

  function requireOwner(by: User): void {
    if (by.role !== "owner") throw new Error("only the owner decides who gets in");
  }

  return {
    async knock(user) {
      const owner = await users.owner();
      const date = istDate(clock.now());
      if (knocked.date !== date) knocked = { date, users: new Set() };
      if (!owner || knocked.users.has(user._id)) return;
      await tellOwner(owner, user, `knock:${user._id}:${date}`);
      knocked.users.add(user._id);
    },
    async decide(by, who, grant) {
      requireOwner(by);
      const known = await users.get(who);
      if (!known || known.role === "owner") return null;
      if (grantOf(known) === grant) return known;
      const changed = await users.update(who, (current) => (current.role === "owner" ? {} : GRANTS[grant]));
      if (grant !== "blocked") await tellUser(changed, known.role, `role:${who}:${grant}:${clock.now()}`);
      return changed;
    },
    async invite(by, grant) {
      requireOwner(by);
      return oneTime.issue({ userId: by._id, action: INVITE, payload: { grant }, ttlMs: INVITE_TTL_MS });
    },
    async accept(user, token) {
      if (user.role !== "pending") return user;
      const claim = await oneTime.claim(token, INVITE);
      const grant = claim?.payload["grant"];
      if (!claim || !isGrantable(grant) || (await users.owner())?._id !== claim.userId) return null;
      // The owner may have decided meanwhile, and not the same.
      const decided = await users.update(user._id, ({ role }) => (role === "pending" ? GRANTS[grant] : {}));
      return decided.role === "blocked" ? null : decided;
    },
  };
}
