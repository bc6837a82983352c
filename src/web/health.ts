import { Hono } from "hono";
import type { Metrics } from "../lib/metrics.ts";

export interface HealthChecks {
  readonly store: () => Promise<unknown>;
  readonly telegram: () => Promise<unknown>;
  readonly metrics: Metrics;
  readonly now: () => number;
}

/** Results are cached this long, so that frequent probes do not flood the store and Telegram. */
const CACHE_MS = 2_000;
const CHECK_TIMEOUT_MS = 5_000;

/**
 * GET /healthz: the process is up. GET /readyz: whether store and Telegram can be reached.
 * GET /metrics: for Prometheus on the local network; hidden from requests that come through a public proxy.
 */
export function healthRoutes(checks: HealthChecks): Hono {
  const routes = new Hono();
  let last: { readonly at: number; readonly state: Promise<Readiness> } | null = null;

  function readiness(): Promise<Readiness> {
    const now = checks.now();
    if (last && Math.abs(now - last.at) < CACHE_MS) return last.state;
    last = { at: now, state: check(checks) };
    return last.state;
  }

  routes.get("/healthz", (context) => context.text("ok"));
  routes.get("/readyz", async (context) => {
    const state = await readiness();
    return context.json(state, state.store && state.telegram ? 200 : 503);
  });
  routes.get("/metrics", async (context) => {
    const cameThroughProxy = ["x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip"].some(
      (name) => context.req.header(name) !== undefined,
    );
    if (cameThroughProxy) return context.notFound();
    return context.body(await checks.metrics.text(), 200, {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
    });
  });
  return routes;
}

interface Readiness {
  readonly store: boolean;
  readonly telegram: boolean;
}

async function check(checks: HealthChecks): Promise<Readiness> {
  const [store, telegram] = await Promise.all([answers(checks.store), answers(checks.telegram)]);
  return { store, telegram };
}

async function answers(ask: () => Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), CHECK_TIMEOUT_MS)));
  try {
    return await Promise.race([ask().then(() => true), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
