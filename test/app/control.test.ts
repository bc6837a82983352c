import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { askRunning, openControl } from "../../src/app/control.ts";

describe("asking the running bot for a job", () => {
  let dir: string;
  let server: Server;
  let answer: (reply: ServerResponse) => unknown;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), "control-"));
    server = createServer((_, reply) => void answer(reply));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    openControl(dir).publish((server.address() as AddressInfo).port);
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(dir, { recursive: true, force: true });
  });

  const ask = () => askRunning(dir, "reconcile", null);
  const stop = () => new Promise((resolve) => server.close(resolve));

  it("answers what it says", async () => {
    answer = (reply) => reply.end("2 orders looked at");
    expect(await ask()).toBe("2 orders looked at");
  });

  it("knows that none is running: nobody listens, or somebody else does", async () => {
    answer = (reply) => reply.writeHead(404).end();
    expect(await ask()).toBeNull();
    await stop();
    expect(await ask()).toBeNull();
  });

  it("leaves the word of another process where it is, and takes an unreadable one for none", async () => {
    const gone = openControl(dir);
    gone.publish(9);
    openControl(dir).publish((server.address() as AddressInfo).port);
    answer = (reply) => reply.end("2 orders looked at");
    gone.close();
    expect(await ask()).toBe("2 orders looked at");
    writeFileSync(join(dir, "control.json"), '{"port":80');
    expect(await ask()).toBeNull();
  });

  it("does not take a bot that failed or fell silent for none", async () => {
    answer = (reply) => reply.writeHead(500).end();
    await expect(ask()).rejects.toThrow("The running bot failed at reconcile (HTTP 500); its log says why");
    answer = (reply) => reply.destroy();
    await expect(ask()).rejects.toThrow("has not answered; its log says how it went");
  });
});
