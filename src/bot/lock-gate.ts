import type { Composer, MiddlewareFn } from "grammy";
import type { Entered } from "../services/lock.ts";
import type { BotDeps } from "./commands.ts";
import type { SaudaContext } from "./context.ts";
import type { Html } from "./html.ts";
import { confirmedBy } from "./order-flow.ts";
import { lock as text } from "./safety-text.ts";
import { deleteSecret, send } from "./view.ts";
import { userId, type UserId } from "../domain/ids.ts";

const CONFIRM = /^x:(.*)/;

/** Stands before the order cards: a Confirm does not count while trading is frozen or a code is missing. */
export const lockGate =
  (deps: BotDeps): MiddlewareFn<SaudaContext> =>
  async (ctx, next) => {
    const [, confirmId] = CONFIRM.exec(ctx.callbackQuery?.data ?? "") ?? [];
    if (confirmId === undefined) return next();
    const held = await heldByLock(deps, ctx.user._id);
    if (held === null || (await confirmedBy(deps, ctx.user._id, confirmId))) return next();
    await ctx.answerCallbackQuery({ text: held.short, show_alert: held.html === null });
    if (held.html) await send(ctx, { html: held.html });
  };

interface HeldByLock {
  readonly short: string;
  readonly html: Html | null;
}

/** What the lock has against an order or a change of one, or null. A code that is missing is awaited from here on. */
export async function heldByLock(deps: BotDeps, user: UserId): Promise<HeldByLock | null> {
  const { kind, isFrozen, needsCode, lockedOutUntil } = await deps.orderLock.state(user);
  if (isFrozen) return { short: text.isFrozen, html: null };
  if (kind === "none" || !needsCode) return null;
  await deps.orderLock.expect(user, "code");
  const html = lockedOutUntil === null ? text.askCode(kind) : text.lockedOut(minutesUntil(deps, lockedOutUntil));
  return { short: text.needsCode, html };
}

/** A PIN or a code is taken here, before any dialogue could record it, and its message is deleted. */
export const captureCodes =
  (deps: BotDeps): MiddlewareFn<SaudaContext> =>
  async (ctx, next) => {
    const { message_id: id, text: typed = "" } = ctx.message ?? { message_id: 0 };
    if (typed === "" || typed.startsWith("/")) return next();
    const entered = await deps.orderLock.take(ctx.user._id, { id, text: typed });
    if (entered === null) return next();
    await deleteSecret(ctx, "shownIn" in entered ? entered.shownIn : null);
    await send(ctx, { html: enteredText(deps, entered) });
  };

/** Freezing works from any state: it is handled before lanes, dialogues and whatever hangs there. */
export function urgentLock(bot: Composer<SaudaContext>, deps: BotDeps): void {
  bot
    .filter((ctx) => ctx.chat?.type === "private" && /^\/lock(@\w+)?\s*$/.test(ctx.message?.text ?? ""))
    .use(async (ctx, next) => {
      const user = ctx.from && (await deps.users.get(userId(ctx.from.id)));
      if (!user || user.role === "pending" || user.role === "blocked") return next();
      await deps.orderLock.freeze(user._id, true);
      await send(ctx, { html: text.frozen() });
    });
}

function enteredText(deps: BotDeps, entered: Entered): Html {
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
      if (result.kind === "right") return text.opened();
      if (result.kind === "wrong") return text.wrong(result.left);
      return text.lockedOut(minutesUntil(deps, result.until));
    }
  }
}

const minutesUntil = (deps: BotDeps, until: number): number => Math.ceil((until - deps.clock.now()) / 60_000);
