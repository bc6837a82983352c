import { Bot } from "grammy";
import type { BotCall } from "./lean-telegram.ts";

/** The recorded calls with which Sauda answered each text or button; the bare bot only sends them. */
export type Recorded = Readonly<Record<string, readonly BotCall[]>>;

const { TELEGRAM_BOT_TOKEN: token = "", TELEGRAM_API_ROOT: apiRoot = "" } = process.env;
/**
 * BARE_FETCH: a URL that a tapped button POSTs to first. BARE_RUNNER: polls with grammY's runner. BARE_INBOX: polls through
 * Sauda's inbox, in this directory.
 */
const { BARE_REPLIES = "{}", BARE_FETCH, BARE_RUNNER, BARE_INBOX } = process.env;
const replies = JSON.parse(BARE_REPLIES) as Recorded;
const bot = new Bot(token, { client: { apiRoot } });

bot.use(async (ctx) => {
  const id = ctx.callbackQuery?.id;
  if (id !== undefined && BARE_FETCH !== undefined) await fetch(BARE_FETCH, { method: "POST", body: "quantity=1" });
  for (const { method, params } of replies[ctx.message?.text ?? ctx.callbackQuery?.data ?? ""] ?? []) {
    const target = method === "answerCallbackQuery" ? { callback_query_id: id } : { chat_id: ctx.chat?.id };
    const call = Reflect.get(ctx.api.raw, method) as (params: object) => Promise<unknown>;
    await call({ ...params, ...target });
  }
});

if (BARE_INBOX !== undefined) await (await import("./bare-inbox.ts")).pollThroughInbox(bot, BARE_INBOX);
else if (BARE_RUNNER === undefined) void bot.start();
else (await import("@grammyjs/runner")).run(bot);
