import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { brokerDefinitions } from "../../connectors/index.ts";
import { startLocalWorld, type LocalWorld } from "../../playground/start.ts";
import type { Message } from "../../playground/telegram/types.ts";
import { createKeyring, generateKey, parseKey, type Keyring } from "../../src/lib/crypto.ts";
import { Secret } from "../../src/lib/secret.ts";
import { stepAt, totp } from "../../src/lib/totp.ts";
import type { Document, Store } from "../../src/ports/store.ts";
import { runEntry, type Entry } from "../app/run.ts";
import { walkLogin } from "../conformance/browser.ts";
import { freePort } from "../free-port.ts";

const ASHA = 1001;
const WAIT_MS = 20_000;
/** A public https address, so that keys are asked for on a page; the tests send its requests to loopback. */
const PUBLIC_URL = "https://sauda.example";
const BROKERS = brokerDefinitions.map(({ name }) => String(name));
const WITHOUT_PAGE: ReadonlySet<string> = new Set(
  brokerDefinitions.filter(({ capabilities }) => !capabilities.login.includes("redirect")).map(({ name }) => name),
);

/** A text that must not be found anywhere. `isShown`: the chat may show it, as in a login's address or a text that its owner typed. */
export interface Marker {
  readonly name: string;
  readonly text: string;
  readonly isShown: boolean;
}

export interface MarkedDay {
  readonly markers: readonly Marker[];
  /** Everything that the day left behind, by place: the log, the chat, the disk ... */
  readonly places: Readonly<Record<string, string>>;
  /** The brokers' own account ids. */
  readonly accountIds: readonly string[];
}

export interface MarkedStore {
  readonly settings: Readonly<Record<string, string>>;
  open(keyring: Keyring, dataDir: string): Promise<Store> | Store;
  /** Everything that is stored or was sent there, as text, by place. */
  contents(): Promise<Readonly<Record<string, string>>>;
}

