import fc from "fast-check";
import { expect } from "vitest";
import { Secret } from "../../src/lib/secret.ts";
import type { Collection, IndexValue, Page, Stored } from "../../src/ports/store.ts";
import { UniqueClash } from "../../src/store/spec.ts";
import { listed, revealed, sampleSpec, type Sample } from "./sample.ts";

/** The port's simplest implementation, a map, to compare the engines with. */
function modelCollection(now: () => number): Collection<Sample> {
  const documents = new Map<string, Stored<Sample>>();
  const { indexes } = sampleSpec("model");

  const living = (): Stored<Sample>[] =>
    [...documents.values()].filter(({ expiresAt }) => expiresAt === undefined || expiresAt >= now());
  const find = (id: string): Stored<Sample> | undefined => living().find((document) => document._id === id);
  const field = (document: Sample, name: string): unknown => (document as unknown as Record<string, unknown>)[name];

  function clashes(document: Sample): boolean {
    const unique = indexes.filter((index) => index.unique);
    return living().some(
      (other) =>
        other._id !== document._id &&
        unique.some(({ fields }) =>
          fields.every((name) => field(document, name) !== undefined && field(document, name) === field(other, name)),
        ),
    );
  }

  return {
    get: async (id) => find(id) ?? null,
    async insert(document) {
      if (find(document._id) || clashes(document)) return false;
      documents.set(document._id, { ...document, version: 1 });
      return true;
    },
    async replace(document, version) {
      if (find(document._id)?.version !== version) return false;
      if (clashes(document)) throw new UniqueClash("model");
      documents.set(document._id, { ...document, version: version + 1 });
      return true;
    },
    async find(name, values, page = {}) {
      const { fields } = indexes.find((index) => index.name === name)!;
      const sign = page.order === "desc" ? -1 : 1;
      return living()
        .filter((document) => field(document, fields[0]!) !== undefined)
        .filter((document) => values.every((value, i) => field(document, fields[i]!) === value))
        .sort((a, b) => sign * compareBy([...fields.slice(values.length), "_id"], a, b))
        .slice(0, page.limit);
    },
    async *scan() {
      yield* living().sort((a, b) => compareBy(["_id"], a, b));
    },
    async delete(id) {
      return find(id) !== undefined && documents.delete(id);
    },
  };

  function compareBy(fields: readonly string[], a: Sample, b: Sample): number {
    for (const name of fields) {
      const result = compare(field(a, name), field(b, name));
      if (result !== 0) return result;
    }
    return 0;
  }
}

/** Absent first, then numbers, then text by its UTF-8 bytes. */
function compare(a: unknown, b: unknown): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  if (typeof a === "number" && typeof b === "number") return a - b;
  return Buffer.compare(Buffer.from(a as string), Buffer.from(b as string));
}

type Step =
  | { readonly kind: "insert"; readonly document: Sample }
  | { readonly kind: "replace"; readonly document: Sample; readonly version: number }
  | { readonly kind: "delete" | "get"; readonly id: string }
  | { readonly kind: "find"; readonly index: string; readonly values: readonly IndexValue[]; readonly page: Page }
  | { readonly kind: "wait"; readonly ms: number };

const ids = fc.constantFrom("a", "b", "ß", "ₓ/1", "😀");
const owners = fc.constantFrom("asha", "Bala", "🙂", "");
const tags = fc.constantFrom("t", "u", "₹", "ｔ", "😀");
const ranks = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constantFrom(2 ** 31, 2 ** 53 - 1, -(2 ** 40)));
const slots = fc.integer({ min: 1, max: 3 });
const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const secret = fc.string({ unit: "binary" }).map((text) => new Secret(text));
const keys = fc.oneof(json, secret, fc.dictionary(fc.string(), fc.oneof(json, secret, fc.array(secret))));

const absentOr = <V>(value: fc.Arbitrary<V>): fc.Arbitrary<V | undefined> => fc.option(value, { nil: undefined });

const holdsNestedList = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return false;
  const inner: unknown[] = Object.values(value);
  return (Array.isArray(value) && inner.some(Array.isArray)) || inner.some(holdsNestedList);
};

interface Range {
  /** Epoch ms around which documents expire. */
  readonly now: number;
  readonly nestedLists: boolean;
}

const documents = ({ now, nestedLists }: Range): fc.Arbitrary<Sample> =>
  fc
    .record({
      _id: ids,
      owner: owners,
      rank: ranks,
      tag: absentOr(tags),
      slot: absentOr(slots),
      body: absentOr(nestedLists ? json : json.filter((value) => !holdsNestedList(value))),
      keys: absentOr(keys),
      expiresAt: absentOr(fc.integer({ min: now - 20, max: now + 200 })),
    })
    .map((document) => Object.fromEntries(Object.entries(document).filter(([, v]) => v !== undefined)) as never);

const pages: fc.Arbitrary<Page> = fc.record(
  { limit: fc.integer({ min: 0, max: 4 }), order: fc.constantFrom("asc", "desc") },
  { requiredKeys: [] },
);

const steps = (range: Range): fc.Arbitrary<Step> =>
  fc.oneof(
    fc.record({ kind: fc.constant("insert" as const), document: documents(range) }),
    fc.record({
      kind: fc.constant("replace" as const),
      document: documents(range),
      version: fc.integer({ min: 1, max: 3 }),
    }),
    fc.record({ kind: fc.constantFrom("delete" as const, "get" as const), id: ids }),
    fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 60 }) }),
    finds("byOwner", fc.tuple(owners, ranks)),
    finds("byTag", fc.tuple(tags)),
    finds("bySlot", fc.tuple(owners, slots)),
  );

const finds = (index: string, values: fc.Arbitrary<IndexValue[]>): fc.Arbitrary<Step> =>
  fc.record({
    kind: fc.constant("find" as const),
    index: fc.constant(index),
    values: fc.tuple(values, fc.nat({ max: 2 })).map(([all, count]) => all.slice(0, count)),
    page: pages,
  });

async function run(collection: Collection<Sample>, step: Exclude<Step, { kind: "wait" }>): Promise<unknown> {
  switch (step.kind) {
    case "insert":
      return collection.insert(step.document);
    case "replace":
      return collection.replace(step.document, step.version).catch((error: unknown) => (error as Error).name);
    case "delete":
      return collection.delete(step.id);
    case "get":
      return collection.get(step.id);
    case "find":
      return collection.find(step.index, step.values, step.page);
  }
}

/**
 * Runs the same random histories on the engine and on the model and compares every answer, then the remaining documents.
 * Resolves with a report of the smallest history on which they differ.
 */
export async function disagreement(options: {
  readonly histories: number;
  readonly clock: { now: number };
  readonly nestedLists: boolean;
  readonly collection: () => Collection<Sample>;
}): Promise<string | undefined> {
  const { clock } = options;
  const start = clock.now;
  const history = fc.array(steps({ now: start, nestedLists: options.nestedLists }), {
    minLength: 1,
    maxLength: 60,
    size: "max",
  });
  const details = await fc.check(
    fc.asyncProperty(history, async (steps) => {
      clock.now = start;
      const [engine, model] = [options.collection(), modelCollection(() => clock.now)];
      for (const step of steps) {
        if (step.kind === "wait") clock.now += step.ms;
        else expect(revealed(await run(engine, step))).toEqual(revealed(await run(model, step)));
      }
      const left = await Promise.all([engine, model].map((each) => listed(each.scan())));
      expect(revealed(left[0])).toEqual(revealed(left[1]));
    }),
    { numRuns: options.histories },
  );
  return fc.defaultReportMessage(details);
}
