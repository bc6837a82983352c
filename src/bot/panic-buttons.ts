import { Composer, InlineKeyboard, type Context } from "grammy";
import { userId } from "../domain/ids.ts";
import { allows } from "./access.ts";
import { callbackData, onCallback } from "./callbacks.ts";
import type { BotDeps } from "./commands.ts";
import type { SaudaContext } from "./context.ts";
import { Refusal } from "./refusal.ts";
import { panicQuestion, panicReport, panicRunning } from "./render/panic.ts";
import * as text from "./text.ts";
import { send, show } from "./view.ts";

const ACTION = "panic";
const TTL_MS = 120_000;
const EXITS = "x";

/**
 * /panic and its buttons. Mounted above everything that handles one update after another, so that no handler that
 * hangs can hold it up: it therefore looks up its user itself. Whoever may not trade is answered where everybody is,
 * behind the rate gate.
 */
export function panicButtons(deps: BotDeps): Composer<SaudaContext> {
  const composer = new Composer<SaudaContext>();
  const personal = composer.chatType("private");
  const mayPanic = async (ctx: Context): Promise<boolean> => {
    const user = ctx.from && (await deps.users.get(userId(ctx.from.id)));
    return user ? allows(user.role, "trader") : false;
  };

  personal.command("panic").filter(mayPanic, async (ctx) => {
    const user = userId(ctx.from.id);
    const books = await deps.panic.look(user);
    if (books.length === 0) throw new Refusal(text.accounts.none());
    const id = await deps.oneTime.issue({ userId: user, action: ACTION, payload: {}, ttlMs: TTL_MS });
    await send(ctx, { html: panicQuestion(books, deps.accounts), keyboard: questionKeyboard(id) });
  });

  // The verb is one of the lanes' urgent ones. One id for both buttons: whichever is tapped first is the one.
  onCallback(personal.callbackQuery(/^panic(:|$)/).filter(mayPanic), "panic", async (ctx, [what, id]) => {
    const user = userId(ctx.from.id);
    if (what === "look") {
      await show(ctx, { html: panicQuestion(await deps.panic.look(user), deps.accounts), keyboard: lookKeyboard() });
      return;
    }
    const claimed = await deps.oneTime.claim(id ?? "", ACTION, user);
    if (!claimed) {
      await ctx.answerCallbackQuery({ text: text.panic.used });
      return;
    }
    await ctx.answerCallbackQuery().catch(() => undefined);
    if (what === "no") {
      await show(ctx, { html: text.panic.nothingDone() });
      return;
    }
    await show(ctx, { html: panicRunning(what === EXITS) }).catch(() => null);
    const report = await deps.panic.run(user, id ?? "", what === EXITS);
    const view = { html: panicReport(report, deps.accounts, deps.clock.now()), keyboard: lookKeyboard() };
    // What was done must be read: where the card cannot be replaced, below it.
    await show(ctx, view).catch(() => send(ctx, view));
  });
  return composer;
}

const questionKeyboard = (id: string): InlineKeyboard =>
  new InlineKeyboard()
    .add({ text: "Cancel all orders", callback_data: callbackData("panic", "c", id), style: "danger" })
    .row()
    .add({ text: "Cancel all, exit all positions", callback_data: callbackData("panic", EXITS, id), style: "danger" })
    .row()
    .text("Do nothing", callbackData("panic", "no", id));

const lookKeyboard = (): InlineKeyboard => new InlineKeyboard().text("Read again", callbackData("panic", "look"));
