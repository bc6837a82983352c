import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Composer, HttpError } from "grammy";
import type { Message } from "../../playground/telegram/types.ts";
import { brokerDefinitions } from "../../connectors/index.ts";
import { createExchange } from "../../connectors/paper/exchange/exchange.ts";
import { createPaper } from "../../connectors/paper/index.ts";
import { startPlayground, type Playground } from "../../playground/telegram/server.ts";
import type { BotDeps } from "../../src/bot/commands.ts";
import { readConfig } from "../../src/app/config.ts";
import { createContainer, createHttp } from "../../src/app/container.ts";
import { createBot, type BotOptions } from "../../src/app/create-bot.ts";
import { redrawOrder } from "../../src/app/telegram-out.ts";
import { createLinkWatch } from "../../src/app/link-watch.ts";
import { userId } from "../../src/domain/ids.ts";
import { createKeyring, generateKey, parseKey } from "../../src/lib/crypto.ts";
import { createLog } from "../../src/lib/log.ts";
import { createMetrics } from "../../src/lib/metrics.ts";
import { Secret } from "../../src/lib/secret.ts";
import { trackCollections } from "../../src/services/people/forget.ts";
import { keepOwnerCode } from "../../src/services/people/users.ts";
import type { Notification } from "../../src/ports/notifier.ts";
import type { Store } from "../../src/ports/store.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { twisted } from "./twists.ts";

export const [ASHA, VIKRAM, MEERA] = [1001, 1002, 1003] as const;
/** Makes its sender the owner when the bot has none. */
export const OWNER_CODE = "k3y0fth3b0t7";
export const PEOPLE = [ASHA, VIKRAM, MEERA] as const;
/** Small enough that a run stays within one session, large enough that tickets lapse and locks expire. */
const MS_PER_UPDATE = 200;
const MARKET_TIME = Date.parse("2026-11-23T10:42:00+05:30");

