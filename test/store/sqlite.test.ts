import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigError } from "../../src/errors.ts";
import { createKeyring, generateKey, parseKey } from "../../src/lib/crypto.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { createTable, evictUnique, findBy } from "../../src/store/sqlite/statements.ts";
import { storeContract } from "./contract.ts";
import { lost, writeUntilKilled } from "./kill.ts";
import { newKeyring, sample, sampleSpec, type Sample } from "./sample.ts";

const temporary = (): string => mkdtempSync(join(tmpdir(), "store-"));
const now = (): number => 1_000;

storeContract({
  histories: 100,
  async make() {
    const dir = temporary();
    return {
      open: async (options) => openSqliteStore({ dir, ...options }),
      rawBytes: async () => Buffer.concat(readdirSync(dir).map((file) => readFileSync(join(dir, file)))),
      dispose: async () => rmSync(dir, { recursive: true }),
    };
  },
});

describe("the embedded store", () => {
  let dir: string;
  beforeEach(() => {
    dir = temporary();
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  it("names a file that is not a database, and says what to do", async () => {
    writeFileSync(join(dir, "journal.db"), "x".repeat(5_000));
    expect(() => openSqliteStore({ dir, now, keyring: newKeyring() })).toThrow(/^DATA_DIR: .*journal\.db is damaged;/);
    rmSync(join(dir, "journal.db"));
    await openSqliteStore({ dir, now, keyring: newKeyring() }).close();
  });

  it("does not open a file of which a part is damaged", async () => {
    const store = openSqliteStore({ dir, now, keyring: newKeyring() });
    const orders = store.collection(sampleSpec("orders", "full"));
    for (let at = 0; at < 50; at += 1) await orders.insert(sample(`order-${at}`));
    await store.close();
    const file = join(dir, "journal.db");
    const bytes = readFileSync(file);
    bytes.fill(7, bytes.length - 8_192, bytes.length - 4_096);
    writeFileSync(file, bytes);
    expect(() => openSqliteStore({ dir, now, keyring: newKeyring() })).toThrow(/journal\.db is damaged; put a backup/);
  });

  it("does not open when one of its two files is missing, rather than create it empty", async () => {
    for (const missing of ["journal.db", "sauda.db"]) {
      const whole = openSqliteStore({ dir, now, keyring: newKeyring() });
      for (const durability of ["normal", "full"] as const)
        await whole.collection(sampleSpec(`of_${durability}`, durability)).insert(sample("1"));
      await whole.close();
      rmSync(join(dir, missing));
      for (let start = 0; start < 2; start += 1)
        expect(() => openSqliteStore({ dir, now, keyring: newKeyring() })).toThrow(
          new ConfigError([
            `DATA_DIR: ${join(dir, missing)} is missing; put a backup back: npm run restore -- DIRECTORY`,
          ]),
        );
      for (const file of readdirSync(dir)) rmSync(join(dir, file));
    }
  });

  it("does not open when one of its two files was emptied, rather than begin it anew", async () => {
    for (const emptied of ["journal.db", "sauda.db"]) {
      const whole = openSqliteStore({ dir, now, keyring: newKeyring() });
      for (const durability of ["normal", "full"] as const)
        await whole.collection(sampleSpec(`of_${durability}`, durability)).insert(sample("1"));
      await whole.close();
      writeFileSync(join(dir, emptied), "");
      for (let start = 0; start < 2; start += 1)
        expect(() => openSqliteStore({ dir, now, keyring: newKeyring() })).toThrow(
          new ConfigError([
            `DATA_DIR: ${join(dir, emptied)} is empty; put a backup back: npm run restore -- DIRECTORY`,
          ]),
        );
      for (const file of readdirSync(dir)) rmSync(join(dir, file));
    }
  });

  it("opens when the first start was killed before it had created both files", async () => {
    await openSqliteStore({ dir, now, keyring: newKeyring() }).close();
    rmSync(join(dir, "journal.db"));
    const store = openSqliteStore({ dir, now, keyring: newKeyring() });
    expect(readdirSync(dir)).toContain("journal.db");
    await store.close();
    writeFileSync(join(dir, "journal.db"), "");
    await openSqliteStore({ dir, now, keyring: newKeyring() }).close();
  });

  it("fails its ping once one of its open files was deleted, although writes to it still succeed", async () => {
    const store = openSqliteStore({ dir, now, keyring: newKeyring() });
    await store.ping();
    rmSync(join(dir, "journal.db"));
    expect(await store.collection(sampleSpec("orders", "full")).insert(sample("1"))).toBe(true);
    await expect(store.ping()).rejects.toThrow(
      /journal\.db was deleted: everything stored now will be lost when this process ends/,
    );
    await store.close();
  });

  it("says that a damaged lock file can be deleted", () => {
    writeFileSync(join(dir, "lock.db"), "x".repeat(5_000));
    expect(() => openSqliteStore({ dir, now, keyring: newKeyring() })).toThrow(/lock\.db is damaged; it holds nothing/);
  });

  it("refuses a directory that is in use, and opens it once it is free", async () => {
    const first = openSqliteStore({ dir, now, keyring: newKeyring() });
    expect(() => openSqliteStore({ dir, now, keyring: newKeyring() })).toThrow(ConfigError);
    expect(() => openSqliteStore({ dir, now, keyring: newKeyring() })).toThrow(/DATA_DIR: another process/);
    await first.close();
    const second = openSqliteStore({ dir, now, keyring: newKeyring() });
    await second.close();
  });

  it("refuses a directory that another process uses, until that process is dead", async () => {
    const key = generateKey();
    const keyring = createKeyring({ current: parseKey(key) });
    let errorWhileItRan: unknown;
    const attempt = async (): Promise<void> => {
      try {
        openSqliteStore({ dir, now, keyring });
      } catch (error) {
        errorWhileItRan = error;
      }
    };
    const confirmed = await writeUntilKilled(["sqlite", dir, key], 3, attempt);
    expect(errorWhileItRan).toBeInstanceOf(ConfigError);
    const store = openSqliteStore({ dir, now, keyring });
    expect(await lost(store, confirmed)).toEqual([]);
    await store.close();
  });

  it("has every confirmed document after kill -9, also repeatedly on the same files", { timeout: 60_000 }, async () => {
    const key = generateKey();
    for (const after of [1, 40, 237]) {
      const confirmed = await writeUntilKilled(["sqlite", dir, key], after);
      expect(confirmed.length).toBeGreaterThanOrEqual(after);
      const store = openSqliteStore({ dir, now, keyring: createKeyring({ current: parseKey(key) }) });
      expect(await lost(store, confirmed)).toEqual([]);
      await store.close();
    }
  });

  it("creates its files unreadable to other users of the machine", async () => {
    const store = openSqliteStore({ dir: join(dir, "inner"), now, keyring: newKeyring() });
    expect(statSync(join(dir, "inner")).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, "inner", "sauda.db")).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, "inner", "journal.db")).mode & 0o777).toBe(0o600);
    await store.close();
  });

  it("keeps its write-ahead logs from other users too, where DATA_DIR itself is open to them", async () => {
    const store = openSqliteStore({ dir, now, keyring: newKeyring() });
    await store.collection(sampleSpec("orders", "full")).insert(sample("1"));
    await store.collection(sampleSpec("users", "normal")).insert(sample("1"));
    for (const name of ["sauda.db-wal", "sauda.db-shm", "journal.db-wal", "journal.db-shm"])
      expect(statSync(join(dir, name)).mode & 0o777, name).toBe(0o600);
    await store.close();
  });

  it("puts documents that must survive a power cut into a file of their own", async () => {
    const store = openSqliteStore({ dir, now, keyring: newKeyring() });
    await store.collection(sampleSpec("orders", "full")).insert(sample("a"));
    await store.collection(sampleSpec("users", "normal")).insert(sample("a"));
    await store.close();
    expect(tablesOf("journal.db")).toEqual(["orders"]);
    expect(tablesOf("sauda.db")).toEqual(["users"]);
  });

  it("follows a specification whose indexes changed", async () => {
    const keyring = newKeyring();
    const spec = sampleSpec("samples");
    const before = openSqliteStore({ dir, now, keyring });
    await before.collection(spec).insert(sample("a", { tag: "t", rank: 3 }));
    await before.close();

    const after = openSqliteStore({ dir, now, keyring });
    const samples = after.collection<Sample>({
      ...spec,
      indexes: [
        { name: "byOwner", fields: ["rank"] },
        { name: "byTag", fields: ["tag"] },
      ],
    });
    expect(await samples.find("byOwner", [3])).toHaveLength(1);
    expect(await samples.insert(sample("b", { tag: "t" }))).toBe(true);
    await after.close();
  });

  it("removes expired documents from the file as others arrive", async () => {
    let time = 1_000;
    const store = openSqliteStore({ dir, now: () => time, keyring: newKeyring() });
    const samples = store.collection(sampleSpec("samples"));
    for (let i = 0; i < 300; i += 1) await samples.insert(sample(`old${i}`, { expiresAt: 1_500 }));
    time = 2_000;
    for (let i = 0; i < 300; i += 1) await samples.insert(sample(`new${i}`));
    await store.close();
    expect(query("sauda.db", "SELECT count(*) AS n FROM samples")).toEqual([{ n: 300 }]);
  });

  function query(file: string, sql: string): unknown[] {
    const db = new DatabaseSync(join(dir, file), { readOnly: true });
    const rows = db.prepare(sql).all();
    db.close();
    return rows.map((row) => ({ ...row }));
  }
  const tablesOf = (file: string): unknown[] =>
    query(file, "SELECT name FROM sqlite_schema WHERE type = 'table'").map((row) => (row as { name: string }).name);
});

