import { GrammyError, type Api } from "grammy";
import type { BotDeps } from "../bot/commands.ts";
import { cardOfToday } from "../bot/daily/morning.ts";
import { postLater } from "../bot/updates/failure.ts";
import { beginLogin, loginReport } from "../bot/link-flow.ts";
import { orderCard } from "../bot/render/order-card.ts";
import { keys } from "../bot/safety-text.ts";
import { bodyOf, optionsOf, type Place, redraw, type View } from "../bot/view.ts";
import type { UserId } from "../domain/ids.ts";
import { isClosed } from "../domain/order-intent.ts";
import type { Outbox } from "../notify/outbox.ts";
import type { Notifier } from "../ports/notifier.ts";
import type { Link } from "../services/accounts/accounts.ts";
import { deliveryFor } from "../services/digests/delivery.ts";
import type { FormSubject } from "../services/accounts/key-forms.ts";
import type { LoginResult } from "../services/accounts/logins.ts";
import type { Intent } from "../services/orders/journal.ts";

type OrderDeps = Pick<BotDeps, "accounts" | "clock" | "users">;

/**
 * Redraws an order's card in place, and announces an order that has ended. Throws on failures that may pass, so that the
 * caller tries again.
 */
export async function redrawOrder(
  api: Pick<Api, "editMessageText">,
  deps: OrderDeps,
  notifier: Notifier,
  intent: Intent,
): Promise<void> {
  const { card } = intent;
  const links = await deps.accounts.all(intent.userId);
  const view = orderCard(intent, deps.accounts, links, deps.clock.now());
  await announceEnd(deps, notifier, intent, view.html.toString());
  if (card) await redrawn(api, card, view);
}

const RETRYABLE_CODES = new Set([401, 404, 429]);

/** A retry cannot succeed: the message is gone or unchanged, or the user has blocked the bot. */
const isPermanent = (error: unknown): boolean =>
  error instanceof GrammyError && error.error_code < 500 && !RETRYABLE_CODES.has(error.error_code);

/**
 * Editing a card does not notify, so an order that ends a while after its confirmation is announced once by a message.
 */
async function announceEnd(deps: OrderDeps, notifier: Notifier, intent: Intent, html: string): Promise<void> {
  const { confirmedAt } = intent;
  const isOver = intent.legs.every(isClosed);
  if (confirmedAt === null || !isOver || deps.clock.now() - confirmedAt < ANNOUNCED_AFTER_MS) return;
  const user = await deps.users.get(intent.userId);
  const delivery = user && deliveryFor(user.settings, "orderUpdates");
  if (!delivery) return;
  await notifier.post({
    key: `order-end:${intent._id}`,
    userId: intent.userId,
    priority: "order",
    html,
    ...delivery,
  });
}

const ANNOUNCED_AFTER_MS = 60_000;

/** Redraws the morning's login card and its reminder in place, so that an account that has just logged in is ticked. */
export async function redrawLoginCard(api: Api, deps: BotDeps, outbox: Outbox, user: UserId): Promise<void> {
  const known = await deps.users.get(user);
  const card = known && (await cardOfToday(deps, known));
  for (const key of card?.keys ?? []) {
    const message = await outbox.sentMessage(key);
    if (card && message !== null) await redrawn(api, { chatId: Number(user), messageId: message }, card.view);
  }
}

const redrawn = (api: Pick<Api, "editMessageText">, place: Place, view: View): Promise<unknown> =>
  redraw(api, place, view).catch((error: unknown) => {
    if (!isPermanent(error)) throw error;
  });

export async function tellLogin(api: Api, deps: BotDeps, user: UserId, result: LoginResult): Promise<void> {
  if (result.kind === "linked") await deps.keyCapture.endLogin(result.link);
  await tell(api, deps, user, await loginReport(deps, result));
}

/** Reports that the key form was submitted; after broker keys the next step is the login. */
export const tellKeys = async (api: Api, deps: BotDeps, link: Link, subject: FormSubject): Promise<void> =>
  tell(
    api,
    deps,
    link.user_id,
    subject === "egress" ? { html: keys.egress(link.label, link.egress !== null) } : await beginLogin(deps, link),
  );

/** The web page says that the chat has the rest, so it must arrive also when Telegram cannot be reached just now. */
async function tell(api: Api, deps: BotDeps, user: UserId, view: View): Promise<void> {
  await api.sendMessage(Number(user), bodyOf(view), optionsOf(view)).catch(() => postLater(user, view, deps));
}
