import { istClock, istDate } from "../../../src/domain/market.ts";
import type { CallContext } from "../types.ts";
import { deadSession, escapeHtml, gatewayError, html, inputError, json } from "./reply.ts";
import type { TokenKind, Tokens } from "./tokens.ts";

export interface DhanAccount {
  readonly clientId: string;
  readonly name: string;
  readonly apiKey: string;
  readonly apiSecret: string;
}

export interface LoginParts {
  readonly account: DhanAccount;
  readonly tokens: Tokens;
  readonly now: () => number;
  readonly random: () => number;
  /** What the person registered in the console as the app's Redirect URL. */
  readonly redirectUrl: string;
}

export interface Login {
  /** auth.dhan.co */
  auth(request: Request, context: CallContext): Promise<Response>;
  /** The page of web.dhan.co that issues access tokens. */
  web(request: Request): Response;
  renew(request: Request): Response;
}

export function createLogin({ account, tokens, now, random, redirectUrl }: LoginParts): Login {
  const consents = new Set<string>();
  const tokenIds = new Set<string>();

  const uuid = (): string =>
    "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replaceAll("x", () => Math.floor(random() * 16).toString(16));

  function issued(kind: TokenKind): Response {
    const { token, expiresAt } = tokens.issue(kind);
    return json({
      dhanClientId: account.clientId,
      dhanClientName: account.name,
      dhanClientUcc: "KQWZ48213T",
      givenPowerOfAttorney: true,
      accessToken: token,
      expiryTime: `${istDate(expiresAt)}T${istClock(expiresAt)}.000`,
    });
  }

  const knowsApp = (request: Request): boolean =>
    request.headers.get("app_id") === account.apiKey && request.headers.get("app_secret") === account.apiSecret;

  function generateConsent(request: Request, query: URLSearchParams): Response {
    if (!knowsApp(request) || query.get("client_id") !== account.clientId) return deadSession();
    const consentAppId = uuid();
    consents.add(consentAppId);
    return json({ consentAppId, consentAppStatus: "GENERATED", status: "success" });
  }

  function consumeConsent(request: Request, query: URLSearchParams): Response {
    if (!knowsApp(request)) return deadSession();
    if (!tokenIds.delete(query.get("tokenId") ?? "")) return inputError("Invalid tokenId");
    return issued("APP");
  }

  async function consentLogin(request: Request, query: URLSearchParams): Promise<Response> {
    const consentAppId = query.get("consentAppId") ?? "";
    if (!consents.has(consentAppId)) return html("Dhan", "<p>This login link is not valid any more.</p>");
    if (request.method !== "POST") return loginPage(request, account, redirectUrl);
    const form = new URLSearchParams(await request.text());
    consents.delete(consentAppId);
    const tokenId = uuid();
    tokenIds.add(tokenId);
    // The documentation shows a slash before the query.
    const target = `${(form.get("redirect_url") ?? redirectUrl).replace(/\/$/, "")}/?tokenId=${tokenId}`;
    return new Response(null, { status: 302, headers: { location: target } });
  }

  return {
    async auth(request, { path }) {
      const query = new URL(request.url).searchParams;
      if (path === "/auth/app/generate-consent" && request.method === "POST") return generateConsent(request, query);
      if (path === "/auth/app/consumeApp-consent") return consumeConsent(request, query);
      if (path === "/auth/login/consentApp-login") return consentLogin(request, query);
      return gatewayError(404, "Not Found", path, now());
    },

    web(request) {
      const action = escapeHtml(new URL(request.url).pathname);
      if (request.method !== "POST")
        return html(
          "Dhan Web",
          `<h1>Access DhanHQ APIs</h1><p>Simulated. ${escapeHtml(account.name)}, client ${account.clientId}.</p>` +
            `<form method="post" action="${action}"><button type="submit">Generate access token</button></form>`,
        );
      return html(
        "Dhan Web",
        `<h1>Access token</h1><p>Valid for 24 hours. The one before it is dead.</p>` +
          `<textarea id="access-token" rows="6" cols="60" readonly>${tokens.issue("SELF").token}</textarea>`,
      );
    },

    /** Only a live token issued by Dhan Web can be renewed. The client id comes in `dhanClientId`, not `client-id`. */
    renew(request) {
      const kind = tokens.check(request.headers.get("access-token"));
      if (kind === null || request.headers.get("dhanClientId") !== account.clientId) return deadSession();
      if (request.method !== "GET" || kind !== "SELF") return inputError("Token cannot be renewed");
      return issued("SELF");
    },
  };
}

function loginPage(request: Request, account: DhanAccount, redirectUrl: string): Response {
  const url = new URL(request.url);
  return html(
    "Login to Dhan",
    `<h1>Login to Dhan</h1><p>Simulated broker: no real account, no real money.</p>` +
      `<form method="post" action="${escapeHtml(url.pathname + url.search)}">` +
      `<p>${escapeHtml(account.name)}, client ${account.clientId}</p>` +
      `<label>Redirect URL registered for this API key ` +
      `<input name="redirect_url" size="60" value="${escapeHtml(redirectUrl)}"></label>` +
      `<p><button type="submit">Log in and allow</button></p></form>`,
  );
}
