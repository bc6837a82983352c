import { createHash } from "node:crypto";
import { istDateTime, nextIst } from "../../../src/domain/market.ts";
import { escapeHtml, html, KiteRefusal, success } from "./replies.ts";

/** The developer console's record of the demo app. */
export interface KiteApp {
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly userId: string;
  /** Kite takes it from the console, not from the login URL. */
  readonly redirectUrl: string;
}

const REQUEST_TOKEN_TTL_MS = 2 * 60_000;

export type Sessions = ReturnType<typeof createSessions>;

/** Login page, request tokens, and access tokens that expire at 06:00 IST. */
export function createSessions(app: KiteApp, now: () => number, random: () => number) {
  const requestTokens = new Map<string, number>();
  let current: { token: string; expiresAt: number } | null = null;

  const letters = (length: number): string =>
    Array.from({ length }, () => Math.floor(random() * 36).toString(36)).join("");
  const isAlive = (token: string | null): boolean =>
    token !== null && current !== null && token === current.token && now() < current.expiresAt;

  function finishLogin(form: URLSearchParams): Response {
    if (form.get("user_id") !== app.userId) return html(400, "<p>The user is not enabled for the app.</p>");
    const requestToken = letters(32);
    requestTokens.set(requestToken, now() + REQUEST_TOKEN_TTL_MS);
    const target = URL.parse(form.get("redirect_url") || app.redirectUrl);
    if (!target || !/^https?:$/.test(target.protocol)) return html(400, "<p>Invalid redirect URL.</p>");
    for (const [name, value] of new URLSearchParams(form.get("redirect_params") ?? ""))
      target.searchParams.append(name, value);
    const result = { action: "login", type: "login", status: "success", request_token: requestToken };
    for (const [name, value] of Object.entries(result)) target.searchParams.append(name, value);
    return new Response(null, { status: 302, headers: { location: target.href } });
  }

  return {
    loginPage(query: URLSearchParams): Response {
      if (query.get("v") !== "3" || query.get("api_key") !== app.apiKey) return html(400, "<p>Invalid `api_key`.</p>");
      const params = escapeHtml(query.get("redirect_params") ?? "");
      return html(
        200,
        `<h1>Kite (simulated)</h1><form method="post" action="finish">
<input type="hidden" name="redirect_params" value="${params}">
<p><label>User ID <input name="user_id" value="${escapeHtml(app.userId)}"></label></p>
<p><label>Redirect URL registered in the developer console
<input name="redirect_url" size="60" value="${escapeHtml(app.redirectUrl)}"></label></p>
<button type="submit">Login</button></form>`,
      );
    },

    finishLogin,

    exchange(form: URLSearchParams): Response {
      const requestToken = form.get("request_token") ?? "";
      const expiresAt = requestTokens.get(requestToken) ?? 0;
      if (form.get("api_key") !== app.apiKey) throw new KiteRefusal(403, "TokenException", "Invalid `api_key`.");
      if (now() >= expiresAt) throw new KiteRefusal(403, "TokenException", "Token is invalid or has expired.");
      const expected = createHash("sha256").update(`${app.apiKey}${requestToken}${app.apiSecret}`).digest("hex");
      if (form.get("checksum") !== expected) throw new KiteRefusal(403, "TokenException", "Invalid `checksum`.");
      requestTokens.delete(requestToken);
      // A second login of the same app on the same day gets the same token.
      if (current === null || now() >= current.expiresAt)
        current = { token: letters(32), expiresAt: nextIst("06:00", now()) };
      return success({
        ...profileOf(app),
        api_key: app.apiKey,
        access_token: current.token,
        public_token: letters(32),
        enctoken: "",
        refresh_token: "",
        silo: "",
        login_time: istDateTime(now()),
      });
    },

    end(query: URLSearchParams): Response {
      if (isAlive(query.get("access_token"))) current = null;
      return success(true);
    },

    require(header: string | null): void {
      const [, apiKey, token] = /^token ([^:]+):(.+)$/.exec(header ?? "") ?? [];
      if (apiKey !== app.apiKey || !isAlive(token ?? null))
        throw new KiteRefusal(403, "TokenException", "Incorrect `api_key` or `access_token`.");
    },

    expireAll(): void {
      current = null;
    },
  };
}

export const profileOf = (app: KiteApp) => ({
  user_id: app.userId,
  user_type: "individual",
  email: "asha@example.in",
  user_name: "Asha Rao",
  user_shortname: "Asha",
  broker: "ZERODHA",
  exchanges: ["NSE", "BSE", "NFO", "BFO"],
  products: ["CNC", "NRML", "MIS", "MTF"],
  order_types: ["MARKET", "LIMIT", "SL", "SL-M"],
  avatar_url: null,
  meta: { demat_consent: "physical" },
});
