import { conversations } from "@grammyjs/conversations";
import { sequentialize } from "@grammyjs/runner";
import { Bot, Composer, type Filter, type MiddlewareFn } from "grammy";
import { commands } from "../../commands/index.ts";
import { dialogues, DIALOGUES_VERSION } from "../../conversations/index.ts";
import { allows, refusalFor } from "../bot/updates/access.ts";
import { createApiFetch } from "../bot/updates/api-fetch.ts";
import type { BotDeps, CommandModule } from "../bot/commands.ts";
import type { SaudaContext } from "../bot/context.ts";
import { afterDeadline, withDeadline, type Deadline } from "../bot/updates/deadline.ts";
import { dropOpenQuestions } from "../bot/updates/dialogues.ts";
import { dialogueStorage } from "../bot/updates/dialogue-storage.ts";
import { answerFailure } from "../bot/updates/failure.ts";
import type { Html } from "../bot/html.ts";
import { inlineQuotes } from "../bot/inline.ts";
import { constraintsOf } from "../bot/updates/lanes.ts";
import { capture, notALoginReply, reportCapture } from "../bot/link-flow.ts";
import { captureCodes, deleteStrayPin, lockGate, urgentLock } from "../bot/updates/lock-gate.ts";
import { orderButtons } from "../bot/orders/order-buttons.ts";
import { panicButtons } from "../bot/orders/panic-buttons.ts";
import { rateGate } from "../bot/updates/rate-gate.ts";
import { Refusal } from "../bot/refusal.ts";
import { tooManyOfStranger } from "../bot/safety-text.ts";
import { withSpinnerStopped } from "../bot/updates/spinner.ts";
import * as text from "../bot/text.ts";
import { showTyping } from "../bot/updates/typing.ts";
import { deleteSecret, send } from "../bot/view.ts";
import { userId } from "../domain/ids.ts";
import type { Log } from "../lib/log.ts";
import type { Metrics } from "../lib/metrics.ts";
import type { Secret } from "../lib/secret.ts";
import { traced } from "../lib/trace.ts";
import { withoutInvisible } from "../lib/invisible.ts";
import type { Store } from "../ports/store.ts";
import { looksSecret } from "../services/accounts/key-capture.ts";

export const ALLOWED_UPDATES = [
  "message",
  "edited_message",
  "callback_query",
  "inline_query",
  "my_chat_member",
] as const;
const CLIENT_TIMEOUT_S = 45;
/** Limit per user; fast tapping makes about 60. */
const UPDATES_PER_MINUTE = 120;
/** Who is not let in gets one answer for this many of a user's: there is little to ask. */
const STRANGERS_SHARE = 6;
/** Limit per group, half of Telegram's. Past that one, each answer would occupy the group's lane for a minute. */
const GROUP_ANSWERS_PER_MINUTE = 10;

export interface BotOptions {
  readonly token: Secret;
  readonly apiRoot: string;
  readonly deps: BotDeps;
  readonly store: Store;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly updatesPerMinute?: number;
  readonly deadline?: Deadline;
}

