import type { DatabaseSync } from "node:sqlite";
import type { CollectionSpec, Document, IndexSpec, Page } from "../../ports/store.ts";

const at = (field: string): string => `document ->> '$.${field}'`;
/** Wrapped in a function so that the query planner does not choose the expiry index. */
const LIVING = "ifnull(expires_at, 9e15) >= :now";
/** The `+` keeps SQLite from re-planning the statement for each value, which would triple the cost of a look-up. */
const LIMIT = "+:limit";

/** The statements of one collection. Names are safe in SQL: `checkSpec` has checked them. */
export const statementsFor = (table: string) => ({
  get: `SELECT document, version FROM "${table}" WHERE id = :id AND ${LIVING}`,
  insert: `INSERT INTO "${table}" (id, version, expires_at, document) VALUES (:id, 1, :expiresAt, :document)
    ON CONFLICT DO NOTHING`,
  replace: `UPDATE "${table}" SET document = :document, expires_at = :expiresAt, version = version + 1
    WHERE id = :id AND version = :version AND ${LIVING}`,
  scan: `SELECT document, version FROM "${table}" WHERE id > :afterId AND ${LIVING} ORDER BY id LIMIT ${LIMIT}`,
  delete: `DELETE FROM "${table}" WHERE id = :id AND ${LIVING}`,
  sweep: `DELETE FROM "${table}" WHERE expires_at < :now`,
  evictId: `DELETE FROM "${table}" WHERE id = :id AND expires_at < :now`,
});

/** Deletes an expired document that has the same unique value as a new one (`:document`, as JSON). */
export function evictUnique(table: string, index: IndexSpec): string {
  const same = index.fields.map((field) => `${at(field)} = (:document ->> '$.${field}')`);
  return `DELETE FROM "${table}" WHERE ${same.join(" AND ")} AND +expires_at < :now`;
}

/** Parameters `:v0`, `:v1` … for the given values, `:now` and `:limit`. */
export function findBy(table: string, index: IndexSpec, valueCount: number, order: Page["order"]): string {
  const equals = index.fields.slice(0, valueCount).map((field, i) => `${at(field)} = :v${i}`);
  const where = equals.length > 0 ? equals : [`${at(index.fields[0]!)} IS NOT NULL`];
  const direction = order === "desc" ? "DESC" : "ASC";
  const by = [...index.fields.slice(valueCount).map(at), "id"].map((term) => `${term} ${direction}`);
  return `SELECT document, version FROM "${table}" WHERE ${where.join(" AND ")} AND ${LIVING}
    ORDER BY ${by.join(", ")} LIMIT ${LIMIT}`;
}

/** Creates the table and its indexes, and replaces indexes of an older specification. */
export function createTable<T extends Document>(db: DatabaseSync, spec: CollectionSpec<T>): void {
  db.exec(`CREATE TABLE IF NOT EXISTS "${spec.name}" (
    id TEXT PRIMARY KEY, version INTEGER NOT NULL, expires_at INTEGER, document TEXT NOT NULL) STRICT`);
  const wanted = new Map(spec.indexes.map((index) => [indexName(spec, index), createIndex(spec, index)]));
  wanted.set(`${spec.name}/`, expiryIndex(spec.name));
  const rows = db
    .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL")
    .all(spec.name);
  for (const { name, sql } of rows) {
    if (wanted.get(String(name)) === sql) wanted.delete(String(name));
    else db.exec(`DROP INDEX "${String(name)}"`);
  }
  for (const sql of wanted.values()) db.exec(sql);
}

const indexName = <T extends Document>(spec: CollectionSpec<T>, index: IndexSpec): string =>
  `${spec.name}/${index.name}`;

const expiryIndex = (table: string): string =>
  `CREATE INDEX "${table}/" ON "${table}" (expires_at) WHERE expires_at IS NOT NULL`;

/** Partial, so that documents without the first field cost nothing. The id comes last, so that `find` need not sort. */
function createIndex<T extends Document>(spec: CollectionSpec<T>, index: IndexSpec): string {
  const columns = index.fields.map(at);
  const kind = index.unique === true ? "UNIQUE INDEX" : "INDEX";
  const all = index.unique === true ? columns : [...columns, "id"];
  return `CREATE ${kind} "${indexName(spec, index)}" ON "${spec.name}" (${all.join(", ")}) WHERE ${columns[0]} IS NOT NULL`;
}
