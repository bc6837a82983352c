import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Bot, InputFile, type Api } from "grammy";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startPlayground, type Playground } from "../../playground/telegram/server.ts";

const ASHA = 1001;
let folder: string;
let dataFile: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "playground-"));
  dataFile = join(folder, "chats", "telegram.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

const start = (): Promise<Playground> =>
  startPlayground({
    port: 0,
    now: () => Date.parse("2026-11-23T09:15:00+05:30"),
    bot: { id: 777, firstName: "Sauda", username: "sauda_bot" },
    dataFile,
  });
const apiOf = (playground: Playground): Api => new Bot(playground.token, { client: { apiRoot: playground.url } }).api;

test("chats, files, people and unconfirmed updates survive a restart, and ids continue", async () => {
  const before = await start();
  before.chat(ASHA).send("/start");
  const sent = await apiOf(before).sendDocument(ASHA, new InputFile(Buffer.from("a,b"), "trades.csv"));
  await before.close();

  const after = await start();
  const api = apiOf(after);
  const chat = after.chat(ASHA);
  expect(chat.messages().map((message) => message.text ?? message.document?.file_name)).toEqual([
    "/start",
    "trades.csv",
  ]);
  const bytes = await fetch(`${after.url}/api/file/${sent.document.file_id}`);
  expect(await bytes.text()).toBe("a,b");
  expect((await api.getUpdates()).map((update) => update.update_id)).toEqual([1]);
  expect(chat.send("next").message_id).toBe(sent.message_id + 1);
  expect((await api.getUpdates({ offset: 2 })).map((update) => update.update_id)).toEqual([2]);
  await after.close();
});

test("the bot's commands, descriptions and allowed updates survive a restart too", async () => {
  const before = await start();
  const api = apiOf(before);
  await api.setMyCommands([{ command: "help", description: "Help" }]);
  await api.setMyDescription("All brokers in one chat");
  await api.setChatMenuButton({ chat_id: ASHA, menu_button: { type: "commands" } });
  await api.getUpdates({ allowed_updates: ["callback_query"] });
  await before.close();

  const after = await start();
  expect(await apiOf(after).getMyCommands()).toEqual([{ command: "help", description: "Help" }]);
  expect(await apiOf(after).getMyDescription()).toEqual({ description: "All brokers in one chat" });
  after.chat(ASHA).send("unwanted");
  expect(await apiOf(after).getUpdates()).toEqual([]);
  await after.close();
});

test("the allowed updates alone survive a restart", async () => {
  const before = await start();
  await apiOf(before).getUpdates({ allowed_updates: ["callback_query"] });
  await before.close();
  const after = await start();
  after.chat(ASHA).send("unwanted");
  expect(await apiOf(after).getUpdates()).toEqual([]);
  await after.close();
});

test("only the file's owner may read it, and no half-written file is left behind", async () => {
  const playground = await start();
  playground.chat(ASHA).send("x");
  await playground.close();
  expect(statSync(dataFile).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder, "chats"))).toEqual(["telegram.json"]);
});

test("a file that cannot be parsed is renamed, and the chats start empty", async () => {
  const first = await start();
  first.chat(ASHA).send("x");
  await first.close();
  writeFileSync(dataFile, "{ broken");
  const second = await start();
  expect(second.chat(ASHA).messages()).toEqual([]);
  await second.close();
  expect(readFileSync(`${dataFile}.unreadable`, "utf8")).toBe("{ broken");
});
