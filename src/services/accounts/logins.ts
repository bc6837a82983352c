import type { LoginGrant, Session } from "../../../connectors/base.ts";
import type { LinkId, UserId } from "../../domain/ids.ts";
import { linkId } from "../../domain/ids.ts";
import type { Funds, Profile } from "../../domain/portfolio.ts";
import { BrokerError } from "../../errors.ts";
import { Secret } from "../../lib/secret.ts";
import { randomToken } from "../../lib/token.ts";
import type { Accounts, Link, LinkChange } from "./accounts.ts";
import { hasSameKeys } from "./same-keys.ts";
import { nullIfFailed } from "../null-if-failed.ts";
import type { OneTime } from "../one-time.ts";
import type { Users } from "../people/users.ts";

export const LOGIN_TTL_MS = 10 * 60_000;
const ACTION = "login";

export type LoginResult =
  | {
      readonly kind: "linked";
      readonly link: Link;
      readonly profile: Profile;
      readonly funds: Funds | null;
      /** The link has been given new keys by this login. */
      readonly hasNewKeys: boolean;
    }
  /** The state is unknown, used, expired or another broker's, or the link got new keys meanwhile: nothing was changed. */
  | { readonly kind: "stale" }
  /** The broker's page sent the user back without a grant; `error` has the broker's reason. */
  | { readonly kind: "cancelled"; readonly link: Link; readonly error: BrokerError }
  /** The account was unlinked before the login had ended: nothing was stored, and the session is ended. */
  | { readonly kind: "unlinked"; readonly link: Link }
  /** The browser was logged in to a different account than the link's. */
  | { readonly kind: "other-account"; readonly link: Link; readonly accountId: string }
  /** The user already has the account under another link. Two would count, cancel and exit everything twice. */
  | { readonly kind: "linked-already"; readonly link: Link; readonly as: Link; readonly accountId: string }
  | { readonly kind: "failed"; readonly link: Link; readonly error: BrokerError };

export interface LoginStart {
  /** What the user's browser opens: the broker's login page, or our page that leads there. */
  readonly url: string;
  /** The state to keep for a pasted address, for brokers that do not echo it; null where the broker does. */
  readonly heldState: string | null;
}

export interface Logins {
  /** Begins a login. Single use, valid for ten minutes, bound to this user and link. */
  start(link: Link): Promise<LoginStart>;
  /** The broker's login URL, for our own page; null when the state is unknown, used, expired or another broker's. */
  resume(broker: string, state: string): Promise<string | null>;
  /** Handles the broker's redirect. `cookieState`: the state from our cookie, for brokers that do not echo it. */
  finish(
    broker: string,
    params: Readonly<Record<string, string>>,
    cookieState?: string,
  ): Promise<LoginResult & { userId?: UserId }>;
  /** The user's link whose login state the text, a pasted address, carries; null for any other text. */
  linkIn(user: UserId, text: string): Promise<Link | null>;
  /** Finishes with the address or token that the user pasted. `heldState`: from this link's last `start`. */
  finishPasted(link: Link, text: string, heldState: string | null): Promise<LoginResult>;
  /** Opens an account that needs no login (paper). */
  open(link: Link): Promise<LoginResult>;
  /** Renews the session without the user; null when there is none, the broker has no such call, or it fails. */
  renew(link: Link): Promise<Link | null>;
}

