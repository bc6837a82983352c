import { describe, expect, it } from "vitest";
import { ASHA } from "../../fuzz/world.ts";
import { useWorld } from "../world.ts";

/** An owner's chat with a bot of its own. */
function useChat() {
  const world = useWorld();
  const chat = () => world().telegram.chat(ASHA);
  async function says(...texts: string[]): Promise<string | undefined> {
    for (const text of texts) {
      chat().send(text);
      await world().handleAll();
    }
    return chat().lastFromBot()?.text;
  }
  return { world, chat, says };
}

describe("an awaited PIN", () => {
  const { world, chat, says } = useChat();

  it("is not taken from the answer to a later command's question", async () => {
    expect(await says("/lock pin")).toContain("Send the PIN");
    expect(await says("/buy SBIN")).toContain("how many?");
    expect(await says("1000")).toContain("At which price?");
    expect(await says("/lock status")).toContain("Orders need only the Confirm button.");
  });

  it("is not taken from the answer to a later button's question", async () => {
    const quote = await says("/quote SBIN").then(() => chat().lastFromBot());
    expect(await says("/lock pin")).toContain("Send the PIN");
    const buy = quote?.reply_markup?.inline_keyboard.flat().find(({ text }) => text === "Buy");
    chat().tap(quote?.message_id ?? 0, buy?.callback_data ?? "");
    expect(await says("1000")).toContain("At which price?");
    expect(await says("/lock status")).toContain("Orders need only the Confirm button.");
  });

  it("is still awaited after another command when it is set and an action needs it", async () => {
    expect(await says("/lock pin", "4829")).toContain("PIN set");
    expect(await says("/lock off")).toContain("Send your PIN");
    expect(await says("/help", "4829")).toContain("five minutes");
    expect(
      chat()
        .messages()
        .map(({ text }) => text),
    ).not.toContain("4829");
  });

  it("is not taken from a key that a later button asked for", async () => {
    const which = await says("/link").then(() => chat().lastFromBot());
    expect(await says("/lock pin")).toContain("Send the PIN");
    const dhan = which?.reply_markup?.inline_keyboard.flat().find(({ text }) => text === "Dhan");
    chat().tap(which?.message_id ?? 0, dhan?.callback_data ?? "");
    await world().handleAll();
    const asked = chat().lastFromBot()?.text;
    expect(asked).toContain("Send the");
    expect(await says("123456")).not.toContain("PIN set");
  });

  it("does not count a key that was asked for later as a wrong try", async () => {
    await says("/lock pin", "4829");
    expect(await says("/lock off")).toContain("Send your PIN");
    expect(await says("/link dhan", "1000000001")).not.toContain("tries");
  });

  it("is deleted from the chat also while too many wrong tries have closed the lock", async () => {
    await says("/lock pin", "4829");
    expect(await says("/lock off", "1111", "1112", "1113", "1114", "1115")).toContain("15 min");
    expect(await says("4829")).toContain("15 min");
    const card = await says("/buy SBIN 1").then(() => chat().lastFromBot());
    const confirm = card?.reply_markup?.inline_keyboard.flat().find(({ text }) => text.startsWith("Confirm"));
    chat().tap(card?.message_id ?? 0, confirm?.callback_data ?? "");
    await world().handleAll();
    expect(chat().lastFromBot()?.text).toBe("Too many wrong tries. Orders are locked for 15 minutes.");
    expect(await says("4829")).toContain("15 min");
    expect(
      chat()
        .messages()
        .map(({ text }) => text),
    ).not.toContain("4829");
  });

  it("is deleted from the chat, and not taken, when it is typed in the command itself", async () => {
    expect(await says("/lock pin 4829")).toContain("Send the PIN");
    await says("4829");
    expect(await says("/lock off 4829")).toContain("Send your PIN, then /lock off again.");
    expect(await says("4829", "/lock none")).toContain("Removed.");
    expect(await says("/lock 4829")).toContain("Orders need only the Confirm button.");
    expect(await says("/lock on 4829")).toContain("Locked.");
    expect(await says("/lock off")).toContain("Unlocked.");
    const texts = chat()
      .messages()
      .map(({ text }) => text);
    expect(texts.filter((text) => /\b4829\b/.test(text ?? ""))).toEqual([]);
  });

  it("neither opens a frozen account nor says so", async () => {
    await says("/lock pin", "4829", "/lock");
    expect(await says("/lock off")).toContain("then /lock off again");
    const opened = await says("4829");
    expect(opened).toContain("Trading is still locked");
    expect(opened).not.toContain("confirm orders");
    expect(await says("/lock none")).toContain("Trading is still locked");
    expect(await says("/lock off")).toContain("Orders can be confirmed again");
    await says("/lock pin", "4829");
    expect(await says("/lock none")).toContain("Send your PIN");
    expect(await says("4829", "/lock none")).toBe("Removed. Orders need only the Confirm button.");
  });

  it("does not count a dialogue's answers, or words, as wrong tries", async () => {
    await says("/lock pin", "4829");
    expect(await says("/lock off")).toContain("Send your PIN");
    expect(await says("/buy SBIN")).toContain("how many?");
    expect(await says("10")).toContain("At which price?");
    expect(await says("/lock off")).toContain("Send your PIN");
    await says("one moment", "where is it?", "at home", "in the drawer", "here");
    expect(await says("4829")).toContain("five minutes");
  });
});

describe("a PIN that nothing awaits", () => {
  const { chat, says } = useChat();
  const shown = () =>
    chat()
      .messages()
      .map(({ text }) => text);

  it("is deleted, where a PIN is set and no question awaits a number", async () => {
    expect(await says("7315")).toContain("I work by commands");
    expect(shown()).toContain("7315");
    await says("/lock pin", "4829");
    expect(await says("5316")).toContain("I am not waiting for one");
    expect(shown()).not.toContain("5316");
    expect(await says("/buy SBIN", "1000")).toContain("At which price?");
  });
});
