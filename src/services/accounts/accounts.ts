import type { Access, BrokerConnector, BrokerDefinition, Credentials, Session } from "../../../connectors/base.ts";
import type { UnreadRow } from "../../domain/book.ts";
import type { BrokerName, LinkId, UserId } from "../../domain/ids.ts";
import { brokerName, isStandIn, linkId, standInId } from "../../domain/ids.ts";
import { BrokerError } from "../../errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Secret } from "../../lib/secret.ts";
import { randomAlphanumeric } from "../../lib/token.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Collection, CollectionSpec, Document, Store, Stored } from "../../ports/store.ts";
import { changeDocument } from "../change-document.ts";
import { createAudit } from "../people/audit.ts";
import { linkEvents } from "./link-events.ts";

/** One broker as the composition root wired it. */
export interface Broker {
  readonly definition: BrokerDefinition;
  /** Created on the first call, then reused. */
  readonly connector: () => Promise<BrokerConnector>;
}
export type Brokers = ReadonlyMap<BrokerName, Broker>;

const DATA_SOURCES = ["broker", "yfinance"] as const;
export type DataSourceName = (typeof DATA_SOURCES)[number];

/** A `user_brokers` document, in the plan's shape. */
export interface LinkDocument extends Document {
  readonly _id: LinkId;
  readonly user_id: UserId;
  readonly broker_name: BrokerName;
  readonly credentials: Credentials;
  readonly tokens: Session | null;
  readonly data_source: DataSourceName;
  /** False while the link is being set up and after its owner switched it off. */
  readonly is_active: boolean;
  /** The user's name for it: one word, unique among their links, so that `on zerodha2` is unambiguous. */
  readonly label: string;
  /** From the broker; null until the first login. */
  readonly account_id: string | null;
  readonly account_name: string | null;
  /** Proxy for this link's order calls: `http://…` or `socks5://…`. */
  readonly egress: Secret | null;
  readonly created_at: number;
  /** Set in a stand-in only: the link whose keys a login with these will replace. */
  readonly replaces?: LinkId;
}
export type Link = Stored<LinkDocument>;

const linksSpec: CollectionSpec<LinkDocument> = {
  name: "user_brokers",
  indexes: [
    { name: "user", fields: ["user_id", "created_at"] },
    { name: "account", fields: ["broker_name", "account_id"] },
  ],
  encrypted: ["credentials", "tokens", "egress"],
  durability: "full",
};

/** Apart from the links, so that whatever reads or lists links never meets one. */
const standInsSpec: CollectionSpec<LinkDocument> = { ...linksSpec, name: "new_keys", indexes: [] };
/** Longer than anybody takes in a broker's console. Keys of an abandoned attempt are deleted then. */
const STAND_IN_TTL_MS = 86_400_000;

/** One account's answer or its error. `unread`: rows of an unknown kind, which are missing from the value. */
export type LinkResult<T> = { readonly link: Link } & (
  | { readonly ok: true; readonly value: T; readonly unread?: readonly UnreadRow[] }
  | { readonly ok: false; readonly error: BrokerError }
);

/** Whether the answer is complete. Only then does a missing row prove that the broker does not have it. */
export const isWhole = (part: LinkResult<unknown>): boolean => part.ok && (part.unread ?? []).length === 0;

export type LinkChange = (link: Link) => Partial<Omit<LinkDocument, "_id" | "user_id">>;
type CallAt<T> = (connector: BrokerConnector, access: Access, link: Link) => Promise<T>;

export interface Accounts {
  readonly brokers: Brokers;
  broker(link: Pick<Link, "broker_name">): Broker;
  /** Counts the links that this process has added or changed. A cache built from links is stale once it differs. */
  changes(): number;
  /** Every link of the user, oldest first, including those still being set up. */
  all(user: UserId): Promise<Link[]>;
  /** The links that are switched on. */
  active(user: UserId): Promise<Link[]>;
  /** The user's links, followed by other users' links of the same broker accounts. */
  sharing(user: UserId): Promise<Link[]>;
  /** The user's own link, or null: never another user's. */
  get(user: UserId, link: LinkId): Promise<Link | null>;
  /** The same, or the user's own stand-in. */
  forLogin(user: UserId, link: LinkId): Promise<Link | null>;
  byId(link: LinkId): Promise<Link | null>;
  add(user: UserId, broker: BrokerName, credentials: Credentials): Promise<Link>;
  update(link: LinkId, change: LinkChange): Promise<Link>;
  /** The same; null, with nothing written, when the link was removed meanwhile. */
  updateIfLinked(link: LinkId, change: LinkChange): Promise<Link | null>;
  /** Makes a stand-in without keys, which takes the link's new ones: the link stays as it is until they have logged in. */
  standIn(link: Link): Promise<Link>;
  remove(user: UserId, link: LinkId): Promise<boolean>;
  /** Whether the link has a session that is still alive at `at` (epoch ms; default now). */
  hasSession(link: Link, at?: number): boolean;
  /** Runs a connector call with this link's access. If the session is dead, ends it and throws `auth-expired`. */
  call<T>(link: Link, call: (connector: BrokerConnector, access: Access) => Promise<T>): Promise<T>;
  /** Runs the call at all links in parallel. A failure at one link becomes that link's result only. */
  callEach<T>(links: readonly Link[], call: CallAt<T>): Promise<LinkResult<T>[]>;
  /** Drops the stored session that the broker has declared dead, unless a newer one has replaced it. */
  endSession(link: Link): Promise<void>;
  /** Ends the session at the broker. Failures are ignored. */
  logOut(link: Link): Promise<void>;
  allLinks(): AsyncIterable<Link>;
}

