import { z } from "zod";
import { badRequest } from "./failure.ts";
import { inlineKeyboardSchema, replyMarkupSchema } from "./markup.ts";

/** Parameters as they came: JSON values, or text when the body was a form. */
export type Params = Readonly<Record<string, unknown>>;

/** Throws Telegram's 400 for the first thing that is wrong. */
export function parseParams<T>(schema: z.ZodType<T>, params: Params): T {
  const parsed = schema.safeParse(params, {
    error: (issue) =>
      `can't parse "${(issue.path ?? []).join(".")}": ${issue.code === "custom" ? "wrong" : reasonOf(issue)}`,
  });
  if (parsed.success) return parsed.data;
  throw badRequest(parsed.error.issues[0]?.message ?? "wrong parameters");
}

function reasonOf(issue: { readonly code: string; readonly expected?: unknown }): string {
  return typeof issue.expected === "string" ? `expected ${issue.expected}` : issue.code.replaceAll("_", " ");
}

/** Form bodies carry every value as text; Telegram takes numbers and flags either way. */
const integer = (missing?: string) =>
  z.preprocess(
    (value) => (typeof value === "string" && /^-?\d{1,16}$/.test(value) ? Number(value) : value),
    missing === undefined ? z.int() : z.int({ error: missing }),
  );
const flag = z
  .preprocess((value) => {
    if (value === "true" || value === "True" || value === "1" || value === 1) return true;
    if (value === "false" || value === "False" || value === "0" || value === "" || value === 0) return false;
    return value;
  }, z.boolean())
  .optional();
const json = <T>(schema: z.ZodType<T>) => z.preprocess(fromJson, schema);

