import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Collection, Document } from "../../src/ports/store.ts";
import { changeDocument } from "../../src/services/change-document.ts";
import { openStage, type Stage } from "./stage.ts";

interface Tally extends Document {
  readonly count: number;
}

describe("a change of a document", () => {
  let stage: Stage;
  let tallies: Collection<Tally>;
  beforeEach(() => {
    stage = openStage();
    tallies = stage.store.collection<Tally>({ name: "tallies", indexes: [], encrypted: [], durability: "normal" });
  });
  afterEach(() => stage.close());

  const countUp = () =>
    changeDocument(tallies, "t", (tally) => ({ ...tally, _id: "t", count: (tally?.count ?? 0) + 1 }));

  it("applies to the newest version, however many run at the same time", async () => {
    const results = await Promise.all(Array.from({ length: 30 }, countUp));
    expect(results.map((tally) => tally?.count).toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 30 }, (_, at) => at + 1),
    );
    expect(await tallies.get("t")).toEqual({ _id: "t", count: 30, version: 30 });
  });

  it("returns what the store then holds", async () => {
    expect(await countUp()).toEqual(await tallies.get("t"));
    expect(await countUp()).toEqual(await tallies.get("t"));
  });

  it("writes nothing when null is returned", async () => {
    await countUp();
    expect(await changeDocument(tallies, "t", () => null)).toBeNull();
    expect(await changeDocument(tallies, "another", (tally) => tally)).toBeNull();
    expect(await tallies.get("t")).toMatchObject({ version: 1 });
    expect(await tallies.get("another")).toBeNull();
  });

  it("gives up when somebody else keeps writing first", async () => {
    await countUp();
    const contended: Collection<Tally> = { ...tallies, get: (id) => tallies.get(id), replace: async () => false };
    const change = changeDocument(contended, "t", (tally) => tally && { ...tally, count: 0 });
    await expect(change).rejects.toThrow("contended");
  });
});
