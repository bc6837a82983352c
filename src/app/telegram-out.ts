import type { Api } from "grammy";
import type { BotDeps } from "../bot/commands.ts";
import { loginReport } from "../bot/link-flow.ts";
import { orderCard } from "../bot/render/order-card.ts";
import { isHarmless } from "../bot/view.ts";
import type { UserId } from "../domain/ids.ts";
import { isClosed } from "../domain/order-intent.ts";
import type { Notifier } from "../ports/notifier.ts";
import type { LoginResult } from "../services/logins.ts";
import type { Intent } from "../services/orders/journal.ts";

/** Redraws an order's card where it stands; when it has ended and nobody is looking, a message says so too. */
export async function redrawOrder(api: Api, deps: BotDeps, notifier: Notifier, intent: Intent): Promise<void> {
  const { card } = intent;
  const links = await deps.accounts.all(intent.userId);
  const view = orderCard(intent, deps.accounts, links, deps.clock.now());
  if (card) {
    await api
      .editMessageText(card.chatId, card.messageId, view.html.toString(), {
        parse_mode: "HTML",
        ...(view.keyboard ? { reply_markup: view.keyboard } : {}),
      })
      .catch((error: unknown) => {
        if (!isHarmless(error)) throw error;
      });
  }
  await announceEnd(deps, notifier, intent, view.html.toString());
}

/** An edited card makes no sound: an order that ended a while after its confirmation is announced, once. */
async function announceEnd(deps: BotDeps, notifier: Notifier, intent: Intent, html: string): Promise<void> {
  const confirmedAt = intent.history.find((entry) => entry.what === "confirmed")?.at ?? intent.createdAt;
  const isOver = intent.legs.every(isClosed);
  if (!isOver || deps.clock.now() - confirmedAt < ANNOUNCED_AFTER_MS) return;
  const user = await deps.users.get(intent.userId);
  const delivery = user?.settings.orderUpdates ?? "off";
  if (delivery === "off") return;
  await notifier.post({
    key: `order-end:${intent._id}`,
    userId: intent.userId,
    priority: "order",
    html,
    silent: delivery === "silent",
  });
}

const ANNOUNCED_AFTER_MS = 60_000;

export async function tellLogin(api: Api, deps: BotDeps, user: UserId, result: LoginResult): Promise<void> {
  const { html, keyboard } = loginReport(deps, result);
  await api.sendMessage(Number(user), html.toString(), {
    parse_mode: "HTML",
    ...(keyboard ? { reply_markup: keyboard } : {}),
  });
}
