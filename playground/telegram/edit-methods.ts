import { method, type Call, type World } from "./call.ts";
import { findMessage, type Chat } from "./chats.ts";
import { badRequest } from "./failure.ts";
import { checkedInlineKeyboard, type InlineKeyboardMarkup } from "./markup.ts";
import { captionOf, mediaContent, textContent } from "./content.ts";
import {
  deleteMessageSchema,
  deleteMessagesSchema,
  editMessageCaptionSchema,
  editMessageMediaSchema,
  editMessageReplyMarkupSchema,
  editMessageTextSchema,
  pinSchema,
  reactionSchema,
  unpinSchema,
} from "./schemas.ts";
import type { Content, Message } from "./types.ts";

const DELETABLE_MS = 48 * 3_600_000;
const NOT_MODIFIED =
  "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message";
/** https://core.telegram.org/bots/api#reactiontypeemoji */
const REACTIONS = new Set(
  (
    "❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 " +
    "👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡"
  ).split(" "),
);

interface EditTarget {
  readonly chat_id?: number | string | undefined;
  readonly message_id?: number | undefined;
  readonly inline_message_id?: string | undefined;
  readonly reply_markup?: InlineKeyboardMarkup | undefined;
}

interface Located {
  readonly chat: Chat;
  readonly message: Message;
  readonly isInline: boolean;
}

export const editMessageText = method(editMessageTextSchema, (params, { world }) => {
  const content = textContent(params);
  const located = locate(world, params);
  if (located.message.text === undefined) throw badRequest("there is no text in the message to edit");
  return edit(world, located, params, content);
});

export const editMessageCaption = method(editMessageCaptionSchema, (params, { world }) => {
  const caption = captionOf(params);
  const located = locate(world, params);
  const { photo, document, has_media_spoiler } = located.message;
  if (!photo && !document) throw badRequest("there is no caption in the message to edit");
  return edit(world, located, params, { photo, document, has_media_spoiler, ...caption });
});

export const editMessageMedia = method(editMessageMediaSchema, (params, call) => {
  const located = locate(call.world, params);
  const content = mediaContent(call, params.media);
  return edit(call.world, located, params, content);
});

/** Clients show no "edited" mark when only the buttons changed, so edit_date stays. */
export const editMessageReplyMarkup = method(editMessageReplyMarkupSchema, (params, { world }) => {
  const located = locate(world, params);
  return replace(world, located, { ...located.message, reply_markup: checkedInlineKeyboard(params.reply_markup) });
});

export const deleteMessage = method(deleteMessageSchema, ({ chat_id, message_id }, call) => {
  const chat = call.world.chats.require(chat_id);
  const message = findMessage(chat, message_id);
  if (!message) throw badRequest("message to delete not found");
  remove(call, chat, [message]);
  return true;
});

/** Skips what it does not find. */
export const deleteMessages = method(deleteMessagesSchema, ({ chat_id, message_ids }, call) => {
  if (message_ids.length === 0) throw badRequest("message identifiers are not specified");
  if (message_ids.length > 100) throw badRequest("too many messages to delete");
  const chat = call.world.chats.require(chat_id);
  remove(
    call,
    chat,
    chat.messages.filter((message) => message_ids.includes(message.message_id)),
  );
  return true;
});

export const pinChatMessage = method(pinSchema, ({ chat_id, message_id }, { world }) => {
  const chat = world.chats.requireWritable(chat_id);
  if (!findMessage(chat, message_id)) throw badRequest("message to pin not found");
  world.chats.update(chat, { pinned: [...chat.pinned.filter((id) => id !== message_id), message_id] });
  return true;
});

/** Without a message id, unpins the message that was pinned last. */
export const unpinChatMessage = method(unpinSchema, ({ chat_id, message_id }, { world }) => {
  const chat = world.chats.require(chat_id);
  const unpinned = message_id ?? chat.pinned.at(-1);
  if (unpinned === undefined || !chat.pinned.includes(unpinned)) throw badRequest("message to unpin not found");
  world.chats.update(chat, { pinned: chat.pinned.filter((id) => id !== unpinned) });
  return true;
});

/** A bot may set one reaction; an empty list removes it. */
export const setMessageReaction = method(reactionSchema, ({ chat_id, message_id, reaction = [] }, { world }) => {
  const chat = world.chats.requireWritable(chat_id);
  if (!findMessage(chat, message_id)) throw badRequest("message to react not found");
  if (reaction.length > 1) throw badRequest("REACTIONS_TOO_MANY");
  const emoji = reaction[0]?.emoji ?? null;
  if (emoji !== null && !REACTIONS.has(emoji)) throw badRequest("REACTION_INVALID");
  const { [message_id]: _, ...others } = chat.reactions;
  world.chats.update(chat, { reactions: emoji === null ? others : { ...others, [message_id]: emoji } });
  world.events.emit(chat.user.id, { type: "reaction", message_id, emoji });
  return true;
});

function locate({ chats, bot }: World, target: EditTarget): Located {
  if (target.inline_message_id !== undefined) {
    const found = chats.findInline(target.inline_message_id);
    if (!found) throw badRequest("MESSAGE_ID_INVALID");
    return { ...found, isInline: true };
  }
  const chat = chats.requireWritable(target.chat_id ?? "");
  if (target.message_id === undefined) throw badRequest("message identifier is not specified");
  const message = findMessage(chat, target.message_id);
  if (!message) throw badRequest("message to edit not found");
  if (message.from.id !== bot.id || chat.locked.includes(message.message_id) || message.forward_origin)
    throw badRequest("message can't be edited");
  return { chat, message, isInline: false };
}

function edit(world: World, located: Located, { reply_markup: markup }: EditTarget, content: Content): Message | true {
  const { message_id, date, chat, from, reply_to_message, via_bot, media_group_id, has_protected_content } =
    located.message;
  return replace(world, located, {
    message_id,
    date,
    chat,
    from,
    reply_to_message,
    via_bot,
    media_group_id,
    has_protected_content,
    ...content,
    edit_date: Math.floor(world.now() / 1000),
    reply_markup: checkedInlineKeyboard(markup),
  });
}

function replace({ chats }: World, { chat, message, isInline }: Located, next: Message): Message | true {
  if (visible(message) === visible(next)) throw badRequest(NOT_MODIFIED);
  const replaced = chats.replace(chat, next);
  return isInline ? true : replaced;
}

/** Everything that a person sees of a message, as one text for comparing. */
function visible(message: Message): string {
  const { text, entities, link_preview_options, photo, document, caption, caption_entities, reply_markup } = message;
  return JSON.stringify([
    text,
    entities ?? [],
    link_preview_options ?? {},
    photo,
    document,
    caption,
    caption_entities ?? [],
    message.show_caption_above_media ?? false,
    message.has_media_spoiler ?? false,
    reply_markup,
  ]);
}

function remove({ world }: Call, chat: Chat, messages: readonly Message[]): void {
  if (messages.some(({ date }) => world.now() - date * 1000 > DELETABLE_MS))
    throw badRequest("message can't be deleted for everyone");
  world.chats.remove(
    chat,
    messages.map((message) => message.message_id),
  );
}
