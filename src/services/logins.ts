import type { LoginGrant, Session } from "../../connectors/base.ts";
import type { UserId } from "../domain/ids.ts";
import { linkId } from "../domain/ids.ts";
import type { Funds, Profile } from "../domain/portfolio.ts";
import { BrokerError } from "../errors.ts";
import { Secret } from "../lib/secret.ts";
import { randomToken } from "../lib/token.ts";
import type { Accounts, Link } from "./accounts.ts";
import type { OneTime } from "./one-time.ts";

const LOGIN_TTL_MS = 10 * 60_000;
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
  | { readonly kind: "cancelled" }
  /** The browser was logged in at the broker as somebody else than the link's account. */
  | { readonly kind: "other-account"; readonly link: Link; readonly accountId: string }
  | { readonly kind: "failed"; readonly link: Link; readonly error: BrokerError };

export interface LoginStart {
  readonly url: string;
  /** For brokers that echo no state: what the browser must bring back in a cookie. Null where the state is in the URL. */
  readonly cookieState: string | null;
}

export interface Logins {
  /** Where the user's browser goes. Single use, ten minutes, bound to this user and link. */
  start(link: Link): Promise<LoginStart>;
  /** The redirect came back; `cookieState` stands in for brokers that echo no state. */
  finish(
    broker: string,
    params: Readonly<Record<string, string>>,
    cookieState?: string,
  ): Promise<LoginResult & { userId?: UserId }>;
  /** The user pasted what the browser showed, or a token. */
  finishPasted(link: Link, text: string): Promise<LoginResult>;
  /** Opens an account that needs no login (paper). */
  open(link: Link): Promise<LoginResult>;
  /** A new session without the user, where the broker allows; null when it does not. */
  renew(link: Link): Promise<Link | null>;
}

export function createLogins(deps: { accounts: Accounts; oneTime: OneTime; publicUrl: string }): Logins {
  const { accounts, oneTime } = deps;
  const redirectUrl = (link: Link): string => `${deps.publicUrl}/oauth/${link.broker_name}/callback`;

  async function complete(link: Link, grant: LoginGrant): Promise<LoginResult> {
    const { connector } = accounts.broker(link);
    try {
      const session = await connector.generateSession(grant);
      if (link.account_id !== null && link.account_id !== session.accountId) {
        return { kind: "other-account", link, accountId: session.accountId };
      }
      return await prove(link, session);
    } catch (error) {
      if (error instanceof BrokerError) return { kind: "failed", link, error };
      throw error;
    }
  }

  /** Nothing is kept before the broker has answered real calls with the new session. */
  async function prove(link: Link, session: Session): Promise<LoginResult> {
    const { connector } = accounts.broker(link);
    const access = { link: link._id, credentials: link.credentials, session };
    const [profile, funds] = await Promise.all([
      connector.getProfile(access),
      connector.getFunds(access).catch(() => null),
    ]);
    const isFirst = link.account_id === null;
    const updated = await accounts.update(link._id, () => ({
      tokens: session,
      is_active: true,
      account_id: session.accountId,
      account_name: profile.name,
    }));
    return { kind: "linked", link: updated, profile, funds, isFirst };
  }

  async function finish(broker: string, params: Readonly<Record<string, string>>, cookieState?: string) {
    const state = params["state"] ?? cookieState;
    const claim = state === undefined ? null : await oneTime.claim(state, ACTION);
    const link = claim ? await accounts.byId(linkId(claim.payload["link"] ?? "-")) : null;
    if (!claim || !link || link.broker_name !== broker || link.user_id !== claim.userId)
      return { kind: "stale" as const };
    const result = await complete(link, callbackGrant(link, redirectUrl(link), params));
    return { ...result, userId: claim.userId };
  }

  async function finishPasted(link: Link, text: string): Promise<LoginResult> {
    const params = paramsOf(text);
    if (params === null) {
      return complete(link, {
        kind: "token",
        link: link._id,
        credentials: link.credentials,
        token: new Secret(text.trim()),
      });
    }
    const state = params["state"];
    if (state !== undefined) {
      const claim = await oneTime.claim(state, ACTION, link.user_id);
      if (claim?.payload["link"] !== link._id) return { kind: "stale" };
    }
    return complete(link, callbackGrant(link, redirectUrl(link), params));
  }

  return {
    async start(link) {
      const { connector } = accounts.broker(link);
      if (!connector.getLoginUrl) throw new Error(`${link.broker_name} has no login page`);
      const state = randomToken(18);
      const payload = { link: link._id };
      await oneTime.issue({ userId: link.user_id, action: ACTION, payload, ttlMs: LOGIN_TTL_MS, id: state });
      const { url, binding } = await connector.getLoginUrl({
        credentials: link.credentials,
        redirectUrl: redirectUrl(link),
        state,
      });
      return { url, cookieState: binding === undefined ? null : state };
    },
    finish,
    finishPasted,
    open: (link) =>
      complete(link, { kind: "token", link: link._id, credentials: link.credentials, token: new Secret("") }),
    async renew(link) {
      const { connector } = accounts.broker(link);
      const session = link.tokens;
      if (!connector.refreshToken || session === null) return null;
      const access = { link: link._id, credentials: link.credentials, session };
      try {
        const renewed = await connector.refreshToken(access);
        return await accounts.update(link._id, () => ({ tokens: renewed }));
      } catch (error) {
        if (error instanceof BrokerError) return null;
        throw error;
      }
    },
  };
}

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
