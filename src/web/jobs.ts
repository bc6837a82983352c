import { getConnInfo } from "@hono/node-server/conninfo";
import { Hono } from "hono";
import type { Log } from "../lib/log.ts";
import { isSameText } from "../lib/same-text.ts";
import type { Secret } from "../lib/secret.ts";
import { FROM_SAUDA } from "./paths.ts";

export interface JobOutcome {
  /** One line of text, or one per broker. */
  readonly report: string;
  /** For at least one user or broker. */
  readonly hasFailed: boolean;
}

export interface JobsDeps {
  /** Required from the caller. Stored in DATA_DIR, readable only by the bot's operating system user. */
  readonly token: Secret;
  /** Null when there is no such job. */
  readonly run: (name: string, user: string | null) => Promise<JobOutcome> | null;
  readonly log: Log;
}

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/**
 * POST /jobs/:name, for `npm run job` on the same machine, because a running bot locks the embedded store. 404 for all
 * others.
 */
export function jobsRoutes({ token, run, log }: JobsDeps): Hono {
  const routes = new Hono();
  routes.post("/jobs/:name", async (context) => {
    const address = getConnInfo(context).remote.address ?? "";
    const isOurs = isSameText(context.req.header("x-sauda-control") ?? "", token.reveal());
    if (!LOOPBACK.test(address) || !isOurs) return context.notFound();
    const name = context.req.param("name");
    context.header(FROM_SAUDA, name);
    const running = run(name, context.req.query("user") ?? null);
    if (!running) return context.text("no such job", 404);
    log.info({ job: name }, "job requested by hand");
    const { report, hasFailed } = await running;
    return context.text(report, hasFailed ? 500 : 200);
  });
  return routes;
}
