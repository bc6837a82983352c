import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { PlainDocument } from "../codec.ts";
import type { AtRest } from "../rekey.ts";

const BATCH = 200;

/** Covers every table of both database files. */
export function sqliteAtRest(databases: readonly DatabaseSync[]): AtRest {
  const homes = new Map(databases.flatMap((db) => tableNames(db).map((name): [string, DatabaseSync] => [name, db])));
  const swaps = new Map<string, StatementSync>();
  const home = (collection: string): DatabaseSync => {
    const db = homes.get(collection);
    if (!db) throw new Error(`no table ${collection}`);
    return db;
  };
  const swapIn = (collection: string): StatementSync => {
    const known = swaps.get(collection);
    if (known) return known;
    const made = home(collection).prepare(
      `UPDATE "${collection}" SET document = :to WHERE id = :id AND document = :from`,
    );
    swaps.set(collection, made);
    return made;
  };

  return {
    collections: async () => [...homes.keys()],
    async *scan(collection) {
      const batch = home(collection).prepare(
        `SELECT id, document FROM "${collection}" WHERE id > :after ORDER BY id LIMIT ${BATCH}`,
      );
      for (let after = ""; ;) {
        const rows = batch.all({ after });
        yield* rows.map((row) => JSON.parse(String(row["document"])) as PlainDocument);
        const last = rows.at(-1);
        if (!last) return;
        after = String(last["id"]);
      }
    },
    async swap(collection, document, field, to) {
      const changed = { ...document, [field]: to };
      const { changes } = swapIn(collection).run({
        id: document._id,
        from: JSON.stringify(document),
        to: JSON.stringify(changed),
      });
      return Number(changes) === 1;
    },
  };
}

export const tableNames = (db: DatabaseSync): string[] =>
  db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all()
    .map((row) => String(row["name"]));
