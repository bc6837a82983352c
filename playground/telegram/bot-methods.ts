import { z } from "zod";
import { method, type World } from "./call.ts";
import { findMessage, toChat } from "./chats.ts";
import { badRequest, conflict } from "./failure.ts";
import { MAX_DOWNLOAD_BYTES } from "./files.ts";
import { messageText } from "./formatted-text.ts";
import { checkedInlineKeyboard } from "./markup.ts";
import {
  answerCallbackQuerySchema,
  answerInlineQuerySchema,
  chatMenuButtonSchema,
  commandScopeSchema,
  deleteWebhookSchema,
  getChatSchema,
  getFileSchema,
  getUpdatesSchema,
  languageSchema,
  setChatMenuButtonSchema,
  setMyCommandsSchema,
  setMyDescriptionSchema,
  setMyShortDescriptionSchema,
  setWebhookSchema,
  type InlineArticle,
} from "./schemas.ts";

const MAX_INLINE_RESULTS = 50;
const DEFAULT_SCOPE = { type: "default" } as const;

export const getMe = method(z.object({}), (_, { world }) => ({
  ...world.bot,
  can_join_groups: false,
  can_read_all_group_messages: false,
  supports_inline_queries: true,
  supports_guest_queries: false,
  can_connect_to_business: false,
  has_main_web_app: false,
  has_topics_enabled: false,
  allows_users_to_create_topics: false,
  can_manage_bots: false,
  supports_join_request_queries: false,
}));

export const getUpdates = method(getUpdatesSchema, (params, { world, signal }) => {
  if (world.webhook.isSet())
    throw conflict(
      "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    );
  return world.updates.take(params, signal);
});

/** An empty URL removes the webhook. */
export const setWebhook = method(setWebhookSchema, (params, { world }) => {
  if (params.url === "") world.webhook.remove();
  else world.webhook.set({ url: params.url, secret: params.secret_token, connections: params.max_connections });
  world.updates.allow(params.allowed_updates);
  if (params.drop_pending_updates) world.updates.clear();
  return true;
});

export const deleteWebhook = method(deleteWebhookSchema, ({ drop_pending_updates }, { world }) => {
  world.webhook.remove();
  if (drop_pending_updates) world.updates.clear();
  return true;
});

export const getWebhookInfo = method(z.object({}), (_, { world }) => world.webhook.info());

export const answerCallbackQuery = method(answerCallbackQuerySchema, (params, { world }) => {
  const { callback_query_id: id, text = "", show_alert, url } = params;
  if (text.length > 200) throw badRequest("MESSAGE_TOO_LONG");
  if (url !== undefined && !isOwnStartLink(url, world)) throw badRequest("URL_INVALID");
  const userId = world.queries.closeCallback(id);
  world.events.emit(userId, {
    type: "answer",
    callback_query_id: id,
    ...(text !== "" && { text }),
    ...(show_alert !== undefined && { show_alert }),
    ...(url !== undefined && { url }),
  });
  return true;
});

/** Outside games, only a link that opens this bot is allowed. */
const isOwnStartLink = (url: string, { bot }: World): boolean =>
  new RegExp(String.raw`^(https?://)?t\.me/${bot.username ?? ""}\?start=[\w-]+$`, "i").test(url);

export const answerInlineQuery = method(answerInlineQuerySchema, (params, { world }) => {
  const { inline_query_id: id, results, next_offset, button } = params;
  if (results.length > MAX_INLINE_RESULTS) throw badRequest("RESULTS_TOO_MUCH");
  if (new Set(results.map((result) => result.id)).size < results.length) throw badRequest("RESULT_ID_DUPLICATE");
  if (Buffer.byteLength(next_offset) > 64) throw badRequest("NEXT_OFFSET_INVALID");
  if (button && !button.web_app && !/^[\w-]{1,64}$/.test(button.start_parameter ?? ""))
    throw badRequest("START_PARAM_INVALID");
  const checked = results.map(checkedResult);
  world.queries.answerInline(id, { results: checked, next_offset, ...(button && { button }) });
  return true;
});

function checkedResult(result: InlineArticle): InlineArticle {
  if (result.id === "" || Buffer.byteLength(result.id) > 64) throw badRequest("RESULT_ID_INVALID");
  if (result.title.trim() === "") throw badRequest("ARTICLE_TITLE_EMPTY");
  const { message_text: text, parse_mode, entities } = result.input_message_content;
  messageText({ text, parse_mode, entities });
  return { ...result, reply_markup: checkedInlineKeyboard(result.reply_markup) };
}

export const setMyCommands = method(setMyCommandsSchema, ({ scope, language_code, commands }, { world }) => {
  world.profile.setCommands(scope ?? DEFAULT_SCOPE, language_code, commands);
  announceCommands(world);
  return true;
});

export const getMyCommands = method(commandScopeSchema, ({ scope, language_code }, { world }) =>
  world.profile.commands(scope ?? DEFAULT_SCOPE, language_code),
);

export const deleteMyCommands = method(commandScopeSchema, ({ scope, language_code }, { world }) => {
  world.profile.setCommands(scope ?? DEFAULT_SCOPE, language_code, []);
  announceCommands(world);
  return true;
});

function announceCommands({ chats, events, profile }: World): void {
  for (const { user } of chats.all()) events.emit(user.id, { type: "commands", commands: profile.commandsFor(user) });
}

export const setMyDescription = method(setMyDescriptionSchema, ({ description, language_code }, { world }) => {
  world.profile.setText("description", language_code, description);
  return true;
});

export const getMyDescription = method(languageSchema, ({ language_code }, { world }) => ({
  description: world.profile.text("description", language_code),
}));

export const setMyShortDescription = method(setMyShortDescriptionSchema, (params, { world }) => {
  world.profile.setText("short_description", params.language_code, params.short_description);
  return true;
});

export const getMyShortDescription = method(languageSchema, ({ language_code }, { world }) => ({
  short_description: world.profile.text("short_description", language_code),
}));

export const setChatMenuButton = method(setChatMenuButtonSchema, ({ chat_id, menu_button }, { world }) => {
  if (chat_id !== undefined) world.chats.require(chat_id);
  if (menu_button?.type === "web_app" && !/^https:\/\//i.test(menu_button.web_app.url))
    throw badRequest("menu button Web App URL is invalid: Only HTTPS links are allowed");
  world.profile.setMenuButton(chat_id, menu_button);
  return true;
});

export const getChatMenuButton = method(chatMenuButtonSchema, ({ chat_id }, { world }) =>
  world.profile.menuButton(chat_id),
);

export const getChat = method(getChatSchema, ({ chat_id }, { world }) => {
  const chat = world.chats.require(chat_id);
  const pinned = findMessage(chat, chat.pinned.at(-1));
  return {
    ...toChat(chat.user),
    accent_color_id: chat.user.id % 7,
    max_reaction_count: 11,
    accepted_gift_types: {
      unlimited_gifts: false,
      limited_gifts: false,
      unique_gifts: false,
      premium_subscription: false,
      gifts_from_channels: false,
    },
    ...(pinned && { pinned_message: pinned }),
  };
});

export const getFile = method(getFileSchema, ({ file_id }, { world }) => {
  const file = world.files.find(file_id);
  if (!file) throw badRequest("wrong file_id or the file is temporarily unavailable");
  if (file.bytes.length > MAX_DOWNLOAD_BYTES) throw badRequest("file is too big");
  return { file_id, file_unique_id: file.uniqueId, file_size: file.bytes.length, file_path: file.path };
});
