import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { askRunning, openControl } from "../../src/app/control.ts";
import { createLog } from "../../src/lib/log.ts";
import { jobsRoutes, type JobOutcome } from "../../src/web/jobs.ts";
import { listenerOf } from "../../src/web/listener.ts";
import { FROM_SAUDA } from "../../src/web/paths.ts";
import { startWebServer } from "../../src/web/server.ts";

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

  it("takes a token that only the bot's user can read", () => {
    expect(statSync(join(dir, "control.json")).mode & 0o777).toBe(0o600);
  });

  const asBot = (reply: ServerResponse): ServerResponse => reply.setHeader(FROM_SAUDA, "reconcile");

  it("returns the bot's answer", async () => {
    answer = (reply) => asBot(reply).end("2 orders looked at");
    expect(await ask()).toBe("2 orders looked at");
  });

  it("returns null when no bot is running and nobody listens", async () => {
    await stop();
    expect(await ask()).toBeNull();
  });

  it("returns null when another program listens, whatever that answers", async () => {
    for (const status of [200, 404, 405, 501, 503]) {
      answer = (reply) => reply.writeHead(status).end("<html>");
      expect(await ask(), String(status)).toBeNull();
    }
  });

  it("fails when the job failed for a user, and reports the result of all", async () => {
    const control = openControl(dir);
    const log = createLog({ level: "silent" });
    const outcomes: JobOutcome[] = [
      { report: "1 done, 0 had it already, 2 failed", hasFailed: true },
      { report: "2 done, 1 had it already, 0 failed", hasFailed: false },
    ];
    const run = () => Promise.resolve(outcomes.shift()!);
    const web = await startWebServer(0);
    try {
      web.serve(listenerOf([jobsRoutes({ token: control.token, run, log })], log));
      control.publish(web.port);
      await expect(ask()).rejects.toThrow(
        "The running bot failed at reconcile (1 done, 0 had it already, 2 failed); its log says why",
      );
      expect(await ask()).toBe("2 done, 1 had it already, 0 failed");
      outcomes.push(undefined as never);
      await expect(ask()).rejects.toThrow("The running bot failed at reconcile (Something failed here.)");
    } finally {
      await web.close();
    }
  });

  it("leaves another process's control file in place, and treats an unreadable one as missing", async () => {
    const gone = openControl(dir);
    gone.publish(9);
    openControl(dir).publish((server.address() as AddressInfo).port);
    answer = (reply) => asBot(reply).end("2 orders looked at");
    gone.close();
    expect(await ask()).toBe("2 orders looked at");
    writeFileSync(join(dir, "control.json"), '{"port":80');
    expect(await ask()).toBeNull();
  });

  it("fails, instead of returning null, when the bot fails or does not answer", async () => {
    answer = (reply) => asBot(reply).writeHead(500).end("1 done, 0 had it already, 2 failed");
    await expect(ask()).rejects.toThrow(
      "The running bot failed at reconcile (1 done, 0 had it already, 2 failed); its log says why",
    );
    answer = (reply) => reply.destroy();
    await expect(ask()).rejects.toThrow("has not answered; its log says how it went");
  });
});
