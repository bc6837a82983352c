import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Bot, type Api } from "grammy";
import type { Update } from "grammy/types";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startPlayground, type Playground } from "../../playground/telegram/server.ts";

const [ASHA, VIKRAM] = [1001, 1002];

interface Delivery {
  readonly update: Update;
  readonly secret: string | undefined;
  answer(status: number, body?: string): void;
}

let playground: Playground;
let api: Api;
let receiver: Server;
let url: string;
let arrived: Delivery[];
let waiting: ((delivery: Delivery) => void)[];
/** The pauses between deliveries, which the test ends. */
let naps: { readonly ms: number; readonly end: () => void }[];

beforeEach(async () => {
  [arrived, waiting, naps] = [[], [], []];
  receiver = createServer(
    (request, response) => void receive(request, (status, body) => response.writeHead(status).end(body)),
  );
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  playground = await startPlayground({
    port: 0,
    now: () => Date.parse("2026-11-23T09:15:00+05:30"),
    bot: { id: 777, firstName: "Sauda", username: "sauda_bot" },
    sleep: (ms) => new Promise<void>((end) => naps.push({ ms, end })),
  });
  api = new Bot(playground.token, { client: { apiRoot: playground.url } }).api;
});
afterEach(async () => {
  for (const nap of naps) nap.end();
  await playground.close();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

async function receive(request: IncomingMessage, answer: Delivery["answer"]): Promise<void> {
  const header = request.headers["x-telegram-bot-api-secret-token"];
  const update = JSON.parse(await text(request)) as Update;
  const delivery = { update, secret: typeof header === "string" ? header : undefined, answer };
  const waiter = waiting.shift();
  if (waiter) waiter(delivery);
  else arrived.push(delivery);
}

const next = async (): Promise<Delivery> =>
  arrived.shift() ?? (await new Promise<Delivery>((resolve) => waiting.push(resolve)));
const nap = async (): Promise<{ readonly ms: number; readonly end: () => void }> => {
  for (;;) {
    const found = naps.shift();
    if (found) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
};

test("an update is delivered with the secret, and only once if it is accepted", async () => {
  await api.setWebhook(url, { secret_token: "s3cret_token" });
  playground.chat(ASHA).send("one");
  const first = await next();
  expect(first).toMatchObject({ secret: "s3cret_token", update: { update_id: 1, message: { text: "one" } } });
  first.answer(200);
  playground.chat(ASHA).send("two");
  const second = await next();
  expect(second.update.message?.text).toBe("two");
  second.answer(200);
});

test("updates that were pending before the webhook was set are delivered to it", async () => {
  playground.chat(ASHA).send("pending");
  await api.setWebhook(url);
  const delivery = await next();
  expect(delivery.update.message?.text).toBe("pending");
  delivery.answer(200);
});

test("a refused delivery is retried after growing waits; meanwhile its chat waits and others go on", async () => {
  await api.setWebhook(url);
  playground.chat(ASHA).send("one");
  playground.chat(ASHA).send("two");
  (await next()).answer(500);
  const firstWait = await nap();
  playground.chat(VIKRAM).send("other chat");
  const other = await next();
  expect(other.update.message?.text).toBe("other chat");
  other.answer(200);
  expect(await api.getWebhookInfo()).toMatchObject({
    url,
    pending_update_count: 2,
    last_error_message: "Wrong response from the webhook: 500 Internal Server Error",
  });
  firstWait.end();
  const again = await next();
  expect(again.update.message?.text).toBe("one");
  again.answer(302);
  const secondWait = await nap();
  expect([firstWait.ms, secondWait.ms]).toEqual([1_000, 2_000]);
  secondWait.end();
  (await next()).answer(200);
  const last = await next();
  expect(last.update.message?.text).toBe("two");
  last.answer(200);
});

test("a method call in the bot's answer is carried out", async () => {
  await api.setWebhook(url);
  const chat = playground.chat(ASHA);
  chat.send("hello");
  (await next()).answer(200, JSON.stringify({ method: "sendMessage", chat_id: ASHA, text: "from the answer" }));
  expect(await chat.until(() => chat.lastFromBot())).toMatchObject({ text: "from the answer" });
});

test("polling is refused until the webhook is gone, and nothing is lost in between", async () => {
  await api.setWebhook(url);
  await expect(api.getUpdates()).rejects.toThrow(
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
  );
  playground.chat(ASHA).send("kept");
  (await next()).answer(503);
  await nap();
  await api.deleteWebhook();
  expect((await api.getWebhookInfo()).url).toBe("");
  expect((await api.getUpdates()).map((update) => update.message?.text)).toEqual(["kept"]);
});

test("pending updates can be dropped", async () => {
  playground.chat(ASHA).send("old");
  await api.deleteWebhook({ drop_pending_updates: true });
  expect(await api.getUpdates()).toEqual([]);
});

test.each([
  ["http://bot.example/hook", {}, "bad webhook: An HTTPS URL must be provided for webhook"],
  ["https://bot.example/hook", {}, "bad webhook: the playground delivers to loopback addresses only"],
  ["nonsense", {}, "bad webhook: invalid webhook URL specified"],
  ["http://127.0.0.1:1/", { secret_token: "with space" }, "secret token contains unallowed characters"],
])("%s %j is refused", async (hook, options, reason) => {
  await expect(api.setWebhook(hook, options)).rejects.toThrow(`Bad Request: ${reason}`);
});
