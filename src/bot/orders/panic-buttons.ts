import { Composer, InlineKeyboard, type Context } from "grammy";
import { userId, type UserId } from "../../domain/ids.ts";
import type { Link } from "../../services/accounts/accounts.ts";
import type { OpenBook } from "../../services/orders/open-books.ts";
import { allows } from "../updates/access.ts";
import { callbackData, onCallback } from "../callbacks.ts";
import type { BotDeps } from "../commands.ts";
import type { SaudaContext } from "../context.ts";
import { html, lines } from "../html.ts";
import { isLinked, noAccount } from "../no-account.ts";
import { panicLeft, panicQuestion, panicReport, panicRunning } from "../render/panic.ts";
import { addLogins } from "../render/login-buttons.ts";
import * as text from "../text.ts";
import { send, show, type View } from "../view.ts";

const ACTION = "panic";
const TTL_MS = 120_000;
/** The button argument for "cancel all, exit all". */
const EXITS = "x";
/** A one-time id issued when a panic starts and claimed once its report is shown: one still there means it was cut off. */
const RUNNING = "panic-running";
/** Longer than the 24 hours for which Telegram may deliver the same tap again. */
const RUNNING_TTL_MS = 25 * 3_600_000;
const runId = (id: string): string => `${id}.run`;

/**
 * /panic and its buttons. Mounted above the lanes, so that a handler that hangs cannot delay it; it therefore looks up its
 * user itself. Updates of users who may not trade pass through to the ordinary handlers.
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

  // lanes.ts treats this verb as urgent.
  onCallback(personal.callbackQuery(/^panic(:|$)/).filter(mayPanic), "panic", async (ctx, [choice = "", id = ""]) => {
    const user = userId(ctx.from.id);
    if (choice === "look") await showLeft(deps, ctx, user);
    else await answerChoice(deps, ctx, { user, choice, id });
  });
  return composer;
}

interface Choice {
  readonly user: UserId;
  readonly choice: string;
  /** The id of the question, which all its buttons share, so that only the first tap counts. */
  readonly id: string;
}

async function answerChoice(deps: BotDeps, ctx: SaudaContext, { user, choice, id }: Choice): Promise<void> {
  const { oneTime } = deps;
  // A store that cannot record the run must stop neither the panic nor its report.
  const logNotRecorded = (error: unknown): void => ctx.log.warn({ err: error }, "run of a panic not kept");
  // Recorded before the question's id is claimed: a crash between the two would otherwise leave no trace of the run.
  if (choice !== "no" && (await oneTime.peek(id, ACTION))?.userId === user) {
    const running = { userId: user, action: RUNNING, payload: {}, ttlMs: RUNNING_TTL_MS, id: runId(id) };
    await oneTime.issue(running).catch(logNotRecorded);
  }
  if (!(await oneTime.claim(id, ACTION, user))) {
    await answerUsed(deps, ctx, user, id);
    return;
  }
  await stopSpinner(ctx);
  if (choice === "no") {
    await show(ctx, { html: text.panic.nothingDone() });
    return;
  }
  await show(ctx, { html: panicRunning(choice === EXITS) }).catch(() => null);
  const report = await deps.panic.run(user, id, choice === EXITS);
  const view = { html: panicReport(report, deps.accounts, deps.clock.now()), keyboard: lookKeyboard(report.left) };
  // The user must see the report: if the card cannot be replaced, it is sent below.
  await show(ctx, view).catch(() => send(ctx, view));
  await oneTime.claim(runId(id), RUNNING, user).catch(logNotRecorded);
}

/** A tap on a question that is used or too old: says so, or that the panic it started was cut off by a crash. */
async function answerUsed(deps: BotDeps, ctx: SaudaContext, user: UserId, id: string): Promise<void> {
  const wasCutOff = await deps.oneTime.claim(runId(id), RUNNING, user);
  if (wasCutOff) {
    await stopSpinner(ctx);
    await show(ctx, await afterCutOff(deps, user));
    return;
  }
  // If the tap was made while the bot was down, Telegram no longer accepts an answer to it: a message says it instead.
  const used = html`${text.panic.used}`;
  await ctx.answerCallbackQuery({ text: text.panic.used }).catch(() => send(ctx, { html: used }));
}

async function showLeft(deps: BotDeps, ctx: SaudaContext, user: UserId): Promise<void> {
  await stopSpinner(ctx);
  const books = await deps.panic.look(user);
  await show(ctx, { html: panicLeft(books, deps.accounts, deps.clock.now()), keyboard: lookKeyboard(books) });
}

const stopSpinner = (ctx: SaudaContext): Promise<unknown> => ctx.answerCallbackQuery().catch(() => undefined);

async function question(deps: BotDeps, user: UserId): Promise<View> {
  const books = await deps.panic.look(user);
  if (books.length === 0) throw await noAccount(deps, user);
  const off = (await deps.accounts.all(user)).filter((link) => isLinked(link) && !link.is_active);
  const id = await deps.oneTime.issue({ userId: user, action: ACTION, payload: {}, ttlMs: TTL_MS });
  return {
    html: panicQuestion(books, off, deps.accounts),
    keyboard: addLogins(questionKeyboard(id), loggedOut(books)),
  };
}

/** Asks again instead of resuming: an exit already sent may not show in the positions yet and would be sent twice. */
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
  addLogins(new InlineKeyboard().text("Read again", callbackData("panic", "look")), loggedOut(books));

const loggedOut = (books: readonly OpenBook[]): Link[] =>
  books.flatMap((book) => (!book.ok && book.error === "auth-expired" ? [book.link] : []));
