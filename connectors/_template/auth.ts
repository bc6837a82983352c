import { parseIst } from "../../src/domain/market.ts";
import { BrokerError, type BrokerErrorKind } from "../../src/errors.ts";
import { Secret } from "../../src/lib/secret.ts";
import type { BrokerConnector, ConnectorDeps, Credentials } from "../base.ts";
import { falseIfExpired } from "../replies.ts";
import { callerOf, type Client } from "./client.ts";
import { mapReply } from "./errors.ts";
import { ACME } from "./facts.ts";

type Login = Required<Pick<BrokerConnector, "getLoginUrl" | "generateSession" | "isTokenValid">>;

/** Login page, exchange of its code, and the check of a session. https://docs.acme.example/login */
export function createLogin(client: Client, deps: Pick<ConnectorDeps, "now">): Login {
  return {
    async getLoginUrl({ credentials, redirectUrl, state }) {
      const query = new URLSearchParams({ key: credential(credentials, "apiKey"), redirect: redirectUrl, state });
      return { url: `${client.root}/login?${query.toString()}` };
    },

    async generateSession(grant, signal) {
      if (grant.kind !== "callback") throw failure("auth-invalid", "Acme's login takes nothing that is pasted");
      const code = grant.params["code"];
      if (!code) throw failure("login-unfinished", "Acme's login came back without a code");
      const { link, credentials } = grant;
      const body = { key: credential(credentials, "apiKey"), secret: credential(credentials, "apiSecret"), code };
      const { token, expires_at: end } = await client.postToken({ meter: link }, body, signal);
      const expiresAt = mapReply("POST /token", () => parseIst(end));
      const accessToken = new Secret(token);
      // A real call proves that the token works and tells whose account it is.
      const { account } = await client.getProfile({ meter: link, token: accessToken }, signal);
      return { accessToken, accountId: account, issuedAt: deps.now(), expiresAt };
    },

    isTokenValid: (access, signal) => falseIfExpired(() => client.getProfile(callerOf(access), signal)),
  };
}

function credential(credentials: Credentials, field: "apiKey" | "apiSecret"): string {
  const value = credentials[field]?.reveal();
  if (!value) throw failure("auth-invalid", `Acme's ${field} is missing`);
  return value;
}

const failure = (kind: BrokerErrorKind, message: string): BrokerError =>
  new BrokerError(kind, message, { broker: ACME, endpoint: "login" });