/** The data source that the link does not use. */
export const otherPrices = ({ data_source }: Pick<Link, "data_source">): DataSourceName =>
  data_source === "broker" ? "yfinance" : "broker";

/** Sets the link's data source; anything but a name of one switches to the other. */
export const switchPrices = (
  accounts: Pick<Accounts, "update">,
  { _id }: Pick<Link, "_id">,
  wanted: string | undefined,
): Promise<Link> =>
  accounts.update(_id, (link) => ({ data_source: DATA_SOURCES.find((each) => each === wanted) ?? otherPrices(link) }));

export function createAccounts(deps: { store: Store; clock: Clock; brokers: Brokers; log: Log }): Accounts {
  const links: Collection<LinkDocument> = deps.store.collection(linksSpec);
  const standIns: Collection<LinkDocument> = deps.store.collection(standInsSpec);
  const home = (id: LinkId): Collection<LinkDocument> => (isStandIn(id) ? standIns : links);
  const audit = createAudit(deps);
  let changes = 0;

  function broker(link: Pick<Link, "broker_name">): Broker {
    const found = deps.brokers.get(link.broker_name);
    if (!found) throw new Error(`no connector for ${link.broker_name}`);
    return found;
  }

  async function forLogin(user: UserId, id: LinkId): Promise<Link | null> {
    const link = await home(id).get(id);
    return link?.user_id === user ? link : null;
  }

  /** Null when `next` is. */
  async function writeIf(id: LinkId, next: (link: Link | null) => LinkDocument | null): Promise<Link | null> {
    const written = await changeDocument(home(id), id, next, (before, after) =>
      audit.record(after.user_id, ...(isStandIn(id) ? [] : linkEvents(before, after))),
    );
    if (written) changes += 1;
    return written;
  }

  async function write(id: LinkId, next: (link: Link | null) => LinkDocument | null): Promise<Link> {
    const written = await writeIf(id, next);
    if (!written) throw new Error("link is gone");
    return written;
  }

  const changed =
    (change: LinkChange) =>
    (link: Link | null): LinkDocument | null =>
      link && { ...link, ...change(link) };

  const hasSession = (link: Link, at = deps.clock.now()): boolean => link.tokens !== null && at < link.tokens.expiresAt;

  async function endSession(link: Link): Promise<void> {
    const dead = link.tokens?.accessToken.reveal();
    // Null for a link that was removed meanwhile: it must not be inserted again.
    const changed = await changeDocument(links, link._id, (current) =>
      current && current.tokens?.accessToken.reveal() === dead
        ? { ...current, tokens: endedSession(current.tokens) }
        : null,
    );
    if (changed) changes += 1;
  }

  /** Keeps the refresh token: it outlives the session and can open the next one. */
  const endedSession = (tokens: Session | null): Session | null =>
    tokens?.refreshToken ? { ...tokens, expiresAt: deps.clock.now() } : null;

  async function call<T>(link: Link, use: (connector: BrokerConnector, access: Access) => Promise<T>): Promise<T> {
    const { definition, connector } = broker(link);
    if (!link.tokens || !hasSession(link)) {
      throw new BrokerError("auth-expired", "session is over", { broker: definition.name, endpoint: "session" });
    }
    try {
      return await use(await connector(), accessOf(link, link.tokens));
    } catch (error) {
      if (error instanceof BrokerError && error.kind === "auth-expired") await endSession(link);
      throw error;
    }
  }

  async function resultAt<T>(link: Link, use: CallAt<T>): Promise<LinkResult<T>> {
    const guarded = async (connector: BrokerConnector, access: Access): Promise<T> => {
      try {
        return await use(connector, access, link);
      } catch (error) {
        throw error instanceof BrokerError ? error : defectAt(link, error);
      }
    };
    try {
      return { link, ok: true, value: await call(link, guarded) };
    } catch (error) {
      if (error instanceof BrokerError) return { link, ok: false, error };
      throw error;
    }
  }

  /** A defect of ours while one account is read must not hide the others. */
  function defectAt({ _id, broker_name }: Link, cause: unknown): BrokerError {
    deps.log.error({ err: cause, broker: broker_name, link: _id }, "account could not be read");
    return new BrokerError("bad-response", "could not be read", { broker: broker_name, endpoint: "account", cause });
  }

  return {
    brokers: deps.brokers,
    broker,
    changes: () => changes,
    all: (user) => links.find("user", [user]),
    active: async (user) => (await links.find("user", [user])).filter((link) => link.is_active),
    async sharing(user) {
      const own = await links.find("user", [user]);
      const same = await Promise.all(
        own.flatMap(({ broker_name, account_id }) =>
          account_id === null ? [] : links.find("account", [broker_name, account_id]),
        ),
      );
      return [...own, ...same.flat().filter(({ user_id }) => user_id !== user)];
    },
    get: async (user, id) => (isStandIn(id) ? null : forLogin(user, id)),
    forLogin,
    byId: (id) => links.get(id),
    async add(user, name, credentials) {
      const siblings = await links.find("user", [user]);
      const id = linkId(randomAlphanumeric(10));
      return write(id, () => ({
        _id: id,
        user_id: user,
        broker_name: name,
        credentials,
        tokens: null,
        data_source: "broker",
        is_active: false,
        label: freeLabel(name, siblings),
        account_id: null,
        account_name: null,
        egress: null,
        created_at: deps.clock.now(),
      }));
    },
    update: (id, change) => write(id, changed(change)),
    updateIfLinked: (id, change) => writeIf(id, changed(change)),
    standIn(link) {
      const _id = standInId(link._id);
      const empty = { credentials: {}, tokens: null, egress: null };
      const expiresAt = deps.clock.now() + STAND_IN_TTL_MS;
      return write(_id, () => ({ ...link, ...empty, _id, replaces: link._id, expiresAt }));
    },
    async remove(user, id) {
      const link = await forLogin(user, id);
      if (!link) return false;
      await standIns.delete(standInId(id));
      if (!(await home(id).delete(id))) return false;
      if (link.account_id !== null && !isStandIn(id))
        await audit.record(user, { what: "unlinked", account: link.label });
      await deps.brokers.get(link.broker_name)?.definition.forget?.(id);
      return true;
    },
    hasSession,
    call,
    callEach: (some, use) => Promise.all(some.map((link) => resultAt(link, use))),
    endSession,
    logOut: (link) => call(link, async (connector, access) => connector.logout?.(access)).catch(() => undefined),
    allLinks: () => links.scan(),
  };
}

