import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { brokerName, userId, type UserId } from "../../../src/domain/ids.ts";
import { paiseFromRupees } from "../../../src/domain/money.ts";
import type { Store } from "../../../src/ports/store.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import { createLog } from "../../../src/lib/log.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { createAccounts, type Accounts, type Link } from "../../../src/services/accounts/accounts.ts";
import { createOneTime } from "../../../src/services/one-time.ts";
import { createAdmission, type Admission } from "../../../src/services/people/admission.ts";
import { AUDIT_DAYS, createAudit, type Audit, type AuditEvent } from "../../../src/services/people/audit.ts";
import { forgetUser, trackCollections, type TrackedStore } from "../../../src/services/people/forget.ts";
import { createOrderLock } from "../../../src/services/people/lock.ts";
import { createUsers, type User, type Users } from "../../../src/services/people/users.ts";
import { fakeBroker } from "../orders/fake-broker.ts";
import { openFloor } from "../orders/floor.ts";
import { openStage, type Stage } from "../stage.ts";

const [ASHA, VIKRAM] = [userId(1001), userId(1002)];

let stage: Stage;
let store: TrackedStore;
let audit: Audit;
/** No two things happen in the same millisecond. */
let clock: Clock;
beforeEach(() => {
  stage = openStage();
  clock = {
    ...stage.clock,
    now() {
      stage.clock.advance(1);
      return stage.clock.now();
    },
  };
  store = trackCollections(stage.store);
  audit = createAudit({ store, clock, log: createLog({ level: "silent" }) });
});
afterEach(() => stage.close());

/** What was recorded about the user, oldest first. */
const recorded = async (user: UserId): Promise<AuditEvent[]> =>
  (await audit.recent(user)).map(({ event }) => event).toReversed();

describe("the audit of an account", () => {
  let accounts: Accounts;
  let link: Link;
  beforeEach(async () => {
    const log = createLog({ level: "silent" });
    accounts = createAccounts({ store, clock, brokers: new Map(), log });
    link = await accounts.add(ASHA, brokerName("zerodha"), {});
  });

  const key = (value: string) => ({ credentials: { apiKey: new Secret(value) } });
  const logIn = () => accounts.update(link._id, () => ({ account_id: "AB1234", is_active: true }));
  const happened = async (): Promise<string[]> =>
    (await recorded(ASHA)).map((event) => ("account" in event ? `${event.account} ${event.what}` : event.what));

  it("begins when the account is linked: keys that are still being entered are no change", async () => {
    await accounts.update(link._id, () => key("firstSecret"));
    await accounts.update(link._id, () => key("secondSecret"));
    expect(await happened()).toEqual([]);
    await logIn();
    await logIn();
    expect(await happened()).toEqual(["zerodha linked"]);
  });

  it("has new keys, switching off and on, its proxy and unlinking, but neither prices nor a renewed session", async () => {
    await accounts.update(link._id, () => key("firstSecret"));
    await logIn();
    const tokens = { accessToken: new Secret("t"), accountId: "AB1234", issuedAt: 0, expiresAt: 1 };
    await accounts.update(link._id, () => ({ tokens, data_source: "yfinance" }));
    await accounts.update(link._id, () => key("secondSecret"));
    await accounts.update(link._id, () => ({ is_active: false }));
    await accounts.update(link._id, () => ({ is_active: true, egress: new Secret("http://proxy.example:1") }));
    await accounts.update(link._id, () => ({ egress: new Secret("http://proxy.example:2") }));
    await accounts.update(link._id, () => ({ egress: null }));
    await accounts.remove(ASHA, link._id);
    expect(await happened()).toEqual([
      "zerodha linked",
      "zerodha new-keys",
      "zerodha switched-off",
      "zerodha switched-on",
      "zerodha proxy-set",
      "zerodha proxy-set",
      "zerodha proxy-removed",
      "zerodha unlinked",
    ]);
    expect(JSON.stringify(await audit.recent(ASHA))).not.toMatch(/Secret|proxy\.example/);
  });

  it("has nothing of new keys that no login has proven, nor of an account that was never linked", async () => {
    await accounts.update(link._id, () => key("firstSecret"));
    await accounts.remove(ASHA, link._id);
    link = await accounts.add(ASHA, brokerName("zerodha"), {});
    const standIn = await accounts.standIn(await logIn());
    await accounts.update(standIn._id, () => key("secondSecret"));
    await accounts.remove(ASHA, standIn._id);
    expect(await happened()).toEqual(["zerodha linked"]);
  });
});

