import { randomBytes } from "node:crypto";
import type { World } from "./call.ts";
import { toDocument } from "./content.ts";
import { findMessage, toChat, withoutReply, type Chat } from "./chats.ts";
import { badRequest, conflict } from "./failure.ts";
import { MAX_DOWNLOAD_BYTES } from "./files.ts";
import { formatText, messageText } from "./formatted-text.ts";
import type { InlineAnswer } from "./queries.ts";
import type { InlineArticle } from "./schemas.ts";
import type { Message } from "./types.ts";

const INLINE_WAIT_MS = 10_000;
const NO_RESULTS: InlineAnswer = { results: [], next_offset: "" };

/** What a person does in a chat with the bot; each becomes the update that Telegram would send. */
export interface Person {
  send(chat: Chat, text: string, replyToMessageId?: number): Message;
  sendDocument(chat: Chat, document: { readonly name: string; readonly mime: string; readonly bytes: Buffer }): Message;
  /** Any data is passed on, even if no button carries it: a modified client can do that too. Returns the query's id. */
  tap(chat: Chat, messageId: number, data: string): string;
  deleteMessage(chat: Chat, messageId: number): void;
  setBlocked(chat: Chat, isBlocked: boolean): void;
  clear(chat: Chat): void;
  /** Waits up to 10 s for the bot's answer; empty results after that. */
  inline(chat: Chat, query: string, offset: string): Promise<InlineAnswer & { readonly inline_query_id: string }>;
  choose(chat: Chat, inlineQueryId: string, resultId: string): Message;
}

export function createPerson(world: World): Person {
  const { chats, updates, queries, files, bot, now } = world;

  function announce(chat: Chat, message: Message): Message {
    updates.push("message", chat.user.id, message);
    return message;
  }

  function requireUnblocked(chat: Chat): void {
    if (chat.isBlocked) throw conflict("the bot is blocked: unblock it first");
  }

  return {
    send(chat, text, replyToMessageId) {
      requireUnblocked(chat);
      const { text: cleaned, entities } = messageText({ text });
      const original = findMessage(chat, replyToMessageId);
      const message = chats.postFromUser(
        chat,
        { text: cleaned, ...(entities.length > 0 && { entities }) },
        original ? { reply_to_message: withoutReply(original) } : {},
      );
      hideOneTimeKeyboard(world, chat, cleaned);
      return announce(chat, message);
    },
    sendDocument(chat, { name, mime, bytes }) {
      requireUnblocked(chat);
      if (bytes.length === 0) throw badRequest("file must be non-empty");
      if (bytes.length > MAX_DOWNLOAD_BYTES) throw badRequest("file is too big");
      const file = files.add("documents", name, bytes, mime);
      return announce(chat, chats.postFromUser(chat, { document: toDocument(file) }));
    },
    tap(chat, messageId, data) {
      requireUnblocked(chat);
      const message = findMessage(chat, messageId);
      if (!message) throw badRequest("MESSAGE_ID_INVALID");
      if (data === "" || Buffer.byteLength(data) > 64) throw badRequest("BUTTON_DATA_INVALID");
      const id = queries.openCallback(chat.user.id);
      const inlineId = Object.entries(chat.inlineIds).find(([, sentAs]) => sentAs === messageId)?.[0];
      const source = inlineId === undefined ? { message } : { inline_message_id: inlineId };
      updates.push("callback_query", chat.user.id, {
        id,
        from: chat.user,
        ...source,
        chat_instance: chatInstance(chat),
        data,
      });
      return id;
    },
    deleteMessage: (chat, messageId) => chats.remove(chat, [messageId]),
    setBlocked(chat, isBlocked) {
      if (chat.isBlocked === isBlocked) return;
      chats.update(chat, { isBlocked });
      const member = { user: bot, status: "member" };
      const kicked = { user: bot, status: "kicked", until_date: 0 };
      updates.push("my_chat_member", chat.user.id, {
        chat: toChat(chat.user),
        from: chat.user,
        date: Math.floor(now() / 1000),
        old_chat_member: isBlocked ? member : kicked,
        new_chat_member: isBlocked ? kicked : member,
      });
    },
    clear(chat) {
      chats.remove(
        chat,
        chat.messages.map((message) => message.message_id),
      );
      chats.setReplyKeyboard(chat, null);
    },
    async inline(chat, query, offset) {
      if (query.length > 256) throw badRequest("query is too long");
      const { promise, resolve } = Promise.withResolvers<InlineAnswer>();
      const id = queries.openInline(chat.user.id, query, resolve);
      updates.push("inline_query", chat.user.id, { id, from: chat.user, query, offset, chat_type: "sender" });
      const timer = setTimeout(resolve, INLINE_WAIT_MS, NO_RESULTS);
      const answer = await promise.finally(() => clearTimeout(timer));
      return { inline_query_id: id, ...answer };
    },
    choose(chat, inlineQueryId, resultId) {
      requireUnblocked(chat);
      const found = queries.findInlineResult(inlineQueryId, chat.user.id, resultId);
      if (!found) throw badRequest("the inline result is not known any more");
      const message = postResult(world, chat, found.result);
      const inlineId = Object.entries(chat.inlineIds).find(([, sentAs]) => sentAs === message.message_id)?.[0];
      updates.push("chosen_inline_result", chat.user.id, {
        result_id: resultId,
        from: chat.user,
        query: found.query,
        ...(inlineId !== undefined && { inline_message_id: inlineId }),
      });
      return announce(chat, message);
    },
  };
}

/** Only a message with buttons can be edited later, so only such a one gets an identifier. */
function postResult({ chats, bot }: World, chat: Chat, result: InlineArticle): Message {
  const { message_text: text, parse_mode, entities: given } = result.input_message_content;
  const { text: formatted, entities } = formatText({ text, parse_mode, entities: given });
  const message = chats.postFromUser(
    chat,
    { text: formatted, ...(entities.length > 0 && { entities }) },
    { via_bot: bot, reply_markup: result.reply_markup },
  );
  if (result.reply_markup) {
    const inlineId = randomBytes(18).toString("base64url");
    chats.update(chat, { inlineIds: { ...chat.inlineIds, [inlineId]: message.message_id } });
  }
  return message;
}

/** Clients hide a one-time keyboard once one of its buttons was pressed, which sends the button's text. */
function hideOneTimeKeyboard({ chats }: World, chat: Chat, text: string): void {
  const keyboard = chat.replyKeyboard;
  if (keyboard?.one_time_keyboard && keyboard.keyboard.flat().some((button) => button.text === text))
    chats.setReplyKeyboard(chat, null);
}

/** Telegram's `chat_instance`: the same for every tap in one chat, without being its id. */
const chatInstance = (chat: Chat): string => String(0x5a0da_0000 + chat.user.id * 7919);
