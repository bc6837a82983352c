import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { allows } from "../../../src/bot/updates/access.ts";
import { userId } from "../../../src/domain/ids.ts";
import { createAdmission, grantOf, type Admission } from "../../../src/services/people/admission.ts";
import { createAudit } from "../../../src/services/people/audit.ts";
import { forgetUser, trackCollections, type TrackedStore } from "../../../src/services/people/forget.ts";
import { createInbox } from "../../../src/services/inbox.ts";
import { createLeases, createLocalLeases } from "../../../src/services/leases.ts";
import { createOneTime } from "../../../src/services/one-time.ts";
import { createOutbox } from "../../../src/notify/outbox.ts";
import { createUsers, keepOwnerCode, ROLES, type User, type Users } from "../../../src/services/people/users.ts";
import { openStage, type Stage } from "../stage.ts";
import { createLog } from "../../../src/lib/log.ts";

const [ASHA, VIKRAM, MEERA] = [userId(1001), userId(1002), userId(1003)];

describe("who gets in", () => {
  let stage: Stage;
  let store: TrackedStore;
  let admission: Admission;
  const told: string[] = [];
  beforeEach(() => {
    stage = openStage();
    store = trackCollections(stage.store);
    told.length = 0;
  });
  afterEach(() => stage.close());

  function makeUsers(options: { ownerId?: string } = {}): Users {
    const users = createUsers({
      log: createLog({ level: "silent" }),
      store,
      clock: stage.clock,
      ownerId: options.ownerId === undefined ? null : userId(options.ownerId),
    });
    admission = createAdmission({
      users,
      oneTime: createOneTime({ store, clock: stage.clock }),
      audit: createAudit({ store, clock: stage.clock, log: stage.log }),
      clock: stage.clock,
      tellOwner: async (owner, about, key) => void told.push(`${owner._id} about ${about._id} ${key}`),
      tellUser: async (user, before) => void told.push(`${user._id} is ${user.role}, was ${before}`),
    });
    return users;
  }

  it("makes the user that OWNER_ID names the owner and everybody else pending", async () => {
    const users = makeUsers({ ownerId: "1001" });
    expect((await users.ensure(VIKRAM, "Vikram")).role).toBe("pending");
    expect((await users.ensure(ASHA, "Asha")).role).toBe("owner");
    expect(allows("pending", "viewer")).toBe(false);
  });

  it.each([
    ["reverses the text direction", "\u202EahsA\u2066 K\u200F", "ahsA K"],
    ["breaks the line", " Asha\n\t\u2028 K\u0007 ", "Asha K"],
    [
      "contains joiners of an Indic script or emoji",
      "ക്\u200D ക്\u200Cഷ 👩\u200D🌾 ❤\uFE0F",
      "ക്\u200D ക്\u200Cഷ 👩\u200D🌾 ❤\uFE0F",
    ],
    ["is Urdu", "عائشہ", "عائشہ"],
    ["consists of invisible letters", "\u3164\u2800\u115F", "1002"],
    ["consists of joiners and spaces", "\u200D \uFE0F\u200B", "1002"],
  ])("makes a name readable that %s", async (_, given, kept) => {
    const users = makeUsers();
    expect((await users.ensure(VIKRAM, given)).name).toBe(kept);
    const { version } = await users.ensure(VIKRAM, given);
    expect((await users.ensure(VIKRAM, given)).version).toBe(version);
  });

  it("makes the former owner a trader when OWNER_ID changes", async () => {
    await makeUsers({ ownerId: "1001" }).ensure(ASHA, "Asha");
    const users = makeUsers({ ownerId: "1002" });
    expect((await users.ensure(VIKRAM, "Vikram")).role).toBe("owner");
    expect((await users.get(ASHA))?.role).toBe("trader");
  });

  it("clears needsEgress when an outsider becomes the owner", async () => {
    const owner = await makeUsers({ ownerId: "1001" }).ensure(ASHA, "Asha");
    await makeUsers({ ownerId: "1001" }).ensure(VIKRAM, "Vikram");
    await admission.decide(owner, VIKRAM, "outsider");
    const taken = await makeUsers({ ownerId: "1002" }).ensure(VIKRAM, "Vikram");
    expect(taken).toMatchObject({ role: "owner", needsEgress: false });
  });

  it("accepts the start-up code once, from anybody, while there is no owner", async () => {
    await keepOwnerCode({ store, clock: stage.clock }, "k3y0fth3b0t7");
    stage.clock.advance(29 * 86_400_000);
    const users = makeUsers();
    await users.ensure(ASHA, "Asha");
    await users.ensure(VIKRAM, "Vikram");
    expect(await users.claimOwnership(VIKRAM, "k3y0fth3b0t8")).toBe(false);
    expect(await users.claimOwnership(VIKRAM, "")).toBe(false);
    expect(await users.claimOwnership(ASHA, "k3y0fth3b0t7")).toBe(true);
    await forgetUser(store, ASHA, []);
    expect(await users.claimOwnership(VIKRAM, "k3y0fth3b0t7")).toBe(false);
  });

  it("accepts a start-up code that another process on this store has printed, and only for an owner by code", async () => {
    const [clock, codes] = [stage.clock, ["k3y0fth3b0t7", "k3y0fth3b0t8"] as const];
    for (const code of codes) await keepOwnerCode({ store, clock }, code);
    const [first, second] = [makeUsers(), makeUsers()];
    await first.ensure(ASHA, "Asha");
    await first.ensure(VIKRAM, "Vikram");
    expect(await makeUsers({ ownerId: "1003" }).claimOwnership(VIKRAM, codes[0])).toBe(false);
    expect(await first.claimOwnership(ASHA, codes[1])).toBe(true);
    expect(await second.claimOwnership(VIKRAM, codes[0])).toBe(false);
    expect((await second.owner())?._id).toBe(ASHA);
  });

  it("lets only the owner decide, never about the owner, and tells users who were admitted", async () => {
    const users = makeUsers({ ownerId: "1001" });
    const owner = await users.ensure(ASHA, "Asha");
    const vikram = await users.ensure(VIKRAM, "Vikram");
    await admission.knock(vikram);
    expect(told).toEqual([`1001 about 1002 knock:1002:2026-11-23`]);
    await expect(admission.decide(vikram, VIKRAM, "trader")).rejects.toThrow("only the owner");
    expect((await admission.decide(owner, VIKRAM, "viewer"))?.role).toBe("viewer");
    expect(told.at(-1)).toBe("1002 is viewer, was pending");
    expect(await admission.decide(owner, ASHA, "blocked")).toBeNull();
    expect(await admission.decide(owner, MEERA, "viewer")).toBeNull();
    await admission.decide(owner, VIKRAM, "blocked");
    expect(told.filter((line) => line.includes("blocked"))).toEqual([]);
  });

  it("lets an owner's decision win over an invitation that is being accepted", async () => {
    const users = makeUsers({ ownerId: "1001" });
    const owner = await users.ensure(ASHA, "Asha");
    const vikram = await users.ensure(VIKRAM, "Vikram");
    const token = await admission.invite(owner, "trader");
    await admission.decide(owner, VIKRAM, "blocked");
    expect(await admission.accept(vikram, token)).toBeNull();
    expect((await users.get(VIKRAM))?.role).toBe("blocked");
  });

  it("distinguishes traders from outsiders, by decision and by invitation", async () => {
    const users = makeUsers({ ownerId: "1001" });
    const owner = await users.ensure(ASHA, "Asha");
    const [vikram, meera] = [await users.ensure(VIKRAM, "Vikram"), await users.ensure(MEERA, "Meera")];
    expect(grantOf(vikram)).toBeNull();
    const outsider = await admission.decide(owner, VIKRAM, "outsider");
    expect(outsider).toMatchObject({ role: "trader", needsEgress: true });
    expect(await admission.decide(owner, VIKRAM, "trader")).toMatchObject({ role: "trader", needsEgress: false });
    expect(told).toEqual(["1002 is trader, was pending", "1002 is trader, was trader"]);
    const invited = await admission.accept(meera, await admission.invite(owner, "outsider"));
    expect(invited && grantOf(invited)).toBe("outsider");
  });

  it("asks the owner once a day about a user, however often the user sends /forget meanwhile", async () => {
    const users = makeUsers({ ownerId: "1001" });
    await users.ensure(ASHA, "Asha");
    for (let time = 0; time < 3; time += 1) {
      await admission.knock(await users.ensure(VIKRAM, "Vikram"));
      await forgetUser(store, VIKRAM, []);
    }
    await admission.knock(await users.ensure(MEERA, "Meera"));
    expect(told).toEqual(["1001 about 1002 knock:1002:2026-11-23", "1001 about 1003 knock:1003:2026-11-23"]);
    stage.clock.advance(24 * 3_600_000);
    await admission.knock(await users.ensure(VIKRAM, "Vikram"));
    expect(told).toHaveLength(3);
  });

  it("asks the owner again the same day about a user who was let in, left with /forget and came back", async () => {
    const users = makeUsers({ ownerId: "1001" });
    const owner = await users.ensure(ASHA, "Asha");
    await admission.knock(await users.ensure(VIKRAM, "Vikram"));
    await admission.decide(owner, VIKRAM, "viewer");
    await forgetUser(store, VIKRAM, []);
    await admission.knock(await users.ensure(VIKRAM, "Vikram"));
    await admission.knock(await users.ensure(VIKRAM, "Vikram"));
    expect(told.filter((line) => line.includes("knock"))).toHaveLength(2);
  });

  it("admits one user per invitation, within a day", async () => {
    const users = makeUsers({ ownerId: "1001" });
    const owner = await users.ensure(ASHA, "Asha");
    const [vikram, meera] = [await users.ensure(VIKRAM, "Vikram"), await users.ensure(MEERA, "Meera")];
    const token = await admission.invite(owner, "trader");
    expect(token).toMatch(/^[\w-]{16}$/);
    expect(await admission.accept(vikram, "guess")).toBeNull();
    expect((await admission.accept(vikram, token))?.role).toBe("trader");
    expect(await admission.accept(meera, token)).toBeNull();
    const late = await admission.invite(owner, "viewer");
    stage.clock.advance(24 * 3_600_000 + 1);
    expect(await admission.accept(meera, late)).toBeNull();
    await expect(admission.invite(vikram, "viewer")).rejects.toThrow("only the owner");
  });

  it("admits nobody by an invitation of a former owner", async () => {
    const former = await makeUsers({ ownerId: "1001" }).ensure(ASHA, "Asha");
    const token = await admission.invite(former, "trader");
    const users = makeUsers({ ownerId: "1002" });
    await users.ensure(VIKRAM, "Vikram");
    expect(await admission.accept(await users.ensure(MEERA, "Meera"), token)).toBeNull();
    expect((await users.get(MEERA))?.role).toBe("pending");
  });

  it("does not unblock a user by an invitation", async () => {
    const users = makeUsers({ ownerId: "1001" });
    const owner = await users.ensure(ASHA, "Asha");
    await users.ensure(VIKRAM, "Vikram");
    const blocked = (await admission.decide(owner, VIKRAM, "blocked")) as User;
    const token = await admission.invite(owner, "trader");
    expect((await admission.accept(blocked, token))?.role).toBe("blocked");
  });

  it("ranks the roles: each may do what lower ones may", () => {
    const ranked = [...ROLES].toReversed();
    for (const [at, role] of ranked.entries()) {
      for (const [other, needed] of ranked.entries()) expect(allows(role, needed)).toBe(at >= other);
    }
  });

  it("forgets everything of one user, in every collection, and nothing of another", async () => {
    const users = makeUsers({ ownerId: "1001" });
    await users.ensure(ASHA, "Asha");
    await users.ensure(VIKRAM, "Vikram");
    const spec = { name: "things", indexes: [], encrypted: [], durability: "normal" } as const;
    interface Thing {
      readonly _id: string;
      readonly user_id?: string;
      readonly link?: string;
    }
    const things = store.collection<Thing>(spec);
    await things.insert({ _id: "a", user_id: "1002" });
    await things.insert({ _id: "b", link: "vikrams-link" });
    await things.insert({ _id: "digest:1002:2026-11-23" });
    await things.insert({ _id: "c", user_id: "1001" });
    await things.insert({ _id: "digest:10021:2026-11-23" });
    const oneTime = createOneTime({ store, clock: stage.clock });
    const id = await oneTime.issue({ userId: VIKRAM, action: "x", payload: {}, ttlMs: 1_000 });
    expect(await forgetUser(store, VIKRAM, ["vikrams-link" as never])).toBe(5);
    expect(await users.get(VIKRAM)).toBeNull();
    expect(await oneTime.peek(id, "x")).toBeNull();
    const left: string[] = [];
    for await (const thing of things.scan()) left.push(thing._id);
    expect(left).toEqual(["c", "digest:10021:2026-11-23"]);
    expect((await users.get(ASHA))?.role).toBe("owner");
  });

  it("deletes the request itself last, so that an interrupted deletion can resume", async () => {
    const { clock, log } = stage;
    const deleted: string[] = [];
    store = trackCollections({
      ...stage.store,
      collection(spec) {
        const collection = stage.store.collection(spec);
        return {
          ...collection,
          async delete(id) {
            deleted.push(spec.name);
            return collection.delete(id);
          },
        };
      },
    });
    const leases = createLeases({ store, clock });
    await leases.take("lane:1002");
    await createOneTime({ store, clock }).issue({ userId: VIKRAM, action: "forget", payload: {}, ttlMs: 1_000 });
    const inbox = createInbox({ store, clock, log, leases: createLocalLeases(), handle: async () => undefined });
    await inbox.accept({ id: "7", lane: "1002", order: 7, body: "Forget me" });
    await expect.poll(() => inbox.running()).toBe(0);
    await makeUsers({ ownerId: "1001" }).ensure(VIKRAM, "Vikram");
    await forgetUser(store, VIKRAM, []);
    expect(deleted).toEqual(["users", "updates", "buttons", "leases"]);
  });

  it("forgets updates of a user's other lanes, and messages whose key does not contain the user", async () => {
    const { clock, log } = stage;
    const handled: string[] = [];
    const handle = async (body: string): Promise<void> => void handled.push(body);
    const inbox = createInbox({ store, clock, log, leases: createLocalLeases(), handle });
    const outbox = createOutbox({
      store,
      clock,
      log,
      perSecond: 30,
      takeLease: async () => ({ lost: new AbortController().signal, release: async () => undefined }),
      prepare: async () => async () => ({ kind: "sent", messageId: 7 }),
      onBlocked: async () => undefined,
    });
    for (const [order, lane] of ["panic:1002", "inline:1002", "panic:1001"].entries())
      await inbox.accept({ id: `${order}.print`, lane, order, body: lane });
    await expect.poll(() => inbox.running()).toBe(0);
    for (const userId of [VIKRAM, ASHA])
      await outbox.post({ key: `order-end:of ${userId}`, userId, priority: "order", html: "Filled." });
    expect(await outbox.deliver()).toBe(2);
    expect(await forgetUser(store, VIKRAM, [])).toBe(3);
    expect(handled).toHaveLength(3);
    expect(await outbox.sentMessage(`order-end:of ${VIKRAM}`)).toBeNull();
    expect(await outbox.sentMessage(`order-end:of ${ASHA}`)).toBe(7);
  });

  it("leaves nothing of a forgotten user in the store's files, not even expired documents", async () => {
    const users = makeUsers({ ownerId: "1001" });
    await users.ensure(ASHA, "Asha of the marker");
    await users.ensure(VIKRAM, "Vikram of the marker");
    interface Note {
      readonly _id: string;
      readonly expiresAt: number;
      readonly text: string;
    }
    for (const durability of ["normal", "full"] as const) {
      const notes = store.collection<Note>({ name: `${durability}_notes`, indexes: [], encrypted: [], durability });
      await notes.insert({ _id: "1002", expiresAt: stage.clock.now() + 1_000, text: "Vikram of the marker" });
    }
    stage.clock.advance(60_000);
    await forgetUser(store, VIKRAM, []);
    const files = readdirSync(stage.dir).map((file) => readFileSync(join(stage.dir, file), "latin1"));
    expect(files.join("")).toContain("Asha of the marker");
    expect(files.join("")).not.toContain("Vikram of the marker");
  });
});
