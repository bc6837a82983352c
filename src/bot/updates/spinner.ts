import type { MiddlewareFn } from "grammy";
import type { BareContext } from "../context.ts";
import { html } from "../html.ts";
import { isHarmless, send } from "../view.ts";

const SPINNER_MS = 700;

/** Stops a tapped button's spinner soon, even if its handler is slow. Text that comes too late is sent as a message. */
export const withSpinnerStopped = (): MiddlewareFn<BareContext> => async (ctx, next) => {
  if (!ctx.callbackQuery) return next();
  const answer = ctx.answerCallbackQuery.bind(ctx);
  let isAnswered = false;
  let isStopped = false;
  ctx.answerCallbackQuery = async (...args) => {
    const [said] = args;
    const sendText = async (): Promise<void> => {
      if (typeof said === "object" && said.text !== undefined) await send(ctx, { html: html`${said.text}` });
    };
    if (isStopped) await sendText();
    if (isAnswered) return true;
    isAnswered = true;
    return answer(...args).catch(async (error: unknown) => {
      if (!isHarmless(error)) throw error;
      // The tap was made while the bot was down, and Telegram takes no answer to it any more.
      await sendText();
      return true as const;
    });
  };
  const timer = setTimeout(() => {
    isStopped = !isAnswered;
    void ctx.answerCallbackQuery().catch(() => undefined);
  }, SPINNER_MS);
  try {
    await next();
  } finally {
    clearTimeout(timer);
    // The handler has ended, so a failure to stop the spinner must not be reported as the button's failure.
    await ctx
      .answerCallbackQuery()
      .catch((error: unknown) => ctx.log.warn({ err: error }, "could not stop a button's spinner"));
  }
};
