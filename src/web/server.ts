import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { ConfigError } from "../errors.ts";
import type { Log } from "../lib/log.ts";
import { WEBHOOK_PATH } from "./telegram.ts";

const MAX_BODY_BYTES = 64 * 1024;
/** An update quotes whole messages; one that is refused comes again and again. */
const MAX_UPDATE_BYTES = 1024 * 1024;

export interface WebServer {
  readonly port: number;
  /** Answers with these from now on. */
  serve(routes: readonly Hono[]): void;
  close(): Promise<void>;
}

/** The HTTP server of all routes. */
export async function startWebServer(port: number, routes: readonly Hono[], log: Log): Promise<WebServer> {
  let app = appOf(routes, log);
  const server = serve({ fetch: (request, environment) => app.fetch(request, environment), port });
  await new Promise<void>((resolve, reject) => {
    server.once("listening", resolve);
    server.once("error", (error: NodeJS.ErrnoException) => reject(portProblem(error, port) ?? error));
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    serve: (others) => void (app = appOf(others, log)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      }),
  };
}

/** What the operator can mend. */
export function portProblem({ code }: { readonly code?: string | undefined }, port: number): ConfigError | null {
  if (code === "EADDRINUSE") return new ConfigError([`PORT: ${port} is taken; set PORT to another`]);
  if (code === "EACCES")
    return new ConfigError([`PORT: this user may not listen on ${port}; set PORT to 1024 or above`]);
  return null;
}

/** Small bodies, no framing, no sniffing, no referrer. */
function appOf(routes: readonly Hono[], log: Log): Hono {
  const app = new Hono({ strict: false });
  app.use(secureHeaders({ referrerPolicy: "no-referrer", xFrameOptions: "DENY" }));
  const forUpdates = bodyLimit({ maxSize: MAX_UPDATE_BYTES });
  const forOthers = bodyLimit({ maxSize: MAX_BODY_BYTES });
  app.use((context, next) => (context.req.path === WEBHOOK_PATH ? forUpdates : forOthers)(context, next));
  app.onError((error, context) => {
    if (error instanceof HTTPException) return error.getResponse();
    log.error({ err: error }, "route failed");
    return context.text("Something failed here.", 500);
  });
  for (const each of routes) app.route("/", each);
  return app;
}
