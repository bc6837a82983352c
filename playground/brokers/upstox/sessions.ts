import { nextIst } from "../../../src/domain/market.ts";
import { deadSession, html, json, success, UpstoxRefusal } from "./replies.ts";

/** The developer console's record of the demo app. */
export interface UpstoxApp {
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly userId: string;
  readonly userName: string;
}

const LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789";
const TOKENS_EXPIRE_AT = "03:30";

export type Sessions = ReturnType<typeof createSessions>;

/** Login page, one-time codes, and tokens that expire at 03:30 IST whenever they were issued. */
export function createSessions(app: UpstoxApp, now: () => number, random: () => number) {
  /** Code → the redirect address that it was given to. */
  const codes = new Map<string, string>();
  const tokens = new Map<string, number>();

  const letters = (length: number): string =>
    Array.from({ length }, () => LETTERS[Math.floor(random() * LETTERS.length)]).join("");

  function jwt(expiresAt: number): string {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const [iat, exp] = [now(), expiresAt].map((at) => Math.floor(at / 1_000));
    const claims = { sub: app.userId, jti: letters(24), isMultiClient: false, isPlusPlan: false };
    return `${part({ typ: "JWT", alg: "HS256" })}.${part({ ...claims, iat, iss: "udapi-gateway-service", exp })}.${letters(43)}`;
  }

  function checked(query: URLSearchParams): { target: URL; redirectUri: string } {
    const redirectUri = query.get("redirect_uri") ?? "";
    const target = URL.parse(redirectUri);
    if (query.get("client_id") !== app.apiKey || query.get("response_type") !== "code" || !target)
      throw new UpstoxRefusal(400, 100068, "Check your 'client_id' and 'redirect_uri'; one or both are incorrect.");
    return { target, redirectUri };
  }

  function tokenFor(form: URLSearchParams): string {
    const redirectUri = codes.get(form.get("code") ?? "");
    // A failed exchange uses the code up as well.
    codes.delete(form.get("code") ?? "");
    if (form.get("client_id") !== app.apiKey || form.get("client_secret") !== app.apiSecret)
      throw new UpstoxRefusal(401, 100016, "Invalid Credentials");
    if (redirectUri === undefined || form.get("grant_type") !== "authorization_code")
      throw new UpstoxRefusal(401, 100057, "Invalid Auth code");
    if (redirectUri !== form.get("redirect_uri"))
      throw new UpstoxRefusal(400, 100070, "The redirect_uri is not the one of the login");
    const expiresAt = nextIst(TOKENS_EXPIRE_AT, now());
    const token = jwt(expiresAt);
    tokens.set(token, expiresAt);
    return token;
  }

  return {
    loginPage(query: URLSearchParams): Response {
      checked(query);
      return html(`<h1>Upstox login</h1><p>This is a simulated broker: no real account, no real money.</p>
<p>Account <b>${app.userId}</b>, ${app.userName}</p>
<form method="post"><button type="submit">Continue as ${app.userId}</button></form>`);
    },

    approve(query: URLSearchParams): Response {
      const { target, redirectUri } = checked(query);
      const code = letters(6);
      codes.set(code, redirectUri);
      target.searchParams.set("code", code);
      const state = query.get("state");
      if (state !== null) target.searchParams.set("state", state);
      return new Response(null, { status: 302, headers: { location: target.href } });
    },

    /** The only reply without an envelope. */
    exchange: (form: URLSearchParams): Response => {
      const { ddpi: _newer, ...profile } = profileOf(app);
      return json(200, { ...profile, access_token: tokenFor(form), extended_token: jwt(now() + 365 * 86_400_000) });
    },

    end(header: string | null): Response {
      tokens.delete(bearer(header));
      return success(true);
    },

    require(header: string | null): void {
      if (now() >= (tokens.get(bearer(header)) ?? 0)) throw deadSession();
    },

    expireAll: (): void => tokens.clear(),
  };
}

const bearer = (header: string | null): string => /^Bearer (.+)$/.exec(header ?? "")?.[1] ?? "";

export const profileOf = (app: UpstoxApp) => ({
  email: "asha@example.in",
  exchanges: ["NSE", "NFO", "BSE", "BFO"],
  products: ["D", "I", "CO", "MTF"],
  broker: "UPSTOX",
  user_id: app.userId,
  user_name: app.userName,
  order_types: ["MARKET", "LIMIT", "SL", "SL-M"],
  user_type: "individual",
  poa: false,
  ddpi: true,
  is_active: true,
});
