import { z } from "zod";
import type { Access, ConnectorDeps, Credentials, LoginGrant, LoginRequest, Session } from "../base.ts";
import { falseIfExpired } from "../replies.ts";
import { nextIst } from "../../src/domain/market.ts";
import { jwtClaims } from "../../src/lib/json.ts";
import { BrokerError, type BrokerErrorKind } from "../../src/errors.ts";
import { Secret } from "../../src/lib/secret.ts";
import type { AngelClient, Caller } from "./client.ts";
import { ANGELONE } from "./facts.ts";

const CALLBACK = "publisher-login callback";

/** Login through the publisher page, check of a session, logout. */
export function createAuth(deps: Pick<ConnectorDeps, "now">, client: AngelClient, loginRoot: string) {
  function callerOf(access: Access): Caller {
    if (deps.now() >= access.session.expiresAt)
      throw new BrokerError("auth-expired", "the Angel One login has ended", { broker: ANGELONE, endpoint: "session" });
    return {
      meter: access.session.accountId,
      apiKey: apiKeyOf(access.credentials),
      accessToken: access.session.accessToken,
      egress: access.egress,
    };
  }

  return {
    callerOf,
    getLoginUrl: (request: LoginRequest): Promise<{ url: string }> =>
      Promise.resolve({ url: loginUrl(loginRoot, request) }),

    /** The callback brings the access token itself: the profile proves it and tells whose account it is. */
    async generateSession(grant: LoginGrant, signal?: AbortSignal): Promise<Session> {
      const accessToken = grantedToken(grant);
      const issuedAt = deps.now();
      const caller = { meter: grant.link, apiKey: apiKeyOf(grant.credentials), accessToken };
      const profile = await client.getProfile(caller, signal);
      requireAccount(grant.credentials, profile.clientcode);
      return { accessToken, accountId: profile.clientcode, issuedAt, expiresAt: sessionEnd(accessToken, issuedAt) };
    },

    isTokenValid: (access: Access, signal?: AbortSignal): Promise<boolean> =>
      falseIfExpired(async () => client.getProfile(callerOf(access), signal)),

    async logout(access: Access, signal?: AbortSignal): Promise<void> {
      // A session that has ended is logged out already.
      await falseIfExpired(async () => client.logout(callerOf(access), access.session.accountId, signal));
    },
  };
}

/** Publisher login, https://smartapi.angelone.in/docs. Angel One echoes `state` to the URL registered for the app. */
function loginUrl(root: string, request: LoginRequest): string {
  const url = new URL(`${root}/publisher-login`);
  url.searchParams.set("api_key", apiKeyOf(request.credentials).reveal());
  url.searchParams.set("redirect_url", request.redirectUrl);
  url.searchParams.set("state", request.state);
  return url.href;
}

/** The JWT in the callback's `auth_token` or in the pasted text, which may be a part of the address. */
function grantedToken(grant: LoginGrant): Secret {
  const text = grant.kind === "token" ? grant.token.reveal() : grant.params.auth_token;
  if (!text) throw failure("login-unfinished", "Angel One sent no login token");
  const [jwt = ""] = text
    .trim()
    .replace(/^(Bearer\s+|auth_token=)/i, "")
    .split("&");
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(jwt))
    throw authInvalid(`what ${grant.kind === "token" ? "was pasted" : "Angel One sent"} is not a login token`);
  return new Secret(jwt);
}

/** Checks that the login is for the client code that the user gave, if they gave one. */
function requireAccount(credentials: Credentials, accountId: string): void {
  const expected = credentials.clientCode?.reveal().trim();
  if (expected && expected.toUpperCase() !== accountId.toUpperCase())
    throw authInvalid("this login belongs to another Angel One client code than the one given");
}

const claimsSchema = z.object({ exp: z.number() });

/** Sessions end at midnight IST, as documented; the token's own `exp` counts only when it is earlier. */
function sessionEnd(token: Secret, now: number): number {
  const midnight = nextIst("00:00", now);
  // A token that is not a JWT has no readable `exp`.
  const exp = claimsSchema.safeParse(jwtClaims(token.reveal())).data?.exp;
  return exp === undefined ? midnight : Math.min(midnight, exp * 1_000);
}

function apiKeyOf(credentials: Credentials): Secret {
  if (!credentials.apiKey) throw authInvalid("the API key is missing");
  return credentials.apiKey;
}

const authInvalid = (message: string): BrokerError => failure("auth-invalid", message);
const failure = (kind: BrokerErrorKind, message: string): BrokerError =>
  new BrokerError(kind, message, { broker: ANGELONE, endpoint: CALLBACK });