export function createLogins(deps: {
  accounts: Accounts;
  oneTime: OneTime;
  users: Pick<Users, "get">;
  publicUrl: string;
  /** Whether the user's browser can open `publicUrl`. */
  opensHere: boolean;
}): Logins {
  const { accounts, oneTime } = deps;
  const redirectUrl = (link: Link): string => `${deps.publicUrl}/oauth/${link.broker_name}/callback`;

  async function complete(link: Link, grant: LoginGrant): Promise<LoginResult> {
    const connector = await accounts.broker(link).connector();
    try {
      const session = await connector.generateSession(grant);
      const { accountId } = session;
      if (isOtherAccount(link, session)) return { kind: "other-account", link, accountId };
      const as = await firstLinkOf(link, accountId);
      if (as !== null && as._id !== targetOf(link) && (await handOver(session, link, as)))
        return { kind: "linked-already", link, as, accountId };
      return await proveAndStore(link, session);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      return { kind: error.kind === "login-unfinished" ? "cancelled" : "failed", link, error };
    }
  }

  /**
   * The account's first link takes the session: at Dhan the login has ended the one it had. False when that link was
   * removed meanwhile.
   */
  async function handOver(session: Session, { credentials }: Link, first: Link): Promise<boolean> {
    // A session works only with the keys that created it.
    const updated = await accounts.updateIfLinked(first._id, (current) =>
      hasSameKeys(current.credentials, credentials) ? { tokens: session } : {},
    );
    return updated !== null;
  }

  /** The user's oldest link of this broker account; null for paper, where every link is an account of its own. */
  async function firstLinkOf({ user_id, broker_name }: Link, accountId: string): Promise<Link | null> {
    if (accounts.broker({ broker_name }).definition.isPaper) return null;
    const links = await accounts.all(user_id);
    return links.find((each) => each.broker_name === broker_name && each.account_id === accountId) ?? null;
  }

  /** Stores the session only after the broker has answered a real call with it. */
  async function proveAndStore(link: Link, session: Session): Promise<LoginResult> {
    const connector = await accounts.broker(link).connector();
    const access = { link: link._id, credentials: link.credentials, session };
    const [profile, funds] = await Promise.all([
      connector.getProfile(access),
      connector.getFunds(access).catch(() => null),
    ]);
    const login = {
      tokens: session,
      // The session works only with the keys that created it, and the link's may have been replaced meanwhile.
      credentials: link.credentials,
      is_active: true,
      account_id: session.accountId,
      account_name: profile.name,
    };
    // Another login of this link, to a different account or with new keys, may have finished meanwhile.
    const updated = await storeOrEnd(link, session, (current) =>
      isOtherAccount(current, session) || isRekeyed(current, link) ? {} : login,
    );
    if (!updated) return { kind: "unlinked", link };
    if (isOtherAccount(updated, session)) return { kind: "other-account", link, accountId: session.accountId };
    if (isRekeyed(updated, link)) return { kind: "stale" };
    const hasNewKeys = link.replaces !== undefined;
    if (hasNewKeys) await accounts.remove(link.user_id, link._id);
    return { kind: "linked", link: updated, profile, funds, hasNewKeys };
  }

  /** Stores a new session by `change`. Null when the link was removed meanwhile: the session is ended at the broker. */
  async function storeOrEnd(link: Link, tokens: Session, change: LinkChange): Promise<Link | null> {
    const updated = await accounts.updateIfLinked(targetOf(link), change);
    if (!updated) await accounts.logOut({ ...link, tokens });
    return updated;
  }

  async function finish(broker: string, params: Readonly<Record<string, string>>, cookieState?: string) {
    const fromUrl = await claimState(broker, params["state"], false);
    const claim = fromUrl ?? (await claimState(broker, cookieState, true));
    if (!claim) return { kind: "stale" as const };
    const { link } = claim;
    const result = await complete(link, callbackGrant(link, redirectUrl(link), params));
    return { ...result, userId: link.user_id };
  }

  /**
   * Uses up a login state of this broker. `isHeld`: the cookie or we held the state, since the broker does not echo it.
   */
  async function claimState(
    broker: string,
    state: string | undefined,
    isHeld: boolean,
  ): Promise<{ link: Link } | null> {
    const started = state === undefined ? null : await startedBy(broker, state);
    if (state === undefined || !started || (started.url !== null) !== isHeld) return null;
    return (await oneTime.claim(state, ACTION, started.link.user_id)) && started;
  }

  /** What a login state was issued for. */
  async function issuedFor(state: string): Promise<{ link: Link | null; url: string | null }> {
    const known = await oneTime.peek(state, ACTION);
    const link = known && (await accounts.forLogin(known.userId, linkId(known.payload["link"] ?? "-")));
    return { link, url: known?.payload["url"] ?? null };
  }

  /** The same, for this broker only; null if the user has been blocked since. */
  async function startedBy(broker: string, state: string): Promise<{ link: Link; url: string | null } | null> {
    const { link, url } = await issuedFor(state);
    if (link?.broker_name !== broker || (await deps.users.get(link.user_id))?.role === "blocked") return null;
    return { link, url };
  }

  async function linkIn(user: UserId, text: string): Promise<Link | null> {
    const state = paramsOf(text)?.["state"];
    const link = state === undefined ? null : (await issuedFor(state)).link;
    return link?.user_id === user ? link : null;
  }

  async function finishPasted(link: Link, text: string, heldState: string | null): Promise<LoginResult> {
    const params = paramsOf(text);
    if (params === null) {
      const token = new Secret(text.trim());
      return complete(link, tokenGrant(link, token));
    }
    const claim =
      (await claimState(link.broker_name, params["state"], false)) ??
      (await claimState(link.broker_name, heldState ?? undefined, true));
    if (claim?.link._id !== link._id) return { kind: "stale" };
    return complete(link, callbackGrant(link, redirectUrl(link), params));
  }

  return {
    async start(link) {
      const connector = await accounts.broker(link).connector();
      if (!connector.getLoginUrl) throw new Error(`${link.broker_name} has no login page`);
      const state = randomToken(18);
      const { url, binding } = await connector.getLoginUrl({
        credentials: link.credentials,
        redirectUrl: redirectUrl(link),
        state,
      });
      const payload = { link: link._id, ...(binding === undefined ? {} : { url }) };
      await oneTime.issue({ userId: link.user_id, action: ACTION, payload, ttlMs: LOGIN_TTL_MS, id: state });
      if (binding === undefined) return { url, heldState: null };
      const ours = `${deps.publicUrl}/oauth/${link.broker_name}/login/${state}`;
      return { url: deps.opensHere ? ours : url, heldState: state };
    },
    resume: async (broker, state) => (await startedBy(broker, state))?.url ?? null,
    finish,
    linkIn,
    finishPasted,
    open: (link) => complete(link, tokenGrant(link, new Secret(""))),
    async renew(link) {
      const connector = await accounts.broker(link).connector();
      const session = link.tokens;
      if (!connector.refreshToken || session === null) return null;
      const access = { link: link._id, credentials: link.credentials, session };
      const renewed = await nullIfFailed(connector.refreshToken(access));
      if (renewed === null) return null;
      // Keep the newer session if the user has logged in meanwhile.
      return storeOrEnd(link, renewed, ({ tokens }) => (isSameSession(tokens, session) ? { tokens: renewed } : {}));
    },
  };
}

