import { nextIst, parseIst } from "../../src/domain/market.ts";
import { BrokerError, type BrokerErrorKind } from "../../src/errors.ts";
import { Secret } from "../../src/lib/secret.ts";
import { stepAt, totp } from "../../src/lib/totp.ts";
import type { BrokerConnector, ConnectorDeps, Credentials, Session } from "../base.ts";
import { falseIfExpired } from "../replies.ts";
import type { Client } from "./client.ts";
import { isNotAuthorised, mapReply } from "./errors.ts";
import { GROWW } from "./facts.ts";
import { callerOf, type Caller } from "./transport.ts";

type Login = Required<Pick<BrokerConnector, "generateSession" | "refreshToken" | "isTokenValid">>;

/**
 * Groww has no login page. The user pastes either a TOTP token, from which we create a session every day without them,
 * or today's access token. https://groww.in/trade-api/docs/curl
 */
export function createLogin(client: Client, deps: Pick<ConnectorDeps, "now">): Login {
  /** A session created with the TOTP token in `caller`. Null when Groww refuses it as one. */
  async function fromTotp(caller: Caller, secret: string, signal?: AbortSignal): Promise<Session | null> {
    const issuedAt = deps.now();
    const body = { key_type: "totp", totp: codeOf(secret, issuedAt) };
    const issued = await client.postToken(caller, body, signal).catch((error: unknown) => {
      if (isRefused(error)) return null;
      throw error;
    });
    if (issued === null) return null;
    const end = mapReply("POST /v1/token/api/access", () => parseIst(issued.expiry));
    const { ucc } = await client.getUser({ meter: caller.meter, token: issued.token }, signal);
    return {
      accessToken: issued.token,
      refreshToken: caller.token,
      accountId: ucc,
      issuedAt,
      expiresAt: Math.min(end, sessionEnd(issuedAt)),
    };
  }

  /** A real call proves that the token works and tells whose account it is. */
  async function fromAccessToken(caller: Caller, hasSecret: boolean, signal?: AbortSignal): Promise<Session> {
    const issuedAt = deps.now();
    const { ucc } = await client.getUser(caller, signal).catch((error: unknown) => {
      if (isNotAuthorised(error)) throw failure("auth-invalid", notTaken(hasSecret));
      throw error;
    });
    return { accessToken: caller.token, accountId: ucc, issuedAt, expiresAt: sessionEnd(issuedAt) };
  }

  return {
    async generateSession(grant, signal) {
      if (grant.kind !== "token") throw failure("auth-invalid", "Groww has no login page to come back from");
      const text = grant.token.reveal().trim();
      if (!/^[\w.~+/=-]+$/.test(text)) throw failure("auth-invalid", "that does not look like a token of Groww");
      const caller = { meter: grant.link, token: new Secret(text) };
      const secret = totpSecretOf(grant.credentials);
      const made = secret === null ? null : await fromTotp(caller, secret, signal);
      if (made === null && secret !== null && grant.mustUseKeys) throw failure("auth-invalid", UNTRIED);
      return made ?? fromAccessToken(caller, secret !== null, signal);
    },

    async refreshToken({ credentials, session }, signal) {
      const secret = totpSecretOf(credentials);
      if (!session.refreshToken || secret === null)
        throw failure("no-permission", "Groww makes sessions by itself only from a TOTP token and its secret");
      const made = await fromTotp({ meter: session.accountId, token: session.refreshToken }, secret, signal);
      if (made === null) throw failure("auth-expired", "Groww does not take the TOTP token any more; paste a new one");
      if (made.accountId !== session.accountId) throw failure("bad-response", "the session belongs to another account");
      return made;
    },

    isTokenValid: (access, signal) => falseIfExpired(() => client.getUser(callerOf(access), signal)),
  };
}

/** A token ends at the next 06:00 IST, whenever it was issued. */
export const sessionEnd = (issuedAt: number): number => nextIst("06:00", issuedAt);

/**
 * Unverified: which refusal a wrong token or code gets, so one that is not documented counts too. An outage, a rate
 * limit or a broken connection does not.
 */
const isRefused = (error: unknown): boolean =>
  error instanceof BrokerError &&
  (["auth-expired", "invalid-request", "rejected"].includes(error.kind) ||
    (error.kind === "bad-response" && error.status !== undefined && error.status >= 400));

const UNTRIED =
  "Groww does not take it as a TOTP token with this secret, and an access token leaves the new secret untried";

const notTaken = (hasSecret: boolean): string =>
  hasSecret
    ? "Groww takes it neither as a TOTP token with this secret nor as an access token that is valid today"
    : "Groww does not take it as an access token that is valid today; a TOTP token works only with its secret";

function totpSecretOf(credentials: Credentials): string | null {
  const text = credentials["totpSecret"]?.reveal().replaceAll(/\s/g, "").toUpperCase();
  return text ? text : null;
}

function codeOf(secret: string, now: number): string {
  try {
    return totp(secret, stepAt(now));
  } catch (error) {
    if (error instanceof RangeError) throw failure("auth-invalid", "the TOTP secret has letters that none has");
    throw error;
  }
}

const failure = (kind: BrokerErrorKind, message: string): BrokerError =>
  new BrokerError(kind, message, { broker: GROWW, endpoint: "login" });
