import type { Bot } from "grammy";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createUpdates } from "../../src/app/updates.ts";
import type { SaudaContext } from "../../src/bot/context.ts";
import { Secret } from "../../src/lib/secret.ts";
import { createLocalLeases } from "../../src/services/leases.ts";
import { openStage, type Stage } from "../services/stage.ts";

describe("updates that are stopped before Telegram has answered", () => {
  let stage: Stage;
  beforeEach(() => (stage = openStage()));
  afterEach(() => stage.close());

  it("do not begin when it answers after all: nobody would wait for what is handled then", async () => {
    const calls: string[] = [];
    const answer = async (): Promise<void> => void calls.push("deleteWebhook");
    const updates = createUpdates({
      bot: { api: { deleteWebhook: answer } } as unknown as Bot<SaudaContext>,
      token: new Secret("1:x"),
      config: { mode: "polling", publicUrl: "http://localhost:8080" },
      leases: createLocalLeases(),
      ...stage,
    });
    const looks: string[] = [];
    updates.inbox.sweep = async () => void looks.push("inbox");
    await updates.stop();
    await updates.start();
    await updates.stop();
    expect([...calls, ...looks]).toEqual([]);
  });
});
