import type { MiddlewareFn } from "grammy";
import type { BareContext } from "../context.ts";

/** A faster answer needs no sign. */
const FIRST_AFTER_MS = 1_000;
/** Telegram shows "typing…" for five seconds, or until the answer. */
const REPEAT_MS = 4_500;

/** Shows "typing…" while a slow handler works. A sign that cannot be sent is ignored. */
export const showTyping = (): MiddlewareFn<BareContext> => async (ctx, next) => {
  const { chat } = ctx;
  if (chat?.type !== "private" || ctx.myChatMember) return next();
  const sign = (): void => {
    timer = setTimeout(sign, REPEAT_MS).unref();
    void ctx.api.sendChatAction(chat.id, "typing").catch(() => undefined);
  };
  let timer = setTimeout(sign, FIRST_AFTER_MS).unref();
  try {
    await next();
  } finally {
    clearTimeout(timer);
  }
};
