import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { brokerDefinitions } from "../../connectors/index.ts";
import { opensFromChat, readConfig, SETTINGS } from "../../src/app/config.ts";
import { requireDataDir } from "../../src/app/data-dir.ts";
import { openKeyring } from "../../src/app/keyring.ts";
import { ConfigError } from "../../src/errors.ts";
import { generateKey } from "../../src/lib/crypto.ts";
import { createLog } from "../../src/lib/log.ts";
import { Secret } from "../../src/lib/secret.ts";
import { mendable } from "../../src/app/exit.ts";
import { runEntry } from "./run.ts";

const ROOTS = { ZERODHA_API_ROOT: "https://api.kite.trade" };
const TOKEN = "123456789:AAexampleexampleexampleexampleexamp";

const read = (environment: Record<string, string>) => readConfig(environment, ROOTS);
function problems(environment: Record<string, string>): readonly string[] {
  try {
    read(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("the settings", () => {
  it("are all optional: without any, the playground runs on the embedded store", () => {
    expect(read({})).toMatchObject({
      telegram: null,
      mode: "polling",
      port: 8080,
      publicUrl: "http://localhost:8080",
      mongoUri: null,
      dataDir: "./data",
      ownerId: null,
      logLevel: "info",
      startAt: null,
      roots: ROOTS,
    });
  });

  it.each([
    ["TELEGRAM_BOT_TOKEN", "hello"],
    ["TELEGRAM_API_ROOT", "ftp://x"],
    ["BOT_MODE", "push"],
    ["PORT", "70000"],
    ["PORT", "80a"],
    ["PUBLIC_URL", "bot.example"],
    ["PUBLIC_URL", "https://bot.example/?from=here"],
    ["MONGODB_URI", "postgres://x"],
    ["MASTER_KEY", "c2hvcnQ="],
    ["MASTER_KEY_PREVIOUS", "c2hvcnQ="],
    ["OWNER_ID", "@asha"],
    ["OWNER_ID", "007"],
    ["LOG_LEVEL", "loud"],
    ["SAUDA_CLOCK", "tomorrow"],
    ["ZERODHA_API_ROOT", "kite"],
  ])("that are wrong are named with what was expected: %s", (name, value) => {
    const found = problems({ [name]: value }).filter((problem) => problem.startsWith(`${name}:`));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/: expected|needs/);
  });

  it("that are wrong are all named at once, without printing a secret value", () => {
    const found = problems({
      PORT: "x",
      OWNER_ID: "x",
      MASTER_KEY: "marker-master-key",
      TELEGRAM_BOT_TOKEN: "marker-token",
      MONGODB_URI: "marker://user:marker-password@host",
    });
    expect(found.map((problem) => problem.split(":")[0])).toEqual([
      "TELEGRAM_BOT_TOKEN",
      "PORT",
      "MONGODB_URI",
      "MASTER_KEY",
      "OWNER_ID",
    ]);
    expect(found.join()).not.toContain("marker");
  });

  it("with a misspelt name are refused, so that a typing mistake is noticed", () => {
    expect(problems({ TELEGRAM_TOKEN: "x" })).toEqual([
      "TELEGRAM_TOKEN: not a setting of Sauda; .env.example lists them all",
    ]);
    expect(problems({ ZERODHA_API_RO0T: "https://x.example" })).toHaveLength(1);
    expect(problems({ HOME: "/root", PATH: "/bin" })).toEqual([]);
  });

  it("that contradict each other are refused", () => {
    expect(problems({ MONGODB_URI: "mongodb://db/sauda" }).join()).toContain("MASTER_KEY: required with MONGODB_URI");
    expect(problems({ BOT_MODE: "webhook", PUBLIC_URL: "https://x.example" }).join()).toContain(
      "needs TELEGRAM_BOT_TOKEN",
    );
    expect(
      problems({ BOT_MODE: "webhook", TELEGRAM_BOT_TOKEN: TOKEN, PUBLIC_URL: "http://bot.example" }).join(),
    ).toContain("PUBLIC_URL: expected https://");
    expect(problems({ BOT_MODE: "webhook", TELEGRAM_BOT_TOKEN: TOKEN, PUBLIC_URL: "http://127.0.0.1:9" })).toEqual([]);
    expect(problems({ TELEGRAM_API_ROOT: "http://127.0.0.1:9" }).join()).toContain("needs TELEGRAM_BOT_TOKEN");
    expect(problems({ MASTER_KEY_PREVIOUS: generateKey() }).join()).toContain("needs MASTER_KEY");
    expect(problems({ PORT: "65535" })).toEqual([
      "PORT: expected 65534 at most without TELEGRAM_BOT_TOKEN; the playground's chat page has the next port",
    ]);
    expect(problems({ PORT: "65535", TELEGRAM_BOT_TOKEN: TOKEN })).toEqual([]);
  });

  it("treat an empty value as absent, and lose a trailing slash", () => {
    const config = read({ OWNER_ID: "", PORT: "", PUBLIC_URL: "https://bot.example/" });
    expect(config.ownerId).toBeNull();
    expect(config.publicUrl).toBe("https://bot.example");
  });

  it.each([
    ["https://bot.example", true],
    ["https://127.0.0.1:8443", true],
    ["https://[::1]:8443", true],
    ["https://localhost:8443", false],
    ["https://nas", false],
    ["http://bot.example", false],
  ])("tell whether a button to PUBLIC_URL %s can be opened from the chat: %s", (url, expected) => {
    expect(opensFromChat(read({ PUBLIC_URL: url }).publicUrl)).toBe(expected);
  });

  it("print no secret, neither all together nor one by one", () => {
    const config = read({
      TELEGRAM_BOT_TOKEN: TOKEN,
      MONGODB_URI: "mongodb://asha:marker@db/sauda",
      MASTER_KEY: generateKey(),
      MASTER_KEY_PREVIOUS: `${generateKey()},${generateKey()}`,
    });
    expect(config.previousKeys).toHaveLength(2);
    const printed = JSON.stringify(config) + String(config.mongoUri);
    expect(printed).not.toContain("marker");
    expect(printed).not.toContain(TOKEN);
  });
});

describe("npm start", () => {
  let dir = "";
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "start-"))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it("ends with one line per wrong setting and no stack trace", async () => {
    const { code, out } = await runEntry(["main"], { DATA_DIR: dir, PORT: "x", OWNER_ID: "me" }).ended;
    expect(code).toBe(1);
    expect(out.trim().split("\n")).toEqual([expect.stringMatching(/^PORT: /), expect.stringMatching(/^OWNER_ID: /)]);
  });

  it("refuses every name in .env that is not a setting, whatever it begins with", async () => {
    writeFileSync(join(dir, ".env"), "MONGO_URI=mongodb://asha:marker@db/sauda\nFYERS_PIN=1234\nLOG_LEVL=debug\n");
    const { code, out } = await runEntry(["main"], { DATA_DIR: dir, PORT: "0" }).ended;
    expect(code).toBe(1);
    expect(out.trim().split("\n").toSorted()).toEqual([
      "LOG_LEVL: not a setting of Sauda; .env.example lists them all",
      "MONGO_URI: not a setting of Sauda; .env.example lists them all",
    ]);
  });

  it("names a .env that cannot be read", async () => {
    mkdirSync(join(dir, ".env"));
    const { code, out } = await runEntry(["main"], { DATA_DIR: dir, PORT: "0" }).ended;
    expect({ code, out }).toEqual({ code: 1, out: expect.stringMatching(/^\.env: this user cannot read \/.*\n$/) });
  });

  it.runIf(existsSync("/dev/full"))("says that a disk is full, where it cannot start for that", async () => {
    // Whatever is written to this device finds no room.
    symlinkSync("/dev/full", join(dir, "master.key.partial"));
    const { code, out } = await runEntry(["main"], { DATA_DIR: dir, PORT: "0", TELEGRAM_BOT_TOKEN: TOKEN }).ended;
    expect({ code, out }).toEqual({
      code: 1,
      out: "A disk is full (ENOSPC: no space left on device, write). Make room and start again.\n",
    });
    const full = Object.assign(new Error("database or disk is full"), { code: "ERR_SQLITE_ERROR", errcode: 13 });
    expect(mendable(full)?.problems).toEqual(["A disk is full (database or disk is full). Make room and start again."]);
    expect(mendable(new Error("other"))).toBeNull();
  });

  it("says in one line, as every command does, what the operator can mend", async () => {
    const mongo = { DATA_DIR: dir, MONGODB_URI: "mongodb://asha:marker@127.0.0.1:9/sauda", MASTER_KEY: generateKey() };
    expect(await runEntry(["backup", join(dir, "copy")], mongo).ended).toMatchObject({
      code: 1,
      out: "MongoDB cannot be reached (connect ECONNREFUSED 127.0.0.1:9)\n",
    });
    const refused = Object.assign(new Error("EACCES: permission denied, mkdir '/backup'"), { code: "EACCES" });
    expect(mendable(refused)?.problems).toEqual(["Not allowed here (EACCES: permission denied, mkdir '/backup')"]);
  });

  it.each(["EEXIST", "ENOTDIR"])("names the file that is where a backup's directory should be: %s", (code) => {
    const error = Object.assign(new Error(`${code}: mkdir '/backup'`), { code });
    expect(mendable(error)?.problems).toEqual([`A file is where a directory should be (${code}: mkdir '/backup')`]);
  });

  it("ends on a connection string that MongoDB's driver refuses, instead of waiting for the server", async () => {
    const settings = { DATA_DIR: dir, PORT: "0", MASTER_KEY: generateKey(), TELEGRAM_BOT_TOKEN: TOKEN };
    const started = (uri: string) => runEntry(["main"], { ...settings, MONGODB_URI: uri }).ended;
    expect(await started("mongodb://asha:marker@127.0.0.1:9/?replicaSt=rs0")).toMatchObject({
      code: 1,
      out: "MONGODB_URI: not a connection string of MongoDB (option replicast is not supported)\n",
    });
    expect(await started("mongodb://asha:mar@ker@host/sauda")).toMatchObject({
      code: 1,
      out: "MONGODB_URI: not a connection string of MongoDB\n",
    });
  });

  it("names DATA_DIR when it cannot be used, and says why", () => {
    writeFileSync(join(dir, "file"), "");
    expect(() => requireDataDir(join(dir, "file", "data"))).toThrow(/^DATA_DIR: .*ENOTDIR/);
    requireDataDir(join(dir, "data"));
    expect(statSync(join(dir, "data")).mode & 0o777).toBe(0o700);
  });

  it("ends on SIGTERM while it still waits for Telegram, also as a container's first process", async () => {
    const bot = runEntry(["main"], {
      DATA_DIR: dir,
      PORT: "0",
      TELEGRAM_BOT_TOKEN: TOKEN,
      TELEGRAM_API_ROOT: "http://127.0.0.1:9",
    });
    await expect.poll(() => bot.output(), { timeout: 15_000 }).toContain("waiting for it");
    bot.child.kill("SIGTERM");
    const { code, signal } = await bot.ended;
    expect({ code, signal }).toEqual({ code: 0, signal: null });
  });

  it("lists its commands when given an unknown one", async () => {
    const { code, out } = await runEntry(["mian"], { DATA_DIR: dir }).ended;
    expect(code).toBe(1);
    expect(out).toContain("One of: main, job");
  });

  const older = spawnSync("node", ["--version"], { encoding: "utf8", env: { PATH: outsidePath() } });
  const major = Number(/^v(\d+)/.exec(older.stdout ?? "")?.[1] ?? 99);
  it.skipIf(major >= 24)("tells what to do when the Node version is too old", () => {
    const start = join(import.meta.dirname, "../../src/app/start.js");
    const { status, stderr } = spawnSync("node", [start], { encoding: "utf8", env: { PATH: outsidePath() } });
    expect(status).toBe(1);
    expect(stderr.trim()).toMatch(/^Sauda needs Node 24\.15 or newer and this is \d+.*npm install.*npm start/);
  });
});

