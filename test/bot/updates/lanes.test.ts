import { sequentialize } from "@grammyjs/runner";
import { Bot, type Context } from "grammy";
import type { Update, UserFromGetMe } from "grammy/types";
import { describe, expect, it } from "vitest";
import type { BotDeps } from "../../../src/bot/commands.ts";
import { panicButtons } from "../../../src/bot/orders/panic-buttons.ts";
import { rateGate } from "../../../src/bot/updates/rate-gate.ts";
import type { BareContext, SaudaContext } from "../../../src/bot/context.ts";
import { constraintsOf, laneOf } from "../../../src/bot/updates/lanes.ts";
import type { Role } from "../../../src/services/people/users.ts";

const from = { id: 7, is_bot: false, first_name: "Asha" };
const chat = { id: 7, type: "private", first_name: "Asha" } as const;
const message = (text: string) => ({ update_id: 1, message: { message_id: 1, date: 0, chat, from, text } }) as Update;

describe("the lane of an update", () => {
  it("is its chat's, so that messages and taps stay in order", () => {
    const tap = { update_id: 2, callback_query: { id: "1", from, chat_instance: "1", data: "x:1", message: { chat } } };
    expect(laneOf(message("/buy SBIN 1"))).toBe("7");
    expect(laneOf(tap as unknown as Update)).toBe("7");
    const { message: edited } = message("/panic");
    expect(laneOf({ update_id: 5, edited_message: { ...edited, edit_date: 1 } } as Update)).toBe("7");
  });

  it("is a separate one for /panic, a bare /lock and inline queries", () => {
    for (const text of ["/panic", "/panic all", "/Panic", "\u200E /panic"])
      expect(laneOf(message(text))).toBe("panic:7");
    for (const text of ["/lock", "/lock@sauda_bot", "/Lock ", "/lock On"]) expect(laneOf(message(text))).toBe("lock:7");
    for (const text of ["/lock off", "/lock pin", "/lock once"]) expect(laneOf(message(text))).toBe("7");
    expect(laneOf(message("/panicked"))).toBe("7");
    expect(laneOf(message("/lockdown"))).toBe("7");
    const inline = { update_id: 3, inline_query: { id: "1", from, query: "sbin", offset: "" } } as Update;
    expect(laneOf(inline)).toBe("inline:7");
    expect(laneOf({ update_id: 4 })).toBe("none");
  });
});

describe("the way around the lanes and the rate gate", () => {
  const botInfo = { id: 1, is_bot: true, first_name: "Sauda", username: "sauda_bot" } as UserFromGetMe;

  /** Whether /panic and its buttons handled the update, rather than passing it on. */
  async function takes(update: Update, role: Role): Promise<boolean> {
    const deps = {
      users: { get: async () => ({ _id: "7", role }) },
      panic: { look: async () => [] },
      oneTime: { claim: async () => null },
    };
    let isHandedOn = false;
    const bot = new Bot<SaudaContext>("1:token", { botInfo });
    bot.api.config.use(async () => ({ ok: true, result: true as never }));
    bot.use(panicButtons(deps as unknown as BotDeps));
    bot.use(() => void (isHandedOn = true));
    await bot.handleUpdate(update).catch(() => undefined);
    return !isHandedOn;
  }

  it("is open only to users who may trade", async () => {
    const entities = [{ type: "bot_command", offset: 0, length: 6 }];
    const typed = message("/panic");
    const command = { ...typed, message: { ...typed.message, entities } } as Update;
    const query = {
      id: "1",
      from,
      chat_instance: "1",
      data: "panic:c:made-up",
      message: { message_id: 2, date: 1, chat },
    };
    const tap = { update_id: 2, callback_query: query } as Update;
    for (const update of [command, tap]) {
      for (const role of ["owner", "trader"] as const) expect(await takes(update, role)).toBe(true);
      for (const role of ["viewer", "pending", "blocked"] as const) expect(await takes(update, role)).toBe(false);
    }
  });
});

describe("within one process", () => {
  const botInfo = { id: 1, is_bot: true, first_name: "Sauda", username: "sauda_bot" } as UserFromGetMe;
  const inline = { update_id: 3, inline_query: { id: "1", from, query: "sbin", offset: "" } } as Update;

  it("inline queries do not wait for a handler that hangs, but the chat does", async () => {
    const bot = new Bot<Context>("1:x", { botInfo });
    const begun: string[] = [];
    bot.use(sequentialize(constraintsOf));
    bot.use(async (ctx) => {
      begun.push(ctx.message?.text ?? ctx.inlineQuery?.query ?? "");
      if (ctx.message?.text === "/holdings") await new Promise(() => undefined);
    });
    void bot.handleUpdate(message("/holdings"));
    void bot.handleUpdate(message("/help"));
    await bot.handleUpdate(inline);
    expect(begun).toEqual(["/holdings", "sbin"]);
  });
});

describe("the rate gate", () => {
  function stage() {
    let now = 0;
    const said: string[] = [];
    const gate = rateGate<BareContext>({ now: () => now, sleep: async () => undefined }, 3);
    let passed = 0;
    const visit = async (id: number, kind: "message" | "tap" = "message"): Promise<void> => {
      const ctx = {
        from: { id },
        chat: { type: "private" },
        ...(kind === "tap" ? { callbackQuery: {} } : {}),
        reply: async (text: string) => void said.push(text),
        answerCallbackQuery: async ({ text }: { text: string }) => void said.push(text),
      };
      await gate(ctx as unknown as BareContext, async () => void (passed += 1));
    };
    return { visit, said, passed: () => passed, advance: (ms: number) => void (now += ms) };
  }

  it("lets a number of updates pass in a minute, says once that it is too many, and resets after the minute", async () => {
    const { visit, said, passed, advance } = stage();
    for (let at = 0; at < 6; at += 1) await visit(7);
    expect(passed()).toBe(3);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain("again in 60 s");
    await visit(8);
    expect(passed()).toBe(4);
    advance(60_000);
    await visit(7);
    expect(passed()).toBe(5);
  });

  it("holds nobody back for longer when the machine's clock is set back", async () => {
    const { visit, passed, advance } = stage();
    for (let at = 0; at < 4; at += 1) await visit(7);
    advance(-3_600_000);
    await visit(7);
    expect(passed()).toBe(4);
  });

  it("answers every tap, so that no button keeps spinning", async () => {
    const { visit, said } = stage();
    for (let at = 0; at < 5; at += 1) await visit(7, "tap");
    expect(said).toHaveLength(2);
  });
});
