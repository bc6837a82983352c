import { Hono } from "hono";
import { z } from "zod";
import { createFailureLog } from "../lib/failure-log.ts";
import type { Log } from "../lib/log.ts";
import { isSameText } from "../lib/same-text.ts";
import type { Secret } from "../lib/secret.ts";
import { WEBHOOK_PATH } from "./paths.ts";

const updateSchema = z.looseObject({ update_id: z.int().nonnegative() });
export type IncomingUpdate = z.output<typeof updateSchema>;

export interface WebhookDeps {
  readonly secret: Secret;
  /** The update must be durable once this resolves. */
  readonly accept: (update: IncomingUpdate) => Promise<void>;
  readonly log: Log;
}

/** POST /telegram/webhook: replies 200 once the update is stored. After any other status Telegram sends it again. */
export function webhookRoutes({ secret, accept, log }: WebhookDeps): Hono {
  const routes = new Hono();
  const failures = createFailureLog(log, {
    failed: "updates are not stored; Telegram will send them again",
    recovered: "updates are stored again",
  });
  routes.post(WEBHOOK_PATH, async (context) => {
    if (!isSameText(context.req.header("x-telegram-bot-api-secret-token") ?? "", secret.reveal()))
      return context.body(null, 401);
    const update = updateSchema.safeParse(await context.req.json().catch(() => null));
    if (!update.success) return context.body(null, 400);
    try {
      await accept(update.data);
      failures.recovered();
    } catch (error) {
      failures.failed(error);
      return context.body(null, 503);
    }
    return context.body(null, 200);
  });
  return routes;
}
