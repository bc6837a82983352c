import type { World } from "./call.ts";
import type { AnswerEvent, PageEvent } from "./events.ts";
import type { Person } from "./person.ts";
import type { Message } from "./types.ts";

const DEFAULT_WAIT_MS = 15_000;

/** One person's chat, driven from a test. */
export interface TestChat {
  send(text: string, replyToMessageId?: number): Message;
  /** Returns the callback query's id. */
  tap(messageId: number, data: string): string;
  /** Taps the button that says `label` under the newest message that has one. */
  tapButton(label: string): string;
  sendDocument(name: string, mime: string, bytes: Uint8Array): Message;
  deleteMessage(messageId: number): void;
  block(isBlocked: boolean): void;
  clear(): void;
  inline(query: string, offset?: string): ReturnType<Person["inline"]>;
  choose(inlineQueryId: string, resultId: string): Message;
  /** What the chat shows now, oldest first. */
  messages(): readonly Message[];
  /** The newest message that the bot sent. */
  lastFromBot(): Message | undefined;
  /** Resolves with the first truthy result of `check`, which runs now and after whatever happens in this chat. */
  until<T>(check: () => T | undefined | null | false, timeoutMs?: number): Promise<T>;
  /** Sends, then waits for the bot's next message. */
  ask(text: string, timeoutMs?: number): Promise<Message>;
  /** The bot's answer to a tapped button, now or when it comes. */
  answer(callbackQueryId: string, timeoutMs?: number): Promise<AnswerEvent>;
  /** Listens as the page does. Returns the unsubscribe function. */
  listen(listener: (event: PageEvent) => void): () => void;
}

export function createTestChat(world: World, person: Person, userId: number): TestChat {
  const chat = world.chats.require(userId);
  const { events, bot } = world;
  const answers = new Map<string, AnswerEvent>();
  // Subscribed from the chat's first use, so that an answer that comes before anybody waits for it is not missed.
  events.subscribe(userId, (event) => event.type === "answer" && answers.set(event.callback_query_id, event), true);
  const fromBot = (): Message[] => chat.messages.filter((message) => message.from.id === bot.id);

  const self: TestChat = {
    send: (text, replyTo) => person.send(chat, text, replyTo),
    tap: (messageId, data) => person.tap(chat, messageId, data),
    tapButton(label) {
      const found = findButton(chat.messages, label);
      if (!found) throw new Error(`no button "${label}": ${describe(chat.messages)}`);
      return person.tap(chat, found.messageId, found.data);
    },
    sendDocument: (name, mime, bytes) => person.sendDocument(chat, { name, mime, bytes: Buffer.from(bytes) }),
    deleteMessage: (messageId) => person.deleteMessage(chat, messageId),
    block: (isBlocked) => person.setBlocked(chat, isBlocked),
    clear: () => person.clear(chat),
    inline: (query, offset = "") => person.inline(chat, query, offset),
    choose: (inlineQueryId, resultId) => person.choose(chat, inlineQueryId, resultId),
    messages: () => [...chat.messages],
    lastFromBot: () => fromBot().at(-1),
    until: (check, timeoutMs = DEFAULT_WAIT_MS) =>
      waitUntil(check, {
        subscribe: (look) => events.subscribe(userId, look, true),
        timeoutMs,
        describe: () => describe(chat.messages),
      }),
    ask(text, timeoutMs) {
      const { message_id: asked } = self.send(text);
      return self.until(() => fromBot().find((message) => message.message_id > asked), timeoutMs);
    },
    answer: (id, timeoutMs) => self.until(() => answers.get(id), timeoutMs),
    listen: (listener) => events.subscribe(userId, listener),
  };
  return self;
}

interface Wait {
  readonly subscribe: (look: () => void) => () => void;
  readonly timeoutMs: number;
  readonly describe: () => string;
}

function waitUntil<T>(check: () => T | undefined | null | false, wait: Wait): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const look = (): void => {
    try {
      const found = check();
      if (found) resolve(found);
    } catch (error) {
      reject(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const unsubscribe = wait.subscribe(look);
  const tooLate = (): void => reject(new Error(`nothing in ${wait.timeoutMs} ms: ${wait.describe()}`));
  const timer = setTimeout(tooLate, wait.timeoutMs);
  look();
  return promise.finally(() => {
    unsubscribe();
    clearTimeout(timer);
  });
}

function findButton(messages: readonly Message[], label: string): { messageId: number; data: string } | null {
  for (const message of messages.toReversed()) {
    const button = message.reply_markup?.inline_keyboard.flat().find(({ text }) => text === label);
    if (button?.callback_data !== undefined) return { messageId: message.message_id, data: button.callback_data };
  }
  return null;
}

const describe = (messages: readonly Message[]): string =>
  `the chat ends with ${JSON.stringify(messages.slice(-2).map((one) => one.text ?? one.caption ?? "(media)"))}`;
