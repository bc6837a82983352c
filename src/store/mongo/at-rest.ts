import type { Db } from "mongodb";
import type { AtRest } from "../rekey.ts";
import { fromWire, type WireDocument } from "./wire.ts";

/** Covers every collection of the database, whether or not this version of the bot knows it. */
export function mongoAtRest(db: Db): AtRest {
  return {
    async collections() {
      const found = await db.listCollections({}, { nameOnly: true }).toArray();
      return found.map((each) => each.name).filter((name) => !name.startsWith("system."));
    },
    async *scan(collection) {
      const cursor = db.collection<WireDocument>(collection).find({}).sort({ _id: 1 });
      for await (const wire of cursor) yield fromWire(wire).plain;
    },
    async swap(collection, document, field, to) {
      const { matchedCount } = await db
        .collection<WireDocument>(collection)
        .updateOne({ _id: document._id, [field]: document[field] }, { $set: { [field]: to } });
      return matchedCount === 1;
    },
  };
}
