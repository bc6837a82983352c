import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLeaseHolder, type LeaseHolder } from "../../src/app/lease-holder.ts";
import { createLeases, LEASE_MS } from "../../src/services/leases.ts";
import { setClock, tempStore, type SetClock, type TempStore } from "../notify/temp-store.ts";

describe("work that two processes share", () => {
  let clock: SetClock;
  let temp: TempStore;
  let done: string[];
  let isFailing: boolean;

  const processNamed = (name: string): LeaseHolder =>
    createLeaseHolder(createLeases({ store: temp.store, clock }), "alerts", async () => {
      done.push(name);
      if (isFailing) throw new Error("no network");
    });

  beforeEach(() => {
    clock = setClock("2026-11-23T11:00:00+05:30");
    temp = tempStore(clock);
    [done, isFailing] = [[], false];
  });
  afterEach(() => temp.remove());

  it("is done by one of them, as long as it runs", async () => {
    const [first, second] = [processNamed("first"), processNamed("second")];
    for (let turn = 0; turn < 3; turn += 1) {
      await first.run();
      await second.run();
    }
    expect(done).toEqual(["first", "first", "first"]);
    await first.release();
  });

  it("is done by the other one once the first has stopped, died or failed", async () => {
    const [first, second, third] = [processNamed("first"), processNamed("second"), processNamed("third")];
    await first.run();
    await first.release();
    await second.run();
    clock.at += LEASE_MS + 1;
    await third.run();
    isFailing = true;
    await expect(third.run()).rejects.toThrow("no network");
    isFailing = false;
    await first.run();
    expect(done).toEqual(["first", "second", "third", "third", "first"]);
    await Promise.all([first, second, third].map((each) => each.release()));
  });

  it("goes on under a new lease when the first one was lost, and waits while another has it", async () => {
    const losses: AbortController[] = [];
    let isTaken = false;
    const take = async () => {
      if (isTaken) return null;
      const lost = new AbortController();
      losses.push(lost);
      return { lost: lost.signal, release: async () => undefined };
    };
    const holder = createLeaseHolder({ take }, "alerts", async () => done.push("first"));
    await holder.run();
    losses[0]?.abort();
    isTaken = true;
    await holder.run();
    expect(done).toHaveLength(1);
    isTaken = false;
    await holder.run();
    await holder.run();
    expect([done.length, losses.length]).toEqual([3, 2]);
  });
});
