import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createExchange } from "../../connectors/paper/exchange/exchange.ts";
import { startBrokersServer } from "../../playground/brokers/server.ts";
import { startPlayground, type Playground } from "../../playground/telegram/server.ts";
import type { Message } from "../../playground/telegram/types.ts";
import { simulatedYahoo } from "../../playground/yahoo/yahoo.ts";
import { bundledMain, MAIN, STAMPS, stampOf } from "../../src/app/bundle.ts";
import { freePort } from "../free-port.ts";

const ROOT = join(import.meta.dirname, "../..");

describe("a start", () => {
  const root = mkdtempSync(join(tmpdir(), "bundle-"));
  const source = join(root, "order.ts");
  const [main, list] = [MAIN, STAMPS].map((name) => join(root, "dist", name)) as [string, string];
  const writtenAt = new Date("2026-11-24T04:00:00Z");
  const write = (text: string, at?: Date): void => {
    writeFileSync(source, text);
    if (at) utimesSync(source, at, at);
  };
  afterAll(() => rmSync(root, { recursive: true }));
  beforeEach(() => {
    write("export const lot = 75;", writtenAt);
    mkdirSync(join(root, "dist"), { recursive: true });
    writeFileSync(main, "start();");
    writeFileSync(list, JSON.stringify({ "order.ts": stampOf(source), [`dist/${MAIN}`]: stampOf(main) }));
  });

  it("takes the bundle while its sources are those it was made of", () => {
    expect(bundledMain(root)).toBe(main);
  });

  it("takes the sources when one was edited and kept its size", () => {
    write("export const lot = 65;");
    expect(bundledMain(root)).toBeNull();
  });

  it("takes the sources when one has another size and the same time", () => {
    write("export const lot = 1000;", writtenAt);
    expect(bundledMain(root)).toBeNull();
  });

  it("takes the sources when one is gone", () => {
    rmSync(source);
    expect(bundledMain(root)).toBeNull();
  });

  it.each(["", "{", "null", '{"order.ts":1}'])("takes the sources when the list of stamps is %j", (text) => {
    writeFileSync(list, text);
    expect(bundledMain(root)).toBeNull();
  });

  it("takes the sources when a file of the bundle is damaged", () => {
    writeFileSync(main, "");
    expect(bundledMain(root)).toBeNull();
  });

  it("takes the sources when nothing was built", () => {
    rmSync(join(root, "dist"), { recursive: true });
    expect(bundledMain(root)).toBeNull();
  });
});

describe("a bundle of these sources", () => {
  // Beneath the root, where it finds the packages that it leaves in their place.
  const dist = join(ROOT, "node_modules/.cache/bundle-test");
  const data = mkdtempSync(join(tmpdir(), "bundled-"));
  const [owner, stranger] = [1001, 1002];
  let telegram: Playground;
  let brokers: Awaited<ReturnType<typeof startBrokersServer>>;
  let bot: ChildProcess;
  /** What it logged as an error, and what Node warned of. */
  let complaints = "";
  beforeAll(async () => {
    await promisify(execFile)(process.execPath, ["src/app/start.js", "build", relative(ROOT, dist)], { cwd: ROOT });
    const identity = { id: 7_000_000_001, firstName: "Sauda", username: "sauda_local_bot" };
    telegram = await startPlayground({ port: 0, now: Date.now, bot: identity });
    const exchange = createExchange({ seed: 29, now: Date.now });
    const yahoo = simulatedYahoo({ exchange });
    brokers = await startBrokersServer({ port: 0, brokers: [yahoo] });
    const env = {
      TELEGRAM_BOT_TOKEN: telegram.token,
      TELEGRAM_API_ROOT: telegram.url,
      ...yahoo.roots(brokers.base(yahoo.name)),
      OWNER_ID: String(owner),
      PORT: String(await freePort()),
      DATA_DIR: data,
      LOG_LEVEL: "error",
    };
    bot = spawn(process.execPath, [join(dist, MAIN)], { env, cwd: data, stdio: ["ignore", "ignore", "pipe"] });
    bot.stderr?.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  });
  afterAll(async () => {
    bot.kill("SIGTERM");
    await new Promise((resolve) => bot.once("exit", resolve));
    await telegram.close();
    await brokers.close();
    for (const dir of [dist, data]) rmSync(dir, { recursive: true, force: true });
  });

  const newest = (user: number, isIt: (message: Message) => unknown): Promise<Message> => {
    const chat = telegram.chat(user);
    const look = (): Message | undefined => chat.messages().findLast((message) => message.from.is_bot && isIt(message));
    return chat.until(look);
  };

  it("answers with text, and with a picture that its worker draws", async () => {
    expect((await telegram.chat(owner).ask("/start")).text).toContain("Hello Asha");
    telegram.chat(owner).send("/chart SBIN");
    expect((await newest(owner, ({ photo }) => photo)).caption).toContain("SBIN");
    expect(complaints).toBe("");
  });

  it("sends also what nobody has asked for", async () => {
    telegram.chat(stranger).send("/start");
    const asked = await newest(owner, ({ text }) => text?.includes("asks to be let in"));
    expect(asked.reply_markup).toBeDefined();
    expect(complaints).toBe("");
  });
});
