import { z } from "zod";
import { nextIst } from "../../src/domain/market.ts";
import { jwtClaims } from "../../src/lib/json.ts";
import { BrokerError, type BrokerErrorKind } from "../../src/errors.ts";
import type { Secret } from "../../src/lib/secret.ts";
import type { BrokerConnector, ConnectorDeps, Credentials, LoginGrant, LoginRequest } from "../base.ts";
import { falseIfExpired } from "../replies.ts";
import { callerOf, type Client } from "./client.ts";
import { UPSTOX } from "./facts.ts";

type Login = Required<Pick<BrokerConnector, "getLoginUrl" | "generateSession" | "isTokenValid" | "logout">>;

/** OAuth login, check of a session, logout. Upstox has no refresh token. */
export function createLogin(client: Client, deps: Pick<ConnectorDeps, "now">): Login {
  return {
    getLoginUrl: (request) => Promise.resolve({ url: loginUrl(client.apiRoot, request) }),

    async generateSession(grant, signal) {
      const { link, credentials } = grant;
      const { code, redirectUrl } = codeOf(grant);
      const form = {
        code,
        client_id: credential(credentials, "apiKey"),
        client_secret: credential(credentials, "apiSecret"),
        redirect_uri: redirectUrl,
        grant_type: "authorization_code",
      };
      const token = await client.postToken({ meter: link }, form, signal);
      const issuedAt = deps.now();
      // A real call proves that the token works and tells whose account it is.
      const profile = await client.getProfile({ meter: link, token: token.access_token }, signal);
      if (profile.user_id !== token.user_id) throw failure("bad-response", "the session belongs to another account");
      return {
        accessToken: token.access_token,
        accountId: profile.user_id,
        issuedAt,
        expiresAt: sessionEnd(token.access_token, issuedAt),
      };
    },

    isTokenValid: (access, signal) => falseIfExpired(() => client.getProfile(callerOf(access), signal)),

    async logout(access, signal) {
      await client.deleteLogout(access, signal);
    },
  };
}

function loginUrl(root: string, { credentials, redirectUrl, state }: LoginRequest): string {
  const query = new URLSearchParams({
    response_type: "code",
    client_id: credential(credentials, "apiKey"),
    redirect_uri: redirectUrl,
    state,
  });
  return `${root}/v2/login/authorization/dialog?${query.toString()}`;
}

/** A pasted address arrives as a callback. A code alone cannot be exchanged: the redirect URL must go with it. */
function codeOf(grant: LoginGrant): { code: string; redirectUrl: string } {
  if (grant.kind !== "callback")
    throw failure("auth-invalid", "that is not the whole address that Upstox's login ended at");
  const { code } = grant.params;
  // Unverified: what the callback carries after a cancelled login.
  if (!code) throw failure("login-unfinished", "Upstox's login came back without a code");
  return { code, redirectUrl: grant.redirectUrl };
}

const claimsSchema = z.object({ exp: z.number() });

/** A token ends at the next 03:30 IST, whenever it was issued, or at its own `exp` if that is earlier. */
export function sessionEnd(token: Secret, issuedAt: number): number {
  const nightlyEnd = nextIst("03:30", issuedAt);
  const exp = claimsSchema.safeParse(jwtClaims(token.reveal())).data?.exp;
  return exp === undefined ? nightlyEnd : Math.min(nightlyEnd, exp * 1_000);
}

function credential(credentials: Credentials, field: "apiKey" | "apiSecret"): string {
  const value = credentials[field]?.reveal().trim();
  if (!value) throw failure("auth-invalid", `Upstox's ${field} is missing`);
  return value;
}

const failure = (kind: BrokerErrorKind, message: string): BrokerError =>
  new BrokerError(kind, message, { broker: UPSTOX, endpoint: "login" });
