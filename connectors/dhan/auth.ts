import { z } from "zod";
import { parseIst } from "../../src/domain/market.ts";
import { jwtClaims } from "../../src/lib/json.ts";
import { BrokerError, type BrokerErrorKind } from "../../src/errors.ts";
import { Secret } from "../../src/lib/secret.ts";
import type { Access, BrokerConnector, Credentials, LoginGrant, Session } from "../base.ts";
import type { DhanClient } from "./client.ts";
import { mapReply } from "./errors.ts";
import type { IssuedTokenRaw, ProfileRaw } from "./schemas.ts";
import type { AppKeys } from "./transport.ts";
import { DHAN } from "./facts.ts";

/** Kind of token. SELF is made in Dhan Web and can be renewed; APP comes from a consent login and cannot. */
const RENEWABLE = "SELF";

const claimsSchema = z.object({
  exp: z.number().optional(),
  iat: z.number().optional(),
  dhanClientId: z.union([z.string(), z.number()]).transform(String).optional(),
  tokenConsumerType: z.string().optional(),
});
export type Claims = z.output<typeof claimsSchema>;

/** The unverified claims of an access token; null when it is not a JWT. */
export function readClaims(token: string): Claims | null {
  return token.split(".").length < 3 ? null : (claimsSchema.safeParse(jwtClaims(token)).data ?? null);
}

/** `expiryTime` (`2026-11-21T09:05:40` IST), or the token's own `exp` if that is earlier. */
export function expiryOf(issued: Pick<IssuedTokenRaw, "expiryTime" | "accessToken">): number {
  const exp = readClaims(issued.accessToken)?.exp;
  const stated = parseIst(issued.expiryTime);
  return exp === undefined ? stated : Math.min(stated, exp * 1000);
}

type Login = Required<Pick<BrokerConnector, "getLoginUrl" | "generateSession" | "refreshToken" | "isTokenValid">>;

export function createLogin(client: DhanClient, now: () => number): Login {
  /** A real call proves that the token works and belongs to the linked account. */
  async function prove(grant: LoginGrant, session: Session, signal?: AbortSignal): Promise<ProfileRaw> {
    const { link, credentials } = grant;
    const expected = clientIdOf(credentials);
    if (session.accountId !== expected) throw wrongAccount();
    const profile = await client.getProfile({ link, credentials, session }, signal).catch((error: unknown) => {
      if (error instanceof BrokerError && error.kind === "auth-expired")
        throw failure("auth-invalid", "Dhan does not accept this access token for this client id");
      throw error;
    });
    if (profile.dhanClientId !== expected) throw wrongAccount();
    return profile;
  }

  async function fromCallback(grant: Extract<LoginGrant, { kind: "callback" }>, signal?: AbortSignal) {
    const tokenId = grant.params["tokenId"];
    if (!tokenId) throw failure("login-unfinished", "Dhan's login came back without a tokenId");
    const keys = appKeys(grant.credentials);
    const issued = await asLogin(client.consumeConsent(keys, tokenId, signal));
    const session = sessionOf(issued, "APP", now());
    await prove(grant, session, signal);
    return session;
  }

  async function fromPasted(grant: Extract<LoginGrant, { kind: "token" }>, signal?: AbortSignal) {
    const token = grant.token.reveal().trim();
    const claims = readClaims(token);
    if (claims === null) throw failure("auth-invalid", "That does not look like a Dhan access token");
    const expiresAt = claims.exp === undefined ? Number.POSITIVE_INFINITY : claims.exp * 1000;
    if (now() >= expiresAt) throw failure("auth-invalid", "This Dhan access token has expired; make a new one");
    const session: Session = {
      accessToken: new Secret(token),
      accountId: claims.dhanClientId ?? clientIdOf(grant.credentials),
      issuedAt: claims.iat === undefined ? now() : claims.iat * 1000,
      expiresAt,
      ...(claims.tokenConsumerType === undefined ? {} : { extra: { tokenConsumerType: claims.tokenConsumerType } }),
    };
    const profile = await prove(grant, session, signal);
    if (Number.isFinite(expiresAt)) return session;
    return { ...session, expiresAt: mapReply("GET /profile", () => parseIst(profile.tokenValidity)) };
  }

  return {
    /** Dhan's callback does not return our state, so the login is bound to the consent's id instead. */
    async getLoginUrl({ credentials }, signal) {
      const { consentAppId } = await asLogin(client.postGenerateConsent(appKeys(credentials), signal));
      return { url: client.consentLoginUrl(consentAppId), binding: consentAppId };
    },

    generateSession: (grant, signal) =>
      grant.kind === "callback" ? fromCallback(grant, signal) : fromPasted(grant, signal),

    async refreshToken(access, signal) {
      if (now() >= access.session.expiresAt) throw failure("auth-expired", "The Dhan session has ended; log in again");
      if (access.session.extra?.["tokenConsumerType"] !== RENEWABLE)
        throw failure("no-permission", "Dhan renews only tokens made in Dhan Web; log in again");
      const { accountId } = access.session;
      const renewed = await client.getRenewToken(access, signal);
      const dhanClientId = renewed.dhanClientId ?? readClaims(renewed.accessToken)?.dhanClientId ?? accountId;
      if (dhanClientId !== accountId) throw wrongAccount();
      return sessionOf({ ...renewed, dhanClientId }, RENEWABLE, now());
    },

    async isTokenValid(access, signal) {
      if (now() >= access.session.expiresAt) return false;
      try {
        await client.getProfile(access, signal);
        return true;
      } catch (error) {
        if (error instanceof BrokerError && (error.kind === "auth-expired" || error.kind === "auth-invalid"))
          return false;
        throw error;
      }
    },
  };
}

