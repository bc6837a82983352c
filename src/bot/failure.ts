import { InlineKeyboard } from "grammy";
import { userId, type BrokerName, type UserId } from "../domain/ids.ts";
import { BrokerError, UserError } from "../errors.ts";
import { randomAlphanumeric, randomToken } from "../lib/token.ts";
import { callbackData } from "./callbacks.ts";
import type { BotDeps } from "./commands.ts";
import type { BareContext } from "./context.ts";
import { html } from "./html.ts";
import { notificationButtons } from "./notification-buttons.ts";
import { Correction, Refusal } from "./refusal.ts";
import { addLogins } from "./render/portfolio.ts";
import * as text from "./text.ts";
import { isHarmless, send, type View } from "./view.ts";

/** A handler was given up. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/** Nothing that a handler throws stops the bot: the user gets a sentence, the log gets the rest, both with one reference. */
export async function answerFailure(error: unknown, ctx: BareContext, deps: BotDeps): Promise<void> {
  if (isHarmless(error)) return;
  const answer = await answerTo(error, ctx, deps);
  const { chat } = ctx;
  if (ctx.callbackQuery) await shown(ctx, () => ctx.answerCallbackQuery());
  if (chat?.type !== "private") return;
  // Telegram may be what failed: then it is told once messages are taken again.
  if (!(await shown(ctx, () => send(ctx, answer)))) await shown(ctx, () => tellLater(userId(chat.id), answer, deps));
}

async function shown(ctx: BareContext, tell: () => Promise<unknown>): Promise<boolean> {
  try {
    await tell();
    return true;
  } catch (cause) {
    if (!isHarmless(cause)) ctx.log.warn({ err: cause }, "failure not shown");
    return false;
  }
}

const tellLater = (user: UserId, { html, keyboard }: View, { notifier }: BotDeps): Promise<void> =>
  notifier.post({
    key: `failure:${user}:${randomToken()}`,
    userId: user,
    priority: "order",
    html: html.toString(),
    ...(keyboard ? { buttons: notificationButtons(keyboard) } : {}),
  });

/**
 * For work inside a dialogue's `external`: what ends it is answered here, because errors lose their class on the way
 * out. False when other words from the user may do.
 */
export async function answering(ctx: BareContext, deps: BotDeps, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    await answerFailure(error, ctx, deps);
    return !(error instanceof Correction);
  }
}

async function answerTo(error: unknown, ctx: BareContext, deps: BotDeps): Promise<View> {
  const { log } = ctx;
  if (error instanceof Refusal) {
    const { html, keyboard } = error;
    return { html, ...(keyboard ? { keyboard } : {}) };
  }
  if (error instanceof UserError) return { html: html`${error.message}` };
  if (error instanceof BrokerError) {
    log.warn({ err: error }, "broker call failed");
    const title = deps.accounts.brokers.get(error.broker)?.definition.title ?? error.broker;
    const keyboard = error.kind === "auth-expired" && (await loginsAt(deps, ctx, error.broker));
    return { html: text.notTold(title, error), ...(keyboard ? { keyboard } : {}) };
  }
  const reference = randomAlphanumeric(6).toUpperCase();
  log.error({ err: error, reference }, "handler failed");
  return { html: error instanceof DeadlineError ? text.tooSlow(reference) : text.failure(reference) };
}

/** A login button for each of the reader's accounts there whose session is over. */
async function loginsAt(
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
