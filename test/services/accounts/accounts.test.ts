import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BrokerConnector } from "../../../connectors/base.ts";
import { brokerDefinitions } from "../../../connectors/index.ts";
import { userId, type BrokerName } from "../../../src/domain/ids.ts";
import type { Position } from "../../../src/domain/portfolio.ts";
import { BrokerError, UnreadRows } from "../../../src/errors.ts";
import { createKeyring, generateKey, parseKey } from "../../../src/lib/crypto.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { createAccounts, isWhole, type Accounts, type Broker } from "../../../src/services/accounts/accounts.ts";
import { createLog } from "../../../src/lib/log.ts";
import { createPortfolio } from "../../../src/services/portfolio/portfolio.ts";
import { asGiven, position } from "../stub-broker.ts";
import { openSqliteStore, type SqliteStore } from "../../../src/store/sqlite/store.ts";

const ASHA = userId(1001);
const VIKRAM = userId(1002);
const NOW = 1_795_500_000_000;
const silent = createLog({ level: "silent" });
const clock = { now: () => NOW, sleep: async () => undefined };

let dir: string;
let store: SqliteStore;
let accounts: Accounts;
let logged: string[];
/** What each broker's positions call does. */
let answer: (broker: BrokerName) => Promise<Position[]>;

beforeEach(async () => {
  logged = [];
  dir = mkdtempSync(join(tmpdir(), "sauda-accounts-"));
  store = openSqliteStore({ dir, now: clock.now, keyring: createKeyring({ current: parseKey(generateKey()) }) });
  const brokers = new Map<BrokerName, Broker>(
    brokerDefinitions.map((definition) => {
      const connector: Pick<BrokerConnector, "getPositions" | "getHoldings"> = {
        getPositions: () => answer(definition.name),
        getHoldings: async () => [],
      };
      return [definition.name, { definition, connector: async () => connector as BrokerConnector }];
    }),
  );
  accounts = createAccounts({
    store,
    clock,
    brokers,
    log: createLog({ level: "error", destination: { write: (line) => logged.push(line) } }),
  });
  for (const { name } of brokerDefinitions) await linkLive(name);
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

async function linkLive(broker: BrokerName) {
  const link = await accounts.add(ASHA, broker, {});
  const tokens = { accessToken: new Secret("t"), accountId: "A1", issuedAt: NOW, expiresAt: NOW + 1_000 };
  return accounts.update(link._id, () => ({ is_active: true, tokens, account_id: "A1" }));
}

describe("reads over all accounts", () => {
  it("ask all brokers in parallel", async () => {
    let asked = 0;
    let release: () => void = () => undefined;
    const allAsked = new Promise<void>((resolve) => (release = resolve));
    answer = async () => {
      asked += 1;
      if (asked === brokerDefinitions.length) release();
      await allAsked;
      return [];
    };
    const parts = await createPortfolio({ accounts, closes: asGiven, log: silent }).positions(ASHA);
    expect(parts.map((part) => part.ok)).toEqual(brokerDefinitions.map(() => true));
  });

  it("ask only the account that is named", async () => {
    const asked: BrokerName[] = [];
    answer = async (broker) => (asked.push(broker), []);
    const portfolio = createPortfolio({ accounts, closes: asGiven, log: silent });
    expect((await portfolio.positions(ASHA, "dhan")).map(({ link }) => link.label)).toEqual(["dhan"]);
    expect(await portfolio.positions(ASHA, "nosuch")).toEqual([]);
    expect(asked).toEqual(["dhan"]);
  });

  it("report the broker that failed and return the others' answers", async () => {
    answer = async (broker) => {
      if (broker === "dhan") throw new BrokerError("unavailable", "down", { broker, endpoint: "GET /positions" });
      return [];
    };
    const parts = await createPortfolio({ accounts, closes: asGiven, log: silent }).positions(ASHA);
    expect(parts.filter((part) => !part.ok).map((part) => part.link.broker_name)).toEqual(["dhan"]);
  });

  it("return the others' answers past a defect of ours at one account, and log which", async () => {
    answer = async (broker) => {
      if (broker === "dhan") throw new TypeError("undefined is not a function");
      return [];
    };
    const parts = await createPortfolio({ accounts, closes: asGiven, log: silent }).positions(ASHA);
    const failed = parts.filter((part) => !part.ok);
    expect(failed).toMatchObject([{ link: { broker_name: "dhan" }, error: { kind: "bad-response" } }]);
    expect(parts).toHaveLength(brokerDefinitions.length);
    expect(logged.join()).toContain(`"link":"${failed[0]?.link._id}"`);
    expect(logged.join()).toContain("undefined is not a function");
  });

  it("return the others when an account is unlinked while its broker reports a dead session", async () => {
    const dhan = (await accounts.all(ASHA)).find((link) => link.broker_name === "dhan");
    answer = async (broker) => {
      if (broker !== "dhan") return [];
      await accounts.remove(ASHA, dhan!._id);
      throw new BrokerError("auth-expired", "over", { broker, endpoint: "GET /positions" });
    };
    const parts = await createPortfolio({ accounts, closes: asGiven, log: silent }).positions(ASHA);
    expect(parts.filter((part) => !part.ok)).toMatchObject([
      { link: { _id: dhan?._id }, error: { kind: "auth-expired" } },
    ]);
    expect(parts).toHaveLength(brokerDefinitions.length);
  });

  it("return the readable rows of a list beside the unread ones, but the day's P&L only if it is complete", async () => {
    const unread = [{ orderId: null, listed: null }];
    answer = async (broker) => {
      if (broker !== "dhan") return [];
      throw new UnreadRows("odd", { broker, endpoint: "GET /positions" }, { rows: [position], unread });
    };
    const portfolio = createPortfolio({ accounts, closes: asGiven, log: silent });
    const parts = await portfolio.positions(ASHA);
    expect(parts.find((part) => part.link.broker_name === "dhan")).toMatchObject({
      ok: true,
      value: [position],
      unread,
    });
    expect(parts.filter(isWhole)).toHaveLength(parts.length - 1);
    const today = await portfolio.today(ASHA);
    expect(today.find((part) => part.link.broker_name === "dhan")).toMatchObject({ ok: false });
  });

  it("end a session that the broker calls dead, so that the next read does not ask the broker", async () => {
    let calls = 0;
    answer = async (broker) => {
      if (broker !== "fyers") return [];
      calls += 1;
      throw new BrokerError("auth-expired", "expired", { broker, endpoint: "GET /positions" });
    };
    await createPortfolio({ accounts, closes: asGiven, log: silent }).positions(ASHA);
    const again = await createPortfolio({ accounts, closes: asGiven, log: silent }).positions(ASHA);
    expect(again.find((part) => part.link.broker_name === "fyers")?.ok).toBe(false);
    expect(calls).toBe(1);
  });
});

describe("links", () => {
  it("belong to their user only", async () => {
    const [link] = await accounts.all(ASHA);
    if (!link) throw new Error("no link");
    expect(await accounts.get(VIKRAM, link._id)).toBeNull();
    expect(await accounts.remove(VIKRAM, link._id)).toBe(false);
    expect(await accounts.all(VIKRAM)).toEqual([]);
  });

  it("get distinct labels", async () => {
    const second = await accounts.add(ASHA, brokerDefinitions[0]?.name as BrokerName, {});
    expect(second.label).toBe(`${brokerDefinitions[0]?.name}2`);
  });

  it("have no session at the exact moment of its expiry", async () => {
    const [link] = await accounts.all(ASHA);
    if (!link?.tokens) throw new Error("no link");
    const tokens = { ...link.tokens, expiresAt: NOW };
    expect(accounts.hasSession(await accounts.update(link._id, () => ({ tokens })))).toBe(false);
  });
});
