import { z } from "zod";

/** One row of a list: parsed, or only those of its fields (`partial`) that match the schema. */
export type ReadRow<R> =
  | { readonly ok: true; readonly row: R }
  | { readonly ok: false; readonly partial: Partial<R>; readonly field: string };

/** Validates a list row by row, so that one undocumented row does not invalidate the others. */
export const eachRow = <S extends z.ZodObject>(schema: S) =>
  z.array(z.unknown()).transform((list) => list.map((raw, at) => readRow(schema, raw, at)));

function readRow<S extends z.ZodObject>(schema: S, raw: unknown, at: number): ReadRow<z.output<S>> {
  const read = schema.safeParse(raw);
  if (read.success) return { ok: true, row: read.data };
  return { ok: false, partial: partialRow(schema, raw), field: [at, ...(read.error.issues[0]?.path ?? [])].join(".") };
}

function partialRow<S extends z.ZodObject>(schema: S, raw: unknown): Partial<z.output<S>> {
  const row = z.record(z.string(), z.unknown()).safeParse(raw).data ?? {};
  const fields = Object.entries(schema.shape).flatMap(([field, kind]) => {
    const read = z.safeParse(kind, row[field]);
    return read.success ? [[field, read.data] as const] : [];
  });
  return Object.fromEntries(fields) as Partial<z.output<S>>;
}

/** The given fields of a row; null when one of them does not match the schema. */
export function fieldsOf<R, K extends keyof R>(each: ReadRow<R>, fields: readonly K[]): Pick<R, K> | null {
  if (each.ok) return each.row;
  return fields.every((field) => Object.hasOwn(each.partial, field)) ? (each.partial as Pick<R, K>) : null;
}

/**
 * The rows that match a filter on the given fields. A row in which they cannot be read is kept, because it may match.
 */
export const rowsWhere = <R, K extends keyof R>(
  rows: readonly ReadRow<R>[],
  fields: readonly K[],
  isWanted: (row: Pick<R, K>) => boolean,
): ReadRow<R>[] =>
  rows.filter((each) => {
    const known = fieldsOf(each, fields);
    return known === null || isWanted(known);
  });
