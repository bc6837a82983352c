import { describe, expect, it } from "vitest";
import { ASHA } from "../fuzz/world.ts";
import { useWorld } from "./world.ts";

describe("in a group", () => {
  const world = useWorld();

  const chat = () => world().telegram.chat(ASHA);
  async function repliesTo(text: string): Promise<string[]> {
    const { message_id: after } = chat().send(text);
    world().twist(after, "group");
    await world().handleAll();
    return chat()
      .messages()
      .filter((message) => message.from.is_bot && message.message_id > after)
      .map((message) => message.text ?? "");
  }

  it.each(["/holdings", "/start inv_x", "/buy SBIN 1", "/panic", "/lock", "/lock@sauda_local_bot"])(
    "%s gets one polite line and does nothing",
    async (command) => {
      expect(await repliesTo(command)).toEqual(["I answer in private only: open a chat with me."]);
    },
  );

  it("commands get few answers, however many come: Telegram would make the bot wait for its limit in that chat", async () => {
    world().pass(60_000);
    const answers: string[] = [];
    for (let turn = 0; turn < 20; turn += 1) answers.push(...(await repliesTo("/start")));
    expect(answers).toHaveLength(10);
    world().pass(60_000);
    expect(await repliesTo("/start")).toHaveLength(1);
  });

  it("messages that are not for the bot get no answer", async () => {
    expect(await repliesTo("good morning")).toEqual([]);
    expect(await repliesTo("4829")).toEqual([]);
    expect(await repliesTo("/start@another_bot")).toEqual([]);
  });

  it("a button of somebody's private card does nothing", async () => {
    const { message_id: card } = chat().send("/accounts");
    await world().handleAll();
    const before = chat().messages();
    world().twist(chat().tap(chat().lastFromBot()?.message_id ?? card, "acc"), "in a group");
    await world().handleAll();
    expect(chat().messages()).toEqual(before);
  });
});
