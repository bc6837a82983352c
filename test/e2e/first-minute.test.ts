import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Api } from "grammy";
import { commands } from "../../commands/index.ts";
import { startTestSauda, type TestSauda } from "./sauda.ts";

const ASHA = 1001;
const VIKRAM = 1002;

describe("the first minute", () => {
  let running: TestSauda;
  beforeAll(async () => {
    running = await startTestSauda();
  });
  afterAll(() => running.stop());

  const asha = () => running.playground.chat(ASHA);

  it("greets the owner and offers a paper account", async () => {
    const welcome = await asha().ask("/start");
    expect(welcome.text).toContain("Hello Asha");
    asha().tapButton("Open a paper account");
    const opened = await asha().until(() =>
      asha()
        .messages()
        .find((message) => message.text?.includes("account is open")),
    );
    expect(opened.text).toContain("₹10,00,000.00");
    expect(opened.text).toContain("Paper");
  });

  it("has every command in Telegram's menu of private chats, within its limits", async () => {
    const { token, url } = running.playground;
    const menu = await new Api(token, { apiRoot: url }).getMyCommands({ scope: { type: "all_private_chats" } });
    expect(menu).toEqual(commands.map(({ name, description }) => ({ command: name, description })));
    expect(menu.length).toBeLessThanOrEqual(100);
    for (const { command, description } of menu) {
      expect(command).toMatch(/^[a-z0-9_]{1,32}$/);
      expect(description.length).toBeLessThanOrEqual(256);
    }
  });

  it("turns /buy SBIN 10 into a card, and the confirmed card into a filled order", async () => {
    const card = await asha().ask("/buy SBIN 10");
    expect(card.text).toContain("BUY 10 SBIN");
    expect(card.text).toContain("Paper");
    asha().tapButton("Confirm buy");
    const filled = await asha().until(() =>
      asha()
        .messages()
        .find((message) => message.message_id === card.message_id && message.text?.includes("Filled 10")),
    );
    expect(filled.text).toMatch(/Filled 10 at ₹[\d,.]+/);
  });

  it("shows the position, trade, order and funds after the order", async () => {
    expect((await asha().ask("/positions")).text).toMatch(/SBIN CNC/);
    expect((await asha().ask("/trades")).text).toMatch(/BUY SBIN CNC/);
    expect((await asha().ask("/orders")).text).toMatch(/BUY SBIN CNC\s+filled/);
    expect((await asha().ask("/funds")).text).toMatch(/Available\s+₹9,\d\d,\d\d\d\.\d\d/);
  });

  it("answers every read-only command", async () => {
    for (const command of [
      "/help",
      "/accounts",
      "/holdings",
      "/pnl",
      "/profile",
      "/quote SBIN",
      "/depth SBIN",
      "/search state bank",
      "/settings",
    ]) {
      const answer = await asha().ask(command);
      expect(answer.text, command).not.toContain("Something failed");
    }
  });

  it("lets a stranger see nothing, and asks the owner", async () => {
    const vikram = running.playground.chat(VIKRAM);
    expect((await vikram.ask("/start")).text).toContain("belongs to one household");
    expect((await vikram.ask("/positions")).text).toContain("has not let you in");
    expect((await vikram.ask("/buy SBIN 10")).text).toContain("has not let you in");
    await asha().until(() =>
      asha()
        .messages()
        .find((message) => message.text?.includes("Vikram (1002) asks to be let in")),
    );
  });

  it("answers wrong input with one sentence and an example", async () => {
    expect((await asha().ask("/buy SBIN ten")).text).toMatch(
      /^I know SBIN, but not what “ten” means here\.\nLike this: /,
    );
    expect((await asha().ask("/buy SBIN 10 @ cheap")).text).toContain("is not a price");
    expect((await asha().ask("/buy SBINX 10")).text).toContain("Did you mean");
    expect((await asha().ask("/Quote SBIN")).text).toContain("State Bank of India");
    expect((await asha().ask("/PANIC")).text).toContain("everything at every broker");
    expect((await asha().ask("/Lock")).text).toContain("Locked.");
    expect((await asha().ask("/LOCK off")).text).toContain("Unlocked.");
    expect((await asha().ask("/frobnicate")).text).toContain("do not know that command");
  });

  it("made no invalid Bot API call", () => {
    expect(running.playground.rejectedCalls).toEqual([]);
  });
});
