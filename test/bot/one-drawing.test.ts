import { afterEach, describe, expect, it, vi } from "vitest";
import { userId } from "../../src/domain/ids.ts";
import type { Intent } from "../../src/services/orders/journal.ts";
import { ASHA } from "../fuzz/world.ts";
import { useWorld } from "./world.ts";

/** Telegram refuses an edit that changes nothing. */
describe("an order's card that a tap and the watcher would draw at the same moment", () => {
  const world = useWorld();
  afterEach(() => vi.restoreAllMocks());

  const chat = () => world().telegram.chat(ASHA);
  async function act(what: () => unknown): Promise<void> {
    what();
    await world().handleAll();
  }
  async function order(): Promise<Intent> {
    const [newest] = await world().deps.journal.ofUser(userId(ASHA), { limit: 1, order: "desc" });
    return newest!;
  }

  it.each(["Confirm buy", "Cancel"])("is left to the tap that has begun: %s", async (button) => {
    const { journal, watcher } = world().deps;
    await act(() => chat().send("/buy SBIN 1 @ 980"));
    if (button === "Cancel") await act(() => chat().tapButton("Confirm buy"));
    vi.spyOn(journal, "markDrawn").mockImplementationOnce(async (intent) => {
      await watcher.follow(await order());
      await journal.markDrawn(intent);
    });
    await act(() => chat().tapButton(button));
    expect(chat().lastFromBot()?.text).toContain(button === "Cancel" ? "Cancelled" : "Open at the broker");
    expect(await order()).toMatchObject({ isCardStale: false });
    expect(world().telegram.rejectedCalls).toEqual([]);
  });

  it("is left to the answer to a change, which is a new card", async () => {
    const { journal, watcher } = world().deps;
    await act(() => chat().send("/buy SBIN 1 @ 980"));
    await act(() => chat().tapButton("Confirm buy"));
    await act(() => chat().tapButton("Modify"));
    vi.spyOn(journal, "markDrawn").mockImplementationOnce(async (intent) => {
      await watcher.follow(await order());
      await journal.markDrawn(intent);
    });
    await act(() => chat().send("@ 985"));
    expect(chat().lastFromBot()?.text).toContain("A change was asked for");
    expect(world().telegram.rejectedCalls).toEqual([]);
  });

  it("is left to the tap also while the order is being sent", async () => {
    const { accounts, watcher } = world().deps;
    await act(() => chat().send("/buy SBIN 1 @ 980"));
    let isCardStale: boolean | undefined;
    vi.spyOn(accounts, "all").mockImplementationOnce(async (user) => {
      await watcher.follow(await order());
      ({ isCardStale } = await order());
      return accounts.all(user);
    });
    await act(() => chat().tapButton("Confirm buy"));
    expect(isCardStale).toBe(true);
  });

  it.each(["Confirm buy", "Cancel"])("is not drawn once more if the watcher was first: %s", async (button) => {
    const { watcher } = world().deps;
    await act(() => chat().send("/buy SBIN 1 @ 980"));
    if (button === "Cancel") await act(() => chat().tapButton("Confirm buy"));
    vi.spyOn(watcher, "look").mockImplementationOnce(async (intent) => {
      const looked = await watcher.look(intent);
      await watcher.follow(looked);
      return looked;
    });
    await act(() => chat().tapButton(button));
    expect(chat().lastFromBot()?.text).toContain(button === "Cancel" ? "Cancelled" : "Open at the broker");
    expect(world().telegram.rejectedCalls).toEqual([]);
  });
});
