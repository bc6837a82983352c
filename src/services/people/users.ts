import { userId, type LinkId, type UserId } from "../../domain/ids.ts";
import type { Theme } from "../../lib/chart/theme.ts";
import { withoutInvisible } from "../../lib/invisible.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Collection, CollectionSpec, Document, Store, Stored } from "../../ports/store.ts";
import { changeDocument } from "../change-document.ts";
import { createOneTime } from "../one-time.ts";
import { createAudit, type AuditDeps, type AuditEvent } from "./audit.ts";

export const ROLES = ["owner", "trader", "viewer", "pending", "blocked"] as const;
export type Role = (typeof ROLES)[number];

export interface Settings {
  /** HH:MM IST of the closing digest. */
  readonly digestAt: string;
  /** HH:MM IST of the morning login card. */
  readonly reminderAt: string;
  /** HH:MM IST of the morning summary. */
  readonly summaryAt: string;
  readonly digest: Delivery;
  readonly reminder: Delivery;
  readonly summary: Delivery;
  /** Weekly and monthly reports. */
  readonly report: Delivery;
  readonly orderUpdates: Delivery;
  readonly alerts: Delivery;
  /** Nifty Shop's proposals. */
  readonly strategy: Delivery;
  /** From and to, HH:MM IST: messages are silent in between. */
  readonly quietHours: readonly [string, string] | null;
  /** Shows percentages of the accounts' value instead of amounts, for users who show others their phone. */
  readonly hidesAmounts: boolean;
  /** Theme of charts. A setting, because Telegram does not tell a bot the phone's theme. */
  readonly pictures: Theme;
  /** How far from the last price a market order may fill, in 1/100 percent. */
  readonly protectionBasisPoints: number;
}
export const DELIVERIES = ["on", "silent", "off"] as const;
export type Delivery = (typeof DELIVERIES)[number];

export const DEFAULT_SETTINGS: Settings = {
  digestAt: "15:50",
  reminderAt: "08:30",
  summaryAt: "09:00",
  digest: "on",
  reminder: "on",
  summary: "off",
  report: "on",
  orderUpdates: "on",
  alerts: "on",
  strategy: "on",
  quietHours: null,
  hidesAmounts: false,
  pictures: "light",
  protectionBasisPoints: 100,
};

export interface UserDocument extends Document {
  readonly _id: UserId;
  readonly role: Role;
  readonly name: string;
  readonly createdAt: number;
  readonly defaultLink: LinkId | null;
  readonly settings: Settings;
  /** Trades but is not family of the owner: orders may leave only through the link's own proxy. */
  readonly needsEgress: boolean;
  /** The user has blocked the bot in Telegram. Nothing is sent until they write again. */
  readonly hasStopped: boolean;
}
export type User = Stored<UserDocument>;

const usersSpec: CollectionSpec<UserDocument> = {
  name: "users",
  indexes: [{ name: "role", fields: ["role", "createdAt"] }],
  encrypted: [],
  durability: "normal",
};

export interface Users {
  get(id: UserId): Promise<User | null>;
  /** Gets or creates the user: the owner if OWNER_ID names them, else pending. */
  ensure(id: UserId, name: string): Promise<User>;
  /** Makes this user the owner if a process has printed the code at its start-up and there is no owner. */
  claimOwnership(id: UserId, code: string): Promise<boolean>;
  owner(): Promise<User | null>;
  update(id: UserId, change: (user: User) => Partial<Omit<UserDocument, "_id">>): Promise<User>;
  all(): AsyncIterable<User>;
}

const OWN = "own";
/** A bot may run for long before anybody owns it, and only a start prints a code. */
const OWN_TTL_MS = 30 * 86_400_000;

/** Stores a start-up code, hashed: the update that brings it may reach any process on this store. */
export async function keepOwnerCode(deps: { store: Store; clock: Clock }, code: string): Promise<void> {
  await createOneTime(deps).issue({ userId: userId(0), action: OWN, payload: {}, ttlMs: OWN_TTL_MS, id: code });
}

export function createUsers(deps: AuditDeps & { readonly ownerId: UserId | null }): Users {
  const users: Collection<UserDocument> = deps.store.collection(usersSpec);
  const oneTime = createOneTime(deps);
  const audit = createAudit(deps);

  async function get(id: UserId): Promise<User | null> {
    const known = await users.get(id);
    return known && withDefaults(known);
  }

  async function ensure(id: UserId, given: string): Promise<User> {
    const name = readable(given) ?? id;
    const known = await get(id);
    const isNamedOwner = deps.ownerId === id;
    if (known && isNamedOwner && known.role !== "owner") return makeOwner(id);
    if (known) return known.hasStopped || known.name !== name ? update(id, () => ({ hasStopped: false, name })) : known;
    await users.insert({
      _id: id,
      role: "pending",
      name,
      createdAt: deps.clock.now(),
      defaultLink: null,
      settings: DEFAULT_SETTINGS,
      needsEgress: false,
      hasStopped: false,
    });
    return isNamedOwner ? makeOwner(id) : required(await get(id));
  }

  async function update(id: UserId, change: (user: User) => Partial<Omit<UserDocument, "_id">>): Promise<User> {
    const updated = await changeDocument(
      users,
      id,
      (stored) => {
        const user = stored && withDefaults(stored);
        return user && { ...user, ...change(user) };
      },
      (before, after) => audit.record(id, ...roleEvents(before, after)),
    );
    return required(updated);
  }

  /** There is only one owner: a former owner becomes a trader. */
  async function makeOwner(id: UserId): Promise<User> {
    for (const former of await users.find("role", ["owner"])) await update(former._id, () => ({ role: "trader" }));
    return update(id, () => ({ role: "owner", needsEgress: false }));
  }

  async function owner(): Promise<User | null> {
    const [found] = await users.find("role", ["owner"], { limit: 1 });
    return found ? withDefaults(found) : null;
  }

  return {
    get,
    ensure,
    owner,
    async claimOwnership(id, code) {
      if (deps.ownerId !== null || (await owner()) !== null) return false;
      if ((await oneTime.claim(code, OWN)) === null) return false;
      await makeOwner(id);
      return true;
    },
    update,
    async *all() {
      for await (const user of users.scan()) yield withDefaults(user);
    },
  };
}

function roleEvents(before: UserDocument | null, { role, needsEgress }: UserDocument): AuditEvent[] {
  const isSame = before?.role === role && (before.needsEgress ?? false) === needsEgress;
  return isSame ? [] : [{ what: "role", role, needsEgress }];
}

const VISIBLE = /[[^\s]--\p{DI}]/v;

/** A name made fit for one line of text or a button; null when nothing of it is visible. */
function readable(name: string): string | null {
  const clean = withoutInvisible(name).replaceAll(/\s+/g, " ").trim();
  return VISIBLE.test(clean) ? clean : null;
}

/** Fills in fields that were added after the document was stored. */
const withDefaults = (user: User): User => ({
  ...user,
  needsEgress: user.needsEgress ?? false,
  settings: { ...DEFAULT_SETTINGS, ...user.settings },
});

function required(user: User | null): User {
  if (user === null) throw new Error("user document is missing");
  return user;
}
