import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import type { Collection, CollectionSpec, Document, IndexValue, Page, Stored } from "../../ports/store.ts";
import type { Codec, PlainDocument } from "../codec.ts";
import { indexFor, scanById, UniqueClash } from "../spec.ts";
import { createTable, evictUnique, findBy, statementsFor } from "./statements.ts";

const SCAN_BATCH = 200;
const INSERTS_PER_SWEEP = 256;
const SQLITE_CONSTRAINT_UNIQUE = 2067;
const NO_LIMIT = -1;

type Row = Record<string, SQLOutputValue>;

/**
 * One table. SQLite calls are synchronous and only this process writes to the file, so code without `await` is atomic:
 * replacing an expired document needs no transaction.
 */
export function sqliteCollection<T extends Document>(
  db: DatabaseSync,
  spec: CollectionSpec<T>,
  deps: { readonly codec: Codec<T>; readonly now: () => number },
): Collection<T> {
  createTable(db, spec);
  const { codec, now } = deps;
  const sql = statementsFor(spec.name);
  const statement = {
    get: db.prepare(sql.get),
    insert: db.prepare(sql.insert),
    replace: db.prepare(sql.replace),
    scan: db.prepare(sql.scan),
    delete: db.prepare(sql.delete),
    sweep: db.prepare(sql.sweep),
    evictId: db.prepare(sql.evictId),
    evictUnique: spec.indexes.filter((index) => index.unique).map((index) => db.prepare(evictUnique(spec.name, index))),
  };
  const findStatements = new Map<string, StatementSync>();
  let insertsUntilSweep = 0;

  const read = (row: Row): Stored<T> =>
    codec.decode(JSON.parse(String(row["document"])) as PlainDocument, Number(row["version"]));

  function evictUniqueHolders(document: string): boolean {
    const evicted = statement.evictUnique.map((evict) => changed(evict.run({ document, now: now() })));
    return evicted.includes(true);
  }

  function evictConflicts(id: string, document: string): boolean {
    const wasEvicted = changed(statement.evictId.run({ id, now: now() }));
    return evictUniqueHolders(document) || wasEvicted;
  }

  function sweepSometimes(): void {
    if (insertsUntilSweep === 0) statement.sweep.run({ now: now() });
    insertsUntilSweep = insertsUntilSweep === 0 ? INSERTS_PER_SWEEP : insertsUntilSweep - 1;
  }

  function findStatement(index: string, values: readonly IndexValue[], order: Page["order"]): StatementSync {
    const key = `${index}/${values.length}/${order}`;
    const known = findStatements.get(key);
    if (known) return known;
    const made = db.prepare(findBy(spec.name, indexFor(spec, index, values), values.length, order));
    findStatements.set(key, made);
    return made;
  }

  return {
    async get(id) {
      const row = statement.get.get({ id, now: now() });
      return row ? read(row) : null;
    },

    async insert(document) {
      const row = toRow(codec.encode(document));
      sweepSometimes();
      if (changed(statement.insert.run(row))) return true;
      return evictConflicts(row.id, row.document) && changed(statement.insert.run(row));
    },

    async replace(document, version) {
      const row = toRow(codec.encode(document));
      for (;;) {
        try {
          return changed(statement.replace.run({ ...row, version, now: now() }));
        } catch (error) {
          if (!isUniqueViolation(error)) throw error;
          if (!evictUniqueHolders(row.document)) throw new UniqueClash(spec.name);
        }
      }
    },

    async find(index, values, page = {}) {
      const bound = Object.fromEntries(values.map((value, i) => [`v${i}`, toSql(value)]));
      const rows = findStatement(index, values, page.order).all({
        ...bound,
        now: now(),
        limit: page.limit ?? NO_LIMIT,
      });
      return rows.map(read);
    },

    scan: () => scanById(async (afterId) => statement.scan.all({ afterId, now: now(), limit: SCAN_BATCH }).map(read)),

    async delete(id) {
      return changed(statement.delete.run({ id, now: now() }));
    },
  };
}

const changed = (result: { readonly changes: number | bigint }): boolean => Number(result.changes) > 0;

const toRow = (plain: PlainDocument): { id: string; expiresAt: number | null; document: string } => ({
  id: plain._id,
  expiresAt: plain.expiresAt ?? null,
  document: JSON.stringify(plain),
});

/** SQLite's JSON functions return booleans as 1 and 0. */
const toSql = (value: IndexValue): SQLInputValue => (typeof value === "boolean" ? Number(value) : value);

const isUniqueViolation = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && error.errcode === SQLITE_CONSTRAINT_UNIQUE;
