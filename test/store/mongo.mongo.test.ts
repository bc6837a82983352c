import { randomUUID } from "node:crypto";
import { connect, createServer, type AddressInfo } from "node:net";
import { MongoClient, MongoError, MongoServerSelectionError } from "mongodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createKeyring, generateKey, parseKey } from "../../src/lib/crypto.ts";
import { Secret } from "../../src/lib/secret.ts";
import { openMongoStore } from "../../src/store/mongo/store.ts";
import { startMongo, type MongoServer } from "../mongo-server/mongo-server.ts";
import { NESTED_LISTS, storeContract, type Gap, type Place } from "./contract.ts";
import { lost, writeUntilKilled } from "./kill.ts";
import { newKeyring, sample, sampleSpec } from "./sample.ts";

const started = await startMongo();
const server = "skipped" in started ? null : started;
const serverOrFail = (): MongoServer => {
  if (!server) throw new Error("no server");
  return server;
};

afterAll(() => server?.stop());

describe.skipIf(server === null)("MongoDB over the wire", () => {
  const ferretGaps: Gap[] = [{ reason: "FerretDB v1 refuses them; MongoDB does not", cases: [NESTED_LISTS] }];
  storeContract({ histories: 15, make: newPlace, skip: server?.engine === "ferretdb" ? ferretGaps : [] });

  describe("the MongoDB store", () => {
    const now = Date.now;
    let place: Place;
    const database = newDatabaseName();
    const uri = new Secret(server?.uri ?? "");
    beforeAll(async () => {
      place = await newPlace();
    });
    afterAll(() => place.dispose());

    it(
      "gives up opening within seconds when nothing answers, without showing the password",
      { timeout: 20_000 },
      async () => {
        const nowhere = new Secret("mongodb://asha:swordfish@127.0.0.1:9/");
        const opening = openMongoStore({ uri: nowhere, now, keyring: newKeyring() });
        const error = await opening.catch((failure: unknown) => failure);
        expect(error).toBeInstanceOf(MongoServerSelectionError);
        expect(`${String(error)} ${(error as Error).stack}`).not.toContain("swordfish");
      },
    );

    it("has every confirmed document after kill -9 of the writing process", async () => {
      const key = generateKey();
      const confirmed = await writeUntilKilled(["mongo", uri.reveal(), key, database], 25);
      const store = await openMongoStore({ uri, now, keyring: createKeyring({ current: parseKey(key) }), database });
      expect(await lost(store, confirmed)).toEqual([]);
      await store.close();
    });

    it.skipIf(!server?.isOurs)("has every confirmed document after kill -9 of the server", async () => {
      const key = generateKey();
      const killed = newDatabaseName();
      const confirmed = await writeUntilKilled(["mongo", uri.reveal(), key, killed], 30, () => serverOrFail().kill());
      await serverOrFail().restart();
      const keyring = createKeyring({ current: parseKey(key) });
      const store = await openMongoStore({ uri, now, keyring, database: killed });
      expect(await lost(store, confirmed)).toEqual([]);
      await store.close();
    });

    it.skipIf(!server?.isOurs)("throws when a write took effect but its reply was lost", async () => {
      const line = await startCuttingProxy(new URL(uri.reveal()));
      const store = await openMongoStore({ uri: line.uri, now, keyring: newKeyring(), database });
      const samples = store.collection(sampleSpec("unanswered", "full"));
      await samples.insert(sample("a"));
      line.swallowReplyTo("insert");
      await expect(samples.insert(sample("b"))).rejects.toThrow(MongoError);
      expect(await samples.insert(sample("b"))).toBe(false);
      line.swallowReplyTo("update");
      await expect(samples.replace(sample("a", { rank: 2 }), 1)).rejects.toThrow(MongoError);
      expect(await samples.get("a")).toMatchObject({ rank: 2, version: 2 });
      await store.close();
      await line.close();
    });

    it.skipIf(!server?.isOurs)(
      "throws when a write's outcome is unknown, and works again when the server is back",
      async () => {
        const store = await openMongoStore({ uri, now, keyring: newKeyring(), database });
        const samples = store.collection(sampleSpec("interrupted", "full"));
        await samples.insert(sample("a"));
        await serverOrFail().kill();
        // Usually the driver's MongoError; the socket's own EPIPE when the connection breaks during the write.
        await expect(samples.insert(sample("b"))).rejects.toThrow(Error);
        await expect(samples.replace(sample("a", { rank: 2 }), 1)).rejects.toThrow(Error);
        await serverOrFail().restart();
        expect(await samples.get("a")).toMatchObject({ version: 1 });
        expect(await samples.insert(sample("b"))).toBe(true);
        await store.close();
      },
    );
  });
});

const newDatabaseName = (): string => `test_${randomUUID().slice(0, 8)}`;

/** A proxy to the server that can break the connection after a command has passed and before its reply does. */
async function startCuttingProxy(target: URL): Promise<{
  readonly uri: Secret;
  swallowReplyTo(command: string): void;
  close(): Promise<void>;
}> {
  let swallowed: string | null = null;
  const proxy = createServer((client) => {
    const upstream = connect(Number(target.port || 27017), target.hostname);
    let isCut = false;
    client.on("data", (bytes) => {
      // A command's name is the first field of its document: an int32 length, the type (2: text), the name.
      isCut ||= swallowed !== null && bytes.includes(`\u0002${swallowed}\u0000`);
      if (isCut) swallowed = null;
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => (isCut ? client.destroy() : client.write(bytes)));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const)
      one.on("error", () => other.destroy()).on("close", () => other.destroy());
  });
  await new Promise<void>((resolve) => void proxy.listen(0, "127.0.0.1", resolve));
  const through = new URL(target);
  through.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return {
    // Without retries, so that the store sees the loss and not only the driver.
    uri: new Secret(`${through.href}${through.search === "" ? "?" : "&"}retryWrites=false`),
    swallowReplyTo: (command) => (swallowed = command),
    close: () => new Promise((resolve) => void proxy.close(() => resolve())),
  };
}

/** `rawBytes` reads the documents with a bare driver, as raw BSON. */
async function newPlace(): Promise<Place> {
  const { uri } = serverOrFail();
  const database = newDatabaseName();
  const raw = new MongoClient(uri, { raw: true });
  return {
    open: (options) => openMongoStore({ uri: new Secret(uri), database, ...options }),
    async rawBytes() {
      const names = await raw.db(database).listCollections({}, { raw: false }).toArray();
      const all = names.map(({ name }) => raw.db(database).collection(name).find().toArray());
      return Buffer.concat((await Promise.all(all)).flat() as unknown as Buffer[]);
    },
    async dispose() {
      await raw.db(database).dropDatabase();
      await raw.close();
    },
  };
}
