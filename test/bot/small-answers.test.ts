import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { brokerName, userId } from "../../src/domain/ids.ts";
import { ASHA, openFuzzWorld, type FuzzWorld } from "../fuzz/world.ts";

describe("what the chat answers", () => {
  let world: FuzzWorld;
  beforeAll(async () => {
    world = await openFuzzWorld();
    await world.settle();
  }, 30_000);
  afterAll(() => world.close());

  const chat = () => world.telegram.chat(ASHA);
  async function ask(typed: string): Promise<string | undefined> {
    chat().send(typed);
    await world.handleAll();
    return chat().lastFromBot()?.text;
  }
  const labels = () => (chat().lastFromBot()?.reply_markup?.inline_keyboard ?? []).flat().map(({ text }) => text);

  it("to /egress is no account that is still being linked, whose keys it would stop waiting for", async () => {
    const { accounts } = world.deps;
    const link = await accounts.add(userId(ASHA), brokerName("zerodha"), {});
    expect(await ask("/egress")).toContain("none is linked");
    await accounts.update(link._id, () => ({ account_id: "AB1234" }));
    await ask("/egress");
    expect(labels()).toEqual([link.label]);
    await accounts.remove(userId(ASHA), link._id);
  });

  it("to a search that finds nothing is that nothing was found, not how to search", async () => {
    expect(await ask("/search zzzz")).toContain("Nothing is called anything like “zzzz”.");
  });
});
