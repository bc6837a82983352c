import type { InlineKeyboardMarkup } from "./markup.ts";

/** The part of the Bot API's objects that the playground makes. Names and shapes are Telegram's. */
export interface User {
  readonly id: number;
  readonly is_bot: boolean;
  readonly first_name: string;
  readonly last_name?: string | undefined;
  readonly username?: string | undefined;
  readonly language_code?: string | undefined;
}

export interface PrivateChat {
  readonly id: number;
  readonly type: "private";
  readonly first_name: string;
  readonly last_name?: string | undefined;
  readonly username?: string | undefined;
}

/** `offset` and `length` count UTF-16 code units. */
export interface Entity {
  readonly type: string;
  readonly offset: number;
  readonly length: number;
  readonly url?: string | undefined;
  readonly language?: string | undefined;
  readonly unix_time?: number | undefined;
  readonly date_time_format?: string | undefined;
}

export interface FormattedText {
  readonly text: string;
  readonly entities: readonly Entity[];
}

export interface PhotoSize {
  readonly file_id: string;
  readonly file_unique_id: string;
  readonly width: number;
  readonly height: number;
  readonly file_size: number;
}

export interface Document {
  readonly file_id: string;
  readonly file_unique_id: string;
  readonly file_name: string;
  readonly mime_type: string;
  readonly file_size: number;
}

/** What a message says, without who said it where and when. */
export interface Content {
  readonly text?: string | undefined;
  readonly entities?: readonly Entity[] | undefined;
  readonly link_preview_options?: Readonly<Record<string, unknown>> | undefined;
  readonly photo?: readonly PhotoSize[] | undefined;
  readonly document?: Document | undefined;
  readonly caption?: string | undefined;
  readonly caption_entities?: readonly Entity[] | undefined;
  readonly show_caption_above_media?: boolean | undefined;
  readonly has_media_spoiler?: boolean | undefined;
}

export interface Message extends Content {
  readonly message_id: number;
  readonly date: number;
  readonly chat: PrivateChat;
  readonly from: User;
  readonly edit_date?: number | undefined;
  readonly reply_to_message?: Message | undefined;
  readonly quote?: { readonly text: string; readonly position: number; readonly is_manual: true } | undefined;
  readonly via_bot?: User | undefined;
  readonly forward_origin?: { readonly type: "user"; readonly sender_user: User; readonly date: number } | undefined;
  readonly media_group_id?: string | undefined;
  readonly has_protected_content?: true | undefined;
  readonly reply_markup?: InlineKeyboardMarkup | undefined;
}

export const UPDATE_KINDS = [
  "message",
  "callback_query",
  "inline_query",
  "chosen_inline_result",
  "my_chat_member",
] as const;
export type UpdateKind = (typeof UPDATE_KINDS)[number];

export type Update = { readonly update_id: number } & { readonly [K in UpdateKind]?: unknown };
