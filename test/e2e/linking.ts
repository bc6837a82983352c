import { expect } from "vitest";
import type { Message } from "../../playground/telegram/types.ts";
import { walkLogin } from "../conformance/browser.ts";
import type { TestSauda } from "./sauda.ts";

/** Helpers with which one person links brokers and logs in, in the chat and in the browser. */
export function linkingAs(running: TestSauda, user: number) {
  const chat = running.playground.chat(user);

  /** Waits for a message after the given one that matches, and returns the newest. */
  const waitFor = (text: RegExp, after: number): Promise<Message> =>
    chat.until(() =>
      chat.messages().findLast((message) => message.message_id > after && text.test(message.text ?? "")),
    );

  const demoKeys = (broker: string) =>
    running.sauda.lab?.state().brokers.find(({ name }) => name === broker)?.credentials ?? [];

  /** Submits the demo account's keys, with these changes, on the page that the chat offers. */
  async function submitKeys(
    broker: string,
    offer: Message,
    changes: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const url = offer.reply_markup?.inline_keyboard[0]?.[0]?.url ?? "";
    const form = await fetch(url);
    const cookie = cookiesOf(form);
    const csrf = /name="csrf" value="([^"]+)"/.exec(await form.text())?.[1] ?? "";
    const fields = Object.fromEntries(demoKeys(broker).map(({ field, value }) => [field, value]));
    const body = new URLSearchParams({ ...fields, ...changes, csrf }).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded", cookie };
    expect((await fetch(url, { method: "POST", headers, body })).status).toBe(200);
  }

  async function typeKeysOnPage(broker: string): Promise<Message> {
    const { message_id: asked } = chat.send(`/link ${broker}`);
    await submitKeys(broker, await waitFor(/for five minutes/, asked));
    return waitFor(/^Now (log in at|send me)/, asked);
  }

  /** Taps New keys on the account's card, and returns the message that offers the page for them. */
  async function askForNewKeys(label: string): Promise<Message> {
    const { message_id: listed } = await chat.ask("/accounts");
    chat.tapButton(label);
    const shows = (text: string) => (message: Message) =>
      message.message_id === listed && JSON.stringify(message.reply_markup ?? message.text).includes(text);
    await chat.until(() => chat.messages().find(shows("New keys")));
    chat.tapButton("New keys");
    return waitFor(/for five minutes/, listed);
  }

  /** Goes through the broker's login as a browser does, up to the address that it ends at and the bot's own cookie. */
  async function walk(broker: string, login: Message): Promise<{ landed: URL; cookie: string }> {
    let url = login.reply_markup?.inline_keyboard[0]?.[0]?.url ?? "";
    let cookie = "";
    const ours = `http://localhost:${running.sauda.port}`;
    if (url.startsWith(ours)) {
      const reply = await fetch(url, { redirect: "manual" });
      cookie = cookiesOf(reply);
      url = reply.headers.get("location") ?? "";
    }
    return { landed: await walkLogin(url, `${ours}/oauth/${broker}/callback`), cookie };
  }

  async function logIn(broker: string, login: Message): Promise<Response> {
    const { landed, cookie } = await walk(broker, login);
    return fetch(landed, { headers: { cookie } });
  }

  /** Sends the token that the drawer shows of a broker without a login page. */
  function paste(broker: string): string {
    const text = running.sauda.lab?.state().brokers.find(({ name }) => name === broker)?.paste ?? "";
    chat.send(text);
    return text;
  }

  /** Calls the callback as a broker that echoes the state does when the login is cancelled. */
  function cancel(broker: string, login: Message, params: Readonly<Record<string, string>>): Promise<Response> {
    const state = new URL(login.reply_markup?.inline_keyboard[0]?.[0]?.url ?? "").searchParams.get("state") ?? "";
    const query = new URLSearchParams({ ...params, state }).toString();
    return fetch(`http://localhost:${running.sauda.port}/oauth/${broker}/callback?${query}`);
  }

  /** Links the broker completely, by its login page if it has one. */
  async function link(broker: string): Promise<void> {
    const asked = await typeKeysOnPage(broker);
    if (asked.reply_markup) await logIn(broker, asked);
    else paste(broker);
    await waitFor(/is linked\./, asked.message_id);
  }

  return { waitFor, demoKeys, submitKeys, typeKeysOnPage, askForNewKeys, walk, logIn, paste, link, cancel };
}

const cookiesOf = (reply: Response): string =>
  reply.headers
    .getSetCookie()
    .map((each) => each.split(";")[0])
    .join("; ");
