import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { createKeyring, generateKey, parseKey } from "../../src/lib/crypto.ts";
import { Secret } from "../../src/lib/secret.ts";
import type { CollectionSpec, Document } from "../../src/ports/store.ts";
import { openMongoStore, type MongoStore } from "../../src/store/mongo/store.ts";
import { startMongo } from "../mongo-server/mongo-server.ts";
import { killedAt, runEntry } from "./run.ts";

const started = await startMongo();
const mongo = "skipped" in started ? null : started;
afterAll(() => mongo?.stop());

interface Kept extends Document {
  readonly _id: string;
  readonly secret: Secret;
  readonly place: number;
}
const spec: CollectionSpec<Kept> = {
  name: "things",
  indexes: [{ name: "place", fields: ["place"], unique: true }],
  encrypted: ["secret"],
  durability: "full",
};
const COUNT = 1_200;

/** A module that kills its process half-way through the second read of a collection's file: the first read checks it, the second restores it. */
const KILLED_WRITING = `data:text/javascript,${encodeURIComponent(`
  import fs from "node:fs";
  import { syncBuiltinESMExports } from "node:module";
  const whole = fs.createReadStream;
  let reads = 0;
  fs.createReadStream = (...args) => {
    const stream = whole(...args);
    if ((reads += 1) === 2) {
      let bytes = 0;
      stream.on("data", (chunk) => (bytes += chunk.length) > 200_000 && process.kill(process.pid, "SIGKILL"));
    }
    return stream;
  };
  syncBuiltinESMExports();
`)}`;

const FILE_STEPS = ["createWriteStream", "writeFileSync", "renameSync", "rmSync"];

describe.skipIf(mongo === null)("backup and restore of MongoDB", () => {
  const key = generateKey();
  let dir = "";
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "dump-"))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const uriOf = (database: string): string => {
    const uri = new URL(mongo?.uri ?? "");
    uri.pathname = `/${database}`;
    return uri.href;
  };
  const fresh = (): string => uriOf(`backup${randomUUID().slice(0, 8)}`);
  const open = (uri: string): Promise<MongoStore> =>
    openMongoStore({ uri: new Secret(uri), now: Date.now, keyring: createKeyring({ current: parseKey(key) }) });
  const settingsFor = (uri: string) => ({ DATA_DIR: dir, MONGODB_URI: uri, MASTER_KEY: key });
  const run = (mode: string, uri: string) => runEntry([mode, join(dir, "monday")], settingsFor(uri)).ended;

  async function fill(uri: string, count = COUNT, first = 0): Promise<void> {
    const store = await open(uri);
    const things = store.collection(spec);
    for (let place = first; place < first + count; place += 1) {
      const expiresAt = Date.now() + 86_400_000;
      await things.insert({
        _id: `t${place}`,
        secret: new Secret(`hidden-${place}`),
        place,
        ...(place % 2 ? { expiresAt } : {}),
      });
    }
    await store.close();
  }
  async function raw(uri: string): Promise<unknown[]> {
    const client = new MongoClient(uri);
    const found = await client.db().collection("things").find().sort({ _id: 1 }).toArray();
    await client.close();
    return found;
  }

  it("brings every document back as it was, secrets encrypted on the way", async () => {
    const [from, to] = [fresh(), fresh()];
    await fill(from);
    const made = await run("backup", from);
    expect(made.code, made.out).toBe(0);
    const files = readdirSync(join(dir, "monday"));
    expect(files.toSorted()).toEqual(["backup.json", "things.jsonl"]);
    expect(readFileSync(join(dir, "monday/things.jsonl"), "utf8")).not.toContain("hidden-");
    const restored = await run("restore", to);
    expect(restored.code, restored.out).toBe(0);
    expect(await raw(to)).toEqual(await raw(from));
    const store = await open(to);
    expect((await store.collection(spec).find("place", [7]))[0]?.secret.reveal()).toBe("hidden-7");
    await store.close();
  }, 60_000);

  it("leaves a database on which no bot starts when a restore is killed half-way, and completes when run again", async () => {
    const [from, to] = [fresh(), fresh()];
    await fill(from);
    await run("backup", from);
    const settings = { DATA_DIR: dir, MONGODB_URI: to, MASTER_KEY: key, NODE_OPTIONS: `--import=${KILLED_WRITING}` };
    expect((await runEntry(["restore", join(dir, "monday")], settings).ended).signal).toBe("SIGKILL");
    await expect(open(to)).rejects.toThrow("a restore into the database was broken off; run it again");
    const again = await run("restore", to);
    expect(again.code, again.out).toBe(0);
    expect(await raw(to)).toEqual(await raw(from));
    await (await open(to)).close();
  }, 60_000);

  it("keeps the last backup until the next one is whole, whether MongoDB is away or it is killed", async () => {
    const from = fresh();
    await fill(from, 3);
    await run("backup", from);
    const lastDay = await raw(from);
    expect((await run("backup", "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=200")).code).toBe(1);
    await fill(from, 1, 3);
    const seen = new Set<number>();
    for (let step = 1, isDone = false; !isDone; step += 1) {
      const settings = { ...settingsFor(from), ...killedAt(step, FILE_STEPS) };
      isDone = (await runEntry(["backup", join(dir, "monday")], settings).ended).code === 0;
      const to = fresh();
      const restored = await run("restore", to);
      expect(restored.code, `step ${step}: ${restored.out}`).toBe(0);
      const day = await raw(to);
      expect(day, `step ${step}`).toEqual(day.length === 3 ? lastDay : await raw(from));
      seen.add(day.length);
    }
    expect([...seen]).toEqual([3, 4]);
    expect(readdirSync(join(dir, "monday")).toSorted()).toEqual(["backup.json", "things.jsonl"]);
  }, 120_000);

  it("restores neither over existing data nor from an incomplete backup", async () => {
    const [from, to] = [fresh(), fresh()];
    await fill(from);
    expect((await run("restore", to)).out).toContain("is missing");
    await run("backup", from);
    const refused = await run("restore", from);
    expect(refused.code).toBe(1);
    expect(refused.out).toContain("restore into an empty one");
    const file = join(dir, "monday/things.jsonl");
    writeFileSync(file, readFileSync(file, "utf8").slice(0, 100_000));
    expect((await run("restore", to)).out).toContain("is damaged");
    expect(await raw(to)).toEqual([]);
  }, 60_000);
});
