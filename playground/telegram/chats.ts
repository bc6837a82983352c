import { badRequest, forbidden } from "./failure.ts";
import type { Events } from "./events.ts";
import type { InlineKeyboardMarkup, ReplyKeyboardMarkup, ReplyMarkup } from "./markup.ts";
import type { Content, Message, PrivateChat, User } from "./types.ts";

const KEPT_MESSAGES = 2_000;
const FIRST_NEW_USER_ID = 1_004;

/** One person's private chat with the bot; plain data, so that it can be saved as it is. */
export interface Chat {
  readonly user: User;
  /** A bot may write only to somebody who wrote first. */
  hasStarted: boolean;
  isBlocked: boolean;
  /** How many messages the bot sent while no page showed this chat. */
  unread: number;
  replyKeyboard: ReplyKeyboardMarkup | null;
  messages: Message[];
  /** Messages that carried a reply keyboard: Telegram lets nobody edit them. */
  locked: number[];
  pinned: number[];
  reactions: Record<string, string>;
  /** Identifier for editing → message, for what was sent in inline mode. */
  inlineIds: Record<string, number>;
}

export interface Chats {
  all(): readonly Chat[];
  find(userId: number): Chat | undefined;
  /** Accepts what a bot passes as chat_id; throws 400 when there is no such chat. */
  require(chatId: number | string): Chat;
  /** The same, and throws 403 when the bot may not write there. */
  requireWritable(chatId: number | string): Chat;
  findInline(inlineMessageId: string): { chat: Chat; message: Message } | undefined;
  addUser(firstName: string): User;
  postFromBot(chat: Chat, content: Content, extra?: Partial<Message>, markup?: ReplyMarkup): Message;
  postFromUser(chat: Chat, content: Content, extra?: Partial<Message>): Message;
  replace(chat: Chat, message: Message): Message;
  remove(chat: Chat, messageIds: readonly number[]): void;
  setReplyKeyboard(chat: Chat, keyboard: ReplyKeyboardMarkup | null): void;
  update(chat: Chat, change: Partial<Chat>): void;
  markRead(chat: Chat): void;
  nextMessageId(): number;
}

export interface ChatsOptions {
  readonly now: () => number;
  readonly bot: User;
  readonly events: Events;
  readonly saved: { readonly chats: Chat[]; readonly nextMessageId: number } | null;
  readonly changed: () => void;
}

