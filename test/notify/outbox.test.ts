import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { userId } from "../../src/domain/ids.ts";
import { createLog } from "../../src/lib/log.ts";
import { createOutbox, type Delivery, type Outbox } from "../../src/notify/outbox.ts";
import type { Notification, Priority } from "../../src/ports/notifier.ts";
import { createLeases } from "../../src/services/leases.ts";
import { setClock, tempStore, type SetClock, type TempStore } from "./temp-store.ts";

const ASHA = userId(1001);
const VIKRAM = userId(1002);
const sentNow: Delivery = { kind: "sent", messageId: 7 };
const outage: Delivery = { kind: "outage", error: new Error("no such host") };

describe("the outbox", () => {
  let clock: SetClock;
  let temp: TempStore;
  let sent: { key: string; at: number; lateBy: number | null }[];
  let blocked: string[];
  let said: { msg: string }[];
  let noteBlocked: (user: string) => Promise<void>;
  let answer: (notification: Notification) => Delivery | Promise<Delivery>;

  const open = (store = temp.store): Outbox =>
    createOutbox({
      store,
      clock,
      log: createLog({ level: "info", destination: { write: (line: string) => void said.push(JSON.parse(line)) } }),
      perSecond: 30,
      takeLease: () => createLeases({ store: temp.store, clock }).take("outbox"),
      prepare: async (notification, lateBy) => async () => {
        const delivery = await answer(notification);
        if (delivery.kind === "sent") sent.push({ key: notification.key, at: clock.now(), lateBy });
        return delivery;
      },
      onBlocked: (user) => noteBlocked(user),
    });
  const message = (key: string, user = ASHA, priority: Priority = "digest"): Notification => ({
    key,
    userId: user,
    priority,
    html: key,
  });
  const keys = (): string[] => sent.map(({ key }) => key);

  beforeEach(() => {
    clock = setClock("2026-11-23T10:20:00Z");
    temp = tempStore(clock);
    sent = [];
    blocked = [];
    said = [];
    noteBlocked = async (user) => void blocked.push(user);
    answer = () => sentNow;
  });
  afterEach(() => temp.remove());

  it("sends a key once, however often it is posted", async () => {
    const outbox = open();
    await outbox.post(message("a"));
    await outbox.post(message("a"));
    await outbox.deliver();
    await outbox.post(message("a"));
    await outbox.deliver();
    expect(keys()).toEqual(["a"]);
    expect(await outbox.depth()).toBe(0);
  });

  it("remembers the message id under which a message was sent, across a restart", async () => {
    await open().post(message("card"));
    await open().deliver();
    expect(await open().sentMessage("card")).toBe(7);
    expect(await open().sentMessage("other")).toBeNull();
  });

  it("keeps the order within a chat and a priority, and sends fills before digests", async () => {
    const outbox = open();
    await outbox.post(message("digest 1"));
    await outbox.post(message("digest 2"));
    await outbox.post(message("reminder", ASHA, "reminder"));
    await outbox.post(message("fill 1", ASHA, "order"));
    await outbox.post(message("fill 2", ASHA, "order"));
    await outbox.deliver();
    expect(keys()).toEqual(["fill 1", "fill 2", "reminder", "digest 1", "digest 2"]);
  });

  it("sends one message a second in one chat and thirty a second over all", async () => {
    const outbox = open();
    for (let i = 0; i < 3; i += 1) await outbox.post(message(`same ${i}`));
    for (let i = 0; i < 60; i += 1) await outbox.post(message(`chat ${i}`, userId(5000 + i)));
    const start = clock.now();
    expect(await outbox.deliver()).toBe(63);
    const mine = sent.filter(({ key }) => key.startsWith("same")).map(({ at }) => at);
    expect(mine.slice(1).every((at, i) => at - (mine[i] ?? 0) >= 1_000)).toBe(true);
    expect(clock.now() - start).toBeGreaterThanOrEqual(2_000);
    for (const { at } of sent)
      expect(sent.filter((other) => other.at >= at && other.at < at + 1_000).length).toBeLessThan(33);
  });

  it("does not let one chat's many messages hold up another's", async () => {
    const outbox = open();
    for (let i = 0; i < 80; i += 1) await outbox.post(message(`alert ${i}`, ASHA, "order"));
    await outbox.post(message("fill", VIKRAM, "order"));
    const start = clock.now();
    await outbox.deliver();
    expect(sent.find(({ key }) => key === "fill")?.at).toBeLessThan(start + 1_000);
    expect(keys().filter((key) => key !== "fill")).toEqual(Array.from({ length: 80 }, (_, i) => `alert ${i}`));
  });

  it("holds the whole queue for as long as Telegram asks", async () => {
    const outbox = open();
    for (let i = 0; i < 50; i += 1) await outbox.post(message(`m${i}`, userId(5000 + i)));
    let askedAt = 0;
    answer = ({ key }) => (key === "m2" ? ((askedAt = clock.now()), { kind: "wait", ms: 9_000 }) : sentNow);
    await outbox.deliver();
    // Messages already under way when the answer comes cannot be held.
    expect(keys().length).toBeLessThan(8);
    expect(keys()).not.toContain("m2");
    answer = () => sentNow;
    clock.at = askedAt + 8_999;
    expect(await outbox.deliver()).toBe(0);
    clock.at = askedAt + 9_000;
    await outbox.deliver();
    expect(new Set(keys()).size).toBe(50);
    expect(sent).toHaveLength(50);
  });

  it("makes the other processes wait as well when Telegram asks to", async () => {
    const [first, second] = [open(), open()];
    await first.post(message("a"));
    answer = () => ({ kind: "wait", ms: 9_000 });
    await first.deliver();
    const askedAt = clock.now();
    answer = () => sentNow;
    clock.at = askedAt + 8_999;
    expect(await second.deliver()).toBe(0);
    clock.at = askedAt + 9_000;
    expect(await second.deliver()).toBe(1);
  });

  it("retries during an outage with growing pauses, and loses nothing", async () => {
    const outbox = open();
    for (let i = 0; i < 4; i += 1) await outbox.post(message(`m${i}`, i % 2 === 0 ? ASHA : VIKRAM));
    let tries = 0;
    answer = () => ((tries += 1), outage);
    const downUntil = clock.now() + 30 * 60_000;
    while (clock.now() < downUntil) {
      await outbox.deliver();
      clock.at += 500;
    }
    expect(tries).toBeLessThan(150);
    const words = "Telegram accepts no messages; they stay queued and are retried";
    expect(said).toEqual([
      expect.objectContaining({ msg: words, err: expect.objectContaining({ message: "no such host" }) }),
    ]);
    answer = () => sentNow;
    for (let i = 0; i < 700; i += 1) {
      await outbox.deliver();
      clock.at += 500;
    }
    expect(keys().filter((key) => key === "m0" || key === "m2")).toEqual(["m0", "m2"]);
    expect(keys().filter((key) => key === "m1" || key === "m3")).toEqual(["m1", "m3"]);
    expect(sent.every(({ lateBy }) => lateBy !== null && lateBy >= 30 * 60_000)).toBe(true);
    expect(said.at(-1)?.msg).toBe("Telegram accepts messages again");
  });

  it("holds back only the chat whose message fails, for longer each time, and keeps that chat's order", async () => {
    const outbox = open();
    await outbox.post(message("bad 1", ASHA));
    await outbox.post(message("bad 2", ASHA));
    await outbox.post(message("good", VIKRAM));
    const tries: number[] = [];
    answer = ({ key }) => {
      if (key === "bad 1" && tries.push(clock.now()) <= 3) throw new Error("cannot be drawn");
      return sentNow;
    };
    for (let i = 0; i < 60; i += 1) {
      await outbox.deliver();
      clock.at += 500;
    }
    expect(keys()).toEqual(["good", "bad 1", "bad 2"]);
    const pauses = tries.slice(1).map((at, i) => at - (tries[i] ?? 0));
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(pauses.at(-1)).toBeGreaterThanOrEqual(4_000);
  });

  it("gives up a message on which our own code fails repeatedly, but not those behind it", async () => {
    const outbox = open();
    await outbox.post(message("poison"));
    await outbox.post(message("after"));
    answer = ({ key }) => {
      if (key === "poison") throw new Error("defect");
      return sentNow;
    };
    for (let i = 0; i < 60; i += 1) {
      await outbox.deliver();
      clock.at += 60_000;
    }
    expect(keys()).toEqual(["after"]);
    expect(await outbox.depth()).toBe(0);
  });

  it("does not count an outage's retries when our own code fails on the message", async () => {
    const outbox = open();
    await outbox.post(message("fill"));
    let tries = 0;
    answer = () => {
      tries += 1;
      if (tries === 20) throw new Error("the store hiccuped");
      return tries < 25 ? outage : sentNow;
    };
    for (let i = 0; i < 60; i += 1) {
      await outbox.deliver();
      clock.at += 6 * 60_000;
    }
    expect(keys()).toEqual(["fill"]);
  });

  it("deactivates a user who has blocked the bot, and goes on with the others", async () => {
    const outbox = open();
    await outbox.post(message("a", ASHA));
    await outbox.post(message("b", VIKRAM));
    answer = ({ userId: to }) => (to === ASHA ? { kind: "never", reason: "blocked", detail: "403" } : sentNow);
    await outbox.deliver();
    expect(blocked).toEqual([ASHA]);
    expect(keys()).toEqual(["b"]);
    expect(await outbox.depth()).toBe(0);
  });

  it("goes on at its pace when the machine's clock is set back", async () => {
    const outbox = open();
    await outbox.post(message("before"));
    await outbox.deliver();
    clock.at -= 3_600_000;
    const start = clock.now();
    await outbox.post(message("same chat"));
    await outbox.post(message("other chat", VIKRAM));
    await outbox.deliver();
    expect(keys().toSorted()).toEqual(["before", "other chat", "same chat"]);
    expect(clock.now() - start).toBeLessThan(3_000);
  });

  it("tries a message to a user who was forgotten meanwhile only once, and goes on with the others", async () => {
    const outbox = open();
    await outbox.post(message("a"));
    for (let at = 0; at < 90; at += 1) await outbox.post(message(`b${at}`, userId(5000 + at)));
    let tries = 0;
    answer = ({ userId: to }) =>
      to === ASHA ? ((tries += 1), { kind: "never", reason: "blocked", detail: "403" }) : sentNow;
    noteBlocked = () => Promise.reject(new Error("user document is missing"));
    await outbox.deliver();
    expect(tries).toBe(1);
    expect(keys()).toHaveLength(90);
    expect(await outbox.depth()).toBe(0);
  });

  it("tells how late a message is, counted from the time it was due", async () => {
    const outbox = open();
    await outbox.post({ ...message("late"), dueAt: clock.now() - 90 * 60_000 });
    await outbox.post(message("on time", VIKRAM));
    await outbox.deliver();
    expect(sent.map(({ lateBy }) => lateBy !== null && Math.round(lateBy / 60_000))).toEqual([90, false]);
  });

  it("delivers from one process at a time, and from another once the first has finished", async () => {
    const [first, second] = [open(), open()];
    await first.post(message("slow"));
    await first.post(message("behind", VIKRAM));
    let release: () => void = () => undefined;
    answer = ({ key }) =>
      key === "slow" ? new Promise((resolve) => (release = () => resolve(sentNow))) : Promise.resolve(sentNow);
    const running = first.deliver();
    await new Promise(setImmediate);
    expect(await second.deliver()).toBe(0);
    release();
    await running;
    await second.post(message("next"));
    expect(await second.deliver()).toBe(1);
    expect(keys()).toEqual(expect.arrayContaining(["slow", "behind", "next"]));
    expect(sent).toHaveLength(3);
  });

  it("sends a message again only if a crash came between sending and recording it", async () => {
    const outbox = open();
    await outbox.post(message("a"));
    await outbox.post(message("b", VIKRAM));
    const collection = temp.store.collection.bind(temp.store);
    let isDead = false;
    const dying = {
      ...temp.store,
      collection: ((spec: never) => {
        const real = collection(spec);
        return {
          ...real,
          replace: (...args: Parameters<typeof real.replace>) =>
            isDead ? Promise.reject(new Error("killed")) : real.replace(...args),
        };
      }) as typeof temp.store.collection,
    };
    const crashing = createOutbox({
      store: dying,
      clock,
      log: createLog({ level: "silent" }),
      perSecond: 30,
      takeLease: () => createLeases({ store: temp.store, clock }).take("outbox"),
      prepare: async (notification) => async () => {
        sent.push({ key: notification.key, at: clock.now(), lateBy: null });
        isDead = notification.key === "b";
        return sentNow;
      },
      onBlocked: async () => undefined,
    });
    await crashing.deliver().catch(() => 0);
    expect(keys()).toEqual(["a", "b"]);
    await outbox.deliver();
    expect(keys().filter((key) => key === "b")).toHaveLength(2);
    expect(keys().filter((key) => key === "a").length).toBeLessThanOrEqual(2);
  });

  it("sends each message once though the full store cannot record it, and nothing more until it can", async () => {
    let isFull = false;
    const open_ = temp.store.collection.bind(temp.store);
    const outbox = open({
      ...temp.store,
      collection: ((spec: never) => {
        const kept = open_(spec);
        return {
          ...kept,
          replace: (...args: Parameters<typeof kept.replace>) =>
            isFull ? Promise.reject(new Error("disk is full")) : kept.replace(...args),
        };
      }) as typeof temp.store.collection,
    });
    await outbox.post(message("fill"));
    await outbox.post(message("digest", VIKRAM));
    isFull = true;
    const rounds = async (count: number): Promise<void> => {
      for (let round = 0; round < count; round += 1, clock.at += 5_000) await outbox.deliver().catch(() => 0);
    };
    await rounds(1);
    const before = keys();
    await rounds(50);
    expect(keys()).toEqual(before);
    expect(new Set(before).size).toBe(before.length);
    isFull = false;
    await rounds(2);
    expect(keys().toSorted()).toEqual(["digest", "fill"]);
    expect(await outbox.depth()).toBe(0);
  });

  it.each([
    { was: "sent", first: () => sentNow },
    {
      was: "put off",
      first: () => {
        throw new Error("ours");
      },
    },
  ])("sends a message once that was $was while a slow read returned its old state", async ({ first }) => {
    const slow = storeWithSlowReads("a");
    const outbox = open(slow);
    await outbox.post(message("a"));
    await outbox.post(message("b", VIKRAM));
    const answers = [first];
    answer = ({ key }) => (key === "a" ? (answers.shift()?.() ?? sentNow) : sentNow);
    for (let round = 0; round < 8 && (await outbox.depth()) > 0; round += 1) {
      await outbox.deliver();
      clock.at += 10_000;
    }
    expect(slow.hasHeld()).toBe(true);
    expect(keys().toSorted()).toEqual(["a", "b"]);
  });

  /** A store in which the first update of `key` is written during a read that still returns the old document. */
  function storeWithSlowReads(key: string): typeof temp.store & { hasHeld(): boolean } {
    let write: (() => Promise<void>) | null = null;
    let hasHeld = false;
    return {
      ...temp.store,
      hasHeld: () => hasHeld,
      collection: ((spec: never) => {
        const real = temp.store.collection<{ _id: string }>(spec);
        return {
          ...real,
          async find(...args: Parameters<typeof real.find>) {
            const found = await real.find(...args);
            if (found.some(({ _id }) => _id === key)) await write?.();
            return found;
          },
          async replace(document: { _id: string }, version: number) {
            if (document._id !== key || hasHeld) return real.replace(document, version);
            hasHeld = true;
            return new Promise<boolean>((resolve) => {
              write = async () => {
                write = null;
                resolve(await real.replace(document, version));
                clock.at += 5_000;
                await new Promise((done) => setImmediate(done));
              };
            });
          },
        };
      }) as typeof temp.store.collection,
    };
  }

  it("stops between two messages when its signal is aborted", async () => {
    const outbox = open();
    for (let i = 0; i < 50; i += 1) await outbox.post(message(`m${i}`, userId(5000 + i)));
    const stop = new AbortController();
    answer = ({ key }) => {
      if (key === "m4") stop.abort();
      return sentNow;
    };
    expect(await outbox.deliver(stop.signal)).toBeLessThan(12);
    await outbox.deliver();
    expect(new Set(keys()).size).toBe(50);
    expect(sent).toHaveLength(50);
  });
});