export function createBot({
  token,
  apiRoot,
  deps,
  store,
  log,
  metrics,
  updatesPerMinute = UPDATES_PER_MINUTE,
  deadline = afterDeadline,
}: BotOptions): Bot<SaudaContext> {
  const bot = new Bot<SaudaContext>(token.reveal(), {
    client: {
      apiRoot,
      timeoutSeconds: CLIENT_TIMEOUT_S,
      fetch: createApiFetch({ sleep: (ms) => deps.clock.sleep(ms), log }) as never,
    },
  });
  bot.catch(({ error }) => log.error({ err: error }, "update failed outside every boundary"));
  bot.use(withTrace(log));
  bot.on("message:text", withPlainText);
  bot.use(withMetrics(metrics));
  bot.use(showTyping());
  // Before `sequentialize`: a hanging handler must not delay a freeze or a panic.
  const urgent = bot.errorBoundary(({ error, ctx }) => answerFailure(error, ctx, deps));
  urgentLock(urgent, deps);
  urgent.use(panicButtons(deps));
  bot.use(sequentialize(constraintsOf));
  const guarded = bot.errorBoundary(({ error, ctx }) => answerFailure(error, ctx, deps));
  const storage = dialogueStorage({ store, clock: deps.clock }, DIALOGUES_VERSION);
  guarded.use(withDeadline(storage, deadline));
  guarded.use(rateGate(deps.clock, updatesPerMinute));
  guarded.on("my_chat_member", recordBlocking(deps));
  const personal = guarded.filter(
    (ctx) => (ctx.chat?.type === "private" && !isOwnInlineResult(ctx)) || ctx.inlineQuery !== undefined,
  );
  const inGroups = guarded.filter(isCommandForUs);
  inGroups.use(rateGate(deps.clock, GROUP_ANSWERS_PER_MINUTE, { idOf: (ctx) => ctx.chat?.id }));
  inGroups.use((ctx) => send(ctx, { html: text.access.group() }));
  personal.use(withUser(deps));
  personal
    .filter((ctx) => !allows(ctx.user.role, "viewer"))
    .use(rateGate(deps.clock, updatesPerMinute / STRANGERS_SHARE, { tooMany: tooManyOfStranger }));
  personal.use(withSpinnerStopped());
  personal.use(inlineQuotes(deps));
  // Also those without text, such as a moving location: a dialogue must not take one for its answer.
  personal.on("edited_message", async (ctx) => {
    const { text: typed, edit_date: editedAt } = ctx.editedMessage;
    // Telegram may also send one for a change that bots do not see. A message that nobody edited has no such date.
    const isEdit = typed !== undefined && editedAt !== undefined;
    if (isEdit && allows(ctx.user.role, "viewer")) await send(ctx, { html: text.notReadAgain() });
  });
  personal.on("message:text", captureCodes(deps));
  personal.on("message:text", captureKeys(deps));
  personal.use(conversations<SaudaContext, SaudaContext>({ storage: storage as never }));
  personal.filter((ctx) => ctx.message?.text?.startsWith("/") === true, leaveDialogues(deps));
  personal.use(dialogues(deps));
  personal.use(routeToModules(deps));
  personal.use(lockGate(deps));
  personal.use(orderButtons(deps));
  personal.on("callback_query:data", (ctx) =>
    ctx.answerCallbackQuery({ text: ctx.user.role === "viewer" ? text.viewersButton : text.deadButton }),
  );
  personal
    .on("message:text")
    .use(deleteStrayPin(deps), async (ctx) => send(ctx, { html: await notUnderstood(deps, ctx) }));
  personal.on(["message:file", "message:contact", "message:location", "message:poll", "message:dice"], (ctx) =>
    send(ctx, { html: allows(ctx.user.role, "viewer") ? text.onlyText() : refusalFor(ctx.user.role, "viewer") }),
  );
  return bot;
}

async function notUnderstood(deps: BotDeps, ctx: Filter<SaudaContext, "message:text">): Promise<Html> {
  const { _id, role } = ctx.user;
  if (!allows(role, "viewer")) return refusalFor(role, "viewer");
  if (ctx.message.text.startsWith("/")) return text.unknownCommand();
  return (await notALoginReply(deps, _id)) ?? text.plainText(allows(role, "trader"));
}

/** A command in a group that addresses this bot, not another one. */
function isCommandForUs(ctx: SaudaContext): boolean {
  if (ctx.chat === undefined || ctx.chat.type === "private") return false;
  const command = /^\/\w*(?:@(\w+))?/.exec(ctx.message?.text ?? "");
  return command !== null && (command[1] ?? ctx.me.username).toLowerCase() === ctx.me.username.toLowerCase();
}

/** An inline result picked in this very chat. Nobody typed it, so it must not be read as an answer, a key or a code. */
const isOwnInlineResult = (ctx: SaudaContext): boolean => ctx.msg?.via_bot?.id === ctx.me.id;

