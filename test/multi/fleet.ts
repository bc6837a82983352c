import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { TestChat } from "../../playground/telegram/test-chat.ts";
import { MongoClient } from "mongodb";
import { startLocalWorld, type LocalWorld } from "../../playground/start.ts";
import { generateKey } from "../../src/lib/crypto.ts";
import { runEntry, type Entry } from "../app/run.ts";
import type { MongoServer } from "../mongo-server/mongo-server.ts";
import { freePort } from "../free-port.ts";
import { startProxy, type Proxy } from "./proxy.ts";

export interface Member {
  readonly port: number;
  readonly entry: Entry;
  /** Ends it with SIGKILL, in the middle of whatever it was doing. */
  kill(): Promise<void>;
  metric(name: string): Promise<number>;
}

export interface Fleet {
  readonly world: LocalWorld;
  readonly proxy: Proxy;
  readonly members: readonly Member[];
  chat(user: number): TestChat;
  /** Whether the processes can reach Telegram; Telegram can reach them in any case. */
  setTelegram(isReachable: boolean): void;
  /** Waits until no process handles an update, so that the next one is handled by whichever process receives it. */
  settled(): Promise<void>;
  /** Starts one more process; resolves when it is ready. */
  add(settings?: Readonly<Record<string, string>>): Promise<Member>;
  /** The database's whole content, as text. */
  documents(): Promise<string>;
  stop(): Promise<void>;
}

const READY_MS = 40_000;
/** In market hours. */
const STARTS_AT = Date.parse("2026-11-23T10:42:00+05:30");

/** Several real processes on one MongoDB, behind one proxy, with a local Telegram and local brokers. */
export async function startFleet(
  mongo: MongoServer,
  size: number,
  mode: "webhook" | "polling" = "webhook",
): Promise<Fleet> {
  const dir = mkdtempSync(join(tmpdir(), "fleet-"));
  const proxy = await startProxy();
  const startedAt = Date.now();
  const now = (): number => STARTS_AT + Date.now() - startedAt;
  const world = await startLocalWorld({ port: 0, dataDir: dir, now, publicUrl: proxy.url });
  // The bots' calls go through a second proxy, which can be cut; Telegram's own calls do not.
  const telegramProxy = await startProxy();
  telegramProxy.backends.add(world.telegram.port);
  const members: Member[] = [];
  const [base, query = ""] = mongo.uri.split("?");
  const common = {
    TELEGRAM_BOT_TOKEN: world.telegram.token,
    TELEGRAM_API_ROOT: telegramProxy.url,
    BOT_MODE: mode,
    PUBLIC_URL: proxy.url,
    MONGODB_URI: `${(base ?? "").replace(/\/$/, "")}/fleet${randomUUID().slice(0, 8)}?${query}`,
    MASTER_KEY: generateKey(),
    OWNER_ID: world.ownerId,
    LOG_LEVEL: "warn",
    YAHOO_API_ROOT: "http://127.0.0.1:9",
    ...world.roots,
  };

  async function add(settings: Readonly<Record<string, string>> = {}): Promise<Member> {
    const port = await freePort();
    const dataDir = mkdtempSync(join(dir, "member-"));
    const entry = runEntry(["main"], {
      ...common,
      SAUDA_CLOCK: new Date(now()).toISOString(),
      DATA_DIR: dataDir,
      PORT: String(port),
      ...settings,
    });
    const member: Member = {
      port,
      entry,
      async kill() {
        proxy.backends.delete(port);
        entry.child.kill("SIGKILL");
        await entry.ended;
      },
      async metric(name) {
        const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
        const rows = text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
        return rows.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
      },
    };
    members.push(member);
    await ready(member);
    proxy.backends.add(port);
    return member;
  }

  async function documents(): Promise<string> {
    const client = new MongoClient(common.MONGODB_URI);
    try {
      const names = await client.db().listCollections().toArray();
      return JSON.stringify(await Promise.all(names.map(({ name }) => client.db().collection(name).find().toArray())));
    } finally {
      await client.close();
    }
  }

  for (let at = 0; at < size; at += 1) await add();
  return {
    world,
    proxy,
    members,
    setTelegram: (isReachable) =>
      void (isReachable ? telegramProxy.backends.add(world.telegram.port) : telegramProxy.backends.clear()),
    chat: (user) => world.telegram.chat(user),
    add,
    documents,
    async settled() {
      const alive = members.filter(({ port }) => proxy.backends.has(port));
      for (const member of alive) {
        while ((await member.metric("sauda_inbox_running")) > 0) await pause(10);
      }
    },
    async stop() {
      for (const { entry } of members) entry.child.kill("SIGTERM");
      await Promise.all(members.map(({ entry }) => entry.ended));
      await world.close();
      await proxy.close();
      await telegramProxy.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function ready({ port, entry }: Member): Promise<void> {
  const life = { hasEnded: false };
  void entry.ended.then(() => (life.hasEnded = true));
  for (const endsAt = Date.now() + READY_MS; Date.now() < endsAt;) {
    if (life.hasEnded) break;
    const reply = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
    if (reply?.status === 200) return;
    await pause(50);
  }
  throw new Error(`not ready: ${entry.output()}`);
}
