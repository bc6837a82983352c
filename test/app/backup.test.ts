import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openKeyring } from "../../src/app/keyring.ts";
import { createLog } from "../../src/lib/log.ts";
import type { CollectionSpec, Document } from "../../src/ports/store.ts";
import { openSqliteStore, type SqliteStore } from "../../src/store/sqlite/store.ts";
import { killedAt, runEntry } from "./run.ts";

interface Note extends Document {
  readonly _id: string;
  readonly text: string;
}
const spec = (durability: "full" | "normal"): CollectionSpec<Note> => ({
  name: `notes_${durability}`,
  indexes: [],
  encrypted: ["text"],
  durability,
});
const log = createLog({ level: "silent" });

const FILE_STEPS = ["rmSync", "renameSync", "copyFileSync"];

/** Writes to a database as fast as it can, until it is killed. */
const BUSY_BOT = `
  const { DatabaseSync } = require("node:sqlite");
  const db = new DatabaseSync(process.argv[1], { timeout: 5000 });
  db.exec("PRAGMA synchronous = OFF; CREATE TABLE IF NOT EXISTS busy (id INTEGER PRIMARY KEY, n)");
  const write = db.prepare("INSERT OR REPLACE INTO busy VALUES (1, ?)");
  for (let n = 0; ; n += 1) {
    write.run(n);
    if (n === 0) process.stdout.write("writing");
  }
`;

