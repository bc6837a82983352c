import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Store } from "../../../src/ports/store.ts";
import { ASHA, openFuzzWorld, type FuzzWorld } from "../../fuzz/world.ts";

describe("a handler that hangs", () => {
  let world: FuzzWorld;
  let isStoreDown = false;
  /** Ends the time of the handler that is running. */
  let giveUp: () => void;
  beforeAll(async () => {
    const deadline = (late: () => void) => {
      giveUp = late;
      return () => undefined;
    };
    world = await openFuzzWorld({ deadline, dialogueStore: failing });
    await world.settle();
  });
  afterAll(() => world.close());

  /** Deletes nothing while the store is down. */
  const failing = (store: Store): Store => ({
    ...store,
    collection(spec) {
      const whole = store.collection(spec);
      const down = new Error("disk is full");
      return { ...whole, delete: (id) => (isStoreDown ? Promise.reject(down) : whole.delete(id)) };
    },
  });

  /** Makes the next handler that looks up an instrument hang until its time is over. */
  function hangOnce() {
    return vi.spyOn(world.deps.instruments, "resolve").mockImplementationOnce(() => {
      giveUp();
      return new Promise(() => undefined);
    });
  }

  async function say(text: string): Promise<string> {
    const { message_id: after } = world.telegram.chat(ASHA).send(text);
    await world.handleAll();
    const messages = world.telegram.chat(ASHA).messages();
    return messages
      .filter(({ from, message_id }) => from.is_bot && message_id > after)
      .map(({ text: said = "" }) => said)
      .join("\n");
  }

  it("is given up with a word to the user, and its dialogue does not take the next message for its answer", async () => {
    expect(await say("/buy")).toContain("Which instrument?");
    const hanging = hangOnce();
    expect(await say("SBIN")).toContain("That took too long, so I gave up.");
    hanging.mockRestore();
    expect(await say("INFY")).toContain("I work by commands.");
    expect(await say("/buy INFY")).toContain("how many?");
  });

  it("is given up with the same word when the store cannot end its dialogue", async () => {
    expect(await say("/buy")).toContain("Which instrument?");
    const hanging = hangOnce();
    isStoreDown = true;
    expect(await say("SBIN")).toContain("That took too long, so I gave up.");
    hanging.mockRestore();
    isStoreDown = false;
  });
});