/** PATH without node_modules, so that `node` is the machine's own. */
function outsidePath(): string {
  return (process.env["PATH"] ?? "")
    .split(":")
    .filter((part) => !part.includes("node_modules"))
    .join(":");
}

describe("the key in DATA_DIR", () => {
  let dir = "";
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "keyring-"))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  const log = createLog({ level: "silent" });
  const open = (masterKey: Secret | null = null, previousKeys: Secret[] = []) =>
    openKeyring({ masterKey, previousKeys, dataDir: dir }, log);

  it("is created once, readable by its owner only", () => {
    const token = open().encrypt("hidden", "place");
    expect(statSync(join(dir, "master.key")).mode & 0o777).toBe(0o600);
    expect(open().decrypt(token, "place")).toBe("hidden");
  });

  it("is not used when MASTER_KEY is set; a previous key decrypts what it encrypted", () => {
    const [old, fresh] = [new Secret(generateKey()), new Secret(generateKey())];
    const token = open(old).encrypt("hidden", "place");
    expect(() => open(fresh).decrypt(token, "place")).toThrow("not in the keyring");
    const both = open(fresh, [old]);
    expect(both.decrypt(token, "place")).toBe("hidden");
    expect(both.isCurrent(token)).toBe(false);
    expect(both.isCurrent(both.encrypt("x", "place"))).toBe(true);
  });

  it("is reported when it is damaged, without being printed", () => {
    writeFileSync(join(dir, "master.key"), "marker-damaged\n");
    expect(() => open()).toThrow(/MASTER_KEY: .*master\.key does not hold a key/);
    expect(() => open()).not.toThrow(/marker/);
    expect(readFileSync(join(dir, "master.key"), "utf8")).toBe("marker-damaged\n");
  });
});

describe(".env.example", () => {
  it("lists every setting, and no other", () => {
    const listed = readFileSync(join(import.meta.dirname, "../../.env.example"), "utf8").matchAll(/^#?([A-Z_]+)=/gm);
    const roots = Object.assign({ YAHOO_API_ROOT: "x" }, ...brokerDefinitions.map((definition) => definition.roots));
    const names = [...listed].map(([, name]) => name ?? "");
    expect(() => readConfig(Object.fromEntries(names.map((name) => [name, ""])), roots)).not.toThrow();
    expect(names).toEqual(expect.arrayContaining([...SETTINGS, ...Object.keys(roots)]));
    expect(names).toHaveLength(SETTINGS.length + Object.keys(roots).length);
  });
});
