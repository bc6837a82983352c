import type { LabState } from "./lab.ts";
import type { ReplyKeyboardMarkup } from "./markup.ts";
import type { BotCommand } from "./schemas.ts";
import type { Message } from "./types.ts";

/** What a page that shows one user's chat is told. */
export type PageEvent =
  | { readonly type: "message" | "edit"; readonly message: Message }
  | { readonly type: "delete"; readonly message_ids: readonly number[] }
  | AnswerEvent
  | { readonly type: "action"; readonly action: string }
  | { readonly type: "commands"; readonly commands: readonly BotCommand[] }
  | { readonly type: "keyboard"; readonly replyKeyboard: ReplyKeyboardMarkup | null }
  | { readonly type: "unread"; readonly user: number; readonly unread: number }
  | { readonly type: "lab"; readonly lab: LabState }
  | { readonly type: "reaction"; readonly message_id: number; readonly emoji: string | null };

export interface AnswerEvent {
  readonly type: "answer";
  readonly callback_query_id: string;
  readonly text?: string | undefined;
  readonly show_alert?: boolean | undefined;
  readonly url?: string | undefined;
}

type Listener = (event: PageEvent) => void;

export interface Events {
  emit(userId: number, event: PageEvent): void;
  /** To every page; `except` names the user whose pages are left out. */
  broadcast(event: PageEvent, except?: number): void;
  /** Returns the unsubscribe function. A `silent` listener does not count as somebody reading the chat. */
  subscribe(userId: number, listener: Listener, silent?: boolean): () => void;
  isWatched(userId: number): boolean;
}

export function createEvents(): Events {
  const subscriptions = new Set<{ userId: number; listener: Listener; silent: boolean }>();
  const tell = (event: PageEvent, wants: (userId: number) => boolean): void => {
    for (const { userId, listener } of subscriptions) if (wants(userId)) listener(event);
  };
  return {
    emit: (userId, event) => tell(event, (id) => id === userId),
    broadcast: (event, except) => tell(event, (id) => id !== except),
    subscribe(userId, listener, silent = false) {
      const subscription = { userId, listener, silent };
      subscriptions.add(subscription);
      return () => subscriptions.delete(subscription);
    },
    isWatched: (userId) => [...subscriptions].some((one) => one.userId === userId && !one.silent),
  };
}