/** Identifies the broker account behind a link; equal for all links of that account. Null until the first login. */
export const accountBehind = ({ broker_name, account_id }: Pick<Link, "broker_name" | "account_id">): string | null =>
  account_id === null ? null : `${broker_name} ${account_id}`;

/** The broker of an account that `accountBehind` names. */
export const brokerBehind = (account: string): BrokerName => brokerName(account.split(" ", 1)[0] ?? "");

/** The link to use when the user names none: their default, else the oldest. `active` is sorted oldest first. */
export const preferredLink = (active: readonly Link[], defaultLink: LinkId | null): Link | null =>
  active.find(({ _id }) => _id === defaultLink) ?? active[0] ?? null;

/** The same for prices. Prefers a real broker's live prices to a paper account's, which may be Yahoo's. */
export function preferredPriceLink(
  accounts: Pick<Accounts, "broker">,
  active: readonly Link[],
  defaultLink: LinkId | null,
): Link | null {
  const isPaper = (link: Link): boolean => accounts.broker(link).definition.isPaper === true;
  const usual = preferredLink(active, defaultLink);
  const live = active.find((link) => !isPaper(link) && link.data_source === "broker");
  return usual && isPaper(usual) ? (live ?? usual) : usual;
}

function accessOf(link: Link, session: Session): Access {
  return {
    link: link._id,
    credentials: link.credentials,
    session,
    ...(link.egress ? { egress: link.egress } : {}),
  };
}

/** `zerodha`, then `zerodha2`, and so on: the user types it after "on". */
function freeLabel(name: BrokerName, siblings: readonly Link[]): string {
  const taken = new Set(siblings.map((link) => link.label));
  for (let count = 1; ; count += 1) {
    const label = count === 1 ? name : `${name}${count}`;
    if (!taken.has(label)) return label;
  }
}
