import { Hono, type Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { html } from "hono/html";
import type { Log } from "../lib/log.ts";
import { LOGIN_TTL_MS, type LoginResult, type Logins } from "../services/accounts/logins.ts";
import type { UserId } from "../domain/ids.ts";
import { cookieAt } from "./cookie.ts";
import { backToChat, page } from "./page.ts";
import { toldInTime } from "./telling.ts";

export interface OAuthDeps {
  readonly logins: Logins;
  /** Reports the result of a login in the chat. */
  readonly tell: (user: UserId, result: LoginResult) => Promise<void>;
  /** Target of "Back to the chat". */
  readonly chatUrl: () => string;
  /** URL of this server as seen by the browser. */
  readonly publicUrl: string;
  readonly log: Log;
}

export const STATE_COOKIE = "sauda_login";

/**
 * GET /oauth/:broker/login/:state redirects to a broker that does not return our state; a cookie keeps it instead.
 * GET /oauth/:broker/callback is not trusted until its state is verified. Query values are never logged or shown, and the
 * browser is sent on to the same path with only the outcome, so that no used code or token stays in its address and history.
 */
export function oauthRoutes({ logins, tell, chatUrl, publicUrl, log }: OAuthDeps): Hono {
  const routes = new Hono();
  const cookieFor = (broker: string) => cookieAt(publicUrl, `/oauth/${encodeURIComponent(broker)}/callback`);
  const show = (context: Context, kind: Outcome) =>
    page(context, { title: TITLES[kind], body: outcome(kind, chatUrl()) }, kind === "linked" ? 200 : 400);

  routes.get("/oauth/:broker/login/:state", async (context) => {
    const { broker, state } = context.req.param();
    const url = await logins.resume(broker, state);
    if (url === null) return show(context, "stale");
    setCookie(context, STATE_COOKIE, state, { ...cookieFor(broker), sameSite: "Lax", maxAge: LOGIN_TTL_MS / 1000 });
    context.header("cache-control", "no-store");
    return context.redirect(url, 302);
  });
  routes.get("/oauth/:broker/callback", async (context) => {
    // Hono answers a HEAD by the route of GET. Link checkers send one, and it would use up the login.
    if (context.req.method === "HEAD") return context.body(null, 405, { allow: "GET" });
    const broker = context.req.param("broker");
    const params = context.req.query();
    const shown = params["outcome"];
    if (isOutcome(shown)) return show(context, shown);
    const cookie = getCookie(context, STATE_COOKIE);
    const result = await logins.finish(broker, params, cookie);
    const link = "link" in result ? { link: result.link._id } : {};
    if ("error" in result) log.warn({ result: result.kind, ...link, err: result.error }, "login callback");
    else log.info({ result: result.kind, ...link }, "login callback");
    if (result.userId !== undefined) {
      const telling = tell(result.userId, result).catch((error: unknown) =>
        log.warn({ err: error, user: result.userId, ...link }, "could not report the login in the chat"),
      );
      await toldInTime(telling);
    }
    deleteCookie(context, STATE_COOKIE, cookieFor(broker));
    // This address stays: the chat has asked for it.
    if (result.kind === "stale" && params["state"] === undefined && cookie === undefined)
      return show(context, "nameless");
    context.header("cache-control", "no-store");
    // Relative, because a proxy may strip a prefix of PUBLIC_URL, and some brokers add a slash to the path.
    return context.redirect(`?outcome=${result.kind}`, 303);
  });
  return routes;
}

/** `nameless`: the broker returns no state and the browser brought no cookie, as when it opened the broker's page directly. */
type Outcome = LoginResult["kind"] | "nameless";

const TITLES: Readonly<Record<Outcome, string>> = {
  linked: "Linked",
  stale: "This login link was used before or is too old",
  nameless: "This address does not say whose login it is",
  cancelled: "The login was not finished",
  unlinked: "That account was unlinked meanwhile",
  "other-account": "That was another account",
  "linked-already": "That account is linked already",
  failed: "The broker did not confirm the login",
};

const isOutcome = (text: string | undefined): text is Outcome => text !== undefined && Object.hasOwn(TITLES, text);

const outcome = (kind: Outcome, chatUrl: string) =>
  html`<p>${outcomeText(kind)}</p>
    ${backToChat(chatUrl)}`;

function outcomeText(kind: Outcome): string {
  if (kind === "linked") return "The account is linked. The chat has the details.";
  // Also what a browser shows that loads the page of a login again: the first time it may have been linked.
  if (kind === "stale")
    return "Nothing was changed by this. If you have just logged in, the chat says how it went. Otherwise it has a new login button under /accounts.";
  if (kind === "nameless")
    return "Nothing was changed by this. If you have just logged in, the chat says how it went, or what to send it instead.";
  if (kind === "unlinked") return "Nothing of this login was stored. /link in the chat links the account again.";
  if (kind === "linked-already") return "It was not linked again. The chat says more.";
  return "Nothing was changed. The chat says more, with a button to try again.";
}
