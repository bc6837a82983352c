import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createApiFetch, type ApiFetch } from "../../../src/bot/updates/api-fetch.ts";
import { createLog } from "../../../src/lib/log.ts";

describe("the fetch that calls Telegram", () => {
  let server: Server;
  let base: string;
  let answers: { status: number; body: object }[];
  let calls: string[];
  let bodies: string[];
  const waits: number[] = [];
  const said: object[] = [];
  const log = createLog({ level: "info", destination: { write: (line) => void said.push(JSON.parse(line)) } });
  let fetch: ApiFetch;

  beforeEach(async () => {
    [answers, calls, bodies] = [[], [], []];
    waits.length = 0;
    said.length = 0;
    fetch = createApiFetch({ sleep: async (ms) => void waits.push(ms), log });
    const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
      calls.push(incoming.url ?? "");
      bodies.push(await text(incoming));
      const { status, body } = answers.shift() ?? { status: 200, body: { ok: true } };
      outgoing.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    server = createServer((incoming, outgoing) => void answer(incoming, outgoing));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/bot1:x`;
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  const flood = (seconds: number) => ({ status: 429, body: { ok: false, parameters: { retry_after: seconds } } });
  const post = (method: string) => fetch(`${base}/${method}`, { method: "POST", body: "{}" });

  it("waits as long as Telegram asks, then tries again", async () => {
    answers.push(flood(3));
    expect((await post("sendMessage")).status).toBe(200);
    expect(waits).toEqual([3_000]);
    expect(calls).toHaveLength(2);
    expect(said).toMatchObject([{ msg: "Telegram asks to wait", method: "sendMessage", waitMs: 3_000 }]);
  });

  it("tries a failing server three times, with a longer pause each time", async () => {
    answers.push({ status: 502, body: {} }, { status: 500, body: {} }, { status: 503, body: {} });
    expect((await post("sendMessage")).status).toBe(503);
    expect(waits).toEqual([1_000, 2_000]);
    expect(calls).toHaveLength(3);
  });

  it("logs an outage once, with the method and the status, and its end", async () => {
    answers.push(...Array.from({ length: 9 }, () => ({ status: 502, body: {} })));
    for (let call = 0; call < 4; call += 1) await post("editMessageText");
    expect(said).toMatchObject([
      { msg: "Telegram calls fail; retrying", err: { message: "editMessageText: HTTP 502, again in 1000 ms" } },
      { msg: "Telegram calls work again", times: 6 },
    ]);
  });

  it("does not wait when Telegram asks for too long, and does not retry a refusal", async () => {
    answers.push(flood(300), { status: 400, body: { ok: false } });
    expect((await post("sendMessage")).status).toBe(429);
    expect((await post("sendMessage")).status).toBe(400);
    expect(waits).toEqual([]);
  });

  it("does not retry getUpdates and chat actions", async () => {
    answers.push(flood(1), flood(1));
    expect((await post("getUpdates")).status).toBe(429);
    expect((await post("sendChatAction")).status).toBe(429);
    expect(calls).toHaveLength(2);
  });

  it("sends a file again whole, although it came as a stream", async () => {
    answers.push(flood(1));
    const file = (async function* () {
      yield new TextEncoder().encode("fi");
      yield new TextEncoder().encode("le");
    })();
    expect((await fetch(`${base}/sendPhoto`, { method: "POST", body: file })).status).toBe(200);
    expect(bodies).toEqual(["file", "file"]);
  });

  it("sends nothing of a file that cannot be read to its end", async () => {
    const file = (async function* () {
      yield new TextEncoder().encode("fi");
      throw new Error("the file is gone");
    })();
    await expect(fetch(`${base}/sendPhoto`, { method: "POST", body: file })).rejects.toThrow(/the file is gone/);
    expect(calls).toEqual([]);
  });

  it("rejects when the caller aborts", async () => {
    const controller = new AbortController();
    controller.abort();
    await expect(
      fetch(`${base}/sendMessage`, { method: "POST", body: "{}", signal: controller.signal }),
    ).rejects.toThrow(/abort/);
  });
});
