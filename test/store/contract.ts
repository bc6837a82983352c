import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Keyring } from "../../src/lib/crypto.ts";
import { createKeyring, generateKey, parseKey } from "../../src/lib/crypto.ts";
import { Secret } from "../../src/lib/secret.ts";
import type { Collection, CollectionSpec, Store } from "../../src/ports/store.ts";
import { UniqueClash } from "../../src/store/spec.ts";
import { disagreement } from "./model.ts";
import { listed, newKeyring, revealed, sample, sampleSpec, type Sample } from "./sample.ts";

export interface OpenOptions {
  readonly now: () => number;
  readonly keyring: Keyring;
}

/** A fresh place for one engine's data. `open` opens the same data again; the store opened before must be closed. */
export interface Place {
  open(options: OpenOptions): Promise<Store>;
  /** Everything that the engine wrote to disk or sent over the connection. */
  rawBytes(): Promise<Buffer>;
  dispose(): Promise<void>;
}

export interface ContractOptions {
  readonly make: () => Promise<Place>;
  /** How many random histories to compare with the model. */
  readonly histories: number;
  /** Cases that this engine cannot pass, each with a reason. */
  readonly skip?: readonly Gap[];
}

export interface Gap {
  readonly reason: string;
  /** Names of cases; `NESTED_LISTS` also keeps them out of the random histories. */
  readonly cases: readonly string[];
}

export const NESTED_LISTS = "keeps lists within lists";
const START = Date.UTC(2026, 10, 23, 3, 45);
const keyring = newKeyring();

