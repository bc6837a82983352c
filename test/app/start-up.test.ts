import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { brokerDefinitions } from "../../connectors/index.ts";
import { startPlayground, type Playground } from "../../playground/telegram/server.ts";
import { assemble } from "../../src/app/assemble.ts";
import { readConfig } from "../../src/app/config.ts";
import { askRunning, openControl } from "../../src/app/control.ts";
import { startSauda } from "../../src/app/sauda.ts";
import { userId } from "../../src/domain/ids.ts";
import { createLog } from "../../src/lib/log.ts";
import { createClaims } from "../../src/services/claims.ts";
import { startTestSauda } from "../e2e/sauda.ts";
import { startProxy, type Proxy } from "../multi/proxy.ts";
import { freePort } from "../free-port.ts";
import { runEntry, type Entry } from "./run.ts";

const ASHA = 1001;
const WAIT_MS = 20_000;
const NOWHERE = "http://127.0.0.1:9";

/** Neither Telegram nor any broker can be reached when the bot starts. */
describe.each(["polling", "webhook"])("a start without Telegram and brokers, %s", (mode) => {
  let telegram: Playground;
  let proxy: Proxy;
  let bot: Entry;
  let base: string;
  const dir = mkdtempSync(join(tmpdir(), "start-"));

  beforeAll(async () => {
    const identity = { id: 7_000_000_001, firstName: "Sauda", username: "sauda_local_bot" };
    telegram = await startPlayground({ port: 0, now: Date.now, bot: identity });
    proxy = await startProxy();
    const port = await freePort();
    base = `http://127.0.0.1:${port}`;
    const roots = brokerDefinitions.flatMap((definition) => Object.keys(definition.roots));
    bot = runEntry(["main"], {
      TELEGRAM_BOT_TOKEN: telegram.token,
      TELEGRAM_API_ROOT: proxy.url,
      BOT_MODE: mode,
      PUBLIC_URL: base,
      PORT: String(port),
      DATA_DIR: dir,
      OWNER_ID: String(ASHA),
      YAHOO_API_ROOT: NOWHERE,
      ...Object.fromEntries(roots.map((name) => [name, NOWHERE])),
    });
  });
  afterAll(async () => {
    bot.child.kill("SIGTERM");
    await bot.ended;
    await proxy.close();
    await telegram.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const asha = () => telegram.chat(ASHA);

  it("waits, logs it, and answers /healthz but not /readyz with 200", async () => {
    await expect.poll(() => bot.output(), { timeout: WAIT_MS }).toContain("Telegram cannot be reached; waiting for it");
    expect(bot.output()).not.toContain(telegram.token);
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    const ready = await fetch(`${base}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({ store: true, telegram: false });
    expect((await fetch(`${base}/telegram/webhook`, { method: "POST" })).ok).toBe(false);
    expect(await askRunning(dir, "reconcile", null)).toBe("0 orders looked at");
  });

  it("recovers by itself, and answers what was sent meanwhile", async () => {
    asha().send("/start");
    proxy.backends.add(telegram.port);
    await asha().until(() => asha().lastFromBot()?.text?.includes("Hello Asha"), WAIT_MS);
    await expect.poll(async () => (await fetch(`${base}/readyz`)).status, { timeout: WAIT_MS }).toBe(200);
  }, 45_000);

  it("serves a paper account, and says that a broker cannot be reached", async () => {
    await asha().ask("/link paper", WAIT_MS);
    await asha().until(() => asha().lastFromBot()?.text?.includes("account is open"), WAIT_MS);
    expect((await asha().ask("/holdings", WAIT_MS)).text).toBeDefined();
    await asha().ask("/link dhan", WAIT_MS);
    for (const key of ["1104482917", "a1b2c3d4", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"]) {
      await asha().until(() => asha().lastFromBot()?.text?.startsWith("Send the "), WAIT_MS);
      asha().send(key);
    }
    await asha().until(
      () => /Dhan (cannot be reached|is not answering)/.test(asha().lastFromBot()?.text ?? ""),
      WAIT_MS,
    );
    expect(telegram.rejectedCalls).toEqual([]);
  }, 60_000);
});

describe("a start that cannot write the control file for npm run job, as on a full disk", () => {
  const dir = mkdtempSync(join(tmpdir(), "wordless-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it("goes on, because orders at the market have to be followed", { timeout: 30_000 }, async () => {
    mkdirSync(join(dir, "playground", "control.json"), { recursive: true });
    const running = await startTestSauda({ LOG_LEVEL: "silent" }, dir);
    expect((await running.playground.chat(ASHA).ask("/start")).text).toContain("Hello Asha");
    await running.stop();
  });
});

describe("a start that is stopped before everything is loaded", () => {
  const dir = mkdtempSync(join(tmpdir(), "stopped-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it("ends cleanly, and starts nothing afterwards", { timeout: 30_000 }, async () => {
    const settings = { PORT: String(await freePort()), DATA_DIR: dir, LOG_LEVEL: "silent" };
    const sauda = await startSauda(readConfig(settings, {}), () => expect.fail("it has started"));
    await sauda.stop();
    await sauda.ready;
    await expect(fetch(`http://127.0.0.1:${sauda.port}/healthz`)).rejects.toThrow("fetch failed");
    const again = await startTestSauda({ LOG_LEVEL: "silent" }, dir);
    expect((await again.playground.chat(ASHA).ask("/start")).text).toContain("Hello Asha");
    await again.stop();
  });
});

describe("a person who is forgotten by a bot that has just been started", () => {
  const dir = mkdtempSync(join(tmpdir(), "forgotten-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it("leaves no record of scheduled work either, although that part is loaded later", async () => {
    const settings = { TELEGRAM_BOT_TOKEN: "7000000001:AAHmarkerTokenMarkerTokenMarkerToke", DATA_DIR: dir };
    const assembled = () => assemble(readConfig(settings, {}), createLog({ level: "silent" }), () => undefined);
    const before = await assembled();
    const card = `morning-login:${ASHA}:2026-11-23`;
    expect((await createClaims(before).claim(card)).kind).toBe("ours");
    await before.close();
    const after = await assembled();
    await after.deps.forget(userId(ASHA));
    expect((await createClaims(after).claim(card)).kind).toBe("ours");
    await after.close();
  });
});

describe("a bot that was tried in the playground first", () => {
  const dir = mkdtempSync(join(tmpdir(), "tried-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it(
    "starts with a real token without the playground's people, accounts and messages",
    { timeout: 30_000 },
    async () => {
      const tried = await startTestSauda({}, dir);
      await tried.playground.chat(ASHA).ask("/start");
      await tried.sauda.stop();
      const said: string[] = [];
      const settings = { TELEGRAM_BOT_TOKEN: "7000000001:AAHmarkerTokenMarkerTokenMarkerToke", DATA_DIR: dir };
      const parts = await assemble(
        readConfig(settings, {}),
        createLog({ level: "silent" }),
        (line) => void said.push(line),
      );
      await parts.close();
      expect(said).toEqual([expect.stringMatching(/^No owner yet\. Send \/start \w{12} to the bot/)]);
    },
  );

  it(
    "keeps its own control file while a playground runs beside it, and after that ends",
    { timeout: 30_000 },
    async () => {
      const real = openControl(dir);
      real.publish(9);
      const tried = await startTestSauda({}, dir);
      const asked = () => askRunning(join(dir, "playground"), "reconcile", null);
      expect(await asked()).toContain("looked at");
      const word = readFileSync(join(dir, "control.json"), "utf8");
      expect(word).toContain('"port":9');
      await tried.sauda.stop();
      expect(readFileSync(join(dir, "control.json"), "utf8")).toBe(word);
      expect(await asked()).toBeNull();
    },
  );
});
