import { Hono } from "hono";
import { getCookie } from "hono/cookie";
import { html } from "hono/html";
import type { Log } from "../lib/log.ts";
import type { LoginResult, Logins } from "../services/logins.ts";
import type { UserId } from "../domain/ids.ts";

export interface OAuthDeps {
  readonly logins: Logins;
  /** Tells the chat how a login ended. */
  readonly tell: (user: UserId, result: LoginResult) => Promise<void>;
  /** Where "back to Telegram" leads. */
  readonly chatUrl: string;
  readonly log: Log;
}

export const STATE_COOKIE = "sauda_login";

/** GET /oauth/:broker/callback: hostile until its state proves otherwise. The tokens in its URL are never logged or shown. */
export function oauthRoutes({ logins, tell, chatUrl, log }: OAuthDeps): Hono {
  // Dhan comes back to the registered address with a slash added.
  const routes = new Hono({ strict: false });
  routes.get("/oauth/:broker/callback", async (context) => {
    const result = await logins.finish(
      context.req.param("broker"),
      context.req.query(),
      getCookie(context, STATE_COOKIE),
    );
    log.info({ broker: context.req.param("broker"), result: result.kind }, "login callback");
    if (result.userId !== undefined) {
      await tell(result.userId, result).catch((error: unknown) => log.warn({ err: error }, "login not told in chat"));
    }
    context.header("cache-control", "no-store");
    context.header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    return context.html(page(result, chatUrl), result.kind === "linked" ? 200 : 400);
  });
  return routes;
}

const TITLES: Readonly<Record<LoginResult["kind"], string>> = {
  linked: "Linked",
  stale: "This login link was used before or is too old",
  cancelled: "The login was cancelled",
  "other-account": "That was another account",
  failed: "The broker did not confirm the login",
};

const page = (result: LoginResult, chatUrl: string) =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Sauda</title>
        <style>
          body {
            font:
              17px/1.5 system-ui,
              sans-serif;
            margin: 0;
            min-height: 100vh;
            display: grid;
            place-items: center;
            background: #f4f5f7;
            color: #1b1f24;
          }
          main {
            max-width: 22rem;
            padding: 2rem;
            text-align: center;
          }
          a {
            display: inline-block;
            margin-top: 1rem;
            padding: 0.7rem 1.4rem;
            border-radius: 0.7rem;
            background: #2478c7;
            color: #fff;
            text-decoration: none;
          }
          @media (prefers-color-scheme: dark) {
            body {
              background: #14181d;
              color: #e8eaed;
            }
          }
        </style>
      </head>
      <body>
        <main>
          <h1>${TITLES[result.kind]}</h1>
          <p>
            ${result.kind === "linked" ? "The account is linked. The chat has the details." : "Nothing was changed. The chat has a new login button under /accounts."}
          </p>
          <a href="${chatUrl}">Back to the chat</a>
        </main>
      </body>
    </html>`;
