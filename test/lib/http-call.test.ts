import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createHttpCall } from "../../src/lib/http-call.ts";

describe("an HTTP call", () => {
  let server: Server;
  let base: string;
  let connections = 0;
  const call = createHttpCall();

  beforeEach(async () => {
    server = createServer((incoming, outgoing) => {
      if (incoming.url === "/hangs-up") return void incoming.socket.destroy();
      outgoing.writeHead(incoming.url === "/refuses" ? 400 : 200);
      if (incoming.url === "/stops-halfway") return void outgoing.write("half", () => incoming.socket.destroy());
      if (incoming.url === "/never-ends") return void outgoing.write("half");
      incoming.setEncoding("utf8").on("data", (text: string) => outgoing.write(`${incoming.method} ${text} ₹`));
      incoming.on("end", () => outgoing.end());
    });
    connections = 0;
    server.on("connection", () => (connections += 1));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it("sends a text and gives the whole reply, whatever its status, over one connection", async () => {
    expect(await call(`${base}/takes`, { method: "POST", body: "ten" })).toEqual({
      status: 200,
      body: "POST ten ₹",
    });
    expect((await call(`${base}/refuses`, { method: "POST", body: "ten" })).status).toBe(400);
    expect(connections).toBe(1);
  });

  it("sends bytes as they are", async () => {
    const body = new TextEncoder().encode("₹ ten");
    expect((await call(`${base}/takes`, { method: "POST", body })).body).toBe("POST ₹ ten ₹");
  });

  it("fails when the other side hangs up, before the reply or within it", async () => {
    await expect(call(`${base}/hangs-up`, {})).rejects.toThrow(/hang up/);
    await expect(call(`${base}/stops-halfway`, {})).rejects.toThrow(/aborted/);
  });

  it("ends when its caller aborts, also within the reply", async () => {
    const [before, within] = [new AbortController(), new AbortController()];
    before.abort();
    await expect(call(`${base}/takes`, { signal: before.signal })).rejects.toThrow(/aborted/);
    const reply = call(`${base}/never-ends`, { signal: within.signal });
    server.once("request", () => setImmediate(() => within.abort()));
    await expect(reply).rejects.toThrow(/aborted/);
  });
});