describe("the query plan", () => {
  const db = new DatabaseSync(":memory:");
  const spec = sampleSpec("samples");
  const [byOwner, byTag, bySlot] = spec.indexes;
  createTable(db, spec);
  const plan = (sql: string): string =>
    db
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map((row) => String(row["detail"]))
      .join("; ");

  it("of a find uses its index in order, without sorting", () => {
    expect(plan(findBy("samples", byOwner!, 1, "asc"))).toBe("SEARCH samples USING INDEX samples/byOwner (<expr>=?)");
    expect(plan(findBy("samples", byOwner!, 2, "desc"))).toBe(
      "SEARCH samples USING INDEX samples/byOwner (<expr>=? AND <expr>=?)",
    );
    expect(plan(findBy("samples", byOwner!, 0, "desc"))).toBe("SCAN samples USING INDEX samples/byOwner");
    expect(plan(findBy("samples", byTag!, 1, "asc"))).toMatch(
      /^SEARCH samples USING INDEX samples\/byTag \(<expr>=\?\)/,
    );
  });

  it("of an eviction looks up the unique value in its index", () => {
    expect(plan(evictUnique("samples", bySlot!))).toBe(
      "SEARCH samples USING INDEX samples/bySlot (<expr>=? AND <expr>=?)",
    );
  });
});
