import { randomInt } from "node:crypto";
import { badRequest } from "./failure.ts";
import type { InlineArticle } from "./schemas.ts";

const CALLBACK_LIFE_MS = 15 * 60_000;
const INLINE_LIFE_MS = 30_000;
/** Answered inline queries are kept this long, so that one of their results can still be chosen. */
const RESULTS_LIFE_MS = 3_600_000;
const TOO_OLD = "query is too old and response timeout expired or query ID is invalid";

export interface InlineAnswer {
  readonly results: readonly InlineArticle[];
  readonly next_offset: string;
  readonly button?: { readonly text: string; readonly start_parameter?: string | undefined } | undefined;
}

interface InlineQuery {
  readonly userId: number;
  readonly query: string;
  readonly at: number;
  readonly answered: (answer: InlineAnswer) => void;
  answer: InlineAnswer | null;
}

/** Questions put to the bot that it must answer once and in time: tapped buttons and inline queries. */
export interface Queries {
  openCallback(userId: number): string;
  /** Returns whose query it was; throws when it was answered before, is too old or never existed. */
  closeCallback(id: string): number;
  openInline(userId: number, query: string, answered: (answer: InlineAnswer) => void): string;
  answerInline(id: string, answer: InlineAnswer): void;
  findInlineResult(id: string, userId: number, resultId: string): { query: string; result: InlineArticle } | undefined;
}

/** `now` in epoch ms. */
export function createQueries(now: () => number): Queries {
  const callbacks = new Map<string, { userId: number; at: number }>();
  const inline = new Map<string, InlineQuery>();

  function forgetOld(): void {
    for (const [id, { at }] of callbacks) if (now() - at > CALLBACK_LIFE_MS) callbacks.delete(id);
    for (const [id, { at }] of inline) if (now() - at > RESULTS_LIFE_MS) inline.delete(id);
  }

  return {
    openCallback(userId) {
      forgetOld();
      const id = newId();
      callbacks.set(id, { userId, at: now() });
      return id;
    },
    closeCallback(id) {
      const query = callbacks.get(id);
      callbacks.delete(id);
      if (!query || now() - query.at > CALLBACK_LIFE_MS) throw badRequest(TOO_OLD);
      return query.userId;
    },
    openInline(userId, query, answered) {
      forgetOld();
      const id = newId();
      inline.set(id, { userId, query, at: now(), answered, answer: null });
      return id;
    },
    answerInline(id, answer) {
      const query = inline.get(id);
      if (!query || query.answer || now() - query.at > INLINE_LIFE_MS) throw badRequest(TOO_OLD);
      query.answer = answer;
      query.answered(answer);
    },
    findInlineResult(id, userId, resultId) {
      const query = inline.get(id);
      const result = query?.answer?.results.find((one) => one.id === resultId);
      return query && result && query.userId === userId ? { query: query.query, result } : undefined;
    },
  };
}

/** Telegram's are 64-bit numbers as text. */
const newId = (): string => `${randomInt(1e9, 4e9)}${randomInt(1e9, 9e9)}`;
