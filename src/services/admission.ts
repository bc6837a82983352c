import { istDate } from "../domain/market.ts";
import type { UserId } from "../domain/ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { OneTime } from "./one-time.ts";
import type { Role, User, Users } from "./users.ts";

const INVITE = "invite";
const INVITE_TTL_MS = 24 * 3_600_000;
/** What the owner may make of somebody. */
export const GRANTABLE = ["viewer", "trader", "blocked"] as const satisfies readonly Role[];
export type Grantable = (typeof GRANTABLE)[number];

export const isGrantable = (text: string | undefined): text is Grantable => GRANTABLE.some((role) => role === text);

export interface Admission {
  /** Tells the owner that somebody waits, once a day for each. */
  knock(user: User): Promise<void>;
  /** Null when the one asked about is not known, or the owner themselves. Only the owner may call it. */
  decide(by: User, who: UserId, role: Grantable): Promise<User | null>;
  /** A token that lets one person in. Only the owner may call it. */
  invite(by: User, role: Exclude<Grantable, "blocked">): Promise<string>;
  /** The user with their new role, or null when the invitation was used or is too old. */
  accept(user: User, token: string): Promise<User | null>;
}

export interface AdmissionDeps {
  readonly users: Users;
  readonly oneTime: OneTime;
  readonly clock: Clock;
  /** Two with one key are one. */
  readonly tellOwner: (owner: User, about: User, key: string) => Promise<void>;
  readonly tellUser: (user: User, key: string) => Promise<void>;
}

/** Who gets in, and as what: decided by the owner alone. */
export function createAdmission({ users, oneTime, clock, tellOwner, tellUser }: AdmissionDeps): Admission {
  function requireOwner(by: User): void {
    if (by.role !== "owner") throw new Error("only the owner decides who gets in");
  }

  return {
    async knock(user) {
      const owner = await users.owner();
      if (owner) await tellOwner(owner, user, `knock:${user._id}:${istDate(clock.now())}`);
    },
    async decide(by, who, role) {
      requireOwner(by);
      const known = await users.get(who);
      if (!known || known.role === "owner") return null;
      if (known.role === role) return known;
      const changed = await users.update(who, (current) => (current.role === "owner" ? {} : { role }));
      if (role !== "blocked") await tellUser(changed, `role:${who}:${role}:${clock.now()}`);
      return changed;
    },
    async invite(by, role) {
      requireOwner(by);
      return oneTime.issue({ userId: by._id, action: INVITE, payload: { role }, ttlMs: INVITE_TTL_MS });
    },
    async accept(user, token) {
      if (user.role !== "pending") return user;
      const claim = await oneTime.claim(token, INVITE);
      const role = claim?.payload["role"];
      if (!claim || !isGrantable(role) || (await users.owner())?._id !== claim.userId) return null;
      return users.update(user._id, () => ({ role }));
    },
  };
}
