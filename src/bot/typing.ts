import type { MiddlewareFn } from "grammy";
import type { BareContext } from "./context.ts";

/** By then one wonders whether it was heard. */
const WONDERS_MS = 1_000;
/** Telegram shows it for five seconds, or until the answer. */
const ANEW_MS = 4_500;

/** Somebody who waits for a slow broker sees that it is worked on. Only a sign: one that fails is left out. */
export const showTyping = (): MiddlewareFn<BareContext> => async (ctx, next) => {
  const { chat } = ctx;
  if (chat?.type !== "private" || ctx.myChatMember) return next();
  let timer: NodeJS.Timeout;
  const signAfter = (ms: number): void => {
    timer = setTimeout(() => {
      signAfter(ANEW_MS);
      void ctx.api.sendChatAction(chat.id, "typing").catch(() => undefined);
    }, ms).unref();
  };
  signAfter(WONDERS_MS);
  try {
    await next();
  } finally {
    clearTimeout(timer!);
  }
};
