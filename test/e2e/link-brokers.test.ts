import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Message } from "../../playground/telegram/types.ts";
import { walkLogin } from "../conformance/browser.ts";
import { startTestSauda, type TestSauda } from "./sauda.ts";

const ASHA = 1001;

describe("linking brokers", () => {
  let running: TestSauda;
  beforeAll(async () => {
    running = await startTestSauda({ SAUDA_CLOCK: "2026-11-23T10:42:00+05:30" });
    await asha().ask("/start");
  }, 30_000);
  afterAll(() => running.stop());

  const asha = () => running.playground.chat(ASHA);
  const newest = (text: string | RegExp): Message | undefined =>
    asha()
      .messages()
      .findLast((message) => (typeof text === "string" ? message.text?.includes(text) : text.test(message.text ?? "")));

  /** Answers each question for a key with the demo account's, as its question names them. */
  async function typeKeys(broker: string): Promise<Message> {
    const demo = running.sauda.lab?.state().brokers.find(({ name }) => name === broker);
    const secrets: string[] = [];
    await asha().ask(`/link ${broker}`);
    for (const { value } of demo?.credentials ?? []) {
      await asha().until(() => /^Send the /.test(asha().lastFromBot()?.text ?? ""));
      secrets.push(value);
      await asha().ask(value);
    }
    const login = await asha().until(() => newest("Now log in at"));
    const texts = asha()
      .messages()
      .map(({ text }) => text ?? "");
    for (const secret of secrets) expect(texts.filter((text) => text === secret)).toEqual([]);
    return login;
  }

  async function logIn(broker: string): Promise<void> {
    const login = await typeKeys(broker);
    const url = login.reply_markup?.inline_keyboard[0]?.[0]?.url ?? "";
    const callback = `http://localhost:${running.sauda.port}/oauth/${broker}/callback`;
    const landed = await walkLogin(url, callback);
    const page = await fetch(landed);
    expect(page.status, await page.clone().text()).toBe(200);
    expect(await page.text()).toContain("Linked");
    await asha().until(() => newest("is linked."));
  }

  it.each(["zerodha", "fyers", "angelone"])(
    "links %s by its own login page, keys deleted from the chat",
    async (broker) => {
      await logIn(broker);
    },
  );

  it("shows one portfolio over three brokers, with the same share merged", async () => {
    const holdings = await asha().ask("/holdings");
    expect(holdings.text).toMatch(/SBIN[\s\S]*zerodha, fyers, angelone/);
    expect(holdings.text).toContain("Value");
  });

  it("places an order at a named broker and follows it to its end", async () => {
    const card = await asha().ask("/buy INFY 2 on fyers");
    expect(card.text).toContain("fyers");
    asha().tapButton("Confirm buy");
    await asha().until(() =>
      asha()
        .messages()
        .find(({ message_id, text }) => message_id === card.message_id && text?.includes("Filled 2")),
    );
  });

  it("says that a session died, with a login button, and shows the others", async () => {
    await running.sauda.lab?.act({ broker: "fyers", action: "expireSessions" });
    const holdings = await asha().ask("/holdings");
    expect(holdings.text).toContain("Fyers: the session is over");
    expect(holdings.text).toContain("SBIN");
    const buttons = holdings.reply_markup?.inline_keyboard.flat().map(({ text }) => text);
    expect(buttons).toContain("Log in: fyers");
  });

  it("refuses a login link that was used", async () => {
    const login = newest("Now log in at");
    const url = login?.reply_markup?.inline_keyboard[0]?.[0]?.url ?? "";
    const landed = await walkLogin(url, `http://localhost:${running.sauda.port}/oauth/angelone/callback`);
    expect((await fetch(landed)).status).toBe(400);
  });

  it("made no invalid Bot API call", () => {
    expect(running.playground.rejectedCalls).toEqual([]);
  });
});
