import { createHash } from "node:crypto";
import { z } from "zod";
import type { LinkId } from "../../src/domain/ids.ts";
import { jwtClaims } from "../../src/lib/json.ts";
import { nextIst } from "../../src/domain/market.ts";
import { BrokerError } from "../../src/errors.ts";
import { Secret } from "../../src/lib/secret.ts";
import type { BrokerConnector, ConnectorDeps, Credentials, LoginGrant, Session } from "../base.ts";
import { falseIfExpired } from "../replies.ts";
import type { Client } from "./client.ts";
import { appId, required } from "./client.ts";
import { maskedMessage } from "./errors.ts";
import { FYERS } from "./facts.ts";

type Login = Required<
  Pick<BrokerConnector, "getLoginUrl" | "generateSession" | "refreshToken" | "isTokenValid" | "logout">
>;

/** https://myapi.fyers.in/docsv3, "Authentication & Login Flow". */
export function createLogin(client: Client, deps: ConnectorDeps): Login {
  /** Proves the token by reading the profile, which tells whose account it is. */
  async function open(
    caller: { link: LinkId; credentials: Credentials },
    tokens: { access_token: string; refresh_token?: string | undefined },
    signal?: AbortSignal,
  ): Promise<Session> {
    const accessToken = new Secret(tokens.access_token);
    const { data } = await client.getProfile({ ...caller, session: { accessToken } }, signal);
    const issuedAt = deps.now();
    return {
      accessToken,
      ...(tokens.refresh_token ? { refreshToken: new Secret(tokens.refresh_token) } : {}),
      accountId: data.fy_id,
      issuedAt,
      expiresAt: expiryOf(tokens.access_token, issuedAt),
    };
  }

  return {
    getLoginUrl: ({ credentials, redirectUrl, state }) =>
      Promise.resolve({ url: loginUrl(client.root, appId(credentials), redirectUrl, state) }),

    async generateSession(grant, signal) {
      const { link, credentials } = grant;
      const body = {
        grant_type: "authorization_code",
        appIdHash: appIdHash(credentials),
        code: authCode(grant),
      } as const;
      return open({ link, credentials }, await client.postValidateAuthcode(link, body, signal), signal);
    },

    /** Best effort: since April 2026 Fyers refuses with code -16, which is mapped to `auth-expired`. */
    async refreshToken(access, signal) {
      const { link, credentials, session } = access;
      const pin = credentials["pin"];
      if (pin === undefined || session.refreshToken === undefined)
        throw new BrokerError("auth-expired", "Fyers: no PIN or no refresh token to renew the session with", {
          broker: FYERS,
          endpoint: "POST /validate-refresh-token",
        });
      const refresh_token = session.refreshToken.reveal();
      const body = { grant_type: "refresh_token", appIdHash: appIdHash(credentials), refresh_token } as const;
      const { access_token } = await client.postValidateRefreshToken(session.accountId, body, pin, signal);
      return open({ link, credentials }, { access_token, refresh_token }, signal);
    },

    isTokenValid: (access, signal) => falseIfExpired(() => client.getProfile(access, signal)),

    async logout(access, signal) {
      await client.postLogout(access, signal);
    },
  };
}

/** Lower-case hex SHA-256 of `app_id:secret`; the app id includes its `-100`. */
export function appIdHash(credentials: Credentials): string {
  const secret = required(credentials, "secret_id").reveal();
  return createHash("sha256")
    .update(`${appId(credentials)}:${secret}`)
    .digest("hex");
}

function loginUrl(root: string, clientId: string, redirectUrl: string, state: string): string {
  const query = new URLSearchParams({ client_id: clientId, redirect_uri: redirectUrl, response_type: "code", state });
  return `${root}/api/v3/generate-authcode?${query.toString()}`;
}

/** The code is in `auth_code`: the callback's `code` is a status (200). Users paste the code or the whole address. */
function authCode(grant: LoginGrant): string {
  const params = grant.kind === "callback" ? grant.params : pastedParams(grant.token.reveal());
  const code = params["auth_code"];
  if (code && (params["s"] ?? "ok") === "ok") return code;
  const message = maskedMessage(params["message"] ?? "");
  const kind = grant.kind === "callback" ? "login-unfinished" : "auth-invalid";
  throw new BrokerError(kind, message || "Fyers sent no auth_code: the login was not finished", {
    broker: FYERS,
    endpoint: "GET /generate-authcode",
    brokerCode: params["code"],
  });
}

function pastedParams(pasted: string): Readonly<Record<string, string>> {
  const text = pasted.trim();
  if (!text.includes("auth_code=")) return { auth_code: text };
  return Object.fromEntries(new URLSearchParams(text.slice(text.indexOf("?") + 1)));
}

const claimsSchema = z.object({ exp: z.number().int().positive() });

/** The `exp` of the access token, a JWT. If unreadable, the next 06:00 IST: the earliest end that has been reported. */
export function expiryOf(accessToken: string, issuedAt: number): number {
  const claims = claimsSchema.safeParse(jwtClaims(accessToken)).data;
  return claims ? claims.exp * 1_000 : nextIst("06:00", issuedAt);
}
