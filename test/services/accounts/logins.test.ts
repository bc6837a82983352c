import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BrokerConnector, BrokerDefinition, LoginGrant, Session } from "../../../connectors/base.ts";
import { zerodha } from "../../../connectors/zerodha/index.ts";
import { brokerName, userId } from "../../../src/domain/ids.ts";
import { BrokerError } from "../../../src/errors.ts";
import { Secret } from "../../../src/lib/secret.ts";
import type { Collection, CollectionSpec, Document, Store } from "../../../src/ports/store.ts";
import { createLog } from "../../../src/lib/log.ts";
import { createAccounts, type Accounts, type Broker, type Link } from "../../../src/services/accounts/accounts.ts";
import { createKeyCapture, type KeyCapture } from "../../../src/services/accounts/key-capture.ts";
import { createKeyForms, type KeyForms } from "../../../src/services/accounts/key-forms.ts";
import { createLogins, LOGIN_TTL_MS, type Logins } from "../../../src/services/accounts/logins.ts";
import { createOneTime } from "../../../src/services/one-time.ts";
import { createUsers, type Users } from "../../../src/services/people/users.ts";
import { openStage, START, type Stage } from "../stage.ts";

const [ASHA, VIKRAM] = [userId(1001), userId(1002)];
const PUBLIC = "https://bot.example";

/** A broker that accepts the codes `ok` and `ok-ACCOUNT`. `isBound`: it does not echo the state. */
function fakeBroker(name: string, isBound: boolean): Broker {
  const definition: BrokerDefinition = { ...zerodha, name: brokerName(name), title: name };
  let issued = 0;
  const session = (grant: LoginGrant): Session => {
    const code = grant.kind === "callback" ? grant.params["code"] : grant.token.reveal();
    if (!code?.startsWith("ok"))
      throw new BrokerError(code === undefined ? "login-unfinished" : "auth-invalid", "no", {
        broker: definition.name,
        endpoint: "login",
      });
    const accountId = code.split("-")[1] ?? "AB1234";
    return {
      accessToken: new Secret(`token-${(issued += 1)}`),
      accountId,
      issuedAt: START,
      expiresAt: START + 3_600_000,
    };
  };
  const connector = {
    getLoginUrl: async ({ state }: { state: string }) =>
      isBound
        ? { url: "https://broker.example/login?consent=1", binding: "consent" }
        : { url: `https://broker.example/login?state=${state}` },
    generateSession: async (grant: LoginGrant) => session(grant),
    getProfile: async () => ({ accountId: "AB1234", name: "Asha" }),
    getFunds: async () => Promise.reject(new Error("not now")),
  };
  return { definition, connector: async () => connector as unknown as BrokerConnector };
}

