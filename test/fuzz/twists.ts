import type { Update } from "grammy/types";

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields => (typeof value === "object" && value !== null ? { ...value } : {});
const without = (fields: Fields, ...names: readonly string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
const only = (fields: Fields, ...names: readonly string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)));
/** The chat keeps its id, so that the local Telegram accepts the bot's answer. */
const inGroup = (message: Fields, type: string): Fields => ({
  ...message,
  chat: { ...fieldsOf(message["chat"]), type, title: "Family <b>" },
});
const wordless = (message: Fields): Fields => without(message, "text", "entities");

const FILE = { file_id: "AgAD", file_unique_id: "Qw", file_size: 9 };
const PHOTO = { ...FILE, width: 90, height: 90 };

/** Other shapes of the same message that Telegram may send and bots rarely expect. */
const MESSAGES: Readonly<Record<string, (message: Fields) => Fields>> = {
  photo: (message) => ({
    message: { ...wordless(message), caption: message["text"], caption_entities: message["entities"], photo: [PHOTO] },
  }),
  voice: (message) => ({ message: { ...wordless(message), voice: { ...FILE, duration: 3 } } }),
  sticker: (message) => ({ message: { ...wordless(message), sticker: { ...PHOTO, type: "regular" } } }),
  contact: (message) => ({
    message: { ...wordless(message), contact: { phone_number: "1", first_name: message["text"] } },
  }),
  location: (message) => ({ message: { ...wordless(message), location: { latitude: 19.07, longitude: 72.87 } } }),
  poll: (message) => ({ message: { ...wordless(message), poll: { id: "1", question: message["text"], options: [] } } }),
  dice: (message) => ({ message: { ...wordless(message), dice: { emoji: "🎯", value: 6 } } }),
  service: (message) => ({ message: { ...wordless(message), pinned_message: message } }),
  entity: (message) => ({
    message: { ...message, entities: [{ type: "bot_command", offset: 3, length: 9_999 }] },
  }),
  code: (message) => ({
    message: { ...message, entities: [{ type: "code", offset: 0, length: String(message["text"]).length }] },
  }),
  reply: (message) => ({ message: { ...message, reply_to_message: message, quote: { text: "x", position: 0 } } }),
  edited: (message) => ({ edited_message: { ...message, edit_date: message["date"] } }),
  changed: (message) => ({ edited_message: message }),
  group: (message) => ({ message: inGroup(message, "supergroup") }),
  channel: (message) => ({ channel_post: without(inGroup(message, "channel"), "from") }),
  anonymous: (message) => ({ message: without(message, "from") }),
  "from a bot": (message) => ({ message: { ...message, from: { id: 77, is_bot: true, first_name: "b" } } }),
  unknown: (message) => ({ not_invented_yet: message }),
};

const TAPS: Readonly<Record<string, (tap: Fields) => Fields>> = {
  "on an inline message": (tap) => ({ ...without(tap, "message"), inline_message_id: "AAA" }),
  "on an old message": (tap) => ({
    ...tap,
    message: { ...only(fieldsOf(tap["message"]), "message_id", "chat"), date: 0 },
  }),
  "on a game": (tap) => ({ ...without(tap, "data"), game_short_name: "g" }),
  "in a group": (tap) => ({ ...tap, message: inGroup(fieldsOf(tap["message"]), "supergroup") }),
};

export const TWISTS: readonly string[] = [...Object.keys(MESSAGES), ...Object.keys(TAPS)];

/** The update in the twist's shape; unchanged where the twist is for the other kind of update. */
export function twisted(update: Update, twist: string | undefined): Update {
  const fields = fieldsOf(update);
  const [ofMessage, ofTap] = [MESSAGES[twist ?? ""], TAPS[twist ?? ""]];
  const { update_id } = update;
  if (ofMessage && update.message) return { update_id, ...ofMessage(fieldsOf(fields["message"])) };
  if (ofTap && update.callback_query)
    return { update_id, callback_query: ofTap(fieldsOf(fields["callback_query"])) } as unknown as Update;
  return update;
}
