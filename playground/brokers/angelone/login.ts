import { createHash } from "node:crypto";
import { nextIst } from "../../../src/domain/market.ts";
import { page } from "./replies.ts";

export interface Sessions {
  /** A new JWT that lives until midnight in India. */
  open(): string;
  isAlive(token: string): boolean;
  close(token: string): void;
  readonly closeAll: () => void;
}

export function createSessions(clientCode: string, now: () => number, random: () => number): Sessions {
  const endsAt = new Map<string, number>();
  return {
    open() {
      const end = nextIst("00:00", now());
      const token = jwt({ username: clientCode, exp: Math.floor(end / 1000), jti: String(random()) });
      endsAt.set(token, end);
      return token;
    },
    isAlive: (token) => now() < (endsAt.get(token) ?? 0),
    close: (token) => void endsAt.delete(token),
    closeAll: () => endsAt.clear(),
  };
}

/** Looks like a JWT. The signature is never checked: sessions are looked up by the whole token. */
export function jwt(claims: Readonly<Record<string, unknown>>): string {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${encode({ alg: "HS512" })}.${encode(claims)}`;
  return `${signed}.${createHash("sha512").update(signed).digest("base64url")}`;
}

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** The publisher login page: one button that sends the browser back, as Angel One does. */
export function loginPage(query: URLSearchParams, apiKey: string, hint: string): Response {
  if (query.get("api_key") !== apiKey)
    return page("<!doctype html><title>403</title><h1>Forbidden</h1><p>This API key is not a Publisher key.</p>", 403);
  const hidden = ["api_key", "redirect_url", "state"]
    .map((name) => `<input type="hidden" name="${name}" value="${escapeHtml(query.get(name) ?? "")}">`)
    .join("");
  return page(`<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Angel One (simulated)</title>
<style>body{font:16px/1.5 system-ui;max-width:24rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.6rem 1.4rem}</style>
<h1>Angel One</h1><p>Simulated login. ${escapeHtml(hint)}</p>
<form method="post" action="publisher-login/authorize">${hidden}<button type="submit">Log in</button></form></html>`);
}

/** Redirects to the registered address with the tokens and the state in the query. */
export function authorize(form: URLSearchParams, apiKey: string, sessions: Sessions): Response {
  const target = form.get("redirect_url") ?? "";
  if (form.get("api_key") !== apiKey || !URL.canParse(target)) return page("<h1>Forbidden</h1>", 403);
  const url = new URL(target);
  url.searchParams.set("auth_token", sessions.open());
  url.searchParams.set("feed_token", jwt({ feed: true }));
  url.searchParams.set("refresh_token", jwt({ refresh: true }));
  url.searchParams.set("state", form.get("state") ?? "");
  return new Response(null, { status: 302, headers: { location: url.href } });
}
