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

  async function cancelAtTheBroker({ legs: [leg] }: Intent): Promise<void> {
    const { accounts } = world().deps;
    const link = await accounts.get(userId(ASHA), leg!.link);
    await accounts.call(link!, async (connector, access) => {
      const booked = await connector.getOrder(access, leg!.orderId!, leg!.handle);
      await connector.cancelOrder(access, booked!);
    });
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

  it.each([
    ["Confirm buy", "Open at the broker"],
    ["Cancel", "Cancelled"],
    ["Refresh", "Cancelled"],
  ])("is not drawn once more if the watcher was first: %s", async (button, news) => {
    const { watcher } = world().deps;
    await act(() => chat().send("/buy SBIN 1 @ 980"));
    if (button !== "Confirm buy") await act(() => chat().tapButton("Confirm buy"));
    if (button === "Refresh") await cancelAtTheBroker(await order());
    vi.spyOn(watcher, "look").mockImplementationOnce(async (intent) => {
      await watcher.follow(intent);
      return watcher.look(intent);
    });
    await act(() => chat().tapButton(button));
    expect(chat().lastFromBot()?.text).toContain(news);
    expect(world().telegram.rejectedCalls).toEqual([]);
  });

  it("is drawn by the tap all the same when the watcher drew an older card", async () => {
    const { desk, watcher } = world().deps;
    await act(() => chat().send("/buy SBIN 1 @ 980"));
    await act(() => chat().tapButton("Confirm buy"));
    const { _id, card } = await order();
    await act(() => chat().tapButton("Modify"));
    await act(() => chat().send("@ 985"));
    // As if Telegram's reply about the newer card had been lost.
    await desk.attachCard(_id, card!);
    vi.spyOn(watcher, "look").mockImplementationOnce(async (intent) => {
      await watcher.follow(intent);
      return watcher.look(intent);
    });
    await act(() => chat().tapButton("Cancel"));
    expect(chat().lastFromBot()?.text).toContain("Cancelled");
    expect((await order()).card?.messageId).toBe(chat().lastFromBot()?.message_id);
  });

  it("is drawn by Refresh also without news, with the time of the look", async () => {
    await act(() => chat().send("/buy SBIN 1 @ 980"));
    await act(() => chat().tapButton("Confirm buy"));
    const before = chat().lastFromBot()?.text;
    world().pass(60_000);
    await act(() => chat().tapButton("Refresh"));
    const after = chat().lastFromBot()?.text;
    expect(after).toContain("Open at the broker");
    expect(after).not.toBe(before);
  });
});
