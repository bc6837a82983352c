import type { LoginGrant, Session } from "../../connectors/base.ts";
import type { UserId } from "../domain/ids.ts";
import { linkId } from "../domain/ids.ts";
import type { Funds, Profile } from "../domain/portfolio.ts";
import { BrokerError } from "../errors.ts";
import { Secret } from "../lib/secret.ts";
import { randomToken } from "../lib/token.ts";
import type { Accounts, Link } from "./accounts.ts";
import type { OneTime } from "./one-time.ts";
import type { Users } from "./users.ts";

export const LOGIN_TTL_MS = 10 * 60_000;
const ACTION = "login";

export type LoginResult =
  | {
      readonly kind: "linked";
      readonly link: Link;
      readonly profile: Profile;
      readonly funds: Funds | null;
      readonly isFirst: boolean;
    }
  /** The state is unknown, used or too old, or belongs to another broker: nothing was changed. */
  | { readonly kind: "stale" }
  /** The broker's page sent the user back without a grant; `error` has its words. */
  | { readonly kind: "cancelled"; readonly link: Link; readonly error: BrokerError }
  /** The browser was logged in at the broker as somebody else than the link's account. */
  | { readonly kind: "other-account"; readonly link: Link; readonly accountId: string }
  /** The user has it by another link: by two, everything of it would be counted, cancelled and exited twice. */
  | { readonly kind: "linked-already"; readonly link: Link; readonly as: Link; readonly accountId: string }
  | { readonly kind: "failed"; readonly link: Link; readonly error: BrokerError };

export interface LoginStart {
  /** What the user's browser opens: the broker's page, or ours on the way there. */
  readonly url: string;
  /** For brokers that echo no state: what a pasted address is bound to. Null where the broker brings it back itself. */
  readonly heldState: string | null;
}