describe("logins", () => {
  let stage: Stage;
  let accounts: Accounts;
  let logins: Logins;
  let capture: KeyCapture;
  let forms: KeyForms;
  let users: Users;
  let link: Link;
  beforeEach(async () => {
    stage = openStage();
    const brokers = new Map(["echo", "bound"].map((name) => [brokerName(name), fakeBroker(name, name === "bound")]));
    accounts = createAccounts({ store: stage.store, clock: stage.clock, brokers, log: createLog({ level: "silent" }) });
    const oneTime = createOneTime(stage);
    users = createUsers({ log: createLog({ level: "silent" }), store: stage.store, clock: stage.clock, ownerId: null });
    logins = createLogins({ accounts, oneTime, users, publicUrl: PUBLIC, opensHere: true });
    capture = createKeyCapture({ store: stage.store, clock: stage.clock, accounts });
    await users.ensure(ASHA, "Asha <b>");
    forms = createKeyForms({ accounts, oneTime, users });
    link = await accounts.add(ASHA, brokerName("echo"), {});
  });
  afterEach(() => stage.close());

  const stateOf = (url: string): string => new URL(url).searchParams.get("state") ?? "";
  const callback = (state: string, code = "ok") => ({ state, code });

  it("links after a successful login and accepts each state once", async () => {
    const { url, heldState } = await logins.start(link);
    expect(heldState).toBeNull();
    const result = await logins.finish("echo", callback(stateOf(url)));
    expect(result).toMatchObject({ kind: "linked", userId: ASHA, funds: null });
    expect((await accounts.get(ASHA, link._id))?.is_active).toBe(true);
    expect(await logins.finish("echo", callback(stateOf(url)))).toEqual({ kind: "stale" });
  });

  it("rejects unknown and expired states, and those of another broker", async () => {
    expect(await logins.finish("echo", { code: "ok" })).toEqual({ kind: "stale" });
    expect(await logins.finish("echo", callback("guess"))).toEqual({ kind: "stale" });
    const { url } = await logins.start(link);
    expect(await logins.finish("bound", callback(stateOf(url)))).toEqual({ kind: "stale" });
    expect(await logins.finish("echo", { code: "ok" }, stateOf(url))).toEqual({ kind: "stale" });
    stage.clock.advance(LOGIN_TTL_MS + 1);
    expect(await logins.finish("echo", callback(stateOf(url)))).toEqual({ kind: "stale" });
    expect((await accounts.get(ASHA, link._id))?.tokens).toBeNull();
  });

  it("accepts no login and no keys from a user who has been blocked since", async () => {
    const { url } = await logins.start(link);
    const { heldState } = await logins.start(await accounts.add(ASHA, brokerName("bound"), {}));
    const form = await forms.offer(link, "keys");
    await users.update(ASHA, () => ({ role: "blocked" }));
    expect(await logins.finish("echo", callback(stateOf(url)))).toEqual({ kind: "stale" });
    expect(await logins.resume("bound", heldState ?? "")).toBeNull();
    expect(await forms.open(form)).toBeNull();
    const fields = { apiKey: "demoapikey00001", apiSecret: "demosecret00001" };
    expect(await forms.submit(form, fields)).toEqual({ kind: "stale" });
    expect(await accounts.get(ASHA, link._id)).toMatchObject({ tokens: null, credentials: {} });
  });

  it("rejects the login of a removed link", async () => {
    const { url } = await logins.start(link);
    await accounts.remove(ASHA, link._id);
    expect(await logins.finish("echo", callback(stateOf(url)))).toEqual({ kind: "stale" });
  });

  it("rejects a login to a different account and keeps the existing session", async () => {
    await logins.finish("echo", callback(stateOf((await logins.start(link)).url)));
    const linked = (await accounts.get(ASHA, link._id)) as Link;
    const other = await logins.finish("echo", callback(stateOf((await logins.start(linked)).url), "ok-ZZ9999"));
    expect(other).toMatchObject({ kind: "other-account", accountId: "ZZ9999" });
    expect((await accounts.get(ASHA, link._id))?.account_id).toBe("AB1234");
  });

  it("rejects a second link of the same account by the same user", async () => {
    await logins.finish("echo", callback(stateOf((await logins.start(link)).url)));
    const second = await accounts.add(ASHA, brokerName("echo"), {});
    const again = async (one: Link, code?: string) =>
      logins.finish("echo", callback(stateOf((await logins.start(one)).url), code));
    expect(await again(second)).toMatchObject({ kind: "linked-already", accountId: "AB1234", as: { _id: link._id } });
    expect(await accounts.active(ASHA)).toMatchObject([{ _id: link._id }]);
    expect((await accounts.get(ASHA, second._id))?.tokens).toBeNull();
    expect(await again(second, "ok-ZZ9999")).toMatchObject({ kind: "linked" });
    const others = await accounts.add(VIKRAM, brokerName("echo"), {});
    expect(await again(others)).toMatchObject({ kind: "linked" });
    expect(await again((await accounts.get(ASHA, link._id)) as Link)).toMatchObject({ kind: "linked" });
  });

  it("gives the session of such a login to the account's first link if it has the same keys: Dhan ends the earlier one", async () => {
    const login = async (one: Link) => logins.finish("echo", callback(stateOf((await logins.start(one)).url)));
    await login(link);
    const sessionOfFirst = async () => (await accounts.get(ASHA, link._id))?.tokens?.accessToken;
    const first = await sessionOfFirst();
    await login(await accounts.add(ASHA, brokerName("echo"), { apiKey: new Secret("another") }));
    expect((await sessionOfFirst())?.reveal()).toBe(first?.reveal());
    await login(await accounts.add(ASHA, brokerName("echo"), {}));
    expect((await sessionOfFirst())?.reveal()).not.toBe(first?.reveal());
  });

  it("lets only the older of two existing links of one account log in", async () => {
    await logins.finish("echo", callback(stateOf((await logins.start(link)).url)));
    stage.clock.advance(1);
    const second = await accounts.add(ASHA, brokerName("echo"), {});
    const twin = await accounts.update(second._id, () => ({ account_id: "AB1234", is_active: true }));
    const kinds = [];
    for (const one of [twin, (await accounts.get(ASHA, link._id)) as Link])
      kinds.push((await logins.finish("echo", callback(stateOf((await logins.start(one)).url)))).kind);
    expect(kinds).toEqual(["linked-already", "linked"]);
  });

  it("accepts only one of two simultaneous first logins to different accounts", async () => {
    const [one, two] = [stateOf((await logins.start(link)).url), stateOf((await logins.start(link)).url)];
    const results = await Promise.all([
      logins.finish("echo", callback(one, "ok-AB1234")),
      logins.finish("echo", callback(two, "ok-ZZ9999")),
    ]);
    expect(results.map(({ kind }) => kind).toSorted()).toEqual(["linked", "other-account"]);
    const kept = (await accounts.get(ASHA, link._id)) as Link;
    expect(kept.tokens?.accountId).toBe(kept.account_id);
  });

  it("stores the session with the keys that created it when the link's keys change meanwhile", async () => {
    const keyed = await accounts.update(link._id, () => ({ credentials: { apiKey: new Secret("demoapikey00001") } }));
    const { url } = await logins.start(keyed);
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<{ accountId: string; name: string }>();
    (await accounts.broker(link).connector()).getProfile = () => {
      asked.resolve();
      return answer.promise as ReturnType<BrokerConnector["getProfile"]>;
    };
    const login = logins.finish("echo", callback(stateOf(url)));
    await asked.promise;
    await accounts.update(link._id, () => ({ credentials: {} }));
    answer.resolve({ accountId: "AB1234", name: "Asha" });
    expect((await login).kind).toBe("linked");
    expect((await accounts.get(ASHA, link._id))?.credentials["apiKey"]?.reveal()).toBe("demoapikey00001");
  });

  describe("of an account that is unlinked in their last second", () => {
    /** Does `also` once the broker has given the session; returns the tokens of the sessions that are ended there. */
    async function during(call: "getProfile" | "refreshToken", also: () => Promise<unknown>): Promise<string[]> {
      const ended: string[] = [];
      const connector = await accounts.broker(link).connector();
      const answers = {
        getProfile: async () => ({ accountId: "AB1234", name: "Asha" }) as never,
        refreshToken: async ({ session }: { session: Session }) => ({ ...session, accessToken: new Secret("renewed") }),
      };
      const answer = answers[call] as (access: never) => Promise<never>;
      connector[call] = async (access) => (await also(), answer(access as never));
      connector.logout = async ({ session }) => void ended.push(session.accessToken.reveal());
      return ended;
    }

    it("store nothing, say so, and end the session at the broker", async () => {
      const ended = await during("getProfile", () => accounts.remove(ASHA, link._id));
      const { url } = await logins.start(link);
      expect(await logins.finish("echo", callback(stateOf(url)))).toMatchObject({
        kind: "unlinked",
        link: { label: "echo" },
        userId: ASHA,
      });
      expect(ended).toEqual(["token-1"]);
      expect(await accounts.all(ASHA)).toEqual([]);
    });

    it("do so with new keys, too", async () => {
      await logins.finish("echo", callback(stateOf((await logins.start(link)).url)));
      const standIn = await accounts.standIn((await accounts.get(ASHA, link._id)) as Link);
      const ended = await during("getProfile", () => accounts.remove(ASHA, link._id));
      const { url } = await logins.start(standIn);
      expect((await logins.finish("echo", callback(stateOf(url)))).kind).toBe("unlinked");
      expect(ended).toEqual(["token-2"]);
      expect(await accounts.forLogin(ASHA, standIn._id)).toBeNull();
    });

    it("do so when a session is renewed without the user", async () => {
      await logins.finish("echo", callback(stateOf((await logins.start(link)).url)));
      const linked = (await accounts.get(ASHA, link._id)) as Link;
      const ended = await during("refreshToken", () => accounts.remove(ASHA, link._id));
      expect(await logins.renew(linked)).toBeNull();
      expect(ended).toEqual(["renewed"]);
    });

    it("link the account when it was the first of two", async () => {
      await logins.finish("echo", callback(stateOf((await logins.start(link)).url)));
      const second = await accounts.add(ASHA, brokerName("echo"), {});
      const all = accounts.all.bind(accounts);
      accounts.all = async (user) => {
        const links = await all(user);
        await accounts.remove(ASHA, link._id);
        return links;
      };
      const result = await logins.finish("echo", callback(stateOf((await logins.start(second)).url)));
      expect(result).toMatchObject({ kind: "linked", link: { _id: second._id } });
    });
  });

  it("keeps a newer session when a renewal of the older one finishes after it", async () => {
    await logins.finish("echo", callback(stateOf((await logins.start(link)).url)));
    const linked = (await accounts.get(ASHA, link._id)) as Link;
    const renewed = Promise.withResolvers<Session>();
    (await accounts.broker(link).connector()).refreshToken = () => renewed.promise;
    const renewal = logins.renew(linked);
    const newer = { ...(linked.tokens as Session), accessToken: new Secret("newer") };
    await accounts.update(link._id, () => ({ tokens: newer }));
    renewed.resolve({ ...(linked.tokens as Session), accessToken: new Secret("renewed") });
    expect((await renewal)?.tokens?.accessToken.reveal()).toBe("newer");
    expect((await accounts.get(ASHA, link._id))?.tokens?.accessToken.reveal()).toBe("newer");
  });

  it("renews a session that the broker ended early with its refresh token", async () => {
    await logins.finish("echo", callback(stateOf((await logins.start(link)).url)));
    const lasting = new Secret("lasting");
    const linked = await accounts.update(link._id, ({ tokens }) => ({
      tokens: { ...(tokens as Session), refreshToken: lasting },
    }));
    const connector = await accounts.broker(link).connector();
    connector.refreshToken = async ({ session }) => ({ ...session, expiresAt: START + 7_200_000 });
    await accounts.endSession(linked);
    const ended = (await accounts.get(ASHA, link._id)) as Link;
    expect(accounts.hasSession(ended)).toBe(false);
    expect(accounts.hasSession((await logins.renew(ended)) ?? ended)).toBe(true);
    expect((await accounts.get(ASHA, link._id))?.tokens?.refreshToken?.reveal()).toBe("lasting");
  });

  it("stores nothing when the broker refuses", async () => {
    const result = await logins.finish("echo", callback(stateOf((await logins.start(link)).url), "no"));
    expect(result.kind).toBe("failed");
    expect((await accounts.get(ASHA, link._id))?.is_active).toBe(false);
  });

  it("reports a login without a grant as cancelled and leaves the link unchanged", async () => {
    await logins.finish("echo", callback(stateOf((await logins.start(link)).url)));
    const before = (await accounts.get(ASHA, link._id)) as Link;
    const back = { state: stateOf((await logins.start(before)).url) };
    expect(await logins.finish("echo", back)).toMatchObject({
      kind: "cancelled",
      userId: ASHA,
      link: { _id: link._id },
    });
    expect(await accounts.get(ASHA, link._id)).toEqual(before);
    const pasted = `${PUBLIC}/oauth/echo/callback?state=${stateOf((await logins.start(before)).url)}`;
    expect((await logins.finishPasted(before, pasted, null)).kind).toBe("cancelled");
    expect((await logins.finish("echo", callback(stateOf((await logins.start(before)).url)))).kind).toBe("linked");
  });

  it("keeps the state of a broker that does not echo it, and never accepts that state from the URL", async () => {
    const bound = await accounts.add(ASHA, brokerName("bound"), {});
    const { url, heldState } = await logins.start(bound);
    expect(url).toBe(`${PUBLIC}/oauth/bound/login/${heldState}`);
    const state = heldState ?? "";
    expect(await logins.resume("bound", state)).toBe("https://broker.example/login?consent=1");
    expect(await logins.resume("echo", state)).toBeNull();
    expect(await logins.resume("bound", "guess")).toBeNull();
    expect(await logins.finish("bound", callback(state))).toEqual({ kind: "stale" });
    expect((await logins.finish("bound", { code: "ok" }, state)).kind).toBe("linked");
    expect(await logins.resume("bound", state)).toBeNull();
  });

  it("accepts a pasted address once, and one without a state only for brokers that do not echo it", async () => {
    const { url } = await logins.start(link);
    const pasted = `${PUBLIC}/oauth/echo/callback?code=ok&state=${stateOf(url)}`;
    expect((await logins.finishPasted(link, `${PUBLIC}/oauth/echo/callback?code=ok`, null)).kind).toBe("stale");
    const other = await accounts.add(ASHA, brokerName("echo"), {});
    expect((await logins.finishPasted(link, pasted, null)).kind).toBe("linked");
    expect((await logins.finishPasted(link, pasted, null)).kind).toBe("stale");
    const bound = await accounts.add(ASHA, brokerName("bound"), {});
    const { heldState } = await logins.start(bound);
    expect((await logins.finishPasted(bound, `${PUBLIC}/oauth/bound/callback?code=ok`, heldState)).kind).toBe("linked");
    expect((await logins.finishPasted(bound, `${PUBLIC}/oauth/bound/callback?code=ok`, heldState)).kind).toBe("stale");
    const foreign = await logins.start(other);
    const crossed = `${PUBLIC}/oauth/echo/callback?code=ok&state=${stateOf(foreign.url)}`;
    expect((await logins.finishPasted(link, crossed, null)).kind).toBe("stale");
  });

  it("tells by a pasted address which of the user's own logins it ends, until that is finished", async () => {
    const { url } = await logins.start(link);
    await logins.start(await accounts.add(ASHA, brokerName("echo"), {}));
    const pasted = `${PUBLIC}/oauth/echo/callback?code=ok&state=${stateOf(url)}`;
    expect((await logins.linkIn(ASHA, pasted))?._id).toBe(link._id);
    expect(await logins.linkIn(VIKRAM, pasted)).toBeNull();
    expect(await logins.linkIn(ASHA, stateOf(url))).toBeNull();
    await logins.finishPasted(link, pasted, null);
    expect(await logins.linkIn(ASHA, pasted)).toBeNull();
  });

  let messages = 100;
  const take = (user: typeof ASHA, text: string) => capture.accept(user, { id: (messages += 1), text });

  it("takes keys one message at a time, checks each, and stores them as secrets", async () => {
    const first = await capture.begin(link);
    expect(first).toMatchObject({ kind: "next", spec: { field: "apiKey" } });
    expect(await take(VIKRAM, "demoapikey00001")).toBeNull();
    expect((await take(ASHA, "no!"))?.kind).toBe("invalid");
    expect(await take(ASHA, " demoapikey00001 ")).toMatchObject({
      kind: "next",
      spec: { field: "apiSecret" },
    });
    expect((await take(ASHA, "demosecret00001"))?.kind).toBe("complete");
    expect(await take(ASHA, "demosecret00001")).toBeNull();
    const stored = await accounts.get(ASHA, link._id);
    expect(stored?.credentials["apiSecret"]?.reveal()).toBe("demosecret00001");
    expect(JSON.stringify(stored)).not.toContain("demosecret00001");
  });

  it("takes a redelivered key once and asks for the next one again", async () => {
    const [key, secret] = [
      { id: 1, text: "demoapikey00001" },
      { id: 2, text: "demosecret00001" },
    ];
    await capture.begin(link);
    for (let at = 0; at < 2; at += 1)
      expect(await capture.accept(ASHA, key)).toMatchObject({ kind: "next", spec: { field: "apiSecret" } });
    for (let at = 0; at < 2; at += 1) {
      expect((await capture.accept(ASHA, secret))?.kind).toBe("complete");
      await capture.awaitLogin(link, null);
    }
    const stored = await accounts.get(ASHA, link._id);
    expect(stored?.credentials["apiKey"]?.reveal()).toBe("demoapikey00001");
    expect(stored?.credentials["apiSecret"]?.reveal()).toBe("demosecret00001");
    expect((await take(ASHA, `ok-${"0123456789abcdef".repeat(2)}`))?.kind).toBe("login");
  });

  it.each([0, 1])("takes a key when the process died after %i writes of what it awaits", async (writes) => {
    const key = { id: 1, text: "demoapikey00001" };
    await capture.begin(link);
    const store = dyingAfter(stage.store, "captures", writes);
    await createKeyCapture({ store, clock: stage.clock, accounts })
      .accept(ASHA, key)
      .catch(() => undefined);
    expect(await capture.accept(ASHA, key)).toMatchObject({ kind: "next", spec: { field: "apiSecret" } });
    expect((await take(ASHA, "demosecret00001"))?.kind).toBe("complete");
  });

  it("awaits a login's end without taking other text, and stops awaiting a key on `leave` or timeout", async () => {
    await capture.awaitLogin(link, null);
    expect(await take(ASHA, "SBIN")).toBeNull();
    expect(await take(ASHA, "reliance fut 10 @ 2500")).toBeNull();
    await capture.leave(ASHA);
    expect((await take(ASHA, "https://bot.example/oauth/echo/callback?code=ok"))?.kind).toBe("login");
    await capture.awaitLogin(link, null);
    expect(await take(ASHA, "NSE:M&M26NOV3700CE")).toBeNull();
    expect((await take(ASHA, "eyJhbGciOiJIUzUxMiJ9.eyJzdWIiOiJSIn0.c2ln&feed_token=a.b.c"))?.kind).toBe("login");
    await capture.begin(link);
    await capture.leave(ASHA);
    expect(await take(ASHA, "demoapikey00001")).toBeNull();
    await capture.begin(link);
    stage.clock.advance(60 * 60_000 + 1);
    expect(await take(ASHA, "demoapikey00001")).toBeNull();
    await capture.awaitLogin(link, null);
    for (const contract of ["BANKNIFTY26NOVFUT", "nifty26d0124500ce", "MIDCPNIFTY26NOV12600CE"])
      expect(await take(ASHA, contract)).toBeNull();
    expect((await take(ASHA, "Xq7Zk91xQrqtok7Qm2X9kLw2RtYb41Zc"))?.kind).toBe("login");
  });

  it("awaits a key or token for half an hour and longer", async () => {
    await capture.begin(link);
    stage.clock.advance(30 * 60_000);
    expect(await take(ASHA, "demoapikey00001")).toMatchObject({ kind: "next" });
    await capture.awaitLogin(link, null);
    stage.clock.advance(30 * 60_000);
    expect(await take(ASHA, "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln")).toMatchObject({ kind: "login" });
  });

  it("keeps awaiting a key when another account's login ends in the browser", async () => {
    const other = await accounts.add(ASHA, brokerName("echo"), {});
    await capture.awaitLogin(other, null);
    await capture.begin(link);
    await capture.endLogin(other);
    expect(await take(ASHA, "demoapikey00001")).toMatchObject({ kind: "next", spec: { field: "apiSecret" } });
    await capture.awaitLogin(other, null);
    await capture.endLogin(other);
    expect(await take(ASHA, "https://bot.example/oauth/echo/callback?code=ok")).toBeNull();
  });

  it("takes a proxy for orders, or none", async () => {
    await capture.awaitEgress(link);
    for (const unusable of [
      "my proxy",
      "socks5://203.0.113.7:70000",
      "http://203.0.113.7:0",
      "http://asha:50%off@203.0.113.7:8080",
      "http://asha:pass#1@203.0.113.7:8080",
      "http://asha:what?@203.0.113.7:8080",
      "http://asha:back\\slash@203.0.113.7:8080",
      "http://203.0.113.777:8080",
    ])
      expect((await take(ASHA, unusable))?.kind, unusable).toBe("invalid");
    for (const usable of ["http://asha:50%25off@203.0.113.255:65535", "https://asha:a:b%23@proxy-1.example.com:443"]) {
      expect((await take(ASHA, usable))?.kind, usable).toBe("egress");
      await capture.awaitEgress(link);
    }
    expect((await take(ASHA, "socks5://asha:secret@203.0.113.7:1080"))?.kind).toBe("egress");
    expect((await accounts.get(ASHA, link._id))?.egress?.reveal()).toContain("203.0.113.7");
    await capture.awaitEgress(link);
    await take(ASHA, "skip");
    expect((await accounts.get(ASHA, link._id))?.egress).toBeNull();
  });

  it("takes a redelivered proxy or login end again, but no other message", async () => {
    const [proxy, end] = [
      { id: 1, text: "socks5://asha:secret@203.0.113.7:1080" },
      { id: 2, text: "https://bot.example/oauth/echo/callback?code=ok" },
    ];
    await capture.awaitEgress(link);
    for (let times = 0; times < 2; times += 1)
      expect(await capture.accept(ASHA, proxy)).toMatchObject({ kind: "egress", link: { egress: expect.anything() } });
    expect(await take(ASHA, "socks5://203.0.113.8:1080")).toBeNull();
    await capture.awaitLogin(link, "held");
    for (let times = 0; times < 2; times += 1)
      expect(await capture.accept(ASHA, end)).toMatchObject({ kind: "login", heldState: "held" });
    expect(await take(ASHA, end.text)).toBeNull();
    expect((await accounts.get(ASHA, link._id))?.egress?.reveal()).toContain("203.0.113.7");
  });

  it("takes keys from a form once, within five minutes, and only if all are valid", async () => {
    const token = await forms.offer(link, "keys");
    expect(token).toMatch(/^[\w-]{32}$/);
    expect(await forms.open(token)).toMatchObject({ title: "Keys of echo", userName: "Asha <b>" });
    expect(await forms.open("guess")).toBeNull();
    const wrong = await forms.submit(token, { apiKey: "demoapikey00001", apiSecret: "?" });
    expect(wrong).toEqual({ kind: "invalid", fields: ["apiSecret"] });
    expect((await accounts.get(ASHA, link._id))?.credentials).toEqual({});
    const fields = { apiKey: "demoapikey00001", apiSecret: "demosecret00001", egress: "" };
    const both = await Promise.all([forms.submit(token, fields), forms.submit(token, fields)]);
    expect(both.map(({ kind }) => kind).toSorted()).toEqual(["done", "stale"]);
    expect(await forms.open(token)).toBeNull();
    const stored = (await accounts.get(ASHA, link._id))?.credentials;
    for (const proxy of ["socks5://203.0.113.7:1080", ""]) {
      const form = await forms.offer(link, "egress");
      expect((await forms.open(form))?.specs.map(({ field }) => field)).toEqual(["egress"]);
      expect(await forms.submit(form, { egress: proxy })).toMatchObject({ kind: "done", subject: "egress" });
      const after = await accounts.get(ASHA, link._id);
      expect([after?.egress?.reveal() ?? "", after?.credentials]).toEqual([proxy, stored]);
    }
    const late = await forms.offer(link, "keys");
    stage.clock.advance(5 * 60_000);
    expect(await forms.open(late)).not.toBeNull();
    stage.clock.advance(1);
    expect(await forms.open(late)).toBeNull();
  });

  describe("with new keys for a link", () => {
    const keysOf = (apiKey: string, apiSecret: string) => ({
      apiKey: new Secret(apiKey),
      apiSecret: new Secret(apiSecret),
    });
    const login = async (one: Link, code?: string) =>
      logins.finish("echo", callback(stateOf((await logins.start(one)).url), code));
    const stored = async () => (await accounts.get(ASHA, link._id)) as Link;
    const newKeys = { apiKey: "newapikey00000001", apiSecret: "newsecret000001" };

    /** Types the keys on the page, and returns what logs in with them. */
    async function giveNewKeys(keys: Record<string, string> = newKeys): Promise<Link> {
      const done = await forms.submit(await forms.offer(await accounts.standIn(linked), "keys"), keys);
      if (done.kind !== "done") throw new Error(done.kind);
      return done.link;
    }

    let linked: Link;
    beforeEach(async () => {
      const egress = new Secret("socks5://203.0.113.7:1080");
      link = await accounts.update(link._id, () => ({ credentials: keysOf("oldkey0001", "oldsecret0001"), egress }));
      await login(link);
      linked = await stored();
    });

    it("keeps the old keys and session until a login with the new ones has worked, then keeps only those, in the same link", async () => {
      const standIn = await giveNewKeys();
      const { url } = await logins.start(standIn);
      expect(await stored()).toEqual(linked);
      const result = await logins.finish("echo", callback(stateOf(url)));
      expect(result).toMatchObject({ kind: "linked", hasNewKeys: true, link: { _id: link._id } });
      const after = await stored();
      expect(after).toEqual({
        ...linked,
        credentials: after.credentials,
        tokens: after.tokens,
        version: after.version,
      });
      expect(after.credentials["apiSecret"]?.reveal()).toBe("newsecret000001");
      expect(after.tokens?.accessToken.reveal()).not.toBe(linked.tokens?.accessToken.reveal());
      expect(await accounts.forLogin(ASHA, standIn._id)).toBeNull();
    });

    it("changes nothing after a login that the broker refused, that was not finished, or whose session fails its first call", async () => {
      const standIn = await giveNewKeys();
      expect((await login(standIn, "no")).kind).toBe("failed");
      const { url } = await logins.start(standIn);
      expect((await logins.finish("echo", { state: stateOf(url) })).kind).toBe("cancelled");
      (await accounts.broker(link).connector()).getProfile = async () => {
        throw new BrokerError("unavailable", "no", { broker: brokerName("echo"), endpoint: "GET /profile" });
      };
      expect((await login(standIn)).kind).toBe("failed");
      expect(await stored()).toEqual(linked);
    });

    it("refuses another account at that broker, and takes the right one after it", async () => {
      const standIn = await giveNewKeys();
      const other = await login(standIn, "ok-ZZ9999");
      expect(other).toMatchObject({ kind: "other-account", accountId: "ZZ9999", link: { _id: standIn._id } });
      expect(await stored()).toEqual(linked);
      expect(await login(standIn)).toMatchObject({ kind: "linked", hasNewKeys: true });
    });

    it("logs in with the old keys meanwhile, and still takes the new ones after that", async () => {
      const standIn = await giveNewKeys();
      expect(await login(linked)).toMatchObject({ kind: "linked", hasNewKeys: false });
      expect((await stored()).credentials).toEqual(linked.credentials);
      expect(await login(standIn)).toMatchObject({ kind: "linked", hasNewKeys: true });
    });

    it("keeps the new keys when a login with the old ones finishes after them", async () => {
      const standIn = await giveNewKeys();
      const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const connector = await accounts.broker(link).connector();
      const getProfile = connector.getProfile.bind(connector);
      connector.getProfile = async (access) => {
        if (access.link === link._id) {
          asked.resolve();
          await answer.promise;
        }
        return getProfile(access);
      };
      const old = login(linked);
      await asked.promise;
      expect((await login(standIn)).kind).toBe("linked");
      const after = await stored();
      answer.resolve();
      expect(await old).toMatchObject({ kind: "stale" });
      expect(await stored()).toMatchObject({ credentials: after.credentials, tokens: after.tokens });
      expect((await stored()).credentials["apiSecret"]?.reveal()).toBe("newsecret000001");
    });

    it("takes them in the chat too, and the end of their login", async () => {
      const standIn = await accounts.standIn(linked);
      expect(await capture.begin(standIn)).toMatchObject({ kind: "next", spec: { field: "apiKey" } });
      await take(ASHA, newKeys.apiKey);
      const complete = await take(ASHA, newKeys.apiSecret);
      expect(complete).toMatchObject({ kind: "complete", link: { _id: standIn._id } });
      await capture.awaitLogin(standIn, null);
      expect((await capture.awaitedLogin(ASHA))?._id).toBe(standIn._id);
      const end = await take(ASHA, `ok${"0123456789abcdef".repeat(2)}`);
      if (end?.kind !== "login") throw new Error(end?.kind);
      expect((await logins.finishPasted(end.link, end.text.reveal(), end.heldState)).kind).toBe("linked");
      expect((await stored()).credentials["apiKey"]?.reveal()).toBe(newKeys.apiKey);
    });

    it("asks the broker for a session that uses them when a token is pasted, which with the old ones need not be", async () => {
      const asked: (true | undefined)[] = [];
      const connector = await accounts.broker(link).connector();
      const generateSession = connector.generateSession.bind(connector);
      connector.generateSession = async (grant) => {
        asked.push(grant.kind === "token" ? grant.mustUseKeys : undefined);
        return generateSession(grant);
      };
      await logins.finishPasted(linked, "ok", null);
      await logins.finishPasted(await giveNewKeys(), "ok", null);
      expect(asked).toEqual([undefined, true]);
    });

    it("asks for all keys anew each time, and not for the proxy", async () => {
      await giveNewKeys();
      const again = await accounts.standIn(linked);
      expect(again).toMatchObject({ credentials: {}, tokens: null, egress: null });
      const form = await forms.open(await forms.offer(again, "keys"));
      expect(form?.title).toBe("New keys of echo");
      expect(form?.specs.map(({ field }) => field)).toEqual(["apiKey", "apiSecret"]);
    });

    it("keeps them out of every list of accounts, and from other users", async () => {
      const standIn = await giveNewKeys();
      expect(await accounts.all(ASHA)).toHaveLength(1);
      expect(await accounts.sharing(ASHA)).toHaveLength(1);
      for (const id of [ASHA, VIKRAM]) expect(await accounts.get(id, standIn._id)).toBeNull();
      expect(await accounts.forLogin(VIKRAM, standIn._id)).toBeNull();
      expect(await accounts.byId(standIn._id)).toBeNull();
    });

    it("deletes them with the link, and a day after they were left", async () => {
      const standIn = await giveNewKeys();
      stage.clock.advance(86_400_000 + 1);
      expect(await accounts.forLogin(ASHA, standIn._id)).toBeNull();
      const { url } = await logins.start(await giveNewKeys());
      await accounts.remove(ASHA, link._id);
      expect(await accounts.forLogin(ASHA, standIn._id)).toBeNull();
      expect(await logins.finish("echo", callback(stateOf(url)))).toEqual({ kind: "stale" });
    });

    it("lets another process call with them at once", async () => {
      const { brokers } = accounts;
      const there = createAccounts({ store: stage.store, clock: stage.clock, brokers, log: stage.log });
      await login(await giveNewKeys());
      const [seen] = await there.active(ASHA);
      const used = await there.call(seen as Link, async (_, access) => access);
      expect(used.credentials["apiSecret"]?.reveal()).toBe("newsecret000001");
      expect(used.session.accessToken.reveal()).toBe((await stored()).tokens?.accessToken.reveal());
    });
  });
});

/** A store whose collection `name` accepts `writes` writes and then throws. */
function dyingAfter(store: Store, name: string, writes: number): Store {
  let left = writes;
  const alive = async <R>(write: () => Promise<R>): Promise<R> => {
    if ((left -= 1) < 0) throw new Error("the process died");
    return write();
  };
  return {
    ...store,
    collection<T extends Document>(spec: CollectionSpec<T>): Collection<T> {
      const inner = store.collection(spec);
      if (spec.name !== name) return inner;
      return {
        ...inner,
        insert: (document) => alive(() => inner.insert(document)),
        replace: (document, version) => alive(() => inner.replace(document, version)),
        delete: (id) => alive(() => inner.delete(id)),
      };
    },
  };
}