describe("the audit of people", () => {
  let users: Users;
  let admission: Admission;
  let owner: User;
  beforeEach(async () => {
    users = createUsers({ log: createLog({ level: "silent" }), store, clock, ownerId: ASHA });
    const tell = async (): Promise<void> => undefined;
    const oneTime = createOneTime({ store, clock });
    admission = createAdmission({ users, oneTime, audit, clock, tellOwner: tell, tellUser: tell });
    owner = await users.ensure(ASHA, "Asha");
  });

  it("tells the owner whom they let in as what, and the person what they have become", async () => {
    const vikram = await users.ensure(VIKRAM, "Vikram");
    const token = await admission.invite(owner, "viewer");
    await admission.accept(vikram, token);
    await admission.decide(owner, VIKRAM, "outsider");
    await admission.decide(owner, VIKRAM, "outsider");
    const viewer = { role: "viewer", needsEgress: false };
    const outsider = { role: "trader", needsEgress: true };
    expect(await recorded(ASHA)).toEqual([
      { what: "role", role: "owner", needsEgress: false },
      { what: "invited", ...viewer },
      { what: "granted", about: VIKRAM, ...outsider },
    ]);
    expect(await recorded(VIKRAM)).toEqual([
      { what: "role", ...viewer },
      { what: "role", ...outsider },
    ]);
  });

  it("has no settings and no names in it", async () => {
    await users.ensure(ASHA, "Asha K");
    await users.update(ASHA, ({ settings }) => ({ settings: { ...settings, hidesAmounts: true } }));
    expect(await recorded(ASHA)).toHaveLength(1);
  });

  it("is forgotten with a person, also where it names them to the owner", async () => {
    await users.ensure(VIKRAM, "Vikram");
    await admission.decide(owner, VIKRAM, "trader");
    await forgetUser(store, VIKRAM, []);
    expect(await recorded(VIKRAM)).toEqual([]);
    expect((await recorded(ASHA)).map(({ what }) => what)).toEqual(["role"]);
  });
});

describe("the audit of the order lock and the limits", () => {
  it("has each lock and unlock, each new PIN and its removal, and a lockout, but no wrong guess", async () => {
    const lock = createOrderLock({ store, clock, log: createLog({ level: "silent" }) });
    let messages = 0;
    const send = (text: string) => lock.take(ASHA, { id: (messages += 1), text });
    await lock.freeze(ASHA, { date: 1, id: 1 });
    await lock.freeze(ASHA, { date: 2, id: 2 });
    await lock.thaw(ASHA, { date: 3, id: 3 });
    for (const pin of ["2468", "1357"]) {
      await lock.expect(ASHA, "new-pin");
      await send(pin);
    }
    await lock.expect(ASHA, "code");
    for (let guess = 0; guess < 5; guess += 1) await send("0000");
    await lock.remove(ASHA);
    const happened = (await recorded(ASHA)).map(({ what }) => what);
    expect(happened).toEqual(["frozen", "thawed", "pin-set", "pin-set", "locked-out", "code-removed"]);
    expect(JSON.stringify(await audit.recent(ASHA))).not.toMatch(/\b(2468|1357)\b/);
  });

  it("has each limit that changed, with the day from which a looser one counts", async () => {
    const floor = await openFloor({ brokers: [fakeBroker()] });
    for (const value of [paiseFromRupees(50_000), paiseFromRupees(50_000), null, null])
      await floor.limits.set(ASHA, "orderValue", value);
    const recorder = createAudit({ ...floor, log: createLog({ level: "silent" }) });
    const events = (await recorder.recent(ASHA)).map(({ event }) => event);
    await floor.close();
    const limit = { what: "limit", limit: "orderValue" };
    expect(events).toHaveLength(2);
    expect(events).toContainEqual({ ...limit, value: 5_000_000, from: null });
    expect(events).toContainEqual({ ...limit, value: null, from: expect.stringMatching(/^2026-/) });
  });
});

it("logs an entry that cannot be stored: the change is made by then, and must not look like a failure", async () => {
  const lock = createOrderLock({ store: withoutAudit(stage.store), clock, log: stage.log });
  await lock.freeze(ASHA, { date: 1, id: 1 });
  expect((await lock.state(ASHA)).isFrozen).toBe(true);
  expect(stage.logged()).toMatch(/"user":"1001","what":"frozen","msg":"change not recorded"/);
});

/** A store whose audit takes no entries. */
const withoutAudit = (whole: Store): Store => ({
  ...whole,
  collection: (spec) => {
    const collection = whole.collection(spec);
    return spec.name === "audit" ? { ...collection, insert: () => Promise.reject(new Error("full")) } : collection;
  },
});

it("keeps an entry for its time, and deletes it then", async () => {
  await audit.record(ASHA, { what: "frozen" });
  stage.clock.advance(AUDIT_DAYS * 86_400_000);
  expect(await recorded(ASHA)).toHaveLength(1);
  stage.clock.advance(1);
  expect(await recorded(ASHA)).toEqual([]);
});
