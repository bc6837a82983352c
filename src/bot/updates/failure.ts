import { InlineKeyboard } from "grammy";
import { userId, type BrokerName, type UserId } from "../../domain/ids.ts";
import { BrokerError, UserError } from "../../errors.ts";
import { randomAlphanumeric, randomToken } from "../../lib/token.ts";
import { callbackData } from "../callbacks.ts";
import type { BotDeps } from "../commands.ts";
import type { BareContext } from "../context.ts";
import { DeadlineError } from "./deadline.ts";
import { html } from "../html.ts";
import { notificationButtons } from "../notification-buttons.ts";
import { Correction, Refusal } from "../refusal.ts";
import { addLogins } from "../render/login-buttons.ts";
import * as text from "../text.ts";
import { isHarmless, send, type View } from "../view.ts";

/** Answers whatever a handler threw. For an unexpected error the user gets a reference, which the log line has too. */
export async function answerFailure(error: unknown, ctx: BareContext, deps: BotDeps): Promise<void> {
  if (isHarmless(error)) return;
  const answer = await errorView(error, ctx, deps);
  const { chat } = ctx;
  if (ctx.callbackQuery) await isTold(ctx, () => ctx.answerCallbackQuery());
  if (chat?.type !== "private") return;
  // Telegram itself may be failing: the outbox delivers the answer once it takes messages again.
  if (!(await isTold(ctx, () => send(ctx, answer)))) await isTold(ctx, () => postLater(userId(chat.id), answer, deps));
}

/** False, and logged, when telling failed. */
async function isTold(ctx: BareContext, tell: () => Promise<unknown>): Promise<boolean> {
  try {
    await tell();
    return true;
  } catch (cause) {
    if (!isHarmless(cause)) ctx.log.warn({ err: cause }, "failure not shown");
    return false;
  }
}

/** Leaves an answer that could not be sent to the outbox. */
export const postLater = (user: UserId, { html, keyboard }: View, { notifier }: BotDeps): Promise<void> =>
  notifier.post({
    key: `answer:${user}:${randomToken()}`,
    userId: user,
    priority: "order",
    html: html.toString(),
    ...(keyboard ? { buttons: notificationButtons(keyboard) } : {}),
  });

/**
 * For work that no handler awaits, and inside a dialogue's `external`, out of which errors do not keep their class: answers
 * them here. False when the dialogue should ask again, because the user can correct what was typed.
 */
export async function withFailuresAnswered(
  ctx: BareContext,
  deps: BotDeps,
  work: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    await answerFailure(error, ctx, deps);
    return !(error instanceof Correction);
  }
}

async function errorView(error: unknown, ctx: BareContext, deps: BotDeps): Promise<View> {
  const { log } = ctx;
  if (error instanceof Refusal) {
    const { html, keyboard } = error;
    return { html, ...(keyboard ? { keyboard } : {}) };
  }
  if (error instanceof UserError) return { html: html`${error.message}` };
  if (error instanceof BrokerError) {
    log.warn({ err: error }, "broker call failed");
    const broker = deps.accounts.brokers.get(error.broker);
    if (!broker) return { html: text.noYahooPrices(error.kind) };
    const keyboard = error.kind === "auth-expired" && (await loginButtonsAt(deps, ctx, error.broker));
    return { html: text.notTold(broker.definition.title, error), ...(keyboard ? { keyboard } : {}) };
  }
  const reference = randomAlphanumeric(6).toUpperCase();
  log.error({ err: error, reference }, "handler failed");
  return { html: error instanceof DeadlineError ? text.tooSlow(reference) : text.failure(reference) };
}

/** A login button for each of the user's accounts at this broker whose session is over. */
async function loginButtonsAt(
  { accounts }: BotDeps,
  { from, log }: BareContext,
  broker: BrokerName,
): Promise<InlineKeyboard> {
  const links = await (from ? accounts.active(userId(from.id)) : Promise.resolve([])).catch((cause: unknown) => {
    log.warn({ err: cause }, "login not offered");
    return [];
  });
  const dead = links.filter((link) => link.broker_name === broker && !accounts.hasSession(link));
  return addLogins(new InlineKeyboard(), dead).row().text("Accounts", callbackData("acc"));
}
