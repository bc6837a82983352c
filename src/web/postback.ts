import { Hono } from "hono";
import type { Log } from "../lib/log.ts";
import type { Postbacks } from "../services/postbacks.ts";

/**
 * POST /postback/:broker/:link: a hint that an order moved. Anybody can send one, so it is answered the same whatever it
 * says, and all it can cause is a look at the broker's own book.
 */
export function postbackRoutes({ postbacks, log }: { postbacks: Postbacks; log: Log }): Hono {
  const routes = new Hono();
  routes.post("/postback/:broker/:link", async (context) => {
    const { broker, link } = context.req.param();
    const body = await context.req.text();
    void postbacks
      .take(broker, link, body)
      .then((kind) => log.info({ kind }, "postback"))
      .catch((error: unknown) => log.warn({ err: error }, "postback not used"));
    return context.text("ok");
  });
  return routes;
}
