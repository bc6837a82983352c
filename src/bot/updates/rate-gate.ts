import type { MiddlewareFn } from "grammy";
import type { Clock } from "../../ports/clock.ts";
import type { BareContext } from "../context.ts";
import type { Html } from "../html.ts";
import * as text from "../safety-text.ts";

const WINDOW_MS = 60_000;
const MAX_REMEMBERED = 10_000;

interface Meter {
  startedAt: number;
  count: number;
  wasTold: boolean;
}

interface Options<C> {
  /** Whose updates are counted; by default the user's. */
  readonly idOf?: (ctx: C) => number | undefined;
  readonly tooMany?: (seconds: number) => Html;
}

/** Drops a user's updates above `perMinute`. Says so once a minute, and on every tap. */
export function rateGate<C extends BareContext>(
  clock: Clock,
  perMinute: number,
  { idOf = (ctx) => ctx.from?.id, tooMany = text.tooMany }: Options<C> = {},
): MiddlewareFn<C> {
  const meters = new Map<number, Meter>();

  function meterOf(id: number): Meter {
    const now = clock.now();
    const known = meters.get(id);
    if (known && Math.abs(now - known.startedAt) < WINDOW_MS) return known;
    meters.delete(id);
    const oldest = meters.keys().next().value;
    if (meters.size >= MAX_REMEMBERED && oldest !== undefined) meters.delete(oldest);
    const fresh = { startedAt: now, count: 0, wasTold: false };
    meters.set(id, fresh);
    return fresh;
  }

  return async (ctx, next) => {
    const id = idOf(ctx);
    if (id === undefined) return next();
    const meter = meterOf(id);
    meter.count += 1;
    if (meter.count <= perMinute) return next();
    const seconds = Math.ceil((meter.startedAt + WINDOW_MS - clock.now()) / 1000);
    if (ctx.callbackQuery) await ctx.answerCallbackQuery({ text: text.tooManyTaps(seconds) });
    else if (!meter.wasTold && ctx.chat?.type === "private") {
      meter.wasTold = true;
      await ctx.reply(tooMany(seconds).toString(), { parse_mode: "HTML" });
    }
  };
}
