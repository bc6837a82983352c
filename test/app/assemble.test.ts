import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { assemble, type Assembled } from "../../src/app/assemble.ts";
import { readConfig } from "../../src/app/config.ts";
import { userId } from "../../src/domain/ids.ts";
import { istInstant } from "../../src/domain/market.ts";
import { createLog } from "../../src/lib/log.ts";

const ASHA = userId(1001);

describe("a message from the outbox", () => {
  let server: Server;
  let parts: Assembled;
  let dir: string;
  let asked: unknown[];
  let answer: object;

  beforeEach(async () => {
    [asked, answer] = [[], { ok: true, result: { message_id: 7 } }];
    const handle = async (request: IncomingMessage, reply: ServerResponse): Promise<void> => {
      asked.push(await json(request));
      reply.end(JSON.stringify(answer));
    };
    server = createServer((request, reply) => void handle(request, reply)).listen(0, "127.0.0.1");
    await once(server, "listening");
    dir = mkdtempSync(join(tmpdir(), "assemble-"));
    const settings = {
      TELEGRAM_BOT_TOKEN: "7000000001:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
      TELEGRAM_API_ROOT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      DATA_DIR: dir,
      SAUDA_CLOCK: "2026-11-23T22:30:00+05:30",
    };
    parts = await assemble(readConfig(settings, {}), createLog({ level: "silent" }), () => undefined);
    await parts.deps.users.ensure(ASHA, "Asha");
  });
  afterEach(async () => {
    await parts.close();
    server.close();
    rmSync(dir, { recursive: true });
  });

  const send = async (dueAt: string): Promise<void> => {
    await parts.outbox.post({
      key: dueAt,
      userId: ASHA,
      priority: "digest",
      html: "Close of 23 Nov 2026",
      dueAt: istInstant("2026-11-23", dueAt),
    });
    await parts.outbox.deliver();
  };

  it("makes no sound in its reader's quiet hours, and says how late it is", async () => {
    await send("22:30");
    const quietHours = ["22:00", "07:00"] as const;
    await parts.deps.users.update(ASHA, ({ settings }) => ({ settings: { ...settings, quietHours } }));
    await send("21:30");
    expect(asked).toMatchObject([
      { text: "Close of 23 Nov 2026" },
      { text: expect.stringMatching(/^.*late.*\nClose/), disable_notification: true },
    ]);
    expect(asked[0]).not.toHaveProperty("disable_notification");
  });

  it("is the last to a user who has blocked the bot", async () => {
    answer = { ok: false, error_code: 403, description: "Forbidden: bot was blocked by the user" };
    await send("22:30");
    expect((await parts.deps.users.get(ASHA))?.hasStopped).toBe(true);
  });
});