export interface FuzzWorld {
  readonly telegram: Playground;
  readonly deps: BotDeps;
  /** Calls of the bot whose method is in here do not reach Telegram. */
  readonly unreachable: Set<string>;
  /** Notifications that were given to the outbox. */
  readonly posted: readonly Notification[];
  /** The verbs that button data may begin with, taken from the bot's own handlers. */
  readonly verbs: readonly string[];
  /** Makes the message or tap with this id reach the bot in another shape. */
  twist(id: number | string, twist: string | null): void;
  /** Hands the bot all new updates, one after another; each `times` times, as Telegram repeats them after a crash. */
  handleAll(times?: number): Promise<number>;
  /** Advances the clock. */
  pass(ms: number): void;
  /** Resets everybody: let in, unlocked, with an account, and a short chat. */
  settle(): Promise<void>;
  /** The bot's messages that contain markup which only a person typed. */
  readonly injected: readonly string[];
  /** Lines of the log at warning or worse. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/** The real bot, a real store and a local Telegram without flood limits. No background loops run, so a seed repeats a run. */
export async function openFuzzWorld({
  isAlwaysOpen = true,
  dialogueStore = (store) => store,
  ...options
}: Pick<BotOptions, "deadline"> & {
  readonly isAlwaysOpen?: boolean;
  /** Where the bot keeps its dialogues, instead of in the store itself. */
  readonly dialogueStore?: (store: Store) => Store;
} = {}): Promise<FuzzWorld> {
  const dir = mkdtempSync(join(tmpdir(), "fuzz-"));
  let handled = 0;
  let passed = 0;
  const now = (): number => MARKET_TIME + handled * MS_PER_UPDATE + passed;
  const clock = { now, sleep: () => Promise.resolve() };
  const complaints: string[] = [];
  const posted: Notification[] = [];
  const post = async (notification: Notification) => void posted.push(notification);
  const log = createLog({ level: "warn", destination: { write: (line: string) => void complaints.push(line) } });
  let elapsed = 0;
  const telegram = await startPlayground({
    port: 0,
    now,
    bot: { id: 7_000_000_001, firstName: "Sauda", username: "sauda_local_bot" },
    elapsedMs: () => (elapsed += 2_000),
  });
  const roots = Object.fromEntries(
    brokerDefinitions.flatMap((definition) =>
      Object.keys(definition.roots).map((name) => [name, "http://127.0.0.1:9"]),
    ),
  );
  const config = readConfig({ DATA_DIR: dir }, roots);
  const metrics = createMetrics();
  const http = createHttp(clock, log, metrics);
  const keyring = createKeyring({ current: parseKey(generateKey()) });
  const store = trackCollections(openSqliteStore({ dir, now, keyring }));
  await keepOwnerCode({ store, clock }, OWNER_CODE);
  const exchange = createExchange({ seed: 7, now });
  const { deps } = createContainer({
    config,
    store,
    clock,
    log,
    http,
    yahoo: { name: "yfinance", getQuotes: async () => new Map(), getHistoricalData: async () => [] },
    definitions: [createPaper({ exchange: () => exchange }), ...brokerDefinitions],
    notifier: { post },
    linkWatch: createLinkWatch({ now, metrics }),
    systemHealth: async () => ({
      storeMs: 1,
      takesWrites: true,
      inboxDepth: 0,
      outboxDepth: 0,
      uptimeS: 1,
      memoryBytes: 1,
    }),
    isPublic: false,
    isAlwaysOpen,
    onLogin: async () => undefined,
    onOrderChange: (intent) => redrawOrder(bot.api, deps, { post }, intent),
  });
  const owner = await deps.users.ensure(userId(ASHA), "Asha");
  await deps.users.update(owner._id, () => ({ role: "owner" }));
  const token = new Secret(telegram.token);
  const { made: bot, verbs } = withVerbs(() =>
    createBot({
      ...options,
      token,
      apiRoot: telegram.url,
      deps,
      store: dialogueStore(store),
      log,
      metrics,
      updatesPerMinute: Infinity,
    }),
  );
  await bot.init();
  const unreachable = new Set<string>();
  bot.api.config.use((call, method, payload, signal) => {
    if (unreachable.has(method)) throw new HttpError(`Network request for '${method}' failed!`, new Error("reset"));
    return call(method, payload, signal);
  });
  const twists = new Map<string, string>();
  const injected: string[] = [];
  let offset = 0;

  async function handleAll(times = 1): Promise<number> {
    const updates = await bot.api.getUpdates({ offset, limit: 100, timeout: 0 });
    for (const update of updates) {
      const twist = twists.get(String(update.callback_query?.id ?? update.message?.message_id));
      for (let time = 0; time < times; time += 1) await bot.handleUpdate(twisted(update, twist));
      handled += 1;
      offset = update.update_id + 1;
    }
    twists.clear();
    return updates.length;
  }

  async function settle(): Promise<void> {
    for (const user of PEOPLE) {
      injected.push(
        ...telegram
          .chat(user)
          .messages()
          .filter(isInjected)
          .map(({ text, caption }) => text ?? caption ?? ""),
      );
      telegram.chat(user).clear();
      telegram.chat(user).send("/start");
    }
    while ((await handleAll()) > 0);
    for (const user of [ASHA, VIKRAM]) {
      await deps.users.update(userId(user), () => ({ role: user === ASHA ? "owner" : "viewer" }));
      await deps.orderLock.remove(userId(user));
      await deps.orderLock.thaw(userId(user), { date: Infinity, id: 0 });
      if ((await deps.accounts.active(userId(user))).length === 0) telegram.chat(user).send("/link paper");
    }
    while ((await handleAll()) > 0);
  }

  return {
    telegram,
    deps,
    unreachable,
    posted,
    complaints,
    injected,
    verbs: [...verbs, ...DIALOGUE_ANSWERS],
    twist: (id, twist) => void (twist !== null && twists.set(String(id), twist)),
    handleAll,
    pass: (ms) => void (passed += ms),
    settle,
    async close() {
      await telegram.close();
      await deps.pictures.close();
      await http.close();
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Buttons inside dialogues have no handler of their own: they all begin with this verb. */
const DIALOGUE_ANSWERS = ["dlg"];

/** Collects the verbs by wrapping grammY's callbackQuery, which gets each one as `^verb(:|$)`. */
function withVerbs<T>(make: () => T): { made: T; verbs: string[] } {
  const verbs: string[] = [];
  const original: unknown = Reflect.get(Composer.prototype, "callbackQuery");
  if (typeof original !== "function") throw new Error("grammY has no callbackQuery");
  const listening = function (this: unknown, ...args: unknown[]): unknown {
    if (args[0] instanceof RegExp) verbs.push(/^\^(\w+)/.exec(args[0].source)?.[1] ?? args[0].source);
    return Reflect.apply(original, this, args);
  };
  Reflect.set(Composer.prototype, "callbackQuery", listening);
  try {
    return { made: make(), verbs };
  } finally {
    Reflect.set(Composer.prototype, "callbackQuery", original);
  }
}

const isInjected = ({ from, entities, caption_entities }: Message): boolean =>
  from.is_bot && [...(entities ?? []), ...(caption_entities ?? [])].some(({ type }) => type === "underline");
