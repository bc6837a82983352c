import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Config } from "../../src/app/config.ts";
import { openKeyring } from "../../src/app/keyring.ts";
import { openStore } from "../../src/app/open-store.ts";
import { createClock } from "../../src/lib/clock.ts";
import { generateKey, parseKey } from "../../src/lib/crypto.ts";
import { createLog } from "../../src/lib/log.ts";
import { Secret } from "../../src/lib/secret.ts";
import type { CollectionSpec, Document } from "../../src/ports/store.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { killedAt, runEntry } from "./run.ts";

interface Kept extends Document {
  readonly _id: string;
  readonly keys: { readonly secret: Secret };
  readonly note: string;
}
const COUNT = 4_000;
const specs: readonly CollectionSpec<Kept>[] = [
  { name: "links", indexes: [], encrypted: ["keys"], durability: "full" },
  { name: "talks", indexes: [], encrypted: ["keys", "note"], durability: "normal" },
];
const log = createLog({ level: "silent" });

/** Waits while a process that starts on the files recovers them: it locks readers out meanwhile. */
const READING = { readOnly: true, timeout: 5_000 };

const FILE_STEPS = ["renameSync", "rmSync"];

describe("rotate-key", () => {
  let dir = "";
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "rotate-"))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const keyring = () => openKeyring({ masterKey: null, previousKeys: [], dataDir: dir }, log);
  const open = () => openSqliteStore({ dir, now: Date.now, keyring: keyring() });

  async function fill(count = COUNT): Promise<void> {
    const store = open();
    const everything: Promise<unknown>[] = [];
    for (const spec of specs) {
      const collection = store.collection(spec);
      for (let at = 0; at < count / 2; at += 1) {
        everything.push(
          collection.insert({ _id: `d${at}`, keys: { secret: new Secret(`hidden-${at}`) }, note: `v1.note ${at}` }),
        );
      }
    }
    await Promise.all(everything);
    await store.close();
  }

  async function expectAllReadable(expected = COUNT): Promise<void> {
    const store = open();
    for (const spec of specs) {
      let count = 0;
      for await (const document of store.collection(spec).scan()) {
        expect(document.keys.secret.reveal()).toBe(`hidden-${document._id.slice(1)}`);
        count += 1;
      }
      expect(count).toBe(expected / 2);
    }
    await store.close();
  }

  function keyIdsAtRest(): Set<string> {
    const ids = new Set<string>();
    for (const file of ["sauda.db", "journal.db"]) {
      const db = new DatabaseSync(join(dir, file), READING);
      for (const table of file === "sauda.db" ? ["talks"] : ["links"]) {
        for (const row of db.prepare(`SELECT document ->> '$.keys' AS token FROM "${table}"`).all()) {
          ids.add(String(row["token"]).split(".")[1] ?? "");
        }
      }
      db.close();
    }
    return ids;
  }
  /** How many values of both files are still encrypted with this key. */
  function countUnder(id: string): number {
    let count = 0;
    for (const [file, table] of [
      ["sauda.db", "talks"],
      ["journal.db", "links"],
    ]) {
      const db = new DatabaseSync(join(dir, file ?? ""), READING);
      const row = db
        .prepare(`SELECT count(*) AS n FROM "${table}" WHERE document ->> '$.keys' LIKE ?`)
        .get(`v1.${id}.%`);
      count += Number(row?.["n"]);
      db.close();
    }
    return count;
  }
  const currentId = (): string => parseKey(readFileSync(join(dir, "master.key"), "utf8").trim()).id;

  it("encrypts everything with a new key and drops the old one", async () => {
    await fill();
    const before = currentId();
    const { code, out } = await runEntry(["rotate-key"], { DATA_DIR: dir }).ended;
    expect(out).toContain("6000 values encrypted with the new key");
    expect(code).toBe(0);
    expect(currentId()).not.toBe(before);
    expect([...keyIdsAtRest()]).toEqual([currentId()]);
    expect(existsSync(join(dir, "master.key.previous"))).toBe(false);
    await expectAllReadable();
  });

  it("creates no store where there is none, as when DATA_DIR names the wrong directory", async () => {
    const empty = join(dir, "elsewhere");
    const { code, out } = await runEntry(["rotate-key"], { DATA_DIR: empty }).ended;
    expect({ code, out }).toEqual({ code: 1, out: `DATA_DIR: there is no store in ${empty}\n` });
    expect(readdirSync(empty)).toEqual([]);
  });

  it("loses nothing when it is killed half-way again and again, and completes when run again", async () => {
    await fill();
    const before = currentId();
    let left = countUnder(before);
    for (let kills = 0; kills < 3; kills += 1) {
      const entry = runEntry(["rotate-key"], { DATA_DIR: dir });
      while (countUnder(before) > left - 200) await new Promise((resolve) => setImmediate(resolve));
      entry.child.kill("SIGKILL");
      expect((await entry.ended).signal).toBe("SIGKILL");
      expect(countUnder(before)).toBeLessThan(left);
      left = countUnder(before);
      expect(left, "some are still under the old key").toBeGreaterThan(0);
      await expectAllReadable();
    }
    const { code } = await runEntry(["rotate-key"], { DATA_DIR: dir }).ended;
    expect(code).toBe(0);
    expect(currentId()).not.toBe(before);
    expect([...keyIdsAtRest()]).toEqual([currentId()]);
    expect(existsSync(join(dir, "master.key.previous"))).toBe(false);
    await expectAllReadable();
  }, 60_000);

  it.each([1, 2, 3])("loses nothing when it is killed before step %i of exchanging the key files", async (step) => {
    await fill(20);
    const { signal } = await runEntry(["rotate-key"], { DATA_DIR: dir, ...killedAt(step, FILE_STEPS) }).ended;
    expect(signal).toBe("SIGKILL");
    await expectAllReadable(20);
    expect((await runEntry(["rotate-key"], { DATA_DIR: dir }).ended).code).toBe(0);
    expect([...keyIdsAtRest()]).toEqual([currentId()]);
    expect(existsSync(join(dir, "master.key.previous"))).toBe(false);
    await expectAllReadable(20);
  });

  it("rotates from MASTER_KEY_PREVIOUS to MASTER_KEY, and says when the previous key is missing", async () => {
    const [old, fresh] = [generateKey(), generateKey()];
    const oldRing = openKeyring({ masterKey: new Secret(old), previousKeys: [], dataDir: dir }, log);
    const store = openSqliteStore({ dir, now: Date.now, keyring: oldRing });
    await store.collection(specs[0]!).insert({ _id: "d1", keys: { secret: new Secret("hidden-1") }, note: "" });
    await store.close();
    const alone = await runEntry(["rotate-key"], { DATA_DIR: dir, MASTER_KEY: fresh }).ended;
    expect(alone.code).toBe(1);
    expect(alone.out).toContain("MASTER_KEY_PREVIOUS");
    expect(alone.out).not.toContain(fresh);
    const other = { DATA_DIR: dir, MASTER_KEY: fresh, MASTER_KEY_PREVIOUS: generateKey() };
    const wrong = await runEntry(["rotate-key"], other).ended;
    expect(wrong.code).toBe(1);
    expect(wrong.out).toContain("1 values could not be read");
    expect(wrong.out).not.toContain("Remove MASTER_KEY_PREVIOUS");
    const both = await runEntry(["rotate-key"], { DATA_DIR: dir, MASTER_KEY: fresh, MASTER_KEY_PREVIOUS: old }).ended;
    expect(both.out).toContain("Remove MASTER_KEY_PREVIOUS");
    const freshRing = openKeyring({ masterKey: new Secret(fresh), previousKeys: [], dataDir: dir }, log);
    const reopened = openSqliteStore({ dir, now: Date.now, keyring: freshRing });
    expect((await reopened.collection(specs[0]!).get("d1"))?.keys.secret.reveal()).toBe("hidden-1");
    await reopened.close();
  });

  it("refuses to work beside a running bot", async () => {
    await fill();
    const running = open();
    const { code, out } = await runEntry(["rotate-key"], { DATA_DIR: dir }).ended;
    await running.close();
    expect(code).toBe(1);
    expect(out).toContain("another process is working on");
    expect(existsSync(join(dir, "master.key.previous"))).toBe(false);
  });

  it("never creates a new key when the store's data was encrypted with a key that is now missing", async () => {
    await fill();
    rmSync(join(dir, "master.key"));
    expect(() => keyring()).toThrow("is missing from DATA_DIR");
  });

  it("lets no process start with a key that decrypts none of the stored accounts", async () => {
    const start = (masterKey: string, previousKeys: readonly string[] = []) => {
      const keys = { masterKey: new Secret(masterKey), previousKeys: previousKeys.map((key) => new Secret(key)) };
      return openStore({ ...keys, dataDir: dir, mongoUri: null } as unknown as Config, createClock(null), log);
    };
    const [right, wrong] = [generateKey(), generateKey()];
    await (await start(wrong)).close();
    const store = await start(right);
    await store.collection<Kept>({ ...specs[0]!, name: "user_brokers" }).insert({
      _id: "d1",
      keys: { secret: new Secret("hidden-1") },
      note: "",
    });
    await store.close();
    await expect(start(wrong)).rejects.toThrow("MASTER_KEY: the stored accounts were encrypted with another key");
    await (await start(wrong, [right])).close();
    await (await start(right)).close();
  });
});
