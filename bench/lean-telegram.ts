import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A minimal Bot API server: it checks nothing, so that the time measured is the bot's. */
export interface LeanTelegram {
  readonly url: string;
  readonly token: string;
  /** Queues an update for the bot's next poll. */
  push(update: object): void;
  close(): Promise<void>;
}

/** A call that the bot made, other than polling. */
export interface BotCall {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

const BATCH = 100;
const BOT = { id: 7_000_000_001, is_bot: true, first_name: "Sauda", username: "sauda_bench_bot" };

export async function startLeanTelegram(onCall: (call: BotCall) => void): Promise<LeanTelegram> {
  let queue: { readonly update_id: number }[] = [];
  let nextUpdate = 1;
  let nextMessage = 1;
  let wake: (() => void) | null = null;

  function results(method: string, params: BotCall["params"]): unknown {
    if (method === "getMe") return BOT;
    if (method !== "sendMessage" && method !== "editMessageText") return true;
    nextMessage += 1;
    const chat = { id: params["chat_id"], type: "private", first_name: "Somebody" };
    const id = params["message_id"] ?? nextMessage;
    return { message_id: id, date: 1_795_409_400, from: BOT, chat, text: params["text"] };
  }

  async function poll({ offset, timeout }: BotCall["params"], reply: ServerResponse): Promise<unknown> {
    if (typeof offset === "number") queue = queue.filter((update) => update.update_id >= offset);
    if (queue.length === 0 && Number(timeout) > 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, Number(timeout) * 1_000).unref();
        reply.once("close", resolve);
      });
    }
    return queue.slice(0, BATCH);
  }

  async function answer(request: IncomingMessage, reply: ServerResponse, body: string): Promise<void> {
    const method = request.url?.split("/").at(-1) ?? "";
    const params = body === "" ? {} : (JSON.parse(body) as BotCall["params"]);
    const result = method === "getUpdates" ? await poll(params, reply) : results(method, params);
    reply.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ ok: true, result }));
    if (method !== "getUpdates") onCall({ method, params });
  }

  const server = createServer((request, reply) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => void chunks.push(chunk));
    request.on("end", () => void answer(request, reply, Buffer.concat(chunks).toString()));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: `${BOT.id}:${"A".repeat(35)}`,
    push(update) {
      queue.push({ update_id: nextUpdate, ...update });
      nextUpdate += 1;
      wake?.();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
