import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLog } from "../../src/lib/log.ts";
import { createInbox, type Inbox } from "../../src/services/inbox.ts";
import { createLeases, createLocalLeases, LEASE_MS, type Leases } from "../../src/services/leases.ts";
import type { Store } from "../../src/ports/store.ts";
import { openStage, type Stage } from "./stage.ts";

describe("the inbox", () => {
  let stage: Stage;
  beforeEach(() => (stage = openStage()));
  afterEach(() => stage.close());

  const arrival = (order: number, lane = "asha") => ({ id: `u${order}`, lane, order, body: `body ${order}` });

  function inbox(handle: (body: string) => Promise<void>): Inbox {
    const { store, clock, log } = stage;
    return createInbox({ store, clock, log, leases: createLeases({ store, clock }), handle });
  }
  /** A handler whose calls end only through `end`; `begun` waits until `count` calls have begun. */
  function held() {
    const bodies: string[] = [];
    const ends = new Map<string, () => void>();
    const handle = (body: string): Promise<void> => {
      bodies.push(body);
      return new Promise((resolve) => ends.set(body, resolve));
    };
    const begun = async (count: number): Promise<readonly string[]> => {
      while (bodies.length < count) await pause(1);
      return bodies;
    };
    return { handle, begun, end: (body: string) => ends.get(body)?.() };
  }
  /** A store on a disk that takes no change while it is full. */
  function storeOn(disk: { readonly isFull: boolean }): Store {
    return {
      ...stage.store,
      collection(spec) {
        const collection = stage.store.collection(spec);
        const replace: typeof collection.replace = (document, version) =>
          disk.isFull ? Promise.reject(new Error("the disk is full")) : collection.replace(document, version);
        return { ...collection, replace };
      },
    };
  }
  async function quiet(...boxes: Inbox[]): Promise<void> {
    while (boxes.some((box) => box.running() > 0)) await pause(1);
  }

  it("handles a lane in order, one update at a time, and several lanes in parallel", async () => {
    const { handle, begun, end } = held();
    const box = inbox(handle);
    await Promise.all([1, 2, 3].map((order) => box.accept(arrival(order))));
    await box.accept(arrival(4, "vikram"));
    expect((await begun(2)).toSorted()).toEqual(["body 1", "body 4"]);
    end("body 1");
    expect((await begun(3)).at(-1)).toBe("body 2");
    end("body 2");
    expect((await begun(4)).at(-1)).toBe("body 3");
    end("body 3");
    end("body 4");
    await quiet(box);
    expect(await box.depth()).toBe(0);
  });

  it("runs two hundred lanes at a time, and starts the next as soon as one ends", async () => {
    const ends: (() => void)[] = [];
    const box = inbox(() => new Promise<void>((end) => ends.push(end)));
    const begunBy = async (count: number): Promise<void> => {
      while (ends.length < count) await pause(1);
    };
    for (let order = 1; order <= 203; order += 1) await box.accept(arrival(order, `lane ${order}`));
    await begunBy(200);
    expect(box.running()).toBe(200);
    for (const count of [201, 202, 203]) {
      ends[count - 201]?.();
      await begunBy(count);
    }
    for (const end of ends) end();
    await quiet(box);
    expect(ends).toHaveLength(203);
    expect(await box.depth()).toBe(0);
  });

  it("handles a redelivered update once", async () => {
    let count = 0;
    const box = inbox(async () => void (count += 1));
    await box.accept(arrival(1));
    await quiet(box);
    await box.accept(arrival(1));
    await quiet(box);
    expect(count).toBe(1);
  });

  it("keeps a lane's order across two processes", async () => {
    const begun: string[] = [];
    const handle = async (body: string): Promise<void> => {
      begun.push(body);
      await pause(1);
    };
    const [one, two] = [inbox(handle), inbox(handle)];
    for (let order = 1; order <= 40; order += 1) await (order % 2 === 0 ? one : two).accept(arrival(order));
    await quiet(one, two);
    expect(begun).toEqual(Array.from({ length: 40 }, (_, at) => `body ${at + 1}`));
  });

  it("retries a failed update after the clock was set back", async () => {
    const { store, clock, log } = stage;
    const begun: string[] = [];
    const handle = async (body: string): Promise<void> => {
      if (begun.push(body) === 1) throw new Error("not yet");
    };
    const box = createInbox({ store, clock, log, leases: createLocalLeases(), handle });
    await box.accept(arrival(1));
    await quiet(box);
    stage.clock.advance(-5 * 3_600_000);
    await box.sweep();
    await quiet(box);
    expect(begun).toEqual(["body 1", "body 1"]);
    expect(await box.depth()).toBe(0);
  });

  it("hands a dead process's lane to another process once the lease expires", async () => {
    const left = held();
    const dead = inbox(left.handle);
    await dead.accept(arrival(1));
    await dead.accept(arrival(2));
    await left.begun(1);
    const begun: string[] = [];
    const living = inbox(async (body) => void begun.push(body));
    await living.sweep();
    await quiet(living);
    expect(begun).toEqual([]);
    stage.clock.advance(LEASE_MS + 1);
    await living.sweep();
    await quiet(living);
    expect(begun).toEqual(["body 1", "body 2"]);
  });

  it("takes up every lane of a dead process, even behind a lane that fills the sweep's batch", async () => {
    const { store, clock, log } = stage;
    const dead = inbox(() => new Promise(() => undefined));
    for (let order = 1; order <= 600; order += 1) await dead.accept(arrival(order));
    await dead.accept(arrival(601, "vikram"));
    clock.advance(1_001);
    const begun: string[] = [];
    const handle = (body: string): Promise<void> => {
      begun.push(body);
      return body === "body 1" ? new Promise(() => undefined) : Promise.resolve();
    };
    const living = createInbox({ store, clock, log, leases: createLocalLeases(), handle });
    await living.sweep();
    await living.sweep();
    while (living.running() > 1) await pause(1);
    expect(begun).toEqual(["body 1", "body 601"]);
  });

  it("takes up a dead process's updates after the clock was set back, and counts the tries", async () => {
    const { store, clock, log } = stage;
    const start = (handle: (body: string) => Promise<void>): Inbox =>
      createInbox({ store, clock, log, leases: createLocalLeases(), handle });
    await start(() => new Promise(() => undefined)).accept(arrival(1));
    await pause(5);
    clock.advance(-86_400_000);
    let begun = 0;
    for (let restart = 0; restart < 5; restart += 1) {
      await start(() => new Promise(() => void (begun += 1))).sweep();
      await pause(5);
    }
    expect(begun).toBe(3);
  });

  it("leaves a fresh update to the process that stored it", async () => {
    const { store, clock, log } = stage;
    const stillAsking = { take: () => new Promise<null>(() => undefined) };
    const busy = createInbox({ store, clock, log, leases: stillAsking, handle: async () => undefined });
    await busy.accept(arrival(1));
    const begun: string[] = [];
    const other = inbox(async (body) => void begun.push(body));
    await other.sweep();
    await quiet(other);
    expect(begun).toEqual([]);
    clock.advance(1_001);
    await other.sweep();
    await quiet(other);
    expect(begun).toEqual(["body 1"]);
  });

  it("retries a failed update, and gives up after several failures", async () => {
    let tries = 0;
    const box = inbox(async (body) => {
      if (body !== "body 1") return;
      tries += 1;
      throw new Error("broken");
    });
    await box.accept(arrival(1));
    await box.accept(arrival(2));
    for (let sweep = 0; sweep < 8; sweep += 1) {
      await quiet(box);
      stage.clock.advance(10_000);
      await box.sweep();
    }
    await quiet(box);
    expect(tries).toBeGreaterThan(1);
    expect(tries).toBeLessThan(6);
    expect(await box.depth()).toBe(0);
    expect(stage.logged()).toContain("update given up");
  });

  it("does not handle an update again whose handling a full disk could not record, neither meanwhile nor afterwards", async () => {
    const { clock, log } = stage;
    const disk = { isFull: true };
    const store = storeOn(disk);
    const handled: string[] = [];
    const handle = async (body: string): Promise<void> => void handled.push(body);
    const box = createInbox({ store, clock, log, leases: createLocalLeases(), handle });
    const sweepAfter = async (ms: number): Promise<void> => {
      clock.advance(ms);
      await box.sweep();
      await quiet(box);
    };
    await box.accept(arrival(1));
    await box.accept(arrival(2));
    await quiet(box);
    for (const ms of [2_000, 2_000, 60_000]) await sweepAfter(ms);
    disk.isFull = false;
    await sweepAfter(1_000);
    expect(handled).toEqual(["body 1", "body 2"]);
    expect(await box.depth()).toBe(0);
  });

  it("does not handle it again after the lease that a full disk kept from being released has run out", async () => {
    const { clock, log } = stage;
    const disk = { isFull: true };
    const store = storeOn(disk);
    const handled: string[] = [];
    const handle = async (body: string): Promise<void> => void handled.push(body);
    const box = createInbox({ store, clock, log, leases: createLeases({ store, clock }), handle });
    await box.accept(arrival(1));
    await quiet(box);
    disk.isFull = false;
    for (const ms of [2_000, LEASE_MS + 1]) {
      clock.advance(ms);
      await box.sweep();
      await quiet(box);
    }
    expect(handled).toEqual(["body 1"]);
    expect(await box.depth()).toBe(0);
  });

  it("logs the recovery only once every failing lane is drained", async () => {
    const { store, clock } = stage;
    const said: string[] = [];
    const log = createLog({ level: "info", destination: { write: (line) => void said.push(JSON.parse(line).msg) } });
    const inner = createLeases({ store, clock });
    let isHurt = true;
    const leases: Leases = {
      take: (name) => (isHurt && name === "lane:asha" ? Promise.reject(new Error("no")) : inner.take(name)),
    };
    const box = createInbox({ store, clock, log, leases, handle: async () => undefined });
    const failed = "updates of a chat could not be handled; retrying soon";
    await box.accept(arrival(1));
    await quiet(box);
    await box.accept(arrival(2, "vikram"));
    await quiet(box);
    expect(said).toEqual([failed]);
    isHurt = false;
    await box.sweep();
    await quiet(box);
    expect(said).toEqual([failed, "updates are handled again"]);
    expect(await box.depth()).toBe(0);
  });

  it("rejects when the update cannot be stored, so that Telegram redelivers it", async () => {
    const box = inbox(async () => undefined);
    await stage.store.close();
    await expect(box.accept(arrival(1))).rejects.toThrow(/finalized/);
  });
});