export interface Logins {
  /** Where the user's browser goes. Single use, ten minutes, bound to this user and link. */
  start(link: Link): Promise<LoginStart>;
  /** Where a login goes on from our own page; null when the state is unknown, used, too old or of another broker. */
  resume(broker: string, state: string): Promise<string | null>;
  /** The redirect came back; `cookieState` is the state where the broker echoes none. */
  finish(
    broker: string,
    params: Readonly<Record<string, string>>,
    cookieState?: string,
  ): Promise<LoginResult & { userId?: UserId }>;
  /** The user pasted what the browser showed, or a token. `heldState`: from this link's last start. */
  finishPasted(link: Link, text: string, heldState: string | null): Promise<LoginResult>;
  /** Opens an account that needs no login (paper). */
  open(link: Link): Promise<LoginResult>;
  /** A new session without the user, where the broker allows; null when it does not. */
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
      if (isOthers(link, session)) return { kind: "other-account", link, accountId };
      const as = await firstLinkOf(link, accountId);
      if (as !== null && as._id !== link._id) return { kind: "linked-already", link, as, accountId };
      return await prove(link, session);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      return { kind: error.kind === "login-unfinished" ? "cancelled" : "failed", link, error };
    }
  }

  /** The user's oldest link of a broker's account; paper accounts are new ones. */
  async function firstLinkOf({ user_id, broker_name }: Link, accountId: string): Promise<Link | null> {
    if (accounts.broker({ broker_name }).definition.isPaper) return null;
    const links = await accounts.all(user_id);
    return links.find((each) => each.broker_name === broker_name && each.account_id === accountId) ?? null;
  }

  /** Nothing is kept before the broker has answered real calls with the new session. */
  async function prove(link: Link, session: Session): Promise<LoginResult> {
    const connector = await accounts.broker(link).connector();
    const access = { link: link._id, credentials: link.credentials, session };
    const [profile, funds] = await Promise.all([
      connector.getProfile(access),
      connector.getFunds(access).catch(() => null),
    ]);
    const isFirst = link.account_id === null;
    const login = {
      tokens: session,
      // It works with the keys that made it alone; the link may have been begun again meanwhile.
      credentials: link.credentials,
      is_active: true,
      account_id: session.accountId,
      account_name: profile.name,
    };
    // Another login of this link, as somebody else, may have ended meanwhile.
    const updated = await accounts.update(link._id, (current) => (isOthers(current, session) ? {} : login));
    if (isOthers(updated, session)) return { kind: "other-account", link: updated, accountId: session.accountId };
    return { kind: "linked", link: updated, profile, funds, isFirst };
  }

  async function finish(broker: string, params: Readonly<Record<string, string>>, cookieState?: string) {
    const fromUrl = await claimed(broker, params["state"], false);
    const claim = fromUrl ?? (await claimed(broker, cookieState, true));
    if (!claim) return { kind: "stale" as const };
    const { link } = claim;
    const result = await complete(link, callbackGrant(link, redirectUrl(link), params));
    return { ...result, userId: link.user_id };
  }

  /** Uses up a login state of this broker; `isHeld`: one that the browser or we kept, because the broker echoes none. */
  async function claimed(broker: string, state: string | undefined, isHeld: boolean): Promise<{ link: Link } | null> {
    const begun = state === undefined ? null : await begunBy(broker, state);
    if (state === undefined || !begun || (begun.url !== null) !== isHeld) return null;
    return (await oneTime.claim(state, ACTION, begun.link.user_id)) && begun;
  }

  /** Whoever was blocked since it began has no login any more. */
  async function begunBy(broker: string, state: string): Promise<{ link: Link; url: string | null } | null> {
    const known = await oneTime.peek(state, ACTION);
    const link = known && (await accounts.get(known.userId, linkId(known.payload["link"] ?? "-")));
    if (link?.broker_name !== broker || (await deps.users.get(link.user_id))?.role === "blocked") return null;
    return { link, url: known?.payload["url"] ?? null };
  }

  async function finishPasted(link: Link, text: string, heldState: string | null): Promise<LoginResult> {
    const params = paramsOf(text);
    if (params === null) {
      const token = new Secret(text.trim());
      return complete(link, { kind: "token", link: link._id, credentials: link.credentials, token });
    }
    const claim =
      (await claimed(link.broker_name, params["state"], false)) ??
      (await claimed(link.broker_name, heldState ?? undefined, true));
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
    resume: async (broker, state) => (await begunBy(broker, state))?.url ?? null,
    finish,
    finishPasted,
    open: (link) =>
      complete(link, { kind: "token", link: link._id, credentials: link.credentials, token: new Secret("") }),
    async renew(link) {
      const connector = await accounts.broker(link).connector();
      const session = link.tokens;
      if (!connector.refreshToken || session === null) return null;
      const access = { link: link._id, credentials: link.credentials, session };
      try {
        const renewed = await connector.refreshToken(access);
        // Whoever logged in meanwhile has the newer session.
        return await accounts.update(link._id, ({ tokens }) => (isSame(tokens, session) ? { tokens: renewed } : {}));
      } catch (error) {
        if (error instanceof BrokerError) return null;
        throw error;
      }
    },
  };
}

const isOthers = ({ account_id }: Link, { accountId }: Session): boolean =>
  account_id !== null && account_id !== accountId;

const isSame = (a: Session | null, b: Session): boolean => a?.accessToken.reveal() === b.accessToken.reveal();

const callbackGrant = (link: Link, redirectUrl: string, params: Readonly<Record<string, string>>): LoginGrant => ({
  kind: "callback",
  link: link._id,
  credentials: link.credentials,
  redirectUrl,
  params,
});

/** The query of a pasted address, or null when it is a bare token. */
function paramsOf(text: string): Record<string, string> | null {
  const trimmed = text.trim();
  if (!/^https?:\/\//i.test(trimmed) || !URL.canParse(trimmed)) return null;
  return Object.fromEntries(new URL(trimmed).searchParams);
}