/** Lives one person's day with a marked secret wherever a secret can be given, at log level trace, and collects what it left behind. */
export async function liveMarkedDay(kept: MarkedStore): Promise<MarkedDay> {
  const dir = mkdtempSync(join(tmpdir(), "markers-"));
  const port = await freePort();
  const world = await startLocalWorld({ port: 0, dataDir: join(dir, "world"), now: Date.now, publicUrl: PUBLIC_URL });
  const masterKey = generateKey();
  const dataDir = join(dir, "data");
  const bot = runEntry(["main"], {
    TELEGRAM_BOT_TOKEN: world.telegram.token,
    TELEGRAM_API_ROOT: world.telegram.url,
    PORT: String(port),
    PUBLIC_URL,
    DATA_DIR: dataDir,
    MASTER_KEY: masterKey,
    OWNER_ID: String(ASHA),
    LOG_LEVEL: "trace",
    YAHOO_API_ROOT: "http://127.0.0.1:9",
    ...kept.settings,
    ...world.roots,
  });
  try {
    const day = createDay(world, `http://127.0.0.1:${port}`);
    day.mark("master key", masterKey);
    day.mark("bot token", world.telegram.token);
    await untilReady(`http://127.0.0.1:${port}`);
    await day.live();
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const { log, links } = await ended(bot, () => kept.open(createKeyring({ current: parseKey(masterKey) }), dataDir));
    for (const link of links) {
      // Some brokers return the account's id in a field that we store as a secret: those are removed below.
      for (const text of secretsIn([link.tokens, link.egress]))
        if (text.length >= 12) day.mark(`stored, of ${link.broker_name}`, text);
    }
    const accountIds = links.map(({ account_id }) => account_id);
    return {
      markers: day.markers().filter(({ text }) => !accountIds.includes(text)),
      places: { log, metrics, chat: day.chat(), disk: filesIn(dataDir), ...(await kept.contents()) },
      accountIds,
    };
  } finally {
    bot.child.kill("SIGKILL");
    await bot.ended;
    await world.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The bot's pages are served a moment after its chat answers; a person would not notice. */
async function untilReady(base: string): Promise<void> {
  while (!(await fetch(`${base}/readyz`).catch(() => null))?.ok) await pause(50);
}

interface StoredLink extends Document {
  readonly _id: string;
  readonly broker_name: string;
  readonly account_id: string;
  readonly credentials: unknown;
  readonly tokens: unknown;
  readonly egress: unknown;
}

/** Stops the bot and reads the links: the tokens that brokers issued are only in the store. */
async function ended(bot: Entry, open: () => Promise<Store> | Store): Promise<{ log: string; links: StoredLink[] }> {
  bot.child.kill("SIGTERM");
  const { out: log } = await bot.ended;
  const store = await open();
  const collection = store.collection<StoredLink>({
    name: "user_brokers",
    indexes: [{ name: "user", fields: ["user_id", "created_at"] }],
    encrypted: ["credentials", "tokens", "egress"],
    durability: "full",
  });
  const links: StoredLink[] = [];
  for await (const link of collection.scan()) if (link.account_id !== null) links.push(link);
  await store.close();
  return { log, links };
}

function createDay(world: LocalWorld, base: string) {
  const found: Marker[] = [];
  const mark = (name: string, text: string, isShown = false): void => void found.push({ name, text, isShown });
  const asha = () => world.telegram.chat(ASHA);
  const here = (url: string): string => url.replace(PUBLIC_URL, base);
  const newest = (text: string, after = 0): Message | undefined =>
    asha()
      .messages()
      .findLast(
        (message) =>
          message.from.is_bot && message.message_id > after && (message.text ?? message.caption)?.includes(text),
      );
  const says = (sent: string, expected: string): Promise<Message> => {
    const { message_id: after } = asha().send(sent);
    return asha().until(() => newest(expected, after), WAIT_MS);
  };
  const cookieOf = (reply: Response): string =>
    reply.headers
      .getSetCookie()
      .map((each) => each.split(";")[0])
      .join("; ");

  /** Gives the keys on the page, first some that are malformed; Fyers' keys are sent in the chat. */
  async function giveKeys(broker: string): Promise<void> {
    const keys = world.lab.state().brokers.find(({ name }) => name === broker)?.credentials ?? [];
    const isSecret = /secret|pin/i;
    for (const { field, value } of keys) {
      // A PIN of four digits would be found by chance; in quotes it is really the PIN.
      mark(`${broker}'s ${field}`, value.length < 6 ? `"${value}"` : value, !isSecret.test(field));
    }
    const offer = await says(`/link ${broker}`, "for five minutes");
    const url = offer.reply_markup?.inline_keyboard[0]?.[0]?.url ?? "";
    mark(`${broker}'s key page`, url.split("/").at(-1) ?? "", true);
    if (broker === "fyers") {
      asha().tapButton("Type them here instead");
      for (const { value } of keys) {
        await asha().until(() => asha().lastFromBot()?.text?.startsWith("Send the "), WAIT_MS);
        await asha().ask(value, WAIT_MS);
      }
      return;
    }
    const mistyped = Object.fromEntries(keys.map(({ field }) => [field, "marker mistyped key"]));
    await post(url, { ...mistyped, apiKey: "marker mistyped key", apiSecret: "marker mistyped secret" });
    await post(url, Object.fromEntries(keys.map(({ field, value }) => [field, value])));
  }

  async function post(url: string, fields: Record<string, string>): Promise<void> {
    const form = await fetch(here(url));
    const csrf = /name="csrf" value="([^"]+)"/.exec(await form.text())?.[1] ?? "";
    await fetch(here(url), {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", cookie: cookieOf(form) },
      body: new URLSearchParams({ ...fields, csrf }).toString(),
    });
  }

  /** Sends the token that the drawer shows of a broker without a login page. */
  async function paste(broker: string): Promise<void> {
    const card = await asha().until(() => newest("Now send me"), WAIT_MS);
    const text = world.lab.state().brokers.find(({ name }) => name === broker)?.paste ?? "";
    mark(`${broker}'s pasted token`, text);
    asha().send(text);
    await asha().until(() => newest("is linked.", card.message_id), WAIT_MS);
  }

  async function logIn(broker: string): Promise<void> {
    const card = await asha().until(() => newest("Now log in at"), WAIT_MS);
    let url = card.reply_markup?.inline_keyboard[0]?.[0]?.url ?? "";
    let cookie = "";
    if (url.startsWith(PUBLIC_URL)) {
      mark(`${broker}'s held state`, url.split("/").at(-1) ?? "", true);
      const reply = await fetch(here(url), { redirect: "manual" });
      cookie = cookieOf(reply);
      url = reply.headers.get("location") ?? "";
    }
    const landed = await walkLogin(url, `${PUBLIC_URL}/oauth/${broker}/callback`);
    for (const [name, value] of landed.searchParams) {
      if (value.length >= 16) mark(`${broker}'s callback ${name}`, value, name === "state");
    }
    const page = await fetch(here(landed.href), { headers: { cookie } });
    expect(page.status, broker).toBe(200);
    await asha().until(() => newest("is linked.", card.message_id), WAIT_MS);
  }

  async function lockAndUnlock(): Promise<void> {
    mark("PIN", "83920164");
    await says("/lock pin", "Send the PIN");
    await says("83920164", "PIN set");
    await says("/buy SBIN 1 on fyers", "BUY 1 SBIN");
    await says("/lock none", "Send your PIN");
    await says("83920164", "five minutes");
    const shown = await says("/lock totp", "otpauth://");
    const secret = /secret=([A-Z2-7]+)/.exec(shown.caption ?? "")?.[1] ?? "";
    mark("authenticator's secret", secret);
    await says(totp(secret, stepAt(Date.now())), "Set. Every confirmation");
  }

  async function strayTexts(): Promise<void> {
    mark("proxy's password", "marker-proxy-word");
    await says("/egress", "Which account is the proxy for");
    asha().tapButton("angelone");
    const page = await asha().until(() => newest("Enter the proxy"), WAIT_MS);
    await post(page.reply_markup?.inline_keyboard[0]?.[0]?.url ?? "", {
      egress: "socks5://asha:marker-proxy-word@203.0.113.7:1080",
    });
    await asha().until(() => newest("go out through that proxy"), WAIT_MS);
    mark("words in a dialogue", "marker dialogue words", true);
    await says("/buy", "Which");
    await says("marker dialogue words", "I do not know");
    await says("/users", "People");
    asha().tapButton("Invite family");
    const invite = await asha().until(() => newest("?start=inv_"), WAIT_MS);
    mark("invitation", /inv_([\w-]+)/.exec(invite.text ?? "")?.[1] ?? "", true);
  }

  /** Gives new keys and leaves them without a login: they are kept for a day. */
  async function abandonNewKeys(): Promise<void> {
    mark("new API secret", "markernewsecret01");
    const { message_id: listed } = await says("/accounts", "Accounts");
    asha().tapButton("zerodha");
    await asha().until(() => newest("To see orders change at once"), WAIT_MS);
    asha().tapButton("New keys");
    const { message_id, reply_markup } = await asha().until(() => newest("for five minutes", listed), WAIT_MS);
    const { url = "" } = reply_markup?.inline_keyboard[0]?.[0] ?? {};
    mark("page of new keys", url.split("/").at(-1) ?? "", true);
    await post(url, { apiKey: "demoapikey00001", apiSecret: "markernewsecret01" });
    await asha().until(() => newest("The old keys stay in force until Zerodha", message_id), WAIT_MS);
  }

  /** Runs into failures: expired sessions, a refused login, and forged calls to every route. */
  async function failures(): Promise<void> {
    for (const broker of BROKERS) await world.lab.act({ broker, action: "expireSessions" });
    await asha().ask("/holdings", WAIT_MS);
    const code = "marker-refused-code-1";
    mark("refused code", code);
    const stray = { "content-type": "application/x-www-form-urlencoded", cookie: `sauda_login=${code}` };
    for (const path of [
      `/oauth/fyers/callback?auth_code=${code}&state=${code}`,
      `/oauth/dhan/login/${code}`,
      `/keys/${code}`,
      `/${code}`,
    ])
      await fetch(base + path, { headers: stray });
    for (const path of ["/postback/zerodha/nobody", "/telegram/webhook", `/keys/${code}`])
      await fetch(base + path, { method: "POST", headers: stray, body: code });
  }

  return {
    mark,
    markers: () => found,
    chat: () =>
      JSON.stringify(
        asha()
          .messages()
          // Questions show an example answer, which looks like the demo keys.
          .filter((message) => !message.text?.startsWith("Send the ")),
      ),
    async live(): Promise<void> {
      await asha().ask("/start", WAIT_MS);
      for (const broker of BROKERS) {
        await giveKeys(broker);
        await (WITHOUT_PAGE.has(broker) ? paste(broker) : logIn(broker));
      }
      for (const command of ["/holdings", "/funds", "/orders", "/profile", "/accounts", "/health"])
        await asha().ask(command, WAIT_MS);
      await lockAndUnlock();
      await strayTexts();
      await abandonNewKeys();
      await failures();
    },
  };
}