/** The link that a login with this one's keys is stored in. */
const targetOf = ({ _id, replaces }: Link): LinkId => replaces ?? _id;

const isOtherAccount = ({ account_id }: Link, { accountId }: Session): boolean =>
  account_id !== null && account_id !== accountId;

/** Whether the account has got new keys since the login began that uses those of `used`. */
const isRekeyed = ({ account_id, credentials }: Link, used: Link): boolean =>
  account_id !== null && used.replaces === undefined && !hasSameKeys(credentials, used.credentials);

const isSameSession = (a: Session | null, b: Session): boolean => a?.accessToken.reveal() === b.accessToken.reveal();

const callbackGrant = (link: Link, redirectUrl: string, params: Readonly<Record<string, string>>): LoginGrant => ({
  kind: "callback",
  link: link._id,
  credentials: link.credentials,
  redirectUrl,
  params,
});

const tokenGrant = ({ _id: link, credentials, replaces }: Link, token: Secret): LoginGrant => ({
  kind: "token",
  link,
  credentials,
  token,
  ...(replaces === undefined ? {} : { mustUseKeys: true }),
});

/** The query of a pasted address, or null when it is a bare token. */
function paramsOf(text: string): Record<string, string> | null {
  const trimmed = text.trim();
  if (!/^https?:\/\//i.test(trimmed) || !URL.canParse(trimmed)) return null;
  return Object.fromEntries(new URL(trimmed).searchParams);
}
