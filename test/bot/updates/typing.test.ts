import { afterEach, describe, expect, it, vi } from "vitest";
import type { BareContext } from "../../../src/bot/context.ts";
import { showTyping } from "../../../src/bot/updates/typing.ts";
import { ASHA } from "../../fuzz/world.ts";
import { useWorld } from "../world.ts";

describe("a user who waits for an answer", () => {
  const world = useWorld();
  afterEach(() => void vi.restoreAllMocks());

  it.each(["/positions", "/panic"])("sees “typing…” while %s is handled", async (command) => {
    const chat = world().telegram.chat(ASHA);
    const signs: string[] = [];
    const { promise: signed, resolve } = Promise.withResolvers<void>();
    const deaf = chat.listen((event) => {
      if (event.type !== "action") return;
      signs.push(event.action);
      resolve();
    });
    const { accounts } = world().deps;
    const read = accounts.active.bind(accounts);
    vi.spyOn(accounts, "active").mockImplementation(async (user) => signed.then(() => read(user)));
    chat.send(command);
    await world().handleAll();
    deaf();
    expect(signs).toEqual(["typing"]);
  });
});

describe("the “typing…” sign", () => {
  afterEach(() => void vi.useRealTimers());

  function waiting(type: "private" | "group") {
    vi.useFakeTimers();
    const sendChatAction = vi.fn(async () => Promise.reject(new Error("flood")));
    const ctx = { chat: { id: 7, type }, api: { sendChatAction } } as unknown as BareContext;
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = Promise.resolve(showTyping()(ctx, () => promise));
    return { signs: () => sendChatAction.mock.calls.length, answer: () => (resolve(), done) };
  }

  it("comes after a second, is renewed before Telegram removes it, and never comes after the answer", async () => {
    const { signs, answer } = waiting("private");
    vi.advanceTimersByTime(999);
    expect(signs()).toBe(0);
    vi.advanceTimersByTime(1);
    expect(signs()).toBe(1);
    vi.advanceTimersByTime(4_500);
    expect(signs()).toBe(2);
    await answer();
    vi.advanceTimersByTime(60_000);
    expect(signs()).toBe(2);
  });

  it("is not shown in a group", async () => {
    const { signs, answer } = waiting("group");
    vi.advanceTimersByTime(5_000);
    await answer();
    expect(signs()).toBe(0);
  });
});
