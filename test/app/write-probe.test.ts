import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemHealth } from "../../src/app/system-health.ts";
import { createWriteProbe } from "../../src/app/write-probe.ts";
import { healthView } from "../../src/bot/render/health.ts";
import type { Collection, CollectionSpec, Document, Store } from "../../src/ports/store.ts";
import { openStage, type Stage } from "../services/stage.ts";

describe("a store that answers reads but takes no writes", () => {
  let stage: Stage;
  let isFull = false;
  let tries = 0;
  beforeEach(() => {
    stage = openStage();
    isFull = false;
    tries = 0;
  });
  afterEach(() => stage.close());

  const guarded =
    <A extends readonly unknown[], R>(write: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      tries += 1;
      if (isFull) throw new Error("database or disk is full");
      return write(...args);
    };
  const disk = (): Store => ({
    ...stage.store,
    collection<T extends Document>(spec: CollectionSpec<T>): Collection<T> {
      const kept = stage.store.collection(spec);
      return {
        ...kept,
        insert: guarded((document: T) => kept.insert(document)),
        replace: guarded((document: T, version: number) => kept.replace(document, version)),
      };
    },
  });
  const probe = () => createWriteProbe({ store: disk(), clock: stage.clock, log: stage.log });
  const complaints = (): number => stage.logged().split("takes no writes").length - 1;

  it("is noticed within half a minute and logged once, and its recovery is noticed within five seconds", async () => {
    const writes = probe();
    await writes.check();
    isFull = true;
    stage.clock.advance(30_000);
    await expect(writes.check()).rejects.toThrow("disk is full");
    stage.clock.advance(30_000);
    await expect(writes.check()).rejects.toThrow("disk is full");
    expect(complaints()).toBe(1);
    isFull = false;
    stage.clock.advance(5_000);
    await writes.check();
    expect(stage.logged()).toContain("takes writes again");
  });

  it("is probed only every half minute, however often the check is called", async () => {
    const writes = probe();
    for (let asked = 0; asked < 10; asked += 1) {
      await writes.check();
      stage.clock.advance(2_000);
    }
    expect(tries).toBe(1);
  });

  it("is noticed also after the machine's clock was set back", async () => {
    const writes = probe();
    await writes.check();
    isFull = true;
    stage.clock.advance(-3_600_000);
    await expect(writes.check()).rejects.toThrow("disk is full");
  });

  it("shows in /health", async () => {
    const none = { depth: async () => 0 };
    const parts = { store: disk(), writes: probe(), inbox: none, outbox: none };
    isFull = true;
    const system = await systemHealth(parts);
    expect(system).toMatchObject({ storeMs: expect.any(Number), takesWrites: false });
    expect(healthView(system, { shown: [], more: 0 }, stage.clock.now()).html.toString()).toContain("takes no writes");
  });
});
