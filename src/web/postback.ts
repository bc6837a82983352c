import { Hono } from "hono";
import type { Log } from "../lib/log.ts";
import type { Postbacks } from "../services/orders/postbacks.ts";

/**
 * POST /postback/:broker/:link: a broker's hint that an order changed. Anybody can send one, so the reply is always the
 * same, and all it triggers is reading the broker's order book.
 */
export function postbackRoutes({ postbacks, log }: { postbacks: Postbacks; log: Log }): Hono {
  const routes = new Hono();
  routes.post("/postback/:broker/:link", async (context) => {
    const { broker, link } = context.req.param();
    const body = await context.req.text();
    void postbacks
      .take(broker, link, body)
      .then((kind) => log.info({ kind }, "postback"))
      .catch((error: unknown) => log.warn({ err: error }, "postback failed"));
    return context.text("ok");
  });
  return routes;
}
