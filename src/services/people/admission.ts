import { istDate } from "../../domain/market.ts";
import type { UserId } from "../../domain/ids.ts";
import type { Clock } from "../../ports/clock.ts";
import type { OneTime } from "../one-time.ts";
import type { Audit } from "./audit.ts";
import type { Role, User, Users } from "./users.ts";

const INVITE = "invite";
const INVITE_TTL_MS = 24 * 3_600_000;
/** What the owner may grant. An outsider may trade, but not through the household's IP address. */
const GRANTABLE = ["viewer", "trader", "outsider", "blocked"] as const;
export type Grantable = (typeof GRANTABLE)[number];

const GRANTS: Readonly<Record<Grantable, Pick<User, "role" | "needsEgress">>> = {
  viewer: { role: "viewer", needsEgress: false },
  trader: { role: "trader", needsEgress: false },
  outsider: { role: "trader", needsEgress: true },
  blocked: { role: "blocked", needsEgress: false },
};

/** What the owner granted this user; null for a pending user and for the owner. */
export const grantOf = ({ role, needsEgress }: Pick<User, "role" | "needsEgress">): Grantable | null =>
  GRANTABLE.find((name) => GRANTS[name].role === role && GRANTS[name].needsEgress === needsEgress) ?? null;

export const isGrantable = (text: string | undefined): text is Grantable => GRANTABLE.some((grant) => grant === text);

export interface Admission {
  /** Tells the owner that this user asks for access, at most once a day per user. */
  knock(user: User): Promise<void>;
  /** Sets the grant of `who`. Null when `who` is unknown or the owner. Only the owner may call it. */
  decide(by: User, who: UserId, grant: Grantable): Promise<User | null>;
  /** Creates an invitation token for one person. Only the owner may call it. */
  invite(by: User, grant: Exclude<Grantable, "blocked">): Promise<string>;
  /** The user with their new role; null when it is used, expired or a former owner's, or they are blocked. */
  accept(user: User, token: string): Promise<User | null>;
}

export interface AdmissionDeps {
  readonly users: Users;
  readonly oneTime: OneTime;
  readonly audit: Audit;
  readonly clock: Clock;
  /** `key` deduplicates: a second message with the same key is dropped. */
  readonly tellOwner: (owner: User, about: User, key: string) => Promise<void>;
  readonly tellUser: (user: User, before: Role, key: string) => Promise<void>;
}

/** Access control: the owner alone decides who gets in and with which role. */
export function createAdmission(deps: AdmissionDeps): Admission {
  const { users, oneTime, audit, clock, tellOwner, tellUser } = deps;
  /** The outbox deduplicates too, but /forget clears its memory, and a stranger could use that to flood the owner. */
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
      // Answered: who is let in, leaves and comes back today is asked about again, once for each decision.
      knocked.users.delete(who);
      await audit.record(by._id, { what: "granted", about: who, ...GRANTS[grant] });
      if (grant !== "blocked") await tellUser(changed, known.role, `role:${who}:${grant}:${clock.now()}`);
      return changed;
    },
    async invite(by, grant) {
      requireOwner(by);
      await audit.record(by._id, { what: "invited", ...GRANTS[grant] });
      return oneTime.issue({ userId: by._id, action: INVITE, payload: { grant }, ttlMs: INVITE_TTL_MS });
    },
    async accept(user, token) {
      if (user.role !== "pending") return user;
      const claim = await oneTime.claim(token, INVITE);
      const grant = claim?.payload["grant"];
      if (!claim || !isGrantable(grant) || (await users.owner())?._id !== claim.userId) return null;
      // The owner may have decided otherwise in the meantime: that decision stands.
      const decided = await users.update(user._id, ({ role }) => (role === "pending" ? GRANTS[grant] : {}));
      return decided.role === "blocked" ? null : decided;
    },
  };
}
