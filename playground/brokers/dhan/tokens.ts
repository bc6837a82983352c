import { createHmac } from "node:crypto";

const LIFETIME_S = 24 * 3600;

export type TokenKind = "SELF" | "APP";
export interface Tokens {
  /** Issues a new token and revokes the one before it. */
  issue(kind: TokenKind): { token: string; expiresAt: number };
  /** The kind of a valid token; null for any other. */
  check(token: string | null): TokenKind | null;
  revokeAll(): void;
}

/** JWTs in Dhan's shape. Only the newest is valid; after a restart, any with a good signature that has not expired. */
export function createTokens(clientId: string, now: () => number): Tokens {
  let live: string | null | undefined;
  let issued = 0;
  const sign = (head: string): string =>
    createHmac("sha512", `simulated-dhan:${clientId}`).update(head).digest("base64url");

  return {
    issue(kind) {
      const iat = Math.floor(now() / 1000);
      issued += 1;
      const head = [
        { typ: "JWT", alg: "HS512" },
        {
          iss: "dhan",
          partnerId: "",
          exp: iat + LIFETIME_S,
          iat,
          tokenConsumerType: kind,
          webhookUrl: "",
          dhanClientId: clientId,
          jti: String(issued),
        },
      ]
        .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
        .join(".");
      live = `${head}.${sign(head)}`;
      return { token: live, expiresAt: (iat + LIFETIME_S) * 1000 };
    },

    check(token) {
      if (token === null || live === null || (live !== undefined && token !== live)) return null;
      const [header = "", payload = "", signature = ""] = token.split(".");
      if (sign(`${header}.${payload}`) !== signature) return null;
      const claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as {
        exp: number;
        tokenConsumerType: TokenKind;
      };
      return now() < claims.exp * 1000 ? claims.tokenConsumerType : null;
    },

    revokeAll() {
      live = null;
    },
  };
}