function fromJson(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** Optional in Telegram's sense: null and the empty text mean absent. */
const optional = <T>(schema: z.ZodType<T>) =>
  z.preprocess((value) => (value === null || value === "" ? undefined : value), schema.optional());

const chatId = z.union([integer(), z.string()], { error: "chat_id is empty" });
const messageId = integer("message identifier is not specified");

const entitySchema = z.object({
  type: z.enum([
    "mention",
    "hashtag",
    "cashtag",
    "bot_command",
    "url",
    "email",
    "phone_number",
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "spoiler",
    "blockquote",
    "expandable_blockquote",
    "code",
    "pre",
    "text_link",
    "text_mention",
    "custom_emoji",
    "date_time",
  ]),
  offset: z.int().nonnegative(),
  length: z.int().positive(),
  url: z.string().optional(),
  language: z.string().optional(),
  unix_time: z.int().optional(),
  date_time_format: z.string().optional(),
});
const entities = optional(json(z.array(entitySchema)));
const linkPreview = optional(
  json(
    z.object({
      is_disabled: z.boolean().optional(),
      url: z.string().optional(),
      prefer_small_media: z.boolean().optional(),
      prefer_large_media: z.boolean().optional(),
      show_above_text: z.boolean().optional(),
    }),
  ),
);
const replyParameters = optional(
  json(
    z.object({
      message_id: integer(),
      chat_id: z.union([integer(), z.string()]).optional(),
      allow_sending_without_reply: z.boolean().optional(),
      quote: z.string().max(1024).optional(),
      quote_position: z.int().optional(),
    }),
  ),
);

const inlineMarkup = optional(json(inlineKeyboardSchema));
const target = { chat_id: chatId };
const sending = {
  ...target,
  disable_notification: flag,
  protect_content: flag,
  message_effect_id: z.string().optional(),
  reply_parameters: replyParameters,
  reply_markup: optional(json(replyMarkupSchema)),
};
const captioned = {
  caption: z.string().optional(),
  parse_mode: z.string().optional(),
  caption_entities: entities,
  show_caption_above_media: flag,
};
/** Either a chat and a message, or the identifier of a message sent in inline mode. */
const editing = {
  chat_id: optional(chatId),
  message_id: optional(integer()),
  inline_message_id: optional(z.string()),
  reply_markup: inlineMarkup,
};
const formatted = { parse_mode: z.string().optional(), entities, link_preview_options: linkPreview };
const text = z.string({ error: "message text is empty" });
const fileReference = (missing: string) => z.string({ error: missing });

const inputMediaSchema = z.object({
  type: z.enum(["photo", "document"], { error: "media type is not served by the playground" }),
  media: z.string(),
  caption: z.string().optional(),
  parse_mode: z.string().optional(),
  caption_entities: z.array(entitySchema).optional(),
  show_caption_above_media: z.boolean().optional(),
  has_spoiler: z.boolean().optional(),
});

export type InputMedia = z.infer<typeof inputMediaSchema>;

export const getUpdatesSchema = z.object({
  offset: optional(integer()),
  limit: optional(integer()),
  timeout: optional(integer()),
  allowed_updates: optional(json(z.array(z.string()))),
});
export const setWebhookSchema = z.object({
  url: z.string().default(""),
  max_connections: optional(integer()),
  allowed_updates: optional(json(z.array(z.string()))),
  drop_pending_updates: flag,
  secret_token: optional(z.string()),
});
export const deleteWebhookSchema = z.object({ drop_pending_updates: flag });

export const sendMessageSchema = z.object({ ...sending, ...formatted, text });
export const sendPhotoSchema = z.object({
  ...sending,
  ...captioned,
  photo: fileReference("there is no photo in the request"),
  has_spoiler: flag,
});
export const sendDocumentSchema = z.object({
  ...sending,
  ...captioned,
  document: fileReference("there is no document in the request"),
});
export const sendMediaGroupSchema = z.object({
  ...sending,
  media: json(z.array(inputMediaSchema, { error: "there is no media in the request" })),
});
export const sendChatActionSchema = z.object({ ...target, action: z.string().default("") });

export const editMessageTextSchema = z.object({ ...editing, ...formatted, text });
export const editMessageCaptionSchema = z.object({ ...editing, ...captioned });
export const editMessageMediaSchema = z.object({ ...editing, media: json(inputMediaSchema) });
export const editMessageReplyMarkupSchema = z.object(editing);
export const deleteMessageSchema = z.object({ ...target, message_id: messageId });
export const deleteMessagesSchema = z.object({ ...target, message_ids: json(z.array(integer())) });

export const copyMessageSchema = z.object({ ...sending, ...captioned, from_chat_id: chatId, message_id: messageId });
export const forwardMessageSchema = z.object({
  ...target,
  from_chat_id: chatId,
  message_id: messageId,
  protect_content: flag,
});
export const pinSchema = z.object({ ...target, message_id: messageId, disable_notification: flag });
export const unpinSchema = z.object({ ...target, message_id: optional(integer()) });
export const reactionSchema = z.object({
  ...target,
  message_id: messageId,
  reaction: optional(json(z.array(z.object({ type: z.literal("emoji"), emoji: z.string() })))),
});

export const answerCallbackQuerySchema = z.object({
  callback_query_id: z.string().default(""),
  text: z.string().optional(),
  show_alert: flag,
  url: optional(z.string()),
});

const articleSchema = z.object({
  type: z.literal("article", { error: "inline results other than articles are not served by the playground" }),
  id: z.string(),
  title: z.string(),
  description: z.string().optional(),
  url: z.string().optional(),
  thumbnail_url: z.string().optional(),
  reply_markup: inlineKeyboardSchema.optional(),
  input_message_content: z.object({
    message_text: z.string(),
    parse_mode: z.string().optional(),
    entities: z.array(entitySchema).optional(),
    link_preview_options: z.looseObject({}).optional(),
  }),
});
export type InlineArticle = z.infer<typeof articleSchema>;

export const answerInlineQuerySchema = z.object({
  inline_query_id: z.string().default(""),
  results: json(z.array(articleSchema)),
  cache_time: optional(integer()),
  is_personal: flag,
  next_offset: z.string().default(""),
  button: optional(
    json(
      z.object({
        text: z.string(),
        start_parameter: z.string().optional(),
        web_app: z.object({ url: z.string() }).optional(),
      }),
    ),
  ),
});

const scopeSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("default") }),
  z.object({ type: z.literal("all_private_chats") }),
  z.object({ type: z.literal("all_group_chats") }),
  z.object({ type: z.literal("all_chat_administrators") }),
  z.object({ type: z.literal("chat"), chat_id: z.union([integer(), z.string()]) }),
]);
const commandScope = { scope: optional(json(scopeSchema)), language_code: z.string().default("") };
export type CommandScope = z.infer<typeof scopeSchema>;

export const commandsSchema = z.array(z.object({ command: z.string(), description: z.string() }));
export type BotCommand = z.infer<typeof commandsSchema>[number];
export const setMyCommandsSchema = z.object({ ...commandScope, commands: json(commandsSchema) });
export const commandScopeSchema = z.object(commandScope);
export const setMyDescriptionSchema = z.object({
  description: z.string().default(""),
  language_code: z.string().default(""),
});
export const setMyShortDescriptionSchema = z.object({
  short_description: z.string().default(""),
  language_code: z.string().default(""),
});
export const languageSchema = z.object({ language_code: z.string().default("") });

export const menuButtonSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("default") }),
  z.object({ type: z.literal("commands") }),
  z.object({ type: z.literal("web_app"), text: z.string(), web_app: z.object({ url: z.string() }) }),
]);
export type MenuButton = z.infer<typeof menuButtonSchema>;
export const setChatMenuButtonSchema = z.object({
  chat_id: optional(integer()),
  menu_button: optional(json(menuButtonSchema)),
});
export const chatMenuButtonSchema = z.object({ chat_id: optional(integer()) });
export const getChatSchema = z.object(target);
export const getFileSchema = z.object({ file_id: z.string({ error: "file_id is not specified" }) });
