import type { RequestListener } from "node:http";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import type { Log } from "../lib/log.ts";
import { WEBHOOK_PATH } from "./paths.ts";

const MAX_BODY_BYTES = 64 * 1024;
/** Updates may quote whole messages, and Telegram repeats an update that is refused, so the limit is generous. */
const MAX_UPDATE_BYTES = 1024 * 1024;

/** All routes behind body limits and security headers (no framing, no sniffing, no referrer). */
export function listenerOf(routes: readonly Hono[], log: Log): RequestListener {
  const app = new Hono<{ Bindings: HttpBindings }>({ strict: false });
  app.use(secureHeaders({ referrerPolicy: "no-referrer", xFrameOptions: "DENY" }));
  const forUpdates = bodyLimit({ maxSize: MAX_UPDATE_BYTES });
  const forOthers = bodyLimit({ maxSize: MAX_BODY_BYTES });
  app.use((context, next) => (context.req.path === WEBHOOK_PATH ? forUpdates : forOthers)(context, next));
  app.onError((error, context) => {
    if (error instanceof HTTPException) return error.getResponse();
    // The caller hung up in the middle of its request, which anybody can do as often as they like.
    if (error === context.env.incoming.errored) return context.body(null, 400);
    log.error({ err: error }, "route failed");
    return context.text("Something failed here.", 500);
  });
  for (const each of routes) app.route("/", each);
  const answer = getRequestListener(app.fetch);
  return (request, reply) => void answer(request, reply);
}
