import { randomUUID } from "node:crypto";
import { MongoClient } from "mongodb";
import { afterAll, describe, expect, it } from "vitest";
import { Secret } from "../../src/lib/secret.ts";
import { openMongoStore } from "../../src/store/mongo/store.ts";
import { expectNoMarker, liveMarkedDay } from "../e2e/marked-day.ts";
import { startMongo } from "../mongo-server/mongo-server.ts";
import { startWireTap } from "./wire-tap.ts";

const started = await startMongo();
const mongo = "skipped" in started ? null : started;
afterAll(() => mongo?.stop());

describe.skipIf(mongo === null)("a day of using the bot with MongoDB", () => {
  it("leaves no secret in the log, the metrics, the chat, the documents, or on the connection to MongoDB", async () => {
    if (!mongo) throw new Error("no server");
    const uri = new URL(mongo.uri);
    const tap = await startWireTap(Number(uri.port));
    uri.port = String(tap.port);
    uri.pathname = `/markers${randomUUID().slice(0, 8)}`;
    const day = await liveMarkedDay({
      settings: { MONGODB_URI: uri.href },
      open: (keyring) => openMongoStore({ uri: new Secret(uri.href), now: Date.now, keyring }),
      contents: async () => ({ wire: tap.passed(), documents: await documentsOf(uri.href) }),
    });
    await tap.close();
    expectNoMarker(day, {
      log: "broker call",
      metrics: "zerodha",
      chat: "Asha",
      disk: "instruments/",
      wire: "user_brokers",
      documents: "angelone",
    });
    expect(day.places["documents"]).toContain("locks");
  }, 180_000);
});

/** Every document of every collection, as it is stored. */
async function documentsOf(uri: string): Promise<string> {
  const client = new MongoClient(uri);
  try {
    const collections = await client.db().listCollections().toArray();
    const all = await Promise.all(
      collections.map(async ({ name }) => [name, await client.db().collection(name).find().toArray()]),
    );
    return JSON.stringify(all);
  } finally {
    await client.close();
  }
}