describe("backup and restore", () => {
  let dir = "";
  let copy = "";
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "live-"));
    copy = join(mkdtempSync(join(tmpdir(), "copy-")), "monday");
  });
  afterEach(() => {
    for (const each of [dir, join(copy, "..")]) rmSync(each, { recursive: true, force: true });
  });
  const open = (): SqliteStore =>
    openSqliteStore({
      dir,
      now: Date.now,
      keyring: openKeyring({ masterKey: null, previousKeys: [], dataDir: dir }, log),
    });
  const write = (store: SqliteStore, id: string) =>
    Promise.all(
      (["full", "normal"] as const).map((each) => store.collection(spec(each)).insert({ _id: id, text: id })),
    );
  const read = (store: SqliteStore, id: string) =>
    Promise.all((["full", "normal"] as const).map(async (each) => (await store.collection(spec(each)).get(id))?.text));
  const run = (mode: string, directory: string) => runEntry([mode, directory], { DATA_DIR: dir }).ended;

  it("copies both files while the bot runs, without the key, and brings them back", async () => {
    const running = open();
    await write(running, "monday");
    const made = await run("backup", copy);
    expect(made.code, made.out).toBe(0);
    expect(readdirSync(copy).toSorted()).toEqual(["journal.db", "sauda.db"]);
    for (const name of readdirSync(copy)) expect(statSync(join(copy, name)).mode & 0o777).toBe(0o600);
    await write(running, "tuesday");
    const refused = await run("restore", copy);
    expect(refused.code).toBe(1);
    expect(refused.out).toContain("another process is working on");
    await running.close();

    const brought = await run("restore", copy);
    expect(brought.code, brought.out).toBe(0);
    expect(brought.out).toContain(`Restored into ${dir}. `);
    const restored = open();
    expect(await read(restored, "monday")).toEqual(["monday", "monday"]);
    expect(await read(restored, "tuesday")).toEqual([undefined, undefined]);
    await restored.close();
  });

  it("ends however often the bot writes meanwhile", async () => {
    const store = open();
    for (let each = 0; each < 5_000; each += 1) await write(store, `${each} ${"x".repeat(400)}`);
    await store.close();
    const bot = spawn(process.execPath, ["--no-warnings", "-e", BUSY_BOT, join(dir, "sauda.db")]);
    await once(bot.stdout, "data");
    const made = runEntry(["backup", copy], { DATA_DIR: dir });
    const timer = setTimeout(() => made.child.kill("SIGKILL"), 10_000);
    const { code } = await made.ended;
    clearTimeout(timer);
    bot.kill("SIGKILL");
    expect(code).toBe(0);
  }, 60_000);

  it("changes nothing when the backup is incomplete", async () => {
    const store = open();
    await write(store, "monday");
    await store.close();
    await run("backup", copy);
    writeFileSync(join(copy, "journal.db"), "cut off");
    const { code, out } = await run("restore", copy);
    expect(code).toBe(1);
    expect(out).toContain("journal.db");
    writeFileSync(join(copy, "journal.db"), "");
    expect((await run("restore", copy)).out).toContain("journal.db is empty");
    rmSync(join(copy, "journal.db"));
    expect((await run("restore", copy)).out).toContain("is missing");
    const again = open();
    expect(await read(again, "monday")).toEqual(["monday", "monday"]);
    await again.close();
    expect(existsSync(join(dir, "sauda.db.partial"))).toBe(false);
  });

  it("keeps the last backup when a file of the store was emptied or deleted since", async () => {
    const store = open();
    await write(store, "monday");
    await store.close();
    await run("backup", copy);
    writeFileSync(join(dir, "journal.db"), "");
    expect((await run("backup", copy)).out).toBe(`${join(dir, "journal.db")} is empty\n`);
    rmSync(join(dir, "journal.db"));
    expect((await run("backup", copy)).out).toBe(`${join(dir, "journal.db")} is missing\n`);
    expect((await run("restore", copy)).code).toBe(0);
    const restored = open();
    expect(await read(restored, "monday")).toEqual(["monday", "monday"]);
    await restored.close();
  });

  it("refuses DATA_DIR itself as the backup's directory, because the copy would overwrite the live files", async () => {
    const running = open();
    await write(running, "monday");
    for (const mode of ["backup", "restore"]) {
      const { code, out } = await run(mode, join(dir, "..", basename(dir)));
      expect(code, out).toBe(1);
      expect(out).toContain("is DATA_DIR itself");
    }
    for (let each = 0; each < 2_000; each += 1) await write(running, `${each} ${"x".repeat(400)}`);
    await running.close();
    const again = open();
    expect(await read(again, "monday")).toEqual(["monday", "monday"]);
    await again.close();
  }, 30_000);

  it("leaves both files of the target as they were when one of them cannot be written", async () => {
    const store = open();
    await write(store, "monday");
    await run("backup", copy);
    await write(store, "tuesday");
    await store.close();
    for (const [mode, side] of [
      ["restore", dir],
      ["backup", copy],
    ] as const) {
      mkdirSync(join(side, "journal.db.partial"));
      expect((await run(mode, copy)).code).toBe(1);
      rmSync(join(side, "journal.db.partial"), { recursive: true });
    }
    const untouched = open();
    expect(await read(untouched, "tuesday")).toEqual(["tuesday", "tuesday"]);
    await untouched.close();
    await run("restore", copy);
    const restored = open();
    expect(await read(restored, "monday")).toEqual(["monday", "monday"]);
    expect(await read(restored, "tuesday")).toEqual([undefined, undefined]);
    await restored.close();
  }, 30_000);

  it("leaves files on which no bot starts when a restore is killed half-way, and completes when run again", async () => {
    const paper = (at: string): string => readFileSync(join(at, "paper.json"), "utf8");
    const store = open();
    await write(store, "monday");
    writeFileSync(join(dir, "paper.json"), '"monday"');
    await run("backup", copy);
    await write(store, "tuesday");
    writeFileSync(join(dir, "paper.json"), '"tuesday"');
    await store.close();
    let kills = 0;
    for (let step = 1; ; step += 1) {
      const settings = { DATA_DIR: dir, ...killedAt(step, FILE_STEPS) };
      const { signal, code } = await runEntry(["restore", copy], settings).ended;
      if (code === 0) break;
      expect(signal).toBe("SIGKILL");
      kills += 1;
      const isUntouched = existsSync(join(dir, "journal.db"));
      if (isUntouched) {
        const old = open();
        expect(await read(old, "tuesday")).toEqual(["tuesday", "tuesday"]);
        await old.close();
        expect(paper(dir)).toBe('"tuesday"');
      } else expect(open).toThrow(/journal\.db is missing; put a backup back/);
    }
    expect(kills).toBe(14);
    const restored = open();
    expect(await read(restored, "monday")).toEqual(["monday", "monday"]);
    expect(await read(restored, "tuesday")).toEqual([undefined, undefined]);
    await restored.close();
    expect(paper(dir)).toBe('"monday"');
  }, 60_000);

  /** The days in the backup's files: paper.json's own, and as many rows in each database. */
  const daysIn = (directory: string): string[] => [
    existsSync(join(directory, "paper.json")) ? readFileSync(join(directory, "paper.json"), "utf8") : "none",
    ...["normal", "full"].map((each) => {
      const db = new DatabaseSync(join(directory, each === "full" ? "journal.db" : "sauda.db"), { readOnly: true });
      const { rows } = db.prepare(`SELECT count(*) AS rows FROM notes_${each}`).get() ?? {};
      db.close();
      return rows === 1 ? '"monday"' : '"tuesday"';
    }),
  ];

  it("leaves the last backup or the next one whenever it is killed, and a restore takes it", async () => {
    const store = open();
    await write(store, "monday");
    writeFileSync(join(dir, "paper.json"), '"monday"');
    await run("backup", copy);
    await write(store, "tuesday");
    await store.close();
    writeFileSync(join(dir, "paper.json"), '"tuesday"');
    const monday = join(copy, "..", "monday-copy");
    cpSync(copy, monday, { recursive: true });
    const target = join(copy, "..", "target");
    const days: string[] = [];
    for (let step = 1, isDone = false; !isDone; step += 1) {
      rmSync(copy, { recursive: true });
      cpSync(monday, copy, { recursive: true });
      const settings = { DATA_DIR: dir, ...killedAt(step, FILE_STEPS) };
      isDone = (await runEntry(["backup", copy], settings).ended).code === 0;
      if (existsSync(join(copy, "journal.db"))) expect(new Set(daysIn(copy)).size, `step ${step}`).toBe(1);
      const restored = await runEntry(["restore", copy], { DATA_DIR: target }).ended;
      expect(restored.code, `step ${step}: ${restored.out}`).toBe(0);
      const [day = "", ...others] = daysIn(target);
      expect(others, `step ${step}`).toEqual([day, day]);
      days.push(day);
    }
    expect([...new Set(days)]).toEqual(['"monday"', '"tuesday"']);
    expect(days.length).toBeGreaterThan(12);
    expect(readdirSync(copy).toSorted()).toEqual(["journal.db", "paper.json", "sauda.db"]);
    expect(daysIn(copy)).toEqual(['"tuesday"', '"tuesday"', '"tuesday"']);
  }, 120_000);

  it.each(["backup", "restore"])("keeps no paper accounts of another day: %s", async (mode) => {
    const store = open();
    await write(store, "monday");
    await store.close();
    await run("backup", copy);
    const target = mode === "backup" ? copy : dir;
    writeFileSync(join(target, "paper.json"), '"sunday"');
    expect((await run(mode, copy)).code).toBe(0);
    expect(existsSync(join(target, "paper.json"))).toBe(false);
  });

  it("says that a directory is needed", async () => {
    const store = open();
    await store.close();
    expect((await runEntry(["backup"], { DATA_DIR: dir }).ended).out).toContain("npm run backup -- DIRECTORY");
  });
});
