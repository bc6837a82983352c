import { Bot, InlineKeyboard, InputFile, Keyboard, type Api } from "grammy";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PageEvent } from "../../playground/telegram/events.ts";
import type { Lab, LabAction, LabState } from "../../playground/telegram/lab.ts";
import { startPlayground, type Playground } from "../../playground/telegram/server.ts";

const [ASHA, VIKRAM] = [1001, 1002];
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

let playground: Playground;
let api: Api;
let acted: LabAction[];

beforeEach(async () => {
  acted = [];
  playground = await startPlayground({
    port: 0,
    now: () => Date.parse("2026-11-23T09:15:00+05:30"),
    bot: { id: 777, firstName: "Sauda", username: "sauda_bot" },
    lab: makeLab(acted),
  });
  api = new Bot(playground.token, { client: { apiRoot: playground.url } }).api;
});
afterEach(() => playground.close());

function makeLab(actions: LabAction[]): Lab {
  const state = (): LabState => ({
    clock: "09:15",
    brokers: [
      {
        name: "zerodha",
        title: "Zerodha",
        hint: "demo",
        credentials: [{ field: "userId", label: "User ID", value: "DEMO01" }],
        paste: null,
        switches: [{ name: "ip", label: "Address registered", on: actions.length === 0 }],
        faults: [],
      },
    ],
  });
  return { state, act: (action) => void actions.push(action) };
}

