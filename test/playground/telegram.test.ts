import { request as httpRequest } from "node:http";
import { Bot, InlineKeyboard, InputFile, Keyboard, type Api } from "grammy";
import type { Message as GrammyMessage, Update as GrammyUpdate } from "grammy/types";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startPlayground, type Playground, type PlaygroundOptions } from "../../playground/telegram/server.ts";

const ASHA = 1001;
const START = Date.parse("2026-11-23T09:15:00+05:30");
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

let playground: Playground;
let api: Api;
let now = START;
let elapsed = 0;

const start = (options: Partial<PlaygroundOptions> = {}): Promise<Playground> =>
  startPlayground({
    port: 0,
    now: () => now,
    bot: { id: 777, firstName: "Sauda", username: "sauda_bot" },
    elapsedMs: () => elapsed,
    ...options,
  });

beforeEach(async () => {
  now = START;
  elapsed = 0;
  playground = await start();
  api = new Bot(playground.token, { client: { apiRoot: playground.url } }).api;
});
afterEach(() => playground.close());

/** A person who has spoken to the bot, so that the bot may answer. */
const started = () => {
  const chat = playground.chat(ASHA);
  chat.send("/start");
  return chat;
};
const call = async (method: string, params: object = {}, token = playground.token) => {
  const reply = await fetch(`${playground.url}/bot${token}/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(params),
  });
  return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
};
const refusal = async (method: string, params: object = {}) => (await call(method, params)).body.description;

describe("the envelope", () => {
  test("getMe tells who the bot is", async () => {
    expect(await api.getMe()).toMatchObject({ id: 777, is_bot: true, first_name: "Sauda", username: "sauda_bot" });
  });

  test("a wrong token is answered with 401, an unknown method with 404, one that the playground leaves out with 400", async () => {
    expect(await call("getMe", {}, "777:wrong")).toEqual({
      status: 401,
      body: { ok: false, error_code: 401, description: "Unauthorized" },
    });
    expect(await call("getRich")).toMatchObject({ status: 404, body: { error_code: 404, description: "Not Found" } });
    expect(await call("sendDice")).toMatchObject({
      status: 400,
      body: { description: "Bad Request: sendDice is not served by the playground" },
    });
  });

  test("a method's name may be in any case, and its parameters in the query or a form", async () => {
    started();
    const got = await fetch(`${playground.url}/bot${playground.token}/SENDMESSAGE?chat_id=${ASHA}&text=query`);
    expect(await got.json()).toMatchObject({ ok: true, result: { text: "query" } });
    const keyboard = JSON.stringify({ inline_keyboard: [[{ text: "Go", callback_data: "go" }]] });
    const posted = await fetch(`${playground.url}/bot${playground.token}/sendMessage`, {
      method: "POST",
      body: new URLSearchParams({
        chat_id: String(ASHA),
        text: "form",
        reply_markup: keyboard,
        protect_content: "true",
      }),
    });
    expect(await posted.json()).toMatchObject({
      result: { text: "form", has_protected_content: true, reply_markup: { inline_keyboard: [[{ text: "Go" }]] } },
    });
  });

  test("a body that is no object is refused", async () => {
    const reply = await fetch(`${playground.url}/bot${playground.token}/getMe`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "[1",
    });
    expect(await reply.json()).toMatchObject({ description: "Bad Request: can't parse JSON object" });
  });

  test("a foreign page whose host name points to this machine is refused (DNS rebinding)", async () => {
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    httpRequest(`${playground.url}/api/state`, { headers: { host: "evil.example" } }, (reply) => {
      reply.resume();
      resolve(reply.statusCode);
    })
      .on("error", reject)
      .end();
    expect(await promise).toBe(403);
  });
});

describe("updates", () => {
  test("a person's command arrives with its entity, in Telegram's shape", async () => {
    playground.chat(ASHA).send("/start abc");
    const updates: GrammyUpdate[] = await api.getUpdates();
    expect(updates).toEqual([
      {
        update_id: 1,
        message: {
          message_id: 1,
          date: START / 1000,
          chat: { id: ASHA, type: "private", first_name: "Asha", last_name: "Rao", username: "asha" },
          from: {
            id: ASHA,
            is_bot: false,
            first_name: "Asha",
            last_name: "Rao",
            username: "asha",
            language_code: "en",
          },
          text: "/start abc",
          entities: [{ type: "bot_command", offset: 0, length: 6 }],
        },
      },
    ]);
  });

  test("an update is returned again until a higher offset confirms it", async () => {
    const chat = playground.chat(ASHA);
    chat.send("one");
    chat.send("two");
    expect((await api.getUpdates({ limit: 1 })).map((update) => update.message?.text)).toEqual(["one"]);
    expect((await api.getUpdates()).length).toBe(2);
    expect((await api.getUpdates({ offset: 2 })).map((update) => update.message?.text)).toEqual(["two"]);
    expect(await api.getUpdates({ offset: 3 })).toEqual([]);
    expect(await api.getUpdates()).toEqual([]);
  });

  test("a negative offset keeps only the newest", async () => {
    const chat = playground.chat(ASHA);
    for (const text of ["one", "two", "three"]) chat.send(text);
    expect((await api.getUpdates({ offset: -1 })).map((update) => update.message?.text)).toEqual(["three"]);
    expect((await api.getUpdates()).length).toBe(1);
  });

  test("a long poll waits for something to happen", async () => {
    const polled = api.getUpdates({ timeout: 30 });
    await call("getMe");
    playground.chat(ASHA).send("at last");
    expect((await polled)[0]?.message?.text).toBe("at last");
  });

  test("a second poller ends the first with 409", async () => {
    const first = call("getUpdates", { timeout: 30 });
    await call("getMe");
    const second = call("getUpdates", { timeout: 30 });
    expect(await first).toMatchObject({
      status: 409,
      body: { description: expect.stringMatching(/^Conflict: terminated by other getUpdates request/) as string },
    });
    playground.chat(ASHA).send("x");
    expect((await second).body).toMatchObject({ ok: true });
  });

  test("kinds of updates that the bot did not ask for are left out, also in later polls", async () => {
    await api.getUpdates({ allowed_updates: ["callback_query"] });
    playground.chat(ASHA).send("unheard");
    expect(await api.getUpdates()).toEqual([]);
    await api.getUpdates({ allowed_updates: [] });
    playground.chat(ASHA).send("heard");
    expect((await api.getUpdates())[0]?.message?.text).toBe("heard");
  });

  test("an update is forgotten after a day", async () => {
    playground.chat(ASHA).send("old");
    now += 25 * 3_600_000;
    expect(await api.getUpdates()).toEqual([]);
  });

  test("the bot is told of blocking and unblocking", async () => {
    const chat = started();
    chat.block(true);
    chat.block(false);
    const changes = (await api.getUpdates()).flatMap((update) => update.my_chat_member ?? []);
    expect(changes.map((change) => change.new_chat_member.status)).toEqual(["kicked", "member"]);
  });
});

describe("whom the bot may write to", () => {
  test("no unknown person, nobody who never wrote to it, and nobody who blocked it", async () => {
    expect(await refusal("sendMessage", { chat_id: 5, text: "x" })).toBe("Bad Request: chat not found");
    expect(await refusal("sendMessage", { chat_id: "@asha", text: "x" })).toBe("Bad Request: chat not found");
    expect(await refusal("sendMessage", { text: "x" })).toBe("Bad Request: chat_id is empty");
    const silent = await call("sendMessage", { chat_id: ASHA, text: "x" });
    expect(silent).toMatchObject({
      status: 403,
      body: { description: "Forbidden: bot can't initiate conversation with a user" },
    });
    started().block(true);
    expect(await refusal("sendMessage", { chat_id: ASHA, text: "x" })).toBe("Forbidden: bot was blocked by the user");
  });

  test("only calls that the bot got wrong count as rejected", async () => {
    started().block(true);
    await call("sendMessage", { chat_id: ASHA, text: "x" });
    expect(playground.rejectedCalls).toEqual([]);
    await call("sendMessage", { chat_id: ASHA, text: "<b>", parse_mode: "HTML" });
    expect(playground.rejectedCalls).toEqual([
      {
        method: "sendMessage",
        code: 400,
        description: "Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\"",
      },
    ]);
  });
});

describe("sending", () => {
  test("a sent message appears in the chat and is returned to the bot", async () => {
    const chat = started();
    const sent: GrammyMessage = await api.sendMessage(ASHA, "<b>Linked</b>", { parse_mode: "HTML" });
    expect(sent).toMatchObject({
      text: "Linked",
      entities: [{ type: "bold", offset: 0, length: 6 }],
      from: { id: 777, is_bot: true },
    });
    expect(chat.lastFromBot()).toMatchObject({ message_id: sent.message_id, text: "Linked" });
  });

  test("a reply carries the message it answers, one level deep", async () => {
    const question = started().send("how much?");
    const reply = await api.sendMessage(ASHA, "much", { reply_parameters: { message_id: question.message_id } });
    expect(reply.reply_to_message?.text).toBe("how much?");
    const second = await api.sendMessage(ASHA, "more", { reply_parameters: { message_id: reply.message_id } });
    expect(second.reply_to_message?.reply_to_message).toBeUndefined();
    expect(await refusal("sendMessage", { chat_id: ASHA, text: "x", reply_parameters: { message_id: 999 } })).toBe(
      "Bad Request: message to be replied not found",
    );
  });

  test.each([
    [{}, "message text is empty"],
    [{ text: " " }, "message text is empty"],
    [{ text: "x".repeat(4097) }, "message is too long"],
    [{ text: "x", parse_mode: "BBCode" }, "unsupported parse_mode"],
    [{ text: 5 }, "message text is empty"],
    [{ text: "x", reply_markup: { inline_keyboard: [{ text: "a" }] } }, "can't parse \"reply_markup"],
    [{ text: "x", entities: [{ type: "huge", offset: 0, length: 1 }] }, 'can\'t parse "entities.0.type"'],
    [keyboardOf([{ text: "a" }]), "Text buttons are unallowed in the inline keyboard"],
    [keyboardOf([{ text: "", callback_data: "x" }]), "inline keyboard button text must be non-empty"],
    [keyboardOf([{ text: "a", callback_data: "₹".repeat(22) }]), "BUTTON_DATA_INVALID"],
    [keyboardOf([{ text: "a", callback_data: "" }]), "BUTTON_DATA_INVALID"],
    [
      keyboardOf([{ text: "a", callback_data: "x", url: "https://a.example" }]),
      "inline keyboard button has several actions",
    ],
    [keyboardOf([{ text: "a", url: "nonsense" }]), "inline keyboard button URL 'nonsense' is invalid: Wrong HTTP URL"],
    [keyboardOf([{ text: "a", url: "ftp://a.example" }]), "inline keyboard button URL 'ftp://a.example' is invalid"],
    [keyboardOf([{ text: "a", copy_text: { text: "x".repeat(257) } }]), "BUTTON_COPY_TEXT_INVALID"],
    [keyboardOf(Array.from({ length: 9 }, () => ({ text: "a", callback_data: "x" }))), "reply markup is too long"],
    [{ text: "x", reply_markup: { keyboard: [[]] } }, "reply keyboard has no buttons"],
  ])("%j is refused", async (params, reason) => {
    started();
    expect(await refusal("sendMessage", { chat_id: ASHA, ...params })).toMatch(`Bad Request: ${reason}`);
    expect(playground.rejectedCalls.length).toBe(1);
  });

  test("buttons of every kind pass: data of 64 bytes, links also to this machine, copying, styles, disabled", async () => {
    started();
    const keyboard = new InlineKeyboard()
      .text("Buy", "b".repeat(64))
      .url("Log in", "http://127.0.0.1:8080/oauth")
      .row()
      .copyText("Order id", "2611230001")
      .switchInlineCurrent("Search", "reliance");
    const sent = await api.sendMessage(ASHA, "x", { reply_markup: keyboard });
    expect(sent.reply_markup?.inline_keyboard).toEqual(keyboard.inline_keyboard);
    const styled = { inline_keyboard: [[{ text: "Placed", disabled: {}, style: "success" }]] };
    expect((await call("sendMessage", { chat_id: ASHA, text: "x", reply_markup: styled })).body).toMatchObject({
      result: { reply_markup: styled },
    });
  });

  test("a reply keyboard stays until it is removed, a one-time one until it is used", async () => {
    const chat = started();
    const seen: unknown[] = [];
    const stop = chat.listen((event) => event.type === "keyboard" && seen.push(event.replyKeyboard?.keyboard ?? null));
    await api.sendMessage(ASHA, "x", { reply_markup: new Keyboard().text("Positions") });
    await api.sendMessage(ASHA, "x", { reply_markup: { remove_keyboard: true } });
    await api.sendMessage(ASHA, "x", { reply_markup: new Keyboard().text("Yes").oneTime() });
    chat.send("no");
    chat.send("Yes");
    stop();
    expect(seen).toEqual([[[{ text: "Positions" }]], null, [[{ text: "Yes" }]], null]);
  });

  test("a chat action shows and an unknown one is refused", async () => {
    const chat = started();
    const seen: string[] = [];
    const stop = chat.listen((event) => event.type === "action" && seen.push(event.action));
    await api.sendChatAction(ASHA, "typing");
    stop();
    expect(seen).toEqual(["typing"]);
    expect(await refusal("sendChatAction", { chat_id: ASHA, action: "thinking" })).toBe(
      "Bad Request: wrong parameter action in request",
    );
  });

  test("copies do not name their origin, forwards do", async () => {
    const original = started().send("mine");
    const copied = await api.copyMessage(ASHA, ASHA, original.message_id);
    expect(playground.chat(ASHA).lastFromBot()).toMatchObject({ message_id: copied.message_id, text: "mine" });
    const forwarded = await api.forwardMessage(ASHA, ASHA, original.message_id);
    expect(forwarded.forward_origin).toMatchObject({ type: "user", sender_user: { id: ASHA } });
  });
});

describe("files", () => {
  test("a picture keeps its size, can be sent again by its id and downloaded", async () => {
    started();
    const sent = await api.sendPhoto(ASHA, new InputFile(PNG, "chart of NIFTY (day).png"), {
      caption: "<b>NIFTY</b>",
      parse_mode: "HTML",
    });
    expect(sent.photo[0]).toMatchObject({ width: 1, height: 1, file_size: PNG.length });
    expect(sent).toMatchObject({ caption: "NIFTY", caption_entities: [{ type: "bold", offset: 0, length: 5 }] });
    const id = sent.photo[0]?.file_id ?? "";
    expect((await api.sendPhoto(ASHA, id)).photo[0]?.file_id).toBe(id);
    const { file_path: path } = await api.getFile(id);
    const bytes = await fetch(`${playground.url}/file/bot${playground.token}/${path}`);
    expect(Buffer.from(await bytes.arrayBuffer()).equals(PNG)).toBe(true);
    expect((await fetch(`${playground.url}/file/botwrong/${path}`)).status).toBe(404);
  });

  test("a JPEG's size is read from its frame header", async () => {
    started();
    const segments = [
      [0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0],
      [0xff, 0xc2, 0, 11, 8, 0x01, 0x2c, 0x02, 0x58, 1, 1, 0x11, 0],
    ];
    const jpeg = Buffer.from(segments.flat());
    const sent = await api.sendPhoto(ASHA, new InputFile(jpeg, "a.jpg"));
    expect(sent.photo[0]).toMatchObject({ width: 600, height: 300 });
  });

  test("a file that is no picture is refused as a photo", async () => {
    started();
    await expect(api.sendPhoto(ASHA, new InputFile(Buffer.from("text"), "a.png"))).rejects.toThrow(
      "IMAGE_PROCESS_FAILED",
    );
    await expect(api.sendPhoto(ASHA, "no-such-file")).rejects.toThrow("wrong file identifier/HTTP URL specified");
    await expect(api.sendPhoto(ASHA, "https://a.example/x.png")).rejects.toThrow("failed to get HTTP URL content");
    expect(await refusal("sendPhoto", { chat_id: ASHA })).toBe("Bad Request: there is no photo in the request");
    const document = await api.sendDocument(ASHA, new InputFile(PNG, "x.png"));
    await expect(api.sendPhoto(ASHA, document.document.file_id)).rejects.toThrow(
      "can't use file of type Document as Photo",
    );
  });

  test("a document keeps its name and gets its type from it", async () => {
    started();
    const { document } = await api.sendDocument(ASHA, new InputFile(Buffer.from("a,b\n"), "P&L 2026.csv"));
    expect(document).toMatchObject({ file_name: "P&L 2026.csv", mime_type: "text/csv", file_size: 4 });
  });

  test("an album is several messages of one group", async () => {
    started();
    const picture = () => ({ type: "photo" as const, media: new InputFile(PNG, "a.png") });
    const album = await api.sendMediaGroup(ASHA, [picture(), { ...picture(), caption: "second" }]);
    expect(album.map((message) => message.caption)).toEqual([undefined, "second"]);
    expect(new Set(album.map((message: GrammyMessage) => message.media_group_id)).size).toBe(1);
    await expect(api.sendMediaGroup(ASHA, [picture()])).rejects.toThrow("2-10 items");
  });

  test("a person's document reaches the bot, which can download it", async () => {
    const chat = started();
    chat.sendDocument("trades.csv", "text/csv", Buffer.from("x"));
    const update = (await api.getUpdates()).at(-1);
    expect(update?.message?.document).toMatchObject({ file_name: "trades.csv", mime_type: "text/csv" });
    const { file_path: path } = await api.getFile(update?.message?.document?.file_id ?? "");
    expect(await (await fetch(`${playground.url}/file/bot${playground.token}/${path}`)).text()).toBe("x");
  });
});

describe("editing and deleting", () => {
  test("an edit changes the message in place and marks it edited", async () => {
    const chat = started();
    const { message_id: id } = await api.sendMessage(ASHA, "Sending…", {
      reply_markup: new InlineKeyboard().text("Cancel", "c"),
    });
    now += 2_000;
    const edited = await api.editMessageText(ASHA, id, "Filled");
    expect(edited).toMatchObject({ message_id: id, date: START / 1000, edit_date: START / 1000 + 2, text: "Filled" });
    expect(chat.messages().at(-1)?.reply_markup).toBeUndefined();
  });

  test("an edit with the same text and the same buttons is refused", async () => {
    started();
    const markup = { reply_markup: new InlineKeyboard().text("Go", "go") };
    const { message_id: id } = await api.sendMessage(ASHA, "<b>x</b>", { parse_mode: "HTML", ...markup });
    await expect(
      api.editMessageText(ASHA, id, "<strong>x</strong> ", { parse_mode: "HTML", ...markup }),
    ).rejects.toThrow(
      "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
    );
    await expect(api.editMessageReplyMarkup(ASHA, id, markup)).rejects.toThrow("message is not modified");
    await api.editMessageText(ASHA, id, "x", markup);
    await api.editMessageReplyMarkup(ASHA, id);
    expect(playground.chat(ASHA).lastFromBot()?.reply_markup).toBeUndefined();
  });

  test("captions and media can be edited only on messages with media", async () => {
    started();
    const photo = await api.sendPhoto(ASHA, new InputFile(PNG, "a.png"));
    expect(await api.editMessageCaption(ASHA, photo.message_id, { caption: "now" })).toMatchObject({ caption: "now" });
    await expect(api.editMessageText(ASHA, photo.message_id, "x")).rejects.toThrow(
      "there is no text in the message to edit",
    );
    const replaced = await api.editMessageMedia(ASHA, photo.message_id, {
      type: "document",
      media: new InputFile(Buffer.from("x"), "x.txt"),
    });
    expect(replaced).toMatchObject({ document: { file_name: "x.txt" } });
    const text = await api.sendMessage(ASHA, "x");
    await expect(api.editMessageCaption(ASHA, text.message_id, { caption: "x" })).rejects.toThrow(
      "there is no caption in the message to edit",
    );
  });

  test("a message cannot be edited if it does not exist, is not the bot's, or carried a reply keyboard", async () => {
    const theirs = started().send("mine");
    await expect(api.editMessageText(ASHA, 999, "x")).rejects.toThrow("message to edit not found");
    await expect(api.editMessageText(ASHA, theirs.message_id, "x")).rejects.toThrow("message can't be edited");
    const withKeyboard = await api.sendMessage(ASHA, "x", { reply_markup: new Keyboard().text("a") });
    await expect(api.editMessageText(ASHA, withKeyboard.message_id, "y")).rejects.toThrow("message can't be edited");
    expect(await refusal("editMessageText", { chat_id: ASHA, text: "x" })).toBe(
      "Bad Request: message identifier is not specified",
    );
  });

  test("a bot deletes its own and the person's messages, within 48 hours", async () => {
    const chat = started();
    const secret = chat.send("my-pin");
    await api.deleteMessage(ASHA, secret.message_id);
    expect(chat.messages().map((message) => message.text)).toEqual(["/start"]);
    await expect(api.deleteMessage(ASHA, secret.message_id)).rejects.toThrow("message to delete not found");
    const kept = await api.sendMessage(ASHA, "x");
    now += 48 * 3_600_000 + 1_000;
    await expect(api.deleteMessage(ASHA, kept.message_id)).rejects.toThrow("message can't be deleted for everyone");
  });

  test("several messages are deleted at once, skipping those that no longer exist", async () => {
    const chat = started();
    const { message_id: id } = await api.sendMessage(ASHA, "x");
    await api.deleteMessages(ASHA, [id, 998, 999]);
    expect(chat.messages().length).toBe(1);
    await expect(api.deleteMessages(ASHA, [])).rejects.toThrow("message identifiers are not specified");
  });

  test("a pinned message shows in getChat until it is unpinned", async () => {
    started();
    const { message_id: id } = await api.sendMessage(ASHA, "pin me");
    await api.pinChatMessage(ASHA, id);
    expect((await api.getChat(ASHA)).pinned_message?.message_id).toBe(id);
    await api.unpinChatMessage(ASHA);
    expect((await api.getChat(ASHA)).pinned_message).toBeUndefined();
    await expect(api.unpinChatMessage(ASHA, id)).rejects.toThrow("message to unpin not found");
  });

  test("a reaction must be one that Telegram has", async () => {
    const chat = started();
    const target = chat.send("thanks");
    const seen: unknown[] = [];
    const stop = chat.listen((event) => event.type === "reaction" && seen.push(event.emoji));
    await api.setMessageReaction(ASHA, target.message_id, [{ type: "emoji", emoji: "👍" }]);
    await api.setMessageReaction(ASHA, target.message_id, []);
    stop();
    expect(seen).toEqual(["👍", null]);
    expect(
      await refusal("setMessageReaction", {
        chat_id: ASHA,
        message_id: target.message_id,
        reaction: [{ type: "emoji", emoji: "🧮" }],
      }),
    ).toBe("Bad Request: REACTION_INVALID");
  });
});

describe("taps", () => {
  test("a tap becomes a callback query whose one answer reaches the person", async () => {
    const chat = started();
    const { message_id: id } = await api.sendMessage(ASHA, "x", {
      reply_markup: new InlineKeyboard().text("Go", "go:1"),
    });
    const queryId = chat.tapButton("Go");
    const query = (await api.getUpdates()).at(-1)?.callback_query;
    expect(query).toMatchObject({ id: queryId, data: "go:1", from: { id: ASHA }, message: { message_id: id } });
    await api.answerCallbackQuery(queryId, { text: "Going", show_alert: true });
    expect(await chat.answer(queryId)).toMatchObject({ text: "Going", show_alert: true });
    await expect(api.answerCallbackQuery(queryId)).rejects.toThrow(
      "Bad Request: query is too old and response timeout expired or query ID is invalid",
    );
  });

  test("an answer that comes too late or is too long is refused", async () => {
    const chat = started();
    const { message_id: id } = await api.sendMessage(ASHA, "x");
    const queryId = chat.tap(id, "forged");
    await expect(api.answerCallbackQuery(queryId, { text: "x".repeat(201) })).rejects.toThrow("MESSAGE_TOO_LONG");
    await expect(api.answerCallbackQuery(queryId, { url: "https://a.example" })).rejects.toThrow("URL_INVALID");
    now += 16 * 60_000;
    await expect(api.answerCallbackQuery(queryId)).rejects.toThrow("query is too old");
  });

  test("a tap on a message that no longer exists is refused", () => {
    expect(() => started().tap(99, "x")).toThrow("MESSAGE_ID_INVALID");
  });
});

describe("inline mode", () => {
  const article = (id: string, text: string) => ({
    type: "article" as const,
    id,
    title: "RELIANCE",
    input_message_content: { message_text: text, parse_mode: "HTML" as const },
    reply_markup: new InlineKeyboard().text("Refresh", "r"),
  });

  test("a query is answered, a result chosen, and the message edited by its inline id", async () => {
    const chat = started();
    const asked = chat.inline("rel");
    const query = (await api.getUpdates()).at(-1)?.inline_query;
    expect(query).toMatchObject({ query: "rel", offset: "", from: { id: ASHA } });
    await api.answerInlineQuery(query?.id ?? "", [article("1", "<b>RELIANCE</b> 1,234.50")], {
      button: { text: "Link", start_parameter: "link" },
    });
    const answer = await asked;
    expect(answer).toMatchObject({ results: [{ id: "1" }], button: { text: "Link" } });
    const message = chat.choose(answer.inline_query_id, "1");
    expect(message).toMatchObject({ text: "RELIANCE 1,234.50", via_bot: { id: 777 }, from: { id: ASHA } });
    const chosen = (await api.getUpdates()).flatMap((update) => update.chosen_inline_result ?? [])[0];
    expect(chosen).toMatchObject({ result_id: "1", query: "rel" });
    expect(await api.editMessageTextInline(chosen?.inline_message_id ?? "", "later")).toBe(true);
    expect(chat.messages().at(-1)?.text).toBe("later");
    chat.tap(message.message_id, "r");
    expect((await api.getUpdates()).at(-1)?.callback_query?.inline_message_id).toBe(chosen?.inline_message_id);
  });

  test("an answer with a repeated id, with broken HTML or to no query is refused", async () => {
    const twice = [article("1", "x"), article("1", "y")];
    await expect(api.answerInlineQuery("5", twice)).rejects.toThrow("RESULT_ID_DUPLICATE");
    await expect(api.answerInlineQuery("5", [article("1", "<b>")])).rejects.toThrow("can't parse entities");
    await expect(api.answerInlineQuery("5", [])).rejects.toThrow("query is too old");
  });
});

describe("what the bot says about itself", () => {
  test("the list of commands with the narrowest scope wins, and pages are told", async () => {
    const chat = started();
    const seen: unknown[] = [];
    const stop = chat.listen((event) => event.type === "commands" && seen.push(event.commands));
    await api.setMyCommands([{ command: "help", description: "Help" }]);
    await api.setMyCommands([{ command: "buy", description: "Buy" }], { scope: { type: "chat", chat_id: ASHA } });
    expect(await api.getMyCommands()).toEqual([{ command: "help", description: "Help" }]);
    await api.deleteMyCommands({ scope: { type: "chat", chat_id: ASHA } });
    stop();
    expect(seen).toEqual([
      [{ command: "help", description: "Help" }],
      [{ command: "buy", description: "Buy" }],
      [{ command: "help", description: "Help" }],
    ]);
    await expect(api.setMyCommands([{ command: "Buy Now", description: "x" }])).rejects.toThrow("BOT_COMMAND_INVALID");
  });

  test("description, short description and menu button can be read back", async () => {
    await api.setMyDescription("All brokers in one chat");
    expect(await api.getMyDescription()).toEqual({ description: "All brokers in one chat" });
    await api.setMyShortDescription("Brokers");
    expect(await api.getMyShortDescription()).toEqual({ short_description: "Brokers" });
    await expect(api.setMyDescription("x".repeat(513))).rejects.toThrow("description is too long");
    await api.setChatMenuButton({ menu_button: { type: "commands" } });
    expect(await api.getChatMenuButton()).toEqual({ type: "commands" });
  });
});

describe("limits", () => {
  test("the twenty-first message within a second into one chat is refused with 429", async () => {
    started();
    for (let each = 0; each < 20; each += 1) await api.sendMessage(ASHA, "x");
    expect(await call("sendMessage", { chat_id: ASHA, text: "x" })).toEqual({
      status: 429,
      body: {
        ok: false,
        error_code: 429,
        description: "Too Many Requests: retry after 1",
        parameters: { retry_after: 1 },
      },
    });
    elapsed += 1_000;
    expect((await call("sendMessage", { chat_id: ASHA, text: "x" })).status).toBe(200);
    expect(playground.rejectedCalls).toEqual([]);
  });

  test("the thirty-first message within a second over all chats is refused with 429", async () => {
    started();
    playground.chat(1002).send("/start");
    for (let each = 0; each < 30; each += 1) await api.sendMessage(each % 2 ? ASHA : 1002, "x");
    expect((await call("sendMessage", { chat_id: ASHA, text: "x" })).status).toBe(429);
  });

  test("a forced flood refuses the next calls with 429, but not the polling", async () => {
    playground.flood(2);
    expect((await call("getUpdates")).status).toBe(200);
    expect((await call("getMe")).status).toBe(429);
    expect((await call("getMe")).status).toBe(429);
    expect((await call("getMe")).status).toBe(200);
  });
});

describe("a whole bot", () => {
  test("grammY polls, answers a command and a button", async () => {
    const bot = new Bot(playground.token, { client: { apiRoot: playground.url } });
    bot.command("start", (ctx) => ctx.reply("Hello", { reply_markup: new InlineKeyboard().text("Again", "again") }));
    bot.callbackQuery("again", async (ctx) => {
      await ctx.answerCallbackQuery("Yes");
      await ctx.editMessageText("Hello again");
    });
    const running = bot.start();
    try {
      const chat = playground.chat(ASHA);
      expect(await chat.ask("/start")).toMatchObject({ text: "Hello" });
      const queryId = chat.tapButton("Again");
      expect(await chat.answer(queryId)).toMatchObject({ text: "Yes" });
      await chat.until(() => chat.lastFromBot()?.text === "Hello again");
      expect(playground.rejectedCalls).toEqual([]);
    } finally {
      await bot.stop();
      await running;
    }
  });
});

function keyboardOf(row: readonly object[]): object {
  return { text: "x", reply_markup: { inline_keyboard: [row] } };
}