export function createChats({ now, bot, events, saved, changed }: ChatsOptions): Chats {
  const chats = new Map((saved?.chats ?? FIRST_USERS.map(emptyChat)).map((chat) => [chat.user.id, chat]));
  let nextId = saved?.nextMessageId ?? 1;

  function find(userId: number): Chat | undefined {
    return chats.get(userId);
  }

  function require(chatId: number | string): Chat {
    if (chatId === "") throw badRequest("chat_id is empty");
    const chat = typeof chatId === "number" ? find(chatId) : undefined;
    if (!chat) throw badRequest("chat not found");
    return chat;
  }

  function requireWritable(chatId: number | string): Chat {
    const chat = require(chatId);
    if (!chat.hasStarted) throw forbidden("bot can't initiate conversation with a user");
    if (chat.isBlocked) throw forbidden("bot was blocked by the user");
    return chat;
  }

  function post(chat: Chat, from: User, content: Content, extra: Partial<Message>): Message {
    const message: Message = {
      message_id: nextId,
      from,
      chat: toChat(chat.user),
      date: Math.floor(now() / 1000),
      ...content,
      ...extra,
    };
    nextId += 1;
    chat.messages.push(message);
    if (chat.messages.length > KEPT_MESSAGES) chat.messages.shift();
    events.emit(chat.user.id, { type: "message", message });
    changed();
    return message;
  }

  function setReplyKeyboard(chat: Chat, keyboard: ReplyKeyboardMarkup | null): void {
    if (chat.replyKeyboard === keyboard) return;
    chat.replyKeyboard = keyboard;
    events.emit(chat.user.id, { type: "keyboard", replyKeyboard: keyboard });
    changed();
  }

  function setUnread(chat: Chat, unread: number): void {
    if (chat.unread === unread) return;
    chat.unread = unread;
    events.broadcast({ type: "unread", user: chat.user.id, unread }, chat.user.id);
    changed();
  }

  return {
    all: () => [...chats.values()],
    find,
    require,
    requireWritable,
    findInline(inlineMessageId) {
      for (const chat of chats.values()) {
        const message = findMessage(chat, chat.inlineIds[inlineMessageId]);
        if (message) return { chat, message };
      }
      return undefined;
    },
    addUser(firstName) {
      const id = Math.max(FIRST_NEW_USER_ID - 1, ...chats.keys()) + 1;
      const user = { id, is_bot: false, first_name: firstName, language_code: "en" };
      chats.set(id, emptyChat(user));
      changed();
      return user;
    },
    postFromBot(chat, content, extra = {}, markup) {
      const inline = inlineMarkupOf(markup);
      const message = post(chat, bot, content, { ...extra, ...(inline && { reply_markup: inline }) });
      if (markup && !("inline_keyboard" in markup)) applyReplyMarkup(chat, message, markup, setReplyKeyboard);
      if (!events.isWatched(chat.user.id)) setUnread(chat, chat.unread + 1);
      return message;
    },
    postFromUser(chat, content, extra = {}) {
      chat.hasStarted = true;
      return post(chat, chat.user, content, extra);
    },
    replace(chat, message) {
      chat.messages = chat.messages.map((old) => (old.message_id === message.message_id ? message : old));
      events.emit(chat.user.id, { type: "edit", message });
      changed();
      return message;
    },
    remove(chat, messageIds) {
      const gone = chat.messages.filter(({ message_id: id }) => messageIds.includes(id)).map((one) => one.message_id);
      if (gone.length === 0) return;
      const isGone = new Set(gone);
      chat.messages = chat.messages.filter(({ message_id: id }) => !isGone.has(id));
      chat.pinned = chat.pinned.filter((id) => !isGone.has(id));
      chat.locked = chat.locked.filter((id) => !isGone.has(id));
      chat.inlineIds = Object.fromEntries(Object.entries(chat.inlineIds).filter(([, id]) => !isGone.has(id)));
      chat.reactions = Object.fromEntries(Object.entries(chat.reactions).filter(([id]) => !isGone.has(Number(id))));
      events.emit(chat.user.id, { type: "delete", message_ids: gone });
      changed();
    },
    setReplyKeyboard,
    update(chat, change) {
      Object.assign(chat, change);
      changed();
    },
    markRead: (chat) => setUnread(chat, 0),
    nextMessageId: () => nextId,
  };
}

export const findMessage = (chat: Chat, messageId: number | undefined): Message | undefined =>
  chat.messages.find((message) => message.message_id === messageId);

/** Telegram nests one level only. */
export const withoutReply = (message: Message): Message => ({ ...message, reply_to_message: undefined });

export const toChat = ({ id, first_name, last_name, username }: User): PrivateChat => ({
  id,
  type: "private",
  first_name,
  ...(last_name !== undefined && { last_name }),
  ...(username !== undefined && { username }),
});

function applyReplyMarkup(
  chat: Chat,
  message: Message,
  markup: Exclude<ReplyMarkup, InlineKeyboardMarkup>,
  setReplyKeyboard: Chats["setReplyKeyboard"],
): void {
  if ("remove_keyboard" in markup) {
    setReplyKeyboard(chat, null);
    return;
  }
  chat.locked.push(message.message_id);
  if ("keyboard" in markup) setReplyKeyboard(chat, markup);
}

const inlineMarkupOf = (markup: ReplyMarkup | undefined): InlineKeyboardMarkup | undefined =>
  markup && "inline_keyboard" in markup ? markup : undefined;

const FIRST_USERS: readonly User[] = [
  { id: 1001, is_bot: false, first_name: "Asha", last_name: "Rao", username: "asha", language_code: "en" },
  { id: 1002, is_bot: false, first_name: "Vikram", last_name: "Rao", username: "vikram", language_code: "en" },
  { id: 1003, is_bot: false, first_name: "Meera", username: "meera", language_code: "en" },
];

const emptyChat = (user: User): Chat => ({
  user,
  hasStarted: false,
  isBlocked: false,
  unread: 0,
  replyKeyboard: null,
  messages: [],
  locked: [],
  pinned: [],
  reactions: {},
  inlineIds: {},
});
