import { expect } from "vitest";
import type { Message } from "../../playground/telegram/types.ts";
import { walkLogin } from "../conformance/browser.ts";
import type { TestSauda } from "./sauda.ts";

/** One person linking and logging in, as their browser and their chat see it. */
export function linkingAs(running: TestSauda, user: number) {
  const chat = running.playground.chat(user);

  /** The newest message after another that says it, once it is there. */
  const waitFor = (text: RegExp, after: number): Promise<Message> =>
    chat.until(() =>
      chat.messages().findLast((message) => message.message_id > after && text.test(message.text ?? "")),
    );

  const demoKeys = (broker: string) =>
    running.sauda.lab?.state().brokers.find(({ name }) => name === broker)?.credentials ?? [];

  /** Types the demo account's keys on the page that the chat offers. */
  async function typeKeysOnPage(broker: string): Promise<Message> {
    const { message_id: asked } = chat.send(`/link ${broker}`);
    const offer = await waitFor(/for five minutes/, asked);
    const url = offer.reply_markup?.inline_keyboard[0]?.[0]?.url ?? "";
    const form = await fetch(url);
    const cookie = cookiesOf(form);
    const csrf = /name="csrf" value="([^"]+)"/.exec(await form.text())?.[1] ?? "";
    const fields = Object.fromEntries(demoKeys(broker).map(({ field, value }) => [field, value]));
    const body = new URLSearchParams({ ...fields, csrf }).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded", cookie };
    expect((await fetch(url, { method: "POST", headers, body })).status).toBe(200);
    return waitFor(/^Now (log in at|send me)/, asked);
  }

  /** Walks the broker's login as a browser does, cookies of ours included. */
  async function logIn(broker: string, login: Message): Promise<Response> {
    let url = login.reply_markup?.inline_keyboard[0]?.[0]?.url ?? "";
    let cookie = "";
    const ours = `http://localhost:${running.sauda.port}`;
    if (url.startsWith(ours)) {
      const reply = await fetch(url, { redirect: "manual" });
      cookie = cookiesOf(reply);
      url = reply.headers.get("location") ?? "";
    }
    const landed = await walkLogin(url, `${ours}/oauth/${broker}/callback`);
    return fetch(landed, { headers: { cookie } });
  }

  /** Sends what the broker's own page gave out, where there is no login page; it does not stay in the chat. */
  function paste(broker: string): string {
    const { hint = "" } = running.sauda.lab?.state().brokers.find(({ name }) => name === broker) ?? {};
    const text = /to paste: (\S+)/.exec(hint)?.[1] ?? "";
    chat.send(text);
    return text;
  }

  /** What the broker's page sends back instead of a grant, from a broker that echoes the state. */
  function cancel(broker: string, login: Message, params: Readonly<Record<string, string>>): Promise<Response> {
    const state = new URL(login.reply_markup?.inline_keyboard[0]?.[0]?.url ?? "").searchParams.get("state") ?? "";
    const query = new URLSearchParams({ ...params, state }).toString();
    return fetch(`http://localhost:${running.sauda.port}/oauth/${broker}/callback?${query}`);
  }

  /** All of it, by the login page where there is one. */
  async function link(broker: string): Promise<void> {
    const asked = await typeKeysOnPage(broker);
    if (asked.reply_markup) await logIn(broker, asked);
    else paste(broker);
    await waitFor(/is linked\./, asked.message_id);
  }

  return { waitFor, demoKeys, typeKeysOnPage, logIn, paste, link, cancel };
}

const cookiesOf = (reply: Response): string =>
  reply.headers
    .getSetCookie()
    .map((each) => each.split(";")[0])
    .join("; ");
