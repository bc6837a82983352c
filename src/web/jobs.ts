import { getConnInfo } from "@hono/node-server/conninfo";
import { Hono } from "hono";
import type { Log } from "../lib/log.ts";
import { isSameText } from "../lib/same-text.ts";
import type { Secret } from "../lib/secret.ts";

export interface JobOutcome {
  /** A line, or one for each broker. */
  readonly says: string;
  /** For somebody at least. */
  readonly hasFailed: boolean;
}

export interface JobsDeps {
  /** What a caller must show: it lies in DATA_DIR, for its owner's eyes only. */
  readonly token: Secret;
  /** Null when there is no such job. */
  readonly run: (name: string, user: string | null) => Promise<JobOutcome> | null;
  readonly log: Log;
}

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/** POST /jobs/:name, for `npm run job` on the same machine while the bot has the store. To anybody else it does not exist. */
export function jobsRoutes({ token, run, log }: JobsDeps): Hono {
  const routes = new Hono();
  routes.post("/jobs/:name", async (context) => {
    const address = getConnInfo(context).remote.address ?? "";
    const isOurs = isSameText(context.req.header("x-sauda-control") ?? "", token.reveal());
    if (!LOOPBACK.test(address) || !isOurs) return context.notFound();
    const name = context.req.param("name");
    const running = run(name, context.req.query("user") ?? null);
    if (!running) return context.text("no such job", 404);
    log.info({ job: name }, "job asked for by hand");
    const { says, hasFailed } = await running;
    return context.text(says, hasFailed ? 500 : 200);
  });
  return routes;
}
