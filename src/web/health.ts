import { Hono } from "hono";

export interface HealthChecks {
  readonly store: () => Promise<void>;
  readonly telegram: () => Promise<unknown>;
}

/** GET /healthz: the process is up. GET /readyz: store and Telegram can be reached, or which one cannot. */
export function healthRoutes(checks: HealthChecks): Hono {
  const routes = new Hono();
  routes.get("/healthz", (context) => context.text("ok"));
  routes.get("/readyz", async (context) => {
    const [store, telegram] = await Promise.allSettled([checks.store(), checks.telegram()]);
    const state = { store: store.status === "fulfilled", telegram: telegram.status === "fulfilled" };
    return context.json(state, state.store && state.telegram ? 200 : 503);
  });
  return routes;
}
