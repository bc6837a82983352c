import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BareContext } from "../../../src/bot/context.ts";
import { dialogueStorage } from "../../../src/bot/updates/dialogue-storage.ts";
import { openStage, type Stage } from "../../services/stage.ts";

describe("a dialogue's state", () => {
  let stage: Stage;
  beforeEach(() => (stage = openStage()));
  afterEach(() => stage.close());

  const update = (id: number, type = "private"): BareContext =>
    ({ from: { id }, chat: { id, type } }) as unknown as BareContext;
  const adapter = () => dialogueStorage(stage, 1).adapter;
  const state = (typed: string) => ({ version: [0, 1], state: { "place-order": [typed] } }) as never;

  it("belongs to one user, and is stored in private chats only", async () => {
    await adapter().write(update(1), state("ten"));
    expect(await adapter().read(update(1))).toEqual(state("ten"));
    expect(await adapter().read(update(2))).toBeUndefined();
    expect(await adapter().read(update(1, "group"))).toBeUndefined();
    await adapter().write(update(3, "supergroup"), state("x"));
    expect(await adapter().read(update(3))).toBeUndefined();
  });

  it("is encrypted on the disk", async () => {
    await adapter().write(update(1), state("marker-typed-word"));
    const disk = readdirSync(stage.dir)
      .map((file) => readFileSync(join(stage.dir, file), "latin1"))
      .join("");
    expect(disk).toContain("dialogues");
    expect(disk).not.toContain("marker-typed-word");
  });

  it("expires after an hour without updates", async () => {
    await adapter().write(update(1), state("ten"));
    stage.clock.advance(3_600_001);
    expect(await adapter().read(update(1))).toBeUndefined();
  });

  it("is not overwritten by an update that read it before a newer one was stored", async () => {
    const [slow, quick, storage] = [update(1), update(1), adapter()];
    await storage.write(update(1), state("first"));
    await storage.read(slow);
    await storage.read(quick);
    await storage.write(quick, state("second"));
    await storage.write(quick, state("third"));
    await storage.write(slow, state("late"));
    expect(await storage.read(update(1))).toEqual(state("third"));
  });

  it("is gone once its handler was given up, also if that handler goes on later", async () => {
    const storage = dialogueStorage(stage, 1);
    for (const stored of [null, state("first")]) {
      const hung = update(1);
      if (stored) await storage.adapter.write(update(1), stored);
      await storage.adapter.read(hung);
      await storage.abandon(hung);
      await storage.adapter.write(hung, state("late"));
      expect(await storage.adapter.read(update(1))).toBeUndefined();
    }
  });

  it("is not deleted by the handler of an earlier one that was given up and ends later", async () => {
    const storage = dialogueStorage(stage, 1);
    const hung = update(1);
    await storage.adapter.write(hung, state("first"));
    await storage.abandon(hung);
    await storage.adapter.write(update(1), state("second"));
    await storage.adapter.delete(hung);
    expect(await storage.adapter.read(update(1))).toEqual(state("second"));
  });
});
