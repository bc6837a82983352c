import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Telegram's broadcast limit: `perSecond` messages in any second over all chats; above it, 429 and a second's wait. */
export interface TelegramFloor {
  readonly url: string;
  /** Chats that got a message, with how many. */
  readonly received: ReadonlyMap<string, number>;
  readonly refused: () => number;
  /** Milliseconds of performance.now() of the last accepted message. */
  readonly lastAt: () => number;
  close(): Promise<void>;
}

const WINDOW_MS = 1_000;
const LATENCY_MS = 60;

export async function startTelegramFloor(perSecond: number): Promise<TelegramFloor> {
  const received = new Map<string, number>();
  let window: number[] = [];
  let refused = 0;
  let lastAt = 0;

  function answer(chat: string, reply: ServerResponse): void {
    const now = performance.now();
    window = window.filter((at) => now - at < WINDOW_MS);
    if (window.length >= perSecond) {
      refused += 1;
      reply.writeHead(429, { "content-type": "application/json" });
      reply.end(
        '{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 1","parameters":{"retry_after":1}}',
      );
      return;
    }
    window.push(now);
    lastAt = now;
    received.set(chat, (received.get(chat) ?? 0) + 1);
    reply.writeHead(200, { "content-type": "application/json" });
    reply.end(JSON.stringify({ ok: true, result: { message_id: received.size, date: 0, chat: { id: Number(chat) } } }));
  }

  const server = createServer((request, reply) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => void chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("latin1");
      const chat = /"?chat_id"?[^\d]{1,12}?(\d+)/.exec(body)?.[1] ?? /name="chat_id"\s+(\d+)/.exec(body)?.[1] ?? "?";
      setTimeout(() => answer(chat, reply), LATENCY_MS);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    refused: () => refused,
    lastAt: () => lastAt,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