/** What every engine behind the Store port must do. */
export function storeContract({ make, histories, skip = [] }: ContractOptions): void {
  const clock = { now: START };
  const now = (): number => clock.now;
  let place: Place;
  let store: Store;
  let counter = 0;

  const fresh = (durability: CollectionSpec<Sample>["durability"] = "normal"): Collection<Sample> =>
    store.collection(sampleSpec(`samples${(counter += 1)}`, durability));
  const gapAt = (name: string): Gap | undefined => skip.find((gap) => gap.cases.includes(name));

  beforeAll(async () => {
    place = await make();
    store = await place.open({ now, keyring });
  });
  beforeEach(({ task, skip: skipTest }) => {
    const gap = gapAt(task.name);
    if (gap) skipTest(gap.reason);
  });
  afterAll(async () => {
    await store.close();
    await place.dispose();
  });

  async function reopen(using: Keyring = keyring): Promise<void> {
    await store.close();
    store = await place.open({ now, keyring: using });
  }

  describe("one document", () => {
    it("is absent until inserted, and has version 1 then", async () => {
      const samples = fresh();
      expect(await samples.get("a")).toBeNull();
      expect(await samples.insert(sample("a", { body: { list: [1, "two", null, true] } }))).toBe(true);
      expect(await samples.get("a")).toEqual({
        ...sample("a", { body: { list: [1, "two", null, true] } }),
        version: 1,
      });
    });

    it("is not inserted over an existing one", async () => {
      const samples = fresh();
      await samples.insert(sample("a", { rank: 1 }));
      expect(await samples.insert(sample("a", { rank: 2 }))).toBe(false);
      expect(await samples.get("a")).toMatchObject({ rank: 1, version: 1 });
    });

    it("is replaced as a whole when the version is the stored one", async () => {
      const samples = fresh();
      await samples.insert(sample("a", { tag: "t", body: "old" }));
      expect(await samples.replace(sample("a", { rank: 9 }), 1)).toBe(true);
      expect(await samples.get("a")).toEqual({ ...sample("a", { rank: 9 }), version: 2 });
    });

    it("is not replaced under another version, nor when absent", async () => {
      const samples = fresh();
      await samples.insert(sample("a"));
      expect(await samples.replace(sample("a", { rank: 9 }), 2)).toBe(false);
      expect(await samples.replace(sample("b"), 1)).toBe(false);
      expect(await samples.get("a")).toEqual({ ...sample("a"), version: 1 });
      expect(await samples.get("b")).toBeNull();
    });

    it("can be read, changed and replaced with its version still in it", async () => {
      const samples = fresh();
      await samples.insert(sample("a"));
      const read = (await samples.get("a"))!;
      expect(await samples.replace({ ...read, rank: 5 }, read.version)).toBe(true);
      expect(await samples.get("a")).toEqual({ ...sample("a", { rank: 5 }), version: 2 });
    });

    it("is deleted once", async () => {
      const samples = fresh();
      await samples.insert(sample("a"));
      expect(await samples.delete("a")).toBe(true);
      expect(await samples.delete("a")).toBe(false);
      expect(await samples.get("a")).toBeNull();
    });

    it("keeps every script, big text, big numbers and fractions", async () => {
      const samples = fresh("full");
      const body = {
        text: "सौदा ₹12,34,567.50 📈 \u0000 \u2028 'quote' \"double\" \\",
        big: "₹".repeat(700_000),
        numbers: [2 ** 31, -(2 ** 31) - 1, 2 ** 53 - 1, -(2 ** 53) + 1, 0.1, 1e-300, 1e300],
      };
      expect(await samples.insert(sample("₹/आ b", { body, rank: 2 ** 40 + 1, keys: body }))).toBe(true);
      expect(await samples.get("₹/आ b")).toEqual({
        ...sample("₹/आ b", { body, rank: 2 ** 40 + 1, keys: body }),
        version: 1,
      });
      expect(await samples.find("byOwner", ["asha", 2 ** 40 + 1])).toHaveLength(1);
      expect(await samples.find("byOwner", ["asha", 2 ** 40])).toHaveLength(0);
    });

    it("keeps lists within lists", async () => {
      const samples = fresh();
      await samples.insert(sample("a", { body: [[1, [2]], []] }));
      expect(await samples.get("a")).toMatchObject({ body: [[1, [2]], []] });
    });

    it("keeps field names that have a meaning to an engine", async () => {
      const samples = fresh();
      const body = JSON.parse(
        '{"NSE:J.K-EQ":1,"$set":{"$inc":2},"":3,"%2e":4,"__proto__":{"a.b":5},"nul\\u0000":6}',
      ) as unknown;
      await samples.insert(sample("a", { body, keys: body }));
      expect(JSON.stringify(await samples.get("a"))).toBe(
        JSON.stringify({ ...sample("a", { body, keys: body }), version: 1 }),
      );
    });

    it("is refused as a whole when a secret is outside the encrypted fields", async () => {
      const samples = fresh();
      const leaking = sample("a", { body: { deep: [new Secret("hunter2")] } });
      await expect(samples.insert(leaking)).rejects.toThrow(/not an encrypted field/);
      await samples.insert(sample("a"));
      await expect(samples.replace(leaking, 1)).rejects.toThrow(/not an encrypted field/);
      expect(await samples.get("a")).toEqual({ ...sample("a"), version: 1 });
    });
  });

  describe("finding", () => {
    const ids = (found: readonly Sample[]): string[] => found.map((document) => document._id);

    async function filled(): Promise<Collection<Sample>> {
      const samples = fresh();
      await samples.insert(sample("d", { rank: 10 }));
      await samples.insert(sample("b", { rank: 2, tag: "blue" }));
      await samples.insert(sample("c", { rank: 2 }));
      await samples.insert(sample("a", { rank: -1, tag: "amber" }));
      await samples.insert(sample("e", { owner: "bala", rank: 0, tag: "Zinc" }));
      return samples;
    }

    it("by a prefix of the index's fields orders by the next field, then by id", async () => {
      const samples = await filled();
      expect(ids(await samples.find("byOwner", ["asha"]))).toEqual(["a", "b", "c", "d"]);
      expect(ids(await samples.find("byOwner", ["asha"], { order: "desc" }))).toEqual(["d", "c", "b", "a"]);
      expect(ids(await samples.find("byOwner", ["asha", 2]))).toEqual(["b", "c"]);
      expect(ids(await samples.find("byOwner", ["nobody"]))).toEqual([]);
    });

    it("stops at the limit", async () => {
      const samples = await filled();
      expect(ids(await samples.find("byOwner", ["asha"], { limit: 2 }))).toEqual(["a", "b"]);
      expect(ids(await samples.find("byOwner", ["asha"], { limit: 1, order: "desc" }))).toEqual(["d"]);
      expect(ids(await samples.find("byOwner", ["asha"], { limit: 0 }))).toEqual([]);
    });

    it("without a value returns all documents that have the first field, in the order of the index", async () => {
      const samples = await filled();
      expect(ids(await samples.find("byTag", []))).toEqual(["e", "a", "b"]);
      expect(ids(await samples.find("byTag", [], { order: "desc", limit: 2 }))).toEqual(["b", "a"]);
    });

    it("distinguishes text, numbers and absent fields", async () => {
      const samples = await filled();
      await samples.insert(sample("f", { owner: "1", rank: 1, tag: "1" }));
      expect(ids(await samples.find("byTag", ["1"]))).toEqual(["f"]);
      expect(ids(await samples.find("byTag", [1]))).toEqual([]);
      expect(ids(await samples.find("byTag", ["null"]))).toEqual([]);
    });

    it("by a boolean field works", async () => {
      const flags = store.collection<{ _id: string; isActive: boolean }>({
        name: "flags",
        durability: "normal",
        encrypted: [],
        indexes: [{ name: "byState", fields: ["isActive"] }],
      });
      await flags.insert({ _id: "on", isActive: true });
      await flags.insert({ _id: "off", isActive: false });
      expect(await flags.find("byState", [true])).toEqual([{ _id: "on", isActive: true, version: 1 }]);
      expect((await flags.find("byState", [])).map((flag) => flag._id)).toEqual(["off", "on"]);
    });

    it("sees a change of an index field", async () => {
      const samples = await filled();
      await samples.replace(sample("d", { owner: "bala", rank: -1 }), 1);
      expect(ids(await samples.find("byOwner", ["asha"]))).toEqual(["a", "b", "c"]);
      expect(ids(await samples.find("byOwner", ["bala"]))).toEqual(["d", "e"]);
    });

    it("by an index that was not declared, or by too many values, is refused", async () => {
      const samples = fresh();
      await expect(samples.find("byRank", [1])).rejects.toThrow(/no index/);
      await expect(samples.find("byTag", ["a", "b"])).rejects.toThrow(/1 fields, asked for 2/);
    });

    it("by scanning gives every unexpired document once, also while they are being deleted", async () => {
      const samples = fresh();
      const all = Array.from({ length: 450 }, (_, i) => `id${String(i).padStart(3, "0")}`);
      for (const id of all) await samples.insert(sample(id));
      await samples.insert(sample("gone", { expiresAt: clock.now - 1 }));
      const seen: string[] = [];
      for await (const document of samples.scan()) {
        seen.push(document._id);
        await samples.delete(document._id);
      }
      expect(seen).toEqual(all);
    });
  });

  describe("expiry", () => {
    async function expired(): Promise<Collection<Sample>> {
      const samples = fresh();
      await samples.insert(sample("a", { expiresAt: clock.now + 1_000, tag: "t", slot: 1 }));
      clock.now += 1_001;
      return samples;
    }

    it("a document exists up to its expiry time and not after it", async () => {
      const samples = fresh();
      await samples.insert(sample("a", { expiresAt: clock.now + 1_000 }));
      clock.now += 1_000;
      expect(await samples.get("a")).toMatchObject({ _id: "a" });
      expect(await samples.find("byOwner", ["asha"])).toHaveLength(1);
      clock.now += 1;
      expect(await samples.get("a")).toBeNull();
    });

    it("an expired document can be neither found, scanned, replaced nor deleted", async () => {
      const samples = await expired();
      expect(await samples.find("byOwner", ["asha"])).toEqual([]);
      expect(await listed(samples.scan())).toEqual([]);
      expect(await samples.replace(sample("a"), 1)).toBe(false);
      expect(await samples.delete("a")).toBe(false);
    });

    it("an expired document gives up its id and starts again at version 1", async () => {
      const samples = await expired();
      expect(await samples.insert(sample("a", { rank: 7 }))).toBe(true);
      expect(await samples.get("a")).toEqual({ ...sample("a", { rank: 7 }), version: 1 });
    });

    it("an expired document gives up its unique values", async () => {
      const samples = await expired();
      expect(await samples.insert(sample("b", { tag: "t", slot: 1 }))).toBe(true);
      expect(await samples.find("byTag", ["t"])).toHaveLength(1);
    });

    it("an expired document gives up its unique values to a document that is replaced", async () => {
      const samples = await expired();
      await samples.insert(sample("b"));
      expect(await samples.replace(sample("b", { tag: "t", slot: 1 }), 1)).toBe(true);
    });

    it("replacing a document can extend or remove its expiry time", async () => {
      const samples = fresh();
      await samples.insert(sample("a", { expiresAt: clock.now + 10 }));
      expect(await samples.replace(sample("a"), 1)).toBe(true);
      clock.now += 1_000;
      expect(await samples.get("a")).toEqual({ ...sample("a"), version: 2 });
    });
  });

  describe("unique indexes", () => {
    it("refuse a second unexpired document with the same value", async () => {
      const samples = fresh();
      expect(await samples.insert(sample("a", { tag: "t" }))).toBe(true);
      expect(await samples.insert(sample("b", { tag: "t" }))).toBe(false);
      expect(await samples.get("b")).toBeNull();
      await samples.delete("a");
      expect(await samples.insert(sample("b", { tag: "t" }))).toBe(true);
    });

    it("over two fields compare both, and ignore documents that lack one", async () => {
      const samples = fresh();
      expect(await samples.insert(sample("a", { slot: 1 }))).toBe(true);
      expect(await samples.insert(sample("b", { slot: 2 }))).toBe(true);
      expect(await samples.insert(sample("c", { slot: 1, owner: "bala" }))).toBe(true);
      expect(await samples.insert(sample("d", { slot: 1 }))).toBe(false);
      expect(await samples.insert(sample("e"))).toBe(true);
      expect(await samples.insert(sample("f"))).toBe(true);
    });

    it("throw when a replacement would take an unexpired document's value", async () => {
      const samples = fresh();
      await samples.insert(sample("a", { tag: "t" }));
      await samples.insert(sample("b", { tag: "u" }));
      await expect(samples.replace(sample("b", { tag: "t" }), 1)).rejects.toThrow(UniqueClash);
      expect(await samples.get("b")).toEqual({ ...sample("b", { tag: "u" }), version: 1 });
      expect(await samples.replace(sample("b", { tag: "u", rank: 3 }), 1)).toBe(true);
    });
  });

  describe("races", () => {
    const hundred = Array.from({ length: 100 }, (_, i) => i);

    it("of a hundred replacements of one version exactly one wins", async () => {
      const samples = fresh("full");
      await samples.insert(sample("a"));
      for (const version of [1, 2, 3]) {
        const results = await Promise.all(hundred.map((rank) => samples.replace(sample("a", { rank }), version)));
        expect(results.filter(Boolean)).toHaveLength(1);
        expect(await samples.get("a")).toMatchObject({ version: version + 1, rank: results.indexOf(true) });
      }
    });

    it("of a hundred insertions of one id, or of one unique value, exactly one wins", async () => {
      const samples = fresh("full");
      const byId = await Promise.all(hundred.map((rank) => samples.insert(sample("a", { rank }))));
      const byTag = await Promise.all(hundred.map((i) => samples.insert(sample(`id${i}`, { tag: "t" }))));
      expect([byId, byTag].map((results) => results.filter(Boolean).length)).toEqual([1, 1]);
    });

    it("of a hundred deletions exactly one wins", async () => {
      const samples = fresh("full");
      await samples.insert(sample("a"));
      const results = await Promise.all(hundred.map(() => samples.delete("a")));
      expect(results.filter(Boolean)).toHaveLength(1);
    });

    it("no change is lost when everybody reads, changes and replaces until it works", async () => {
      const samples = fresh();
      await samples.insert(sample("a", { rank: 0 }));
      const add = async (): Promise<void> => {
        const read = (await samples.get("a"))!;
        if (!(await samples.replace({ ...read, rank: read.rank + 1 }, read.version))) await add();
      };
      await Promise.all(hundred.slice(0, 20).map(add));
      expect(await samples.get("a")).toMatchObject({ rank: 20, version: 21 });
    });
  });

  describe("encryption", () => {
    const marker = "marker-7f3a91-pin";

    it("keeps secrets out of everything that the engine writes, and gives them back as secrets", async () => {
      const samples = fresh("full");
      const keys = { pin: new Secret(marker), notes: [marker, { again: new Secret(marker) }], $secret: "not one" };
      await samples.insert(sample("a", { keys, body: "readable-body" }));
      await samples.replace(sample("a", { keys, body: "readable-body", rank: 2 }), 1);
      const read = (await samples.get("a"))!;
      expect(revealed(read.keys)).toEqual(revealed(keys));
      expect(JSON.stringify(read)).toContain('"pin":"***"');
      const raw = await place.rawBytes();
      expect(raw.includes("readable-body")).toBe(true);
      expect(raw.includes(marker)).toBe(false);
    });

    it("reads with a previous key and writes with the current one", async () => {
      const [first, second] = [parseKey(generateKey()), parseKey(generateKey())];
      const spec = sampleSpec("rotated");
      await reopen(createKeyring({ current: first }));
      await store.collection(spec).insert(sample("a", { keys: "old" }));

      await reopen(createKeyring({ current: second, previous: [first] }));
      const rotated = store.collection(spec);
      for await (const document of rotated.scan()) await rotated.replace(document, document.version);

      await reopen(createKeyring({ current: second }));
      expect(await store.collection(spec).get("a")).toMatchObject({ keys: "old", version: 2 });
      await reopen(createKeyring({ current: first }));
      await expect(store.collection(spec).get("a")).rejects.toThrow(/not in the keyring/);
      await reopen();
    });
  });

  describe("the store", () => {
    it("still has everything after closing and reopening", async () => {
      const spec = sampleSpec("lasting", "full");
      await store.collection(spec).insert(sample("a", { tag: "t" }));
      await reopen();
      expect(await store.collection(spec).get("a")).toEqual({ ...sample("a", { tag: "t" }), version: 1 });
      expect(await store.collection(spec).insert(sample("b", { tag: "t" }))).toBe(false);
    });

    it("answers a ping while open and refuses everything once closed", async () => {
      await expect(store.ping()).resolves.toBeUndefined();
      const samples = fresh();
      await samples.insert(sample("a"));
      await store.close();
      await expect(store.ping()).rejects.toThrow(Error);
      await expect(samples.insert(sample("b"))).rejects.toThrow(Error);
      store = await place.open({ now, keyring });
    });

    it("returns the same collection for a name, and refuses a different specification for it", async () => {
      const spec = sampleSpec("named");
      expect(store.collection(spec)).toBe(store.collection(sampleSpec("named")));
      expect(() => store.collection({ ...spec, indexes: [] })).toThrow(/already open/);
      expect(() => store.collection(sampleSpec('x"; DROP TABLE y; --'))).toThrow(/cannot name/);
      const indexedSecret: CollectionSpec<Sample> = { ...sampleSpec("other"), encrypted: ["tag"] };
      expect(() => store.collection(indexedSecret)).toThrow(/is encrypted/);
    });

    it("agrees with a model over random histories", async () => {
      const nestedLists = gapAt(NESTED_LISTS) === undefined;
      const found = await disagreement({ histories, clock, nestedLists, collection: () => fresh() });
      expect(found).toBeUndefined();
    });
  });
}
