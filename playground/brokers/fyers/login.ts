import { createHash } from "node:crypto";
import { nextIst } from "../../../src/domain/market.ts";
import { json, refuse } from "./reply.ts";

export interface FyersApp {
  readonly appId: string;
  readonly secret: string;
  readonly fyId: string;
}

const AUTH_CODE_TTL_MS = 5 * 60_000;
const REFRESH_TTL_MS = 15 * 86_400_000;
/** The hour is not documented; 06:00 IST is the earliest that has been reported. */
const TOKENS_EXPIRE_AT = "06:00";

/** Login page, one-time codes and the day's tokens. */
export function createLogin(app: FyersApp, now: () => number, random: () => number) {
  const codes = new Map<string, number>();
  const tokens = new Map<string, number>();
  const appIdHash = createHash("sha256").update(`${app.appId}:${app.secret}`).digest("hex");

  function jwt(subject: string, expiresAt: number): string {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = {
      sub: subject,
      fy_id: app.fyId,
      iat: Math.floor(now() / 1_000),
      exp: Math.floor(expiresAt / 1_000),
    };
    const signature = Array.from({ length: 32 }, () => Math.floor(random() * 256));
    return `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}.${Buffer.from(signature).toString("base64url")}`;
  }

  function problemWith(query: URLSearchParams): Response | null {
    if (query.get("client_id") !== app.appId) return refuse(400, -352, "Invalid app id");
    if (query.get("response_type") !== "code") return refuse(400, -50, "response_type must be code");
    if (!query.get("state")) return refuse(400, -50, "state is required");
    return URL.canParse(query.get("redirect_uri") ?? "") ? null : refuse(400, -50, "redirect_uri mismatch");
  }

  return {
    showPage: (query: URLSearchParams): Response => problemWith(query) ?? page(app),

    /** The login button redirects to the app with a status in `code` and the credential in `auth_code`. */
    approve(query: URLSearchParams): Response {
      const problem = problemWith(query);
      if (problem) return problem;
      const code = jwt("auth_code", now() + AUTH_CODE_TTL_MS);
      codes.set(code, now() + AUTH_CODE_TTL_MS);
      const target = new URL(query.get("redirect_uri") ?? "");
      for (const [name, value] of Object.entries({
        s: "ok",
        code: "200",
        auth_code: code,
        state: query.get("state") ?? "",
      }))
        target.searchParams.set(name, value);
      return new Response(null, { status: 302, headers: { location: target.href } });
    },

    exchange(body: Readonly<Record<string, unknown>>): Response {
      if (body["grant_type"] !== "authorization_code") return refuse(400, -441, "invalid grant type");
      if (body["appIdHash"] !== appIdHash) return refuse(400, -371, "Invalid app id hash");
      const code = String(body["code"]);
      const codeExpiresAt = codes.get(code);
      codes.delete(code);
      if (codeExpiresAt === undefined || now() >= codeExpiresAt) return refuse(400, -374, "Invalid auth code");
      const expiresAt = nextIst(TOKENS_EXPIRE_AT, now());
      const token = jwt("access_token", expiresAt);
      tokens.set(token, expiresAt);
      const refresh_token = jwt("refresh_token", now() + REFRESH_TTL_MS);
      return json(200, { s: "ok", code: 200, message: "", access_token: token, refresh_token });
    },

    refresh: (): Response =>
      refuse(400, -16, "Refresh token API is currently disabled to comply with SEBI regulations."),

    /** The whole header is compared: `app_id:token`, without a scheme word. */
    check(authorization: string | null): "alive" | "expired" | "unknown" {
      const prefix = `${app.appId}:`;
      const expiresAt = authorization?.startsWith(prefix) ? tokens.get(authorization.slice(prefix.length)) : undefined;
      if (expiresAt === undefined) return "unknown";
      return now() < expiresAt ? "alive" : "expired";
    },

    logout(authorization: string): void {
      tokens.set(authorization.slice(app.appId.length + 1), 0);
    },

    expireAll(): void {
      for (const token of tokens.keys()) tokens.set(token, 0);
    },
  };
}

const page = (app: FyersApp): Response =>
  new Response(
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Fyers (simulated)</title>
<style>body{font:16px system-ui;max-width:26rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.7rem 1.2rem}</style>
<h1>Fyers login</h1><p>This is a simulated broker: no real account, no real money.</p>
<p>App <code>${app.appId}</code> asks for access to account <b>${app.fyId}</b>.</p>
<form method="post"><button type="submit">Log in as ${app.fyId}</button></form></html>`,
    { status: 200, headers: { "content-type": "text/html; charset=utf-8" } },
  );
