import type { Hono } from "hono";
import { userId } from "../domain/ids.ts";
import type { Log } from "../lib/log.ts";
import type { Secret } from "../lib/secret.ts";
import { JOB_NAMES } from "../services/jobs.ts";
import { createPostbacks } from "../services/orders/postbacks.ts";
import { healthRoutes } from "../web/health.ts";
import { jobsRoutes, type JobOutcome } from "../web/jobs.ts";
import { keysRoutes } from "../web/keys.ts";
import { listenerOf } from "../web/listener.ts";
import { oauthRoutes } from "../web/oauth.ts";
import { postbackRoutes } from "../web/postback.ts";
import { webhookRoutes } from "../web/telegram.ts";
import type { Assembled } from "./assemble.ts";
import type { Config } from "./config.ts";
import type { JobTable } from "./jobs.ts";
import type { Schedule } from "./schedule.ts";
import { tellKeys, tellLogin } from "./telegram-out.ts";

export interface RoutesOptions {
  readonly config: Pick<Config, "publicUrl">;
  readonly parts: Assembled;
  readonly jobs: JobTable;
  readonly schedule: Pick<Schedule, "runNow">;
  readonly controlToken: Secret;
  readonly log: Log;
}

/** In a module of its own, because it is loaded only after the first updates have been handled. */
export function createRoutes(options: RoutesOptions) {
  const { config, parts, controlToken, log } = options;
  const { bot, clock, deps, metrics, store, updates, world, writes } = parts;
  const chatUrl = (): string =>
    world ? world.telegram.url : bot.isInited() ? `https://t.me/${bot.botInfo.username}` : "https://t.me";
  const { publicUrl } = config;
  const health = healthRoutes({
    store: () => Promise.all([store.ping(), writes.check()]),
    telegram: () => bot.api.getMe(),
    metrics,
    now: () => clock.now(),
  });
  const byHand = jobsRoutes({ token: controlToken, run: (name, user) => runByHand(options, name, user), log });
  const own: readonly Hono[] = [health, byHand];
  return {
    /** The operator's routes, served even while Telegram cannot be reached. */
    own: listenerOf(own, log),
    all: listenerOf(
      [
        ...own,
        oauthRoutes({
          logins: deps.logins,
          tell: (user, result) => tellLogin(bot.api, deps, user, result),
          chatUrl,
          publicUrl,
          log,
        }),
        keysRoutes({
          forms: deps.keyForms,
          tell: (link, subject) => tellKeys(bot.api, deps, link, subject),
          chatUrl,
          publicUrl,
          log,
        }),
        postbackRoutes({
          postbacks: createPostbacks(deps),
          log,
        }),
        ...(updates.webhook ? [webhookRoutes(updates.webhook)] : []),
      ],
      log,
    ),
  };
}

function runByHand(
  { jobs, schedule }: Pick<RoutesOptions, "jobs" | "schedule">,
  name: string,
  user: string | null,
): Promise<JobOutcome> | null {
  const job = JOB_NAMES.find((each) => each === name);
  const only = user === null ? null : userId(user);
  return job ? schedule.runNow((signal) => jobs[job](only, signal)) : null;
}
