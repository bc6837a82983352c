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
  const newest = (text: RegExp, after = 0): Message | undefined =>
    asha()
      .messages()
      .findLast((message) => message.message_id > after && text.test(message.text ?? ""));
  const waitFor = (text: RegExp, after: number): Promise<Message> => asha().until(() => newest(text, after));

  const demoKeys = (broker: string) =>
    running.sauda.lab?.state().brokers.find(({ name }) => name === broker)?.credentials ?? [];

  /** Types the demo account's keys on the page that the chat offers. */
  async function typeKeysOnPage(broker: string): Promise<Message> {
    const { message_id: asked } = asha().send(`/link ${broker}`);
    const offer = await waitFor(/for five minutes/, asked);
    const url = offer.reply_markup?.inline_keyboard[0]?.[0]?.url ?? "";
    const form = await fetch(url);
    const cookie = form.headers
      .getSetCookie()
      .map((each) => each.split(";")[0])
      .join("; ");
    const csrf = /name="csrf" value="([^"]+)"/.exec(await form.text())?.[1] ?? "";
    const fields = Object.fromEntries(demoKeys(broker).map(({ field, value }) => [field, value]));
    const body = new URLSearchParams({ ...fields, csrf }).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded", cookie };
    expect((await fetch(url, { method: "POST", headers, body })).status).toBe(200);
    return waitFor(/^Now log in at/, asked);
  }

  /** Types them into the chat, question by question; each message is deleted. */
  async function typeKeysInChat(broker: string): Promise<Message> {
    const { message_id: asked } = asha().send(`/link ${broker}`);
    await waitFor(/for five minutes/, asked);
    asha().tapButton("Type them here instead");
    for (const { value } of demoKeys(broker)) {
      await asha().until(() => asha().lastFromBot()?.text?.startsWith("Send the "));
      await asha().ask(value);
      expect(
        asha()
          .messages()
          .filter(({ text }) => text === value),
      ).toEqual([]);
    }
    return waitFor(/^Now log in at/, asked);
  }

  /** Walks the broker's login as a browser does, cookies of ours included. */
  async function logIn(broker: string, login: Message): Promise<Response> {
    let url = login.reply_markup?.inline_keyboard[0]?.[0]?.url ?? "";
    let cookie = "";
    const ours = `http://localhost:${running.sauda.port}`;
    if (url.startsWith(ours)) {
      const reply = await fetch(url, { redirect: "manual" });
      cookie = reply.headers
        .getSetCookie()
        .map((each) => each.split(";")[0])
        .join("; ");
      url = reply.headers.get("location") ?? "";
    }
    const landed = await walkLogin(url, `${ours}/oauth/${broker}/callback`);
    return fetch(landed, { headers: { cookie } });
  }

  it.each(["zerodha", "dhan", "angelone"])(
    "links %s: keys on a one-time page, then the broker's own login",
    async (broker) => {
      const login = await typeKeysOnPage(broker);
      const page = await logIn(broker, login);
      expect(page.status).toBe(200);
      expect(await page.text()).toContain("Linked");
      await waitFor(/is linked\./, login.message_id);
    },
  );

  it("links fyers with the keys typed into the chat, where they do not stay", async () => {
    const page = await logIn("fyers", await typeKeysInChat("fyers"));
    expect(await page.text()).toContain("Linked");
    await asha().until(() => newest(/Fyers is linked\./));
  });

  it("shows one portfolio over four brokers, with the same share merged", async () => {
    const holdings = await asha().ask("/holdings");
    expect(holdings.text).toMatch(/SBIN[\s\S]*zerodha, angelone, fyers/);
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

  it("asks again for keys that were never given when a login is wanted", async () => {
    const { message_id: asked } = asha().send("/link fyers");
    const offer = await waitFor(/for five minutes/, asked);
    const { callback_data: typeHere } = offer.reply_markup?.inline_keyboard[1]?.[0] ?? {};
    const link = typeHere?.split(":")[1] ?? "";
    asha().tap(offer.message_id, `al:${link}`);
    expect((await waitFor(/for five minutes/, offer.message_id)).text).toContain("Fyers");
    asha().tap(offer.message_id, `auy:${link}`);
    await waitFor(/unlinked|gone|deleted/i, asked);
  });

  it("refuses a login link that was used", async () => {
    const used = newest(/^Now log in at/);
    if (!used) throw new Error("no login card");
    expect((await logIn("fyers", used)).status).toBe(400);
  });

  it("made no invalid Bot API call", () => {
    expect(running.playground.rejectedCalls).toEqual([]);
  });
});
