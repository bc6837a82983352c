import type { Composer, MiddlewareFn } from "grammy";
import { PIN_PATTERN, type Entered, type Sent } from "../../services/people/lock.ts";
import type { User } from "../../services/people/users.ts";
import { allows } from "./access.ts";
import type { BotDeps } from "../commands.ts";
import type { SaudaContext } from "../context.ts";
import type { Html } from "../html.ts";
import { confirmedBy } from "../orders/order-flow.ts";
import { lock as text } from "../safety-text.ts";
import { deleteSecret, send } from "../view.ts";
import { userId, type UserId } from "../../domain/ids.ts";

const CONFIRM = /^x:(.*)/;

/** Runs before the order buttons: stops a Confirm while trading is frozen or a PIN or code is missing. */
export const lockGate =
  (deps: BotDeps): MiddlewareFn<SaudaContext> =>
  async (ctx, next) => {
    const [, confirmId] = CONFIRM.exec(ctx.callbackQuery?.data ?? "") ?? [];
    if (confirmId === undefined) return next();
    const refusal = await lockRefusal(deps, ctx.user._id);
    if (refusal === null || (await confirmedBy(deps, ctx.user._id, confirmId))) return next();
    await ctx.answerCallbackQuery({ text: refusal.short, show_alert: refusal.html === null });
    if (refusal.html) await send(ctx, { html: refusal.html });
  };

interface LockRefusal {
  /** The answer to a tapped button. */
  readonly short: string;
  /** The message that asks for the code, or says that too many wrong ones were sent; null while trading is frozen. */
  readonly html: Html | null;
}

/** Why the lock stops an order or its change; null when it does not. A missing code is awaited from now on. */
export async function lockRefusal(deps: BotDeps, user: UserId): Promise<LockRefusal | null> {
  const { kind, isFrozen, needsCode, lockedOutUntil } = await deps.orderLock.state(user);
  if (isFrozen) return { short: text.isFrozen, html: null };
  if (kind === "none" || !needsCode) return null;
  await deps.orderLock.expect(user, "code");
  const html = lockedOutUntil === null ? text.askCode(kind) : text.lockedOut(minutesUntil(deps, lockedOutUntil));
  return { short: text.needsCode, html };
}

/** Takes a PIN or code and deletes its message. Runs before the dialogues, whose replay log would record it. */
export const captureCodes =
  (deps: BotDeps): MiddlewareFn<SaudaContext> =>
  async (ctx, next) => {
    const { message_id: id, text: typed = "" } = ctx.message ?? { message_id: 0 };
    if (typed === "" || typed.startsWith("/")) return next();
    const entered = await deps.orderLock.take(ctx.user._id, { id, text: typed });
    if (entered === null) return next();
    await deleteSecret(ctx, "shownIn" in entered ? entered.shownIn : null);
    const { isFrozen } = await deps.orderLock.state(ctx.user._id);
    await send(ctx, { html: enteredText(deps, entered, isFrozen) });
  };

/** Deletes what may be a PIN, sent where none is awaited. Runs last: a number may be the answer to a question. */
export const deleteStrayPin =
  (deps: BotDeps): MiddlewareFn<SaudaContext> =>
  async (ctx, next) => {
    if (!PIN_PATTERN.test(ctx.message?.text?.trim() ?? "")) return next();
    if ((await deps.orderLock.state(ctx.user._id)).kind !== "pin") return next();
    await deleteSecret(ctx);
    await send(ctx, { html: text.pinNotAwaited() });
  };

/** Handles a bare /lock, or "/lock on", above the lanes and dialogues, so that a handler that hangs cannot delay a freeze. */
export function urgentLock(bot: Composer<SaudaContext>, deps: BotDeps): void {
  bot
    .filter((ctx) => ctx.chat?.type === "private" && /^\/lock(@\w+)?(\s+on)?\s*$/i.test(ctx.message?.text ?? ""))
    .use(async (ctx, next) => {
      const user = ctx.from && (await deps.users.get(userId(ctx.from.id)));
      if (!user || user.role === "pending" || user.role === "blocked") return next();
      await send(ctx, { html: await freeze(deps, ctx, user) });
    });
}

/** Locks trading; returns the answer. */
export async function freeze({ orderLock }: BotDeps, ctx: SaudaContext, { _id, role }: User): Promise<Html> {
  await orderLock.freeze(_id, sentBy(ctx));
  return text.frozen(allows(role, "trader"));
}

export const sentBy = ({ message }: SaudaContext): Sent => ({
  date: message?.date ?? 0,
  id: message?.message_id ?? 0,
});

function enteredText(deps: BotDeps, entered: Entered, isFrozen: boolean): Html {
  switch (entered.kind) {
    case "bad-pin":
      return text.badPin();
    case "pin-set":
      return text.pinSet();
    case "totp-set":
      return text.totpSet();
    case "totp-wrong":
      return text.badCode();
    case "code": {
      const { result } = entered;
      if (result.kind === "right") return text.opened(isFrozen);
      if (result.kind === "wrong") return text.wrong(result.left);
      return text.lockedOut(minutesUntil(deps, result.until));
    }
  }
}

const minutesUntil = (deps: BotDeps, until: number): number => Math.ceil((until - deps.clock.now()) / 60_000);