const filesIn = (dir: string): string =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => `${path}\n${readFileSync(path, "latin1")}`)
    .join("\n");

function secretsIn(value: unknown): string[] {
  if (value instanceof Secret) return [value.reveal()];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(secretsIn) : [];
}

/** Expects no marker in any place. An ordinary word that each place must contain proves that the search works. */
export function expectNoMarker(
  { markers, places, accountIds }: MarkedDay,
  ordinary: Readonly<Record<string, string>>,
): void {
  expect(new Set(markers.map(({ name }) => name)).size).toBeGreaterThan(25);
  for (const [place, text] of Object.entries(places)) {
    expect(text.includes(ordinary[place] ?? "?"), `something ordinary in the ${place}`).toBe(true);
    for (const marker of markers) {
      if (place !== "chat" || !marker.isShown)
        expect(text.includes(marker.text), `${marker.name} in the ${place}`).toBe(false);
    }
  }
  const { log = "" } = places;
  expect(log, "a broker call says which update caused it").toMatch(/"update":\d+[^\n]*"msg":"broker call"/);
  const told = log.split("\n").filter((line) => /"level":"(info|warn|error|fatal)"/.test(line));
  expect(told.length).toBeGreaterThan(5);
  expect(accountIds).toHaveLength(BROKERS.length);
  for (const id of accountIds)
    expect(
      told.filter((line) => line.includes(id)),
      `account ${id} at info`,
    ).toEqual([]);
}
