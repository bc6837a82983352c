import { tooMany } from "./failure.ts";

const WINDOW_MS = 1_000;
const PER_CHAT = 20;
const OVERALL = 30;

export interface Flood {
  /** Throws 429 for as many calls as `force` asked for. */
  admitCall(): void;
  /** Counts `messages` sent to a chat; throws 429 above 20 a second in one chat or 30 over all. */
  admitMessages(chatId: number, messages: number): void;
  force(calls: number): void;
}

/** `elapsedMs` is a clock that always runs, while the playground's own may stand still. */
export function createFlood(elapsedMs: () => number): Flood {
  let sent: { chatId: number; at: number }[] = [];
  let forced = 0;
  return {
    admitCall() {
      if (forced === 0) return;
      forced -= 1;
      throw tooMany(1);
    },
    admitMessages(chatId, messages) {
      const at = elapsedMs();
      sent = sent.filter((message) => at - message.at < WINDOW_MS);
      const inChat = sent.filter((message) => message.chatId === chatId).length;
      if (inChat + messages > PER_CHAT || sent.length + messages > OVERALL) throw tooMany(1);
      for (let each = 0; each < messages; each += 1) sent.push({ chatId, at });
    },
    force(calls) {
      forced = calls;
    },
  };
}