function sessionOf(issued: IssuedTokenRaw, defaultKind: string, now: number): Session {
  const tokenConsumerType = readClaims(issued.accessToken)?.tokenConsumerType ?? defaultKind;
  return {
    accessToken: new Secret(issued.accessToken),
    accountId: issued.dhanClientId,
    issuedAt: now,
    expiresAt: mapReply("login", () => expiryOf(issued)),
    extra: { tokenConsumerType, ...(issued.dhanClientName ? { name: issued.dhanClientName } : {}) },
  };
}

export const isExpired = ({ session }: Access, now: number): boolean => now >= session.expiresAt;

function clientIdOf(credentials: Credentials): string {
  const clientId = credentials["clientId"]?.reveal().trim();
  if (!clientId) throw failure("auth-invalid", "The Dhan client id is missing");
  return clientId;
}

function appKeys(credentials: Credentials): AppKeys {
  const apiKey = credentials["apiKey"]?.reveal().trim();
  const apiSecret = credentials["apiSecret"]?.reveal().trim();
  if (!apiKey || !apiSecret)
    throw failure(
      "auth-invalid",
      "Logging in at Dhan needs the API key and secret; without them paste an access token",
    );
  return { clientId: clientIdOf(credentials), apiKey, apiSecret };
}

/** During login there is no session yet, so any refusal is about the API keys or the consent. */
async function asLogin<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (
      error instanceof BrokerError &&
      REFUSED_LOGIN.has(error.kind) &&
      error.status !== undefined &&
      error.status < 500
    )
      throw failure("auth-invalid", `Dhan refused the login: ${error.message}`, error);
    throw error;
  }
}
const REFUSED_LOGIN: ReadonlySet<BrokerErrorKind> = new Set([
  "auth-expired",
  "auth-invalid",
  "invalid-request",
  "rejected",
  "bad-response",
]);

const wrongAccount = (): BrokerError =>
  failure("auth-invalid", "This login belongs to another Dhan client id than the linked one");

const failure = (kind: BrokerErrorKind, message: string, cause?: BrokerError): BrokerError =>
  new BrokerError(kind, message, {
    broker: DHAN,
    endpoint: cause?.endpoint ?? "login",
    status: cause?.status,
    brokerCode: cause?.brokerCode,
    cause,
  });