const withMetrics =
  (metrics: Metrics): MiddlewareFn<SaudaContext> =>
  async (ctx, next) => {
    const kind = ALLOWED_UPDATES.find((each) => ctx.update[each] !== undefined) ?? "other";
    const startedAt = performance.now();
    metrics.count("sauda_updates_total", { kind });
    try {
      await next();
    } finally {
      metrics.time("sauda_handler_seconds", performance.now() - startedAt, { kind });
    }
  };

const COMMAND = /^\/\w+(?:@\w+)?(?=\s|$)/;

/**
 * Normalises typed text: phone keyboards write /Panic; a command copied from a <code> example arrives as code, in which
 * Telegram marks no command; and copied text may contain invisible characters that make a price unreadable.
 */
const withPlainText: MiddlewareFn<Filter<SaudaContext, "message:text">> = (ctx, next) => {
  const { message } = ctx;
  message.text = withoutInvisible(message.text)
    .trimStart()
    .replace(/^\/\w+/, (command) => command.toLowerCase());
  const [command] = COMMAND.exec(message.text) ?? [];
  if (command !== undefined) message.entities = [{ type: "bot_command", offset: 0, length: command.length }];
  return next();
};

/** Adds the update's id to every log line that it causes, down to the broker calls. */
const withTrace =
  (log: Log): MiddlewareFn<SaudaContext> =>
  (ctx, next) => {
    ctx.log = log;
    return traced({ update: ctx.update.update_id }, next);
  };

const withUser =
  (deps: BotDeps): MiddlewareFn<SaudaContext> =>
  async (ctx, next) => {
    if (!ctx.from || ctx.from.is_bot) return;
    ctx.user = await deps.users.ensure(userId(ctx.from.id), ctx.from.first_name);
    if (ctx.user.role === "blocked") return;
    await next();
  };

/** Takes typed keys and tokens before a dialogue could record them. Deletes their message, also where nothing awaits it. */
const captureKeys =
  (deps: BotDeps): MiddlewareFn<SaudaContext> =>
  async (ctx, next) => {
    const { message_id: id, text: typed = "" } = ctx.message ?? { message_id: 0 };
    if (typed.startsWith("/")) return next();
    const captured = await capture(deps, ctx.user._id, { id, text: typed });
    if (captured === null && !looksSecret(typed)) return next();
    await deleteSecret(ctx);
    if (captured === null) await send(ctx, { html: text.link.notAwaited() });
    else await reportCapture(deps, ctx, captured);
  };

/** A command during a dialogue ends the dialogue and is then handled. */
const leaveDialogues =
  (deps: BotDeps): MiddlewareFn<SaudaContext> =>
  async (ctx, next) => {
    await dropOpenQuestions(deps, ctx);
    await next();
  };

const COMMAND_NAME = /^\/(\w+)/;

/** Passes a command straight to its module; other updates go through the modules one after the other. */
function routeToModules(deps: BotDeps): MiddlewareFn<SaudaContext> {
  const handlers = commands.map((module) => restricted(module, deps));
  const byName = new Map(commands.map(({ name }, at) => [name, handlers[at]]));
  const all = new Composer<SaudaContext>(...handlers).middleware();
  return (ctx, next) => {
    const [, name = ""] = COMMAND_NAME.exec(ctx.message?.text ?? "") ?? [];
    return (byName.get(name) ?? all)(ctx, next);
  };
}

function restricted(module: CommandModule, deps: BotDeps): MiddlewareFn<SaudaContext> {
  const composer = module.register(deps).middleware();
  return async (ctx, next) => {
    if (allows(ctx.user.role, module.role)) return composer(ctx, next);
    if (ctx.hasCommand(module.name)) throw new Refusal(refusalFor(ctx.user.role, module.role));
    return next();
  };
}

/** Records whether a user has blocked the bot. */
const recordBlocking =
  (deps: BotDeps): MiddlewareFn<SaudaContext> =>
  async (ctx) => {
    const change = ctx.myChatMember;
    if (change?.chat.type !== "private") return;
    const user = await deps.users.get(userId(change.chat.id));
    const hasStopped = change.new_chat_member.status === "kicked";
    if (user) await deps.users.update(user._id, () => ({ hasStopped }));
  };
