import { createRateLimit } from "./rate-limit.ts";
import type { BrokerSwitches, CallContext, SimulatedBroker, SimulatedBrokerDeps } from "./types.ts";
import { createDirectory } from "./zerodha/names.ts";
import { inputError, KiteRefusal, refusal } from "./zerodha/replies.ts";
import { CALLS_PER_SECOND, routesOf } from "./zerodha/routes.ts";
import { createSessions, type KiteApp } from "./zerodha/sessions.ts";

const DEMO_APP: KiteApp = {
  apiKey: "demoapikey00001",
  apiSecret: "demosecret00001",
  userId: "QX4411",
  redirectUrl: "http://localhost:8080/oauth/zerodha/callback",
};

/**
 * Zerodha's Kite Connect 3 with its login page. Kite takes the redirect URL from the developer console only, which
 * `redirectUrl` stands for; the login page lets a person change it.
 */
export function simulatedZerodha(deps: SimulatedBrokerDeps & { readonly redirectUrl?: string }): SimulatedBroker {
  const { exchange, accountId } = deps;
  const app: KiteApp = { ...DEMO_APP, redirectUrl: deps.redirectUrl ?? DEMO_APP.redirectUrl };
  const sessions = createSessions(app, exchange.now, deps.random);
  const directory = createDirectory(exchange);
  const routes = routesOf({ app, sessions, exchange, directory, accountId });
  const isAllowed = createRateLimit(CALLS_PER_SECOND);
  const switches: BrokerSwitches = {
    expireSessions: () => sessions.expireAll(),
    isIpAllowed: true,
    hasMarketData: true,
    enforcesRateLimits: false,
  };

  async function answer(request: Request, { path, remoteAddress }: CallContext): Promise<Response> {
    const route = routes.find(({ method, path: pattern }) => method === request.method && pattern.test(path));
    if (!route) throw new KiteRefusal(404, "GeneralException", "Route not found");
    const isPage = path.startsWith("/connect/");
    if (!isPage && request.headers.get("x-kite-version") !== "3") throw inputError("Invalid `X-Kite-Version`.");
    if (!route.isOpen) sessions.require(request.headers.get("authorization"));
    if (!isPage && switches.enforcesRateLimits && !isAllowed(route.rate))
      throw new KiteRefusal(429, "NetworkException", "Too many requests");
    if (route.rate === "order" && !switches.isIpAllowed) throw addressRefusal(remoteAddress);
    if ((route.rate === "quote" || route.rate === "historical") && !switches.hasMarketData)
      throw new KiteRefusal(403, "PermissionException", "Insufficient permission for that call.");
    return route.answer({
      query: new URL(request.url).searchParams,
      body: await request.text(),
      pathParams: route.path.exec(path)?.groups ?? {},
    });
  }

  return {
    name: "zerodha",
    async handle(request, context) {
      try {
        return await answer(request, context);
      } catch (error) {
        if (error instanceof KiteRefusal) return refusal(error);
        throw error;
      }
    },
    roots: (base) => ({ ZERODHA_API_ROOT: base, ZERODHA_LOGIN_ROOT: base }),
    credentials: { apiKey: app.apiKey, apiSecret: app.apiSecret },
    hint: `Demo account ${app.userId}: press Login, there is no password`,
    switches,
  };
}

const addressRefusal = (address: string): KiteRefusal =>
  new KiteRefusal(
    403,
    "PermissionException",
    `IP (${address}) is not allowed to place orders for this app. Update allowed IPs on the Kite developer console.`,
  );
