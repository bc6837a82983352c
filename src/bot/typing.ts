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
  const sign = (): void => {
    timer = setTimeout(sign, ANEW_MS).unref();
    void ctx.api.sendChatAction(chat.id, "typing").catch(() => undefined);
  };
  let timer = setTimeout(sign, WONDERS_MS).unref();
  try {
    await next();
  } finally {
    clearTimeout(timer);
  }
};
