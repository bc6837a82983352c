import { Composer, InlineKeyboard, type Context } from "grammy";
import { userId, type UserId } from "../domain/ids.ts";
import type { Link } from "../services/accounts.ts";
import type { OpenBook } from "../services/orders/open-books.ts";
import { allows } from "./access.ts";
import { callbackData, onCallback } from "./callbacks.ts";
import type { BotDeps } from "./commands.ts";
import type { SaudaContext } from "./context.ts";
import { html, lines } from "./html.ts";
import { isLinked, noAccount } from "./no-account.ts";
import { panicLeft, panicQuestion, panicReport, panicRunning } from "./render/panic.ts";
import { addLogins } from "./render/portfolio.ts";
import * as text from "./text.ts";
import { send, show, type View } from "./view.ts";

const ACTION = "panic";
const TTL_MS = 120_000;
const EXITS = "x";
/** Used up when a panic is over and told: what is left of one tells that its process ended in the middle. */
const RUNNING = "panic-running";
/** For as long as its tap may come again. */
const RUNNING_TTL_MS = 25 * 3_600_000;
const runOf = (id: string | undefined): string => `${id ?? ""}.run`;

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
    await send(ctx, await question(deps, user));
  });

  // The verb is one of the lanes' urgent ones. One id for both buttons: whichever is tapped first is the one.
  onCallback(personal.callbackQuery(/^panic(:|$)/).filter(mayPanic), "panic", async (ctx, [what, id]) => {
    const user = userId(ctx.from.id);
    const answer = (): Promise<unknown> => ctx.answerCallbackQuery().catch(() => undefined);
    if (what === "look") {
      await answer();
      const books = await deps.panic.look(user);
      await show(ctx, { html: panicLeft(books, deps.accounts, deps.clock.now()), keyboard: lookKeyboard(books) });
      return;
    }
    // A store that cannot keep it holds up neither the panic nor its report.
    const unkept = (error: unknown): void => ctx.log.warn({ err: error }, "run of a panic not kept");
    // Before the question is used up: in between, a crash would leave it standing there, and nobody told of it.
    if (what !== "no" && (await deps.oneTime.peek(id ?? "", ACTION))?.userId === user) {
      const running = { userId: user, action: RUNNING, payload: {}, ttlMs: RUNNING_TTL_MS, id: runOf(id) };
      await deps.oneTime.issue(running).catch(unkept);
    }
    const claimed = await deps.oneTime.claim(id ?? "", ACTION, user);
    if (!claimed) {
      const wasCutOff = await deps.oneTime.claim(runOf(id), RUNNING, user);
      if (wasCutOff) {
        await answer();
        await show(ctx, await afterCutOff(deps, user));
        return;
      }
      // Tapped while the bot was down, it is answered where Telegram takes no more words to the tap itself.
      const used = html`${text.panic.used}`;
      await ctx.answerCallbackQuery({ text: text.panic.used }).catch(() => send(ctx, { html: used }));
      return;
    }
    await answer();
    if (what === "no") {
      await show(ctx, { html: text.panic.nothingDone() });
      return;
    }
    await show(ctx, { html: panicRunning(what === EXITS) }).catch(() => null);
    const report = await deps.panic.run(user, id ?? "", what === EXITS);
    const view = { html: panicReport(report, deps.accounts, deps.clock.now()), keyboard: lookKeyboard(report.left) };
    // What was done must be read: where the card cannot be replaced, below it.
    await show(ctx, view).catch(() => send(ctx, view));
    await deps.oneTime.claim(runOf(id), RUNNING, user).catch(unkept);
  });
  return composer;
}

async function question(deps: BotDeps, user: UserId): Promise<View> {
  const books = await deps.panic.look(user);
  if (books.length === 0) throw await noAccount(deps, user);
  const off = (await deps.accounts.all(user)).filter((link) => isLinked(link) && !link.is_active);
  const id = await deps.oneTime.issue({ userId: user, action: ACTION, payload: {}, ttlMs: TTL_MS });
  return { html: panicQuestion(books, off, deps.accounts), keyboard: addLogins(questionKeyboard(id), dead(books)) };
}

/** Not gone on with: an exit may be on its way whose trade the positions do not show yet. */
async function afterCutOff(deps: BotDeps, user: UserId): Promise<View> {
  const view = await question(deps, user);
  return { ...view, html: lines(text.panic.cutOff(), view.html) };
}

const questionKeyboard = (id: string): InlineKeyboard =>
  new InlineKeyboard()
    .add({ text: "Cancel all orders", callback_data: callbackData("panic", "c", id), style: "danger" })
    .row()
    .add({ text: "Cancel all, exit all positions", callback_data: callbackData("panic", EXITS, id), style: "danger" })
    .row()
    .text("Do nothing", callbackData("panic", "no", id));

const lookKeyboard = (books: readonly OpenBook[]): InlineKeyboard =>
  addLogins(new InlineKeyboard().text("Read again", callbackData("panic", "look")), dead(books));

const dead = (books: readonly OpenBook[]): Link[] =>
  books.flatMap((book) => (!book.ok && book.error === "auth-expired" ? [book.link] : []));
