import { describe, expect, it } from "vitest";
import { userId } from "../../src/domain/ids.ts";
import { VIKRAM } from "../fuzz/world.ts";
import { useWorld } from "./world.ts";

describe("a user who blocks the bot in Telegram", () => {
  const world = useWorld();

  it("is kept as one to send nothing to, until they take the block back", async () => {
    const chat = world().telegram.chat(VIKRAM);
    const hasStopped = async (): Promise<boolean | undefined> => {
      await world().handleAll();
      return (await world().deps.users.get(userId(VIKRAM)))?.hasStopped;
    };
    expect(await hasStopped()).toBe(false);
    chat.block(true);
    expect(await hasStopped()).toBe(true);
    chat.block(false);
    expect(await hasStopped()).toBe(false);
  });

  it("is no longer kept as such once they write, should Telegram not tell of the end of the block", async () => {
    await world().deps.users.update(userId(VIKRAM), () => ({ hasStopped: true }));
    world().telegram.chat(VIKRAM).send("/help");
    await world().handleAll();
    expect((await world().deps.users.get(userId(VIKRAM)))?.hasStopped).toBe(false);
  });
});
