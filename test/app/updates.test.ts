import { type Bot, GrammyError } from "grammy";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createUpdates, type UpdatesOptions } from "../../src/app/updates.ts";
import { createOutageNotice } from "../../src/app/outage-notice.ts";
import type { SaudaContext } from "../../src/bot/context.ts";
import { userId } from "../../src/domain/ids.ts";
import { Secret } from "../../src/lib/secret.ts";
import { createLocalLeases } from "../../src/services/leases.ts";
import { createUsers } from "../../src/services/people/users.ts";
import { openStage, type Stage } from "../services/stage.ts";
import { createLog } from "../../src/lib/log.ts";

describe("updates that are stopped before Telegram has answered", () => {
  let stage: Stage;
  beforeEach(() => (stage = openStage()));
  afterEach(() => stage.close());

  it("do not start when it answers after all, because nobody would wait for their handling to end", async () => {
    const calls: string[] = [];
    const answer = async (): Promise<void> => void calls.push("deleteWebhook");
    const updates = createUpdates({
      bot: { api: { deleteWebhook: answer } } as unknown as Bot<SaudaContext>,
      token: new Secret("1:x"),
      config: { mode: "polling", publicUrl: "http://localhost:8080" },
      leases: createLocalLeases(),
      outageNotice: { failed: () => undefined, recovered: () => undefined },
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

describe("asking Telegram for updates", () => {
  let stage: Stage;
  beforeEach(() => (stage = openStage()));
  afterEach(() => stage.close());

  // Telegram remembers the kinds last asked for.
  const kinds = ["message", "edited_message", "callback_query", "inline_query", "my_chat_member"];

  const optionsOf = (api: object, mode: "polling" | "webhook"): UpdatesOptions => ({
    bot: { api } as unknown as Bot<SaudaContext>,
    token: new Secret("1:x"),
    config: { mode, publicUrl: "https://sauda.example" },
    leases: createLocalLeases(),
    outageNotice: { failed: () => undefined, recovered: () => undefined },
    ...stage,
  });
  const updatesWith = (api: object, mode: "polling" | "webhook") => createUpdates(optionsOf(api, mode));

  it("takes a webhook away first, without dropping what waits, and then names the kinds it wants", async () => {
    const calls: unknown[] = [];
    let polled = (): void => undefined;
    const hasPolled = new Promise<void>((resolve) => (polled = resolve));
    const updates = updatesWith(
      {
        deleteWebhook: async (...args: unknown[]) => void calls.push(["deleteWebhook", ...args]),
        getUpdates: (asked: object, signal: AbortSignal) => {
          calls.push(["getUpdates", asked]);
          polled();
          return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("stopped"))));
        },
      },
      "polling",
    );
    await updates.start();
    await hasPolled;
    await updates.stop();
    expect(calls).toEqual([["deleteWebhook"], ["getUpdates", { offset: 0, timeout: 30, allowed_updates: kinds }]]);
    expect(updates.webhook).toBeNull();
  });

  it("waits as long as Telegram asks before it polls again, and otherwise two seconds", async () => {
    const waits: number[] = [];
    const answers = [
      new GrammyError(
        "getUpdates",
        { ok: false, error_code: 429, description: "", parameters: { retry_after: 41 } },
        "",
        {},
      ),
      new Error("connection broke"),
    ];
    const sleep = async (ms: number): Promise<void> => void waits.push(ms);
    const updates = createUpdates({
      ...optionsOf(
        {
          deleteWebhook: async () => true,
          getUpdates: (_: object, signal: AbortSignal) => {
            const answer = answers.shift();
            if (answer) return Promise.reject(answer);
            return new Promise((_resolve, reject) =>
              signal.addEventListener("abort", () => reject(new Error("stopped"))),
            );
          },
        },
        "polling",
      ),
      clock: { now: () => stage.clock.now(), sleep },
    });
    await updates.start();
    await expect.poll(() => waits).toEqual([41_000, 2_000]);
    await updates.stop();
  });

  it("sets a webhook with the secret that its route requires, and with the kinds it wants", async () => {
    const calls: unknown[] = [];
    const updates = updatesWith(
      {
        setWebhook: async (...args: unknown[]) => void calls.push(args),
        getWebhookInfo: async () => ({ url: "https://sauda.example/telegram/webhook", pending_update_count: 0 }),
      },
      "webhook",
    );
    await updates.start();
    await updates.stop();
    const secret = updates.webhook?.secret.reveal() ?? "";
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(calls).toEqual([
      [
        "https://sauda.example/telegram/webhook",
        { secret_token: secret, allowed_updates: kinds, max_connections: 100 },
      ],
    ]);
  });
});

describe("updates that cannot be stored, as on a full disk", () => {
  let stage: Stage;
  let isFull = false;
  beforeEach(() => (stage = openStage()));
  afterEach(() => stage.close());

  const ASHA = 1001;
  const message = (update_id: number, id = ASHA, type = "private") => ({
    update_id,
    message: { message_id: update_id, date: 0, text: "/panic", chat: { id, type }, from: { id } },
  });

  it("are reported once to each person who was let in, when this has lasted for some seconds", async () => {
    const { clock, log } = stage;
    const told: number[] = [];
    const sendMessage = async (chat: number): Promise<never> => void told.push(chat) as never;
    const users = createUsers({
      log: createLog({ level: "silent" }),
      store: stage.store,
      clock,
      ownerId: userId(ASHA),
    });
    await users.ensure(userId(ASHA), "Asha");
    await users.ensure(userId(1002), "Stranger");
    const updates = createUpdates({
      bot: { api: {}, handleUpdate: async () => undefined } as unknown as Bot<SaudaContext>,
      token: new Secret("1:x"),
      config: { mode: "webhook", publicUrl: "https://sauda.example" },
      leases: createLocalLeases(),
      outageNotice: createOutageNotice({ api: { sendMessage }, users, clock, log }),
      ...stage,
    });
    const whole = { ...updates.inbox };
    updates.inbox.accept = async (arrival) => {
      if (isFull) throw new Error("database or disk is full");
      return whole.accept(arrival);
    };
    const arrives = async (update: ReturnType<typeof message>): Promise<boolean> => {
      const isTaken = await updates.webhook?.accept(update).then(
        () => true,
        () => false,
      );
      await new Promise((resolve) => setImmediate(resolve));
      return isTaken === true;
    };

    isFull = true;
    expect(await arrives(message(1))).toBe(false);
    expect(told).toEqual([]);
    clock.advance(10_000);
    for (let tries = 0; tries < 5; tries += 1) {
      await arrives(message(1));
      await arrives(message(2, 1002));
      await arrives(message(3, 1003, "group"));
    }
    expect(told).toEqual([ASHA]);
    isFull = false;
    expect(await arrives(message(1))).toBe(true);
    isFull = true;
    clock.advance(3_600_000);
    await arrives(message(4));
    expect(told).toEqual([ASHA]);
    clock.advance(10_000);
    await Promise.all([arrives(message(4)), arrives(message(5))]);
    expect(told).toEqual([ASHA, ASHA]);
  });
});
