import { nextIst, parseIst } from "../../src/domain/market.ts";
import { Secret } from "../../src/lib/secret.ts";
import type { Access, LoginGrant, LoginRequest, Session } from "../base.ts";
import { credential, type KiteClient } from "./client.ts";
import { mapReply, zerodhaError } from "./errors.ts";

const LOGIN_END = { path: "login" };

/**
 * Kite takes neither a state nor a redirect URL: it appends `redirect_params`, a query string, to the URL registered
 * for the app. The package's getLoginURL supports neither that nor another origin.
 */
export function loginUrl(root: string, { credentials, state }: LoginRequest): string {
  const carried = new URLSearchParams({ state }).toString();
  const query = new URLSearchParams({ v: "3", api_key: credential(credentials, "apiKey"), redirect_params: carried });
  return `${root}/connect/login?${query.toString()}`;
}

/** The single-use token from the callback, from a pasted address, or pasted itself. */
function requestToken(grant: LoginGrant): Secret {
  const params = grant.kind === "callback" ? grant.params : pastedParams(grant.token.reveal().trim());
  const token = params["request_token"];
  if (!token || (params["status"] ?? "success") !== "success") {
    const kind = grant.kind === "callback" ? "login-unfinished" : "auth-invalid";
    throw zerodhaError(kind, "the login was not completed", LOGIN_END);
  }
  return new Secret(token);
}

function pastedParams(pasted: string): Readonly<Record<string, string>> {
  if (/^\w+$/.test(pasted)) return { request_token: pasted };
  return Object.fromEntries(URL.parse(pasted, "http://localhost")?.searchParams ?? []);
}

/** Exchanges the request token and proves the session by reading the profile. Sessions end at 06:00 IST. */
export async function startSession(
  client: KiteClient,
  grant: LoginGrant,
  now: number,
  signal?: AbortSignal,
): Promise<Session> {
  const { link, credentials } = grant;
  const token = await client.postSessionToken({ link, credentials }, requestToken(grant), signal);
  const loginTime = mapReply("POST /session/token", () => parseIst(token.login_time));
  const session: Session = {
    accessToken: token.access_token,
    accountId: token.user_id,
    issuedAt: now,
    expiresAt: nextIst("06:00", loginTime),
  };
  const access: Access = { link, credentials, session };
  const profile = await client.getProfile(access, signal);
  if (profile.user_id !== session.accountId) {
    throw zerodhaError("bad-response", "the session belongs to another account", { path: "GET /user/profile" });
  }
  return session;
}