describe("leases", () => {
  it("belong to one holder until released or expired", async () => {
    const stage = openStage();
    const leases = createLeases(stage);
    const first = await leases.take("polling");
    expect(await leases.take("polling")).toBeNull();
    expect(await leases.take("other")).not.toBeNull();
    await first?.release();
    const second = await leases.take("polling");
    expect(second).not.toBeNull();
    stage.clock.advance(LEASE_MS + 1);
    expect(await leases.take("polling")).not.toBeNull();
    await second?.release();
    expect(await leases.take("polling")).toBeNull();
    await stage.close();
  });
});

describe("a lease of a process that died while the clock was ahead", () => {
  it("can be taken over after the clock was set back, unlike a wait or a lease slightly ahead", async () => {
    const stage = openStage();
    const leases = createLeases(stage);
    const HOUR = 3_600_000;
    stage.clock.advance(HOUR);
    await leases.take("polling");
    stage.clock.advance(-HOUR);
    expect(await leases.take("polling")).not.toBeNull();
    expect(await leases.take("polling")).toBeNull();
    await (await leases.take("outbox"))?.release(stage.clock.now() + HOUR);
    expect(await leases.take("outbox")).toBeNull();
    stage.clock.advance(20_000);
    await leases.take("lane:asha");
    stage.clock.advance(-20_000);
    expect(await leases.take("lane:asha")).toBeNull();
    await stage.close();
  });
});

describe("a released lease", () => {
  it("is free at once to a process whose clock is behind", async () => {
    const stage = openStage();
    const leases = createLeases(stage);
    stage.clock.advance(400);
    await (await leases.take("lane:asha"))?.release();
    stage.clock.advance(-400);
    expect(await leases.take("lane:asha")).not.toBeNull();
    await stage.close();
  });
});

describe("leases within one process", () => {
  it("have one holder per name and are free after the release", async () => {
    const leases = createLocalLeases();
    const held = await leases.take("lane:asha");
    expect(await leases.take("lane:asha")).toBeNull();
    expect(await leases.take("lane:vikram")).not.toBeNull();
    expect(held?.lost.aborted).toBe(false);
    await held?.release();
    expect(await leases.take("lane:asha")).not.toBeNull();
  });
});
