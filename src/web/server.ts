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
  close(): Promise<void>;
}

/** The HTTP server of all routes: small bodies, no framing, no sniffing, no referrer. */
export async function startWebServer(port: number, routes: readonly Hono[], log: Log): Promise<WebServer> {
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
  const server = serve({ fetch: app.fetch, port });
  await new Promise<void>((resolve, reject) => {
    server.once("listening", resolve);
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "EADDRINUSE" ? new ConfigError([`PORT: ${port} is taken; set PORT to another`]) : error),
    );
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      }),
  };
}
