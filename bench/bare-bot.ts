import { Bot } from "grammy";
import type { BotCall } from "./lean-telegram.ts";

/** What Sauda answered to each text or button, recorded: here it only has to be sent. */
export type Recorded = Readonly<Record<string, readonly BotCall[]>>;

const { TELEGRAM_BOT_TOKEN: token = "", TELEGRAM_API_ROOT: apiRoot = "" } = process.env;
/** BARE_FETCH: what a tapped button asks for before anything else. BARE_RUNNER: polls with grammY's runner. */
const { BARE_REPLIES = "{}", BARE_FETCH, BARE_RUNNER } = process.env;
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

if (BARE_RUNNER === undefined) void bot.start();
else (await import("@grammyjs/runner")).run(bot);
