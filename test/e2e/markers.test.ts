import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startLocalWorld, type LocalWorld } from "../../playground/start.ts";
import { createKeyring, generateKey, parseKey } from "../../src/lib/crypto.ts";
import { Secret } from "../../src/lib/secret.ts";
import type { Document } from "../../src/ports/store.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { runEntry, type Entry } from "../app/run.ts";
import { walkLogin } from "../conformance/browser.ts";
import { freePort } from "../multi/fleet.ts";

const ASHA = 1001;
const WAIT_MS = 20_000;
const PIN = "83920164";
const PROXY = "socks5://asha:marker-proxy-word@203.0.113.7:1080";

interface StoredLink extends Document {
  readonly _id: string;
  readonly account_id: string;
  readonly credentials: unknown;
  readonly tokens: unknown;
  readonly egress: unknown;
}

/** One person's day with secrets in every place that takes one; then everything that was left behind is searched. */
describe("no secret", () => {
  let world: LocalWorld;
  let bot: Entry;
  let port: number;
  const dir = mkdtempSync(join(tmpdir(), "markers-"));
  const [dataDir, worldDir] = [join(dir, "data"), join(dir, "world")];
  const masterKey = generateKey();
  const secrets = new Map<string, string>([
    ["master key", masterKey],
    ["PIN", PIN],
    ["proxy's password", "marker-proxy-word"],
  ]);

  const accountIds: string[] = [];

  const asha = () => world.telegram.chat(ASHA);
  const seen = (text: string) =>
    asha().until(
      () =>
        asha()
          .messages()
          .findLast((message) => message.text?.includes(text)),
      WAIT_MS,
    );

  beforeAll(async () => {
    port = await freePort();
    const publicUrl = `http://127.0.0.1:${port}`;
    world = await startLocalWorld({ port: 0, dataDir: worldDir, now: Date.now, publicUrl });
    secrets.set("bot token", world.telegram.token);
    bot = runEntry(["main"], {
      TELEGRAM_BOT_TOKEN: world.telegram.token,
      TELEGRAM_API_ROOT: world.telegram.url,
      PORT: String(port),
      PUBLIC_URL: publicUrl,
      DATA_DIR: dataDir,
      MASTER_KEY: masterKey,
      OWNER_ID: String(ASHA),
      LOG_LEVEL: "trace",
      YAHOO_API_ROOT: "http://127.0.0.1:9",
      ...world.roots,
    });
    await asha().ask("/start", WAIT_MS);
    await linkAll(publicUrl);
    await useEverything();
  }, 90_000);
  afterAll(async () => {
    await world.close();
    rmSync(dir, { recursive: true, force: true });
  });

  async function linkAll(publicUrl: string): Promise<void> {
    for (const broker of ["zerodha", "fyers", "angelone"]) {
      const demo = world.lab.state().brokers.find(({ name }) => name === broker);
      await asha().ask(`/link ${broker}`, WAIT_MS);
      for (const { field, value } of demo?.credentials ?? []) {
        if (/secret|pin|totp|password/i.test(field) && value.length > 5) secrets.set(`${broker} ${field}`, value);
        await asha().until(() => asha().lastFromBot()?.text?.startsWith("Send the "), WAIT_MS);
        await asha().ask(value, WAIT_MS);
      }
      const login = await asha().until(
        () =>
          asha()
            .messages()
            .findLast((message) => message.text?.includes("Now log in at")),
        WAIT_MS,
      );
      const url = login.reply_markup?.inline_keyboard[0]?.[0]?.url ?? "";
      const landed = await walkLogin(url, `${publicUrl}/oauth/${broker}/callback`);
      for (const [name, value] of new URL(landed).searchParams) {
        if (value.length >= 16 && name !== "state") secrets.set(`${broker} callback's ${name}`, value);
      }
      expect((await fetch(landed)).status).toBe(200);
      await seen("is linked.");
    }
  }

  async function useEverything(): Promise<void> {
    await asha().ask("/egress", WAIT_MS);
    asha().tapButton("zerodha");
    await seen("Send the proxy");
    asha().send(PROXY);
    await seen("go out through that proxy");
    await asha().ask("/lock pin", WAIT_MS);
    asha().send(PIN);
    await seen("PIN set");
    for (const command of [
      "/holdings",
      "/funds",
      "/orders",
      "/profile",
      "/buy SBIN 1 on fyers",
      "/accounts",
      "/health",
    ]) {
      await asha().ask(command, WAIT_MS);
    }
    // A dead session and a refused login go through the paths of failure.
    await world.lab.act({ broker: "fyers", action: "expireSessions" });
    await asha().ask("/holdings", WAIT_MS);
    await fetch(
      `http://127.0.0.1:${port}/oauth/fyers/callback?auth_code=marker-dead-code-000&state=marker-dead-state-0`,
    );
    secrets.set("refused code", "marker-dead-code-000").set("refused state", "marker-dead-state-0");
  }

  it("is in the log, the metrics, the chat or on the disk", async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    // A question shows how its answer looks, and the demo's keys look so.
    const chat = JSON.stringify(
      asha()
        .messages()
        .filter((message) => !message.text?.startsWith("Send the ")),
    );
    bot.child.kill("SIGTERM");
    const { out: log } = await bot.ended;
    await collectTokens();
    const disk = readdirSync(dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
      .join("\n");
    expect(log, "a broker call says which update caused it").toMatch(/"update":\d+[^\n]*"msg":"broker call"/);
    const [account = "?"] = accountIds;
    const told = log.split("\n").filter((line) => /"level":"(info|warn|error)"/.test(line));
    expect(told.length).toBeGreaterThan(3);
    expect(told.filter((line) => line.includes(account))).toEqual([]);
    expect(disk).toContain("user_brokers");
    expect(secrets.size).toBeGreaterThan(12);
    for (const [name, secret] of secrets) {
      for (const [place, text] of Object.entries({ log, metrics, chat, disk })) {
        expect(text.includes(secret), `${name} in the ${place}`).toBe(false);
      }
    }
  }, 30_000);

  /** What the brokers issued lies only in the store: read there, looked for everywhere. */
  async function collectTokens(): Promise<void> {
    const keyring = createKeyring({ current: parseKey(masterKey) });
    const store = openSqliteStore({ dir: dataDir, now: Date.now, keyring });
    const links = store.collection<StoredLink>({
      name: "user_brokers",
      indexes: [{ name: "user", fields: ["user_id", "created_at"] }],
      encrypted: ["credentials", "tokens", "egress"],
      durability: "full",
    });
    for await (const link of links.scan()) {
      accountIds.push(link.account_id);
      // Some credentials are no secrets: a client id stands in the login's address.
      for (const secret of secretsIn([link.tokens, link.egress])) {
        if (secret.length >= 12) secrets.set(`stored ${secret.slice(0, 2)}… of ${link._id}`, secret);
      }
    }
    await store.close();
  }
});

function secretsIn(value: unknown): string[] {
  if (value instanceof Secret) return [value.reveal()];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(secretsIn) : [];
}
