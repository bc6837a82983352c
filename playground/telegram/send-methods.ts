import { randomInt } from "node:crypto";
import { method, type Call } from "./call.ts";
import { findMessage, withoutReply, type Chat } from "./chats.ts";
import { badRequest } from "./failure.ts";
import { checkedInlineKeyboard, checkReplyKeyboard, type ReplyMarkup } from "./markup.ts";
import { captionOf, documentContent, mediaContent, photoContent, textContent } from "./content.ts";
import {
  copyMessageSchema,
  forwardMessageSchema,
  sendChatActionSchema,
  sendDocumentSchema,
  sendMediaGroupSchema,
  sendMessageSchema,
  sendPhotoSchema,
} from "./schemas.ts";
import type { Content, Message } from "./types.ts";

const CHAT_ACTIONS = new Set([
  "typing",
  "upload_photo",
  "record_video",
  "upload_video",
  "record_voice",
  "upload_voice",
  "upload_document",
  "choose_sticker",
  "find_location",
  "record_video_note",
  "upload_video_note",
]);

interface Sending {
  readonly chat_id: number | string;
  readonly protect_content?: boolean | undefined;
  readonly reply_markup?: ReplyMarkup | undefined;
  readonly reply_parameters?:
    | {
        readonly message_id: number;
        readonly allow_sending_without_reply?: boolean | undefined;
        readonly quote?: string | undefined;
      }
    | undefined;
}

export const sendMessage = method(sendMessageSchema, (params, call) => sendOne(call, params, textContent(params)));

export const sendPhoto = method(sendPhotoSchema, (params, call) => {
  call.world.chats.requireWritable(params.chat_id);
  return sendOne(call, params, photoContent(call, params.photo, params, params.has_spoiler));
});

export const sendDocument = method(sendDocumentSchema, (params, call) => {
  call.world.chats.requireWritable(params.chat_id);
  return sendOne(call, params, documentContent(call, params.document, params));
});

export const sendMediaGroup = method(sendMediaGroupSchema, (params, call) => {
  const { media } = params;
  if (media.length < 2 || media.length > 10) throw badRequest("a media group must include 2-10 items");
  if (new Set(media.map(({ type }) => type)).size > 1)
    throw badRequest("document can't be mixed with other media types");
  call.world.chats.requireWritable(params.chat_id);
  const contents = media.map((one) => mediaContent(call, one));
  return send(call, params, contents, { media_group_id: String(randomInt(1e9, 9e12)) });
});

export const sendChatAction = method(sendChatActionSchema, ({ chat_id, action }, { world }) => {
  if (!CHAT_ACTIONS.has(action)) throw badRequest("wrong parameter action in request");
  const chat = world.chats.requireWritable(chat_id);
  world.events.emit(chat.user.id, { type: "action", action });
  return true;
});

export const copyMessage = method(copyMessageSchema, (params, call) => {
  const original = sourceMessage(call, params.from_chat_id, params.message_id, "copy");
  const { text, entities, photo, document, caption, caption_entities } = original;
  const kept: Content = { text, entities, photo, document, caption, caption_entities };
  const isMedia = text === undefined;
  const content = isMedia && params.caption !== undefined ? { photo, document, ...captionOf(params) } : kept;
  return { message_id: sendOne(call, params, content).message_id };
});

export const forwardMessage = method(forwardMessageSchema, (params, call) => {
  const original = sourceMessage(call, params.from_chat_id, params.message_id, "forward");
  const { text, entities, photo, document, caption, caption_entities, date, from } = original;
  const content: Content = { text, entities, photo, document, caption, caption_entities };
  const origin = original.forward_origin ?? { type: "user" as const, sender_user: from, date };
  return sendOne(call, params, content, { forward_origin: origin });
});

function sendOne(call: Call, to: Sending, content: Content, extra: Partial<Message> = {}): Message {
  const [message] = send(call, to, [content], extra);
  if (!message) throw badRequest("there are no messages to send");
  return message;
}

function send({ world }: Call, to: Sending, contents: readonly Content[], extra: Partial<Message>): Message[] {
  const markup = checkedMarkup(to.reply_markup);
  const chat = world.chats.requireWritable(to.chat_id);
  const reply = replyTo(chat, to.reply_parameters);
  world.flood.admitMessages(chat.user.id, contents.length);
  return contents.map((content) =>
    world.chats.postFromBot(
      chat,
      content,
      { ...extra, ...reply, ...(to.protect_content && { has_protected_content: true as const }) },
      markup,
    ),
  );
}

function checkedMarkup(markup: ReplyMarkup | undefined): ReplyMarkup | undefined {
  if (markup && "inline_keyboard" in markup) return checkedInlineKeyboard(markup);
  if (markup && "keyboard" in markup) checkReplyKeyboard(markup);
  return markup;
}

function replyTo(chat: Chat, wanted: Sending["reply_parameters"]): Pick<Message, "reply_to_message" | "quote"> {
  if (!wanted) return {};
  const original = findMessage(chat, wanted.message_id);
  if (!original) {
    if (wanted.allow_sending_without_reply) return {};
    throw badRequest("message to be replied not found");
  }
  return { reply_to_message: withoutReply(original), ...quoteOf(original, wanted.quote) };
}

function quoteOf(original: Message, quote: string | undefined): Pick<Message, "quote"> {
  if (quote === undefined || quote === "") return {};
  const position = (original.text ?? original.caption ?? "").indexOf(quote);
  if (position === -1) throw badRequest("QUOTE_TEXT_INVALID");
  return { quote: { text: quote, position, is_manual: true } };
}

function sourceMessage({ world }: Call, chatId: number | string, messageId: number, verb: "copy" | "forward"): Message {
  const message = findMessage(world.chats.require(chatId), messageId);
  if (!message) throw badRequest(`message to ${verb} not found`);
  if (message.has_protected_content)
    throw badRequest(verb === "copy" ? "message can't be copied" : "message can't be forwarded");
  return message;
}