interface PageReply {
  readonly status: number;
  readonly body: Record<string, unknown>;
}
const get = async (path: string): Promise<PageReply> => {
  const reply = await fetch(playground.url + path);
  return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
};
const post = async (
  path: string,
  body: unknown,
  headers: Record<string, string> = { "x-playground": "1" },
): Promise<PageReply> => {
  const reply = await fetch(playground.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
};

/** Reads a stream of events until `count` came. */
async function openEvents(user: number): Promise<{ take(count: number): Promise<PageEvent[]>; close(): void }> {
  const abort = new AbortController();
  const reply = await fetch(`${playground.url}/api/events?user=${user}`, { signal: abort.signal });
  const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const events: PageEvent[] = [];
  const readOn = async (): Promise<void> => {
    text += (await reader?.read())?.value ?? "";
    const chunks = text.split("\n\n");
    text = chunks.pop() ?? "";
    for (const chunk of chunks) if (chunk.startsWith("data: ")) events.push(JSON.parse(chunk.slice(6)) as PageEvent);
  };
  await readOn();
  return {
    async take(count) {
      while (events.length < count) await readOn();
      return events.splice(0, count);
    },
    close: () => abort.abort(),
  };
}

describe("the page's state", () => {
  test("without a user is the first user's, with everything that the page shows", async () => {
    await api.setMyCommands([{ command: "help", description: "Help" }]);
    await api.setMyDescription("All brokers in one chat");
    const { body } = await get("/api/state");
    expect(body).toMatchObject({
      bot: { id: 777, first_name: "Sauda", username: "sauda_bot", description: "All brokers in one chat" },
      users: [
        { id: 1001, first_name: "Asha", last_name: "Rao", username: "asha", unread: 0 },
        { id: 1002, first_name: "Vikram", unread: 0 },
        { id: 1003, first_name: "Meera", unread: 0 },
      ],
      me: { id: 1001 },
      commands: [{ command: "help", description: "Help" }],
      menuButton: { type: "commands" },
      messages: [],
      replyKeyboard: null,
      blocked: false,
      lab: { clock: "09:15" },
    });
  });

  test("still has the messages and the reply keyboard after a reload", async () => {
    await post("/api/send", { user: ASHA, text: "/start" });
    await api.sendMessage(ASHA, "Hello", { reply_markup: new Keyboard().text("Positions") });
    const { body } = await get(`/api/state?user=${ASHA}`);
    expect(body).toMatchObject({
      messages: [{ text: "/start" }, { text: "Hello" }],
      replyKeyboard: { keyboard: [[{ text: "Positions" }]] },
    });
  });

  test("counts unread messages until somebody opens the chat", async () => {
    await post("/api/send", { user: ASHA, text: "/start" });
    await api.sendMessage(ASHA, "one");
    await api.sendMessage(ASHA, "two");
    expect((await get(`/api/state?user=${VIKRAM}`)).body.users).toMatchObject([{ unread: 2 }, {}, {}]);
    expect((await get(`/api/state?user=${ASHA}`)).body.users).toMatchObject([{ unread: 0 }, {}, {}]);
  });

  test("of an unknown user is answered with 400", async () => {
    expect(await get("/api/state?user=5")).toMatchObject({
      status: 400,
      body: { error: "Bad Request: chat not found" },
    });
  });
});

describe("what a person does", () => {
  test("nothing can be done without the header that another site's page cannot send", async () => {
    expect(await post("/api/send", { user: ASHA, text: "x" }, {})).toMatchObject({ status: 403 });
    expect(playground.chat(ASHA).messages()).toEqual([]);
  });

  test("a body of the wrong shape is answered with a 400 that names the field", async () => {
    const { status, body } = await post("/api/send", { user: "asha", text: 5 });
    expect(status).toBe(400);
    expect(body.error).toMatch(/user/);
    expect((await post("/api/send", { user: ASHA, text: "  " })).body.error).toBe("Bad Request: message text is empty");
  });

  test("a reply names its message and the bot gets it", async () => {
    const { body: first } = await post("/api/send", { user: ASHA, text: "one" });
    await post("/api/send", { user: ASHA, text: "two", reply_to_message_id: first.message_id });
    const update = (await api.getUpdates()).at(-1);
    expect(update?.message).toMatchObject({ text: "two", reply_to_message: { text: "one" } });
  });

  test("a tap returns its query id and the answer comes by the stream", async () => {
    await post("/api/send", { user: ASHA, text: "/start" });
    const events = await openEvents(ASHA);
    const { message_id } = await api.sendMessage(ASHA, "x", { reply_markup: new InlineKeyboard().text("Go", "go") });
    const { body } = await post("/api/tap", { user: ASHA, message_id, data: "go" });
    await api.answerCallbackQuery(String(body.callback_query_id), { text: "Gone" });
    expect(await events.take(2)).toMatchObject([
      { type: "message", message: { message_id, text: "x" } },
      { type: "answer", callback_query_id: body.callback_query_id, text: "Gone" },
    ]);
    events.close();
  });

  test("edits, deletions, typing and the keyboard come by the stream, other chats only as a count", async () => {
    await post("/api/send", { user: ASHA, text: "/start" });
    await post("/api/send", { user: VIKRAM, text: "/start" });
    const events = await openEvents(ASHA);
    await api.sendChatAction(ASHA, "typing");
    const { message_id } = await api.sendMessage(ASHA, "x", { reply_markup: { remove_keyboard: true } });
    await api.editMessageText(ASHA, message_id, "y");
    await api.deleteMessage(ASHA, message_id);
    await api.sendMessage(VIKRAM, "for Vikram only");
    await api.sendMessage(ASHA, "z", { reply_markup: new Keyboard().text("a") });
    expect(await events.take(7)).toMatchObject([
      { type: "action", action: "typing" },
      { type: "message", message: { text: "x" } },
      { type: "edit", message: { message_id, text: "y" } },
      { type: "delete", message_ids: [message_id] },
      { type: "unread", user: VIKRAM, unread: 1 },
      { type: "message", message: { text: "z" } },
      { type: "keyboard", replyKeyboard: { keyboard: [[{ text: "a" }]] } },
    ]);
    events.close();
  });

  test("deleting and clearing empty the chat without telling the bot", async () => {
    const { body } = await post("/api/send", { user: ASHA, text: "one" });
    await post("/api/send", { user: ASHA, text: "two" });
    await post("/api/delete", { user: ASHA, message_id: body.message_id });
    expect(
      playground
        .chat(ASHA)
        .messages()
        .map((message) => message.text),
    ).toEqual(["two"]);
    await post("/api/clear", { user: ASHA });
    expect(playground.chat(ASHA).messages()).toEqual([]);
    expect((await api.getUpdates()).length).toBe(2);
  });

  test("a person who blocked the bot cannot write before unblocking it", async () => {
    await post("/api/block", { user: ASHA, blocked: true });
    expect((await get(`/api/state?user=${ASHA}`)).body.blocked).toBe(true);
    expect((await post("/api/send", { user: ASHA, text: "x" })).status).toBe(409);
    await post("/api/block", { user: ASHA, blocked: false });
    expect((await post("/api/send", { user: ASHA, text: "x" })).status).toBe(200);
  });

  test("a new person gets a chat", async () => {
    const { body } = await post("/api/users", { first_name: " Dev " });
    expect(body).toMatchObject({ id: 1004, first_name: "Dev", is_bot: false });
    expect((await get("/api/state?user=1004")).body.me).toMatchObject({ first_name: "Dev" });
    expect((await post("/api/users", { first_name: " " })).status).toBe(400);
  });

  test("a document can be uploaded and downloaded, and is never opened on the page's own origin", async () => {
    const upload = {
      user: ASHA,
      name: "x.html",
      mime: "text/html",
      base64: Buffer.from("<script>").toString("base64"),
    };
    const { body } = await post("/api/document", upload);
    const { file_id: id } = body.document as { file_id: string };
    const reply = await fetch(`${playground.url}/api/file/${id}`);
    expect(await reply.text()).toBe("<script>");
    expect(reply.headers.get("content-disposition")).toMatch(/^attachment/);
    expect(reply.headers.get("content-security-policy")).toBe("sandbox");
    expect((await post("/api/document", { ...upload, base64: "" })).status).toBe(400);
  });

  test("a picture can be shown in the page", async () => {
    await post("/api/send", { user: ASHA, text: "/start" });
    const sent = await api.sendPhoto(ASHA, new InputFile(PNG, "a.png"));
    const reply = await fetch(`${playground.url}/api/file/${sent.photo[0]?.file_id}`);
    expect(reply.headers.get("content-type")).toBe("image/png");
    expect(reply.headers.get("content-disposition")).toMatch(/^inline/);
    expect((await get("/api/file/nothing")).status).toBe(404);
  });

  test("an inline query is answered and a result chosen", async () => {
    const asked = post("/api/inline", { user: ASHA, query: "sbin", offset: "" });
    const [update] = await api.getUpdates({ timeout: 5 });
    await api.answerInlineQuery(update?.inline_query?.id ?? "", [
      { type: "article", id: "1", title: "SBIN", input_message_content: { message_text: "SBIN 812.40" } },
    ]);
    const { body } = await asked;
    expect(body).toMatchObject({ results: [{ id: "1", title: "SBIN" }] });
    const choice = { user: ASHA, result_id: "1", inline_query_id: body.inline_query_id };
    expect((await post("/api/inline/choose", choice)).body).toMatchObject({
      text: "SBIN 812.40",
      via_bot: { id: 777 },
    });
    expect((await post("/api/inline/choose", { ...choice, user: VIKRAM })).status).toBe(400);
  });
});

describe("the switches of the simulated brokers", () => {
  test("an action reaches the lab, and every page is sent the new state", async () => {
    const events = await openEvents(VIKRAM);
    const { body } = await post("/api/lab", { broker: "zerodha", action: "switch", value: { name: "ip", on: false } });
    expect(acted).toEqual([{ broker: "zerodha", action: "switch", value: { name: "ip", on: false } }]);
    expect(body).toMatchObject({ brokers: [{ switches: [{ on: false }] }] });
    expect(await events.take(1)).toMatchObject([{ type: "lab", lab: { brokers: [{ switches: [{ on: false }] }] } }]);
    events.close();
  });
});

describe("the page's files", () => {
  test.each([
    "/../telegram/server.ts",
    "/%2e%2e/%2e%2e/telegram/server.ts",
    "/..%2f..%2ftelegram%2fserver.ts",
    "/%",
    "/app",
  ])("%s is not served", async (path) => {
    const reply = await fetch(playground.url + path);
    expect(reply.status).toBe(404);
  });
});
