import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Api } from "grammy";
import { closingDigest } from "../src/bot/daily/closing.ts";
import { userId } from "../src/domain/ids.ts";
import { istInstant } from "../src/domain/market.ts";
import { createPictures } from "../src/lib/chart/png.ts";
import { createClock } from "../src/lib/clock.ts";
import { createKeyring, generateKey, parseKey } from "../src/lib/crypto.ts";
import { createLog } from "../src/lib/log.ts";
import { Secret } from "../src/lib/secret.ts";
import { createOutbox } from "../src/notify/outbox.ts";
import { prepareNotification } from "../src/notify/telegram.ts";
import type { Store } from "../src/ports/store.ts";
import { loadCalendar } from "../src/services/calendar.ts";
import { createClaims } from "../src/services/claims.ts";
import { createDigests } from "../src/services/digests/digests.ts";
import { createJobs } from "../src/services/jobs.ts";
import { createLeases } from "../src/services/leases.ts";
import { createSnapshots } from "../src/services/portfolio/snapshots.ts";
import { createUsers } from "../src/services/people/users.ts";
import { openMongoStore } from "../src/store/mongo/store.ts";
import { openSqliteStore } from "../src/store/sqlite/store.ts";
import { startMongo } from "../test/mongo-server/mongo-server.ts";
import { asGiven, SBIN, stubBroker } from "../test/services/stub-broker.ts";
import { startTelegramFloor } from "./telegram-floor.ts";

/**
 * The closing digest of many users in real time, compared with the shortest time that Telegram's limit allows:
 * `node bench/digest.ts [users] [mongo|sqlite] [--text]`. `--text` leaves the pictures out.
 */
const [countText = "10000", engine = "mongo", ...flags] = process.argv.slice(2);
const ASKED = Number(countText);
/** FerretDB v1 reads the whole collection for each filter: with more it would be all that is measured. */
const FERRETDB_USERS = 100;
const PER_SECOND = 30;
/** The outbox's own limit in production: src/app/assemble.ts. */
const PACE = 30;
const keyring = createKeyring({ current: parseKey(generateKey()) });
const clock = createClock(istInstant("2026-11-23", "15:50"));
const now = (): number => clock.now();

async function openStore(): Promise<{ name: string; store: Store; close: () => Promise<void> }> {
  if (engine === "sqlite") {
    const dir = mkdtempSync(join(tmpdir(), "bench-"));
    const store = openSqliteStore({ dir, now, keyring });
    return { name: "sqlite", store, close: async () => (await store.close(), rmSync(dir, { recursive: true })) };
  }
  const server = await startMongo();
  if ("skipped" in server) throw new Error(server.skipped);
  const store = await openMongoStore({
    uri: new Secret(server.uri),
    now,
    keyring,
    database: `bench_digest_${process.pid}`,
  });
  return { name: server.engine, store, close: async () => (await store.close(), server.stop()) };
}

const { name, store, close } = await openStore();
const USERS = name === "ferretdb" ? Math.min(ASKED, FERRETDB_USERS) : ASKED;
const telegram = await startTelegramFloor(PER_SECOND);
const log = createLog({ level: "error" });
const users = createUsers({ log: createLog({ level: "silent" }), store, clock, ownerId: null });
const { accounts, book, link } = stubBroker(store, clock);
const snapshots = createSnapshots({ store, clock });
const pictures = createPictures();
const api = new Api("1:bench", { apiRoot: telegram.url });
const leases = createLeases({ store, clock });
const outbox = createOutbox({
  store,
  clock,
  log,
  perSecond: PACE,
  takeLease: () => leases.take("outbox"),
  prepare: (notification, late) =>
    prepareNotification(
      { api, draw: (svg) => pictures.draw(svg), onDrawFailure: (error) => console.error(error) },
      notification,
      late === null ? null : "late",
    ),
  onBlocked: async () => undefined,
});
const instruments = { byKey: async () => SBIN };
const digests = createDigests({
  accounts,
  closes: asGiven,
  snapshots,
  quotes: { many: async () => new Map() },
  candles: { forLink: async () => ({ candles: [], source: "yfinance", readAt: 0 }) },
  instruments,
  clock,
  log,
});
const shipped = loadCalendar(null);
const calendar = { current: () => shipped };
const isText = flags.includes("--text");
const job = closingDigest({
  bot: { accounts, calendar, clock },
  digests,
  snapshots,
  notifier: {
    async post({ picture, ...notification }) {
      await outbox.post({ ...notification, ...(isText || picture === undefined ? {} : { picture }) });
    },
  },
});
const jobs = createJobs({ claims: createClaims({ store, clock }), clock, users, log });

const settingUpAt = performance.now();
const AT_ONCE = 50;
for (let from = 0; from < USERS; from += AT_ONCE) {
  const some = Array.from({ length: Math.min(AT_ONCE, USERS - from) }, (_, i) => userId(100_000 + from + i));
  await Promise.all(
    some.map(async (id) => {
      await users.ensure(id, "somebody");
      await users.update(id, () => ({ role: "viewer" }));
      await link(id);
    }),
  );
}
console.log(`${USERS} users in ${Math.round((performance.now() - settingUpAt) / 1000)} s`);

const MB = 1024 * 1024;
const memory: number[] = [];
const startedAt = performance.now();
const watch = setInterval(() => memory.push(Math.round(process.memoryUsage().rss / MB)), 1_000);
const made = { ms: 0 };
const producing = jobs.runDue([job]).then((done) => {
  made.ms = performance.now() - startedAt;
  return done;
});
while (made.ms === 0 || (await outbox.depth()) > 0) {
  if ((await outbox.deliver()) === 0) await clock.sleep(100);
}
clearInterval(watch);
const count = await producing;
const seconds = (telegram.lastAt() - startedAt) / 1_000;
const floor = USERS / PER_SECOND;
const quarter = Math.max(1, Math.floor(memory.length / 4));
const median = (all: number[]): number => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;
console.table({
  [`${USERS} users, ${name}, ${isText ? "text" : "with picture"}`]: {
    "digests made": count.done,
    "made in s": Math.round(made.ms / 1000),
    chats: telegram.received.size,
    twice: [...telegram.received.values()].filter((times) => times > 1).length,
    "429s": telegram.refused(),
    seconds: Math.round(seconds * 10) / 10,
    "floor s": Math.round(floor * 10) / 10,
    ratio: Math.round((seconds / floor) * 1000) / 1000,
    "broker reads": book.reads,
    "RSS MB 2nd quarter": median(memory.slice(quarter, 2 * quarter)),
    "RSS MB last quarter": median(memory.slice(-quarter)),
    "RSS MB peak": Math.max(0, ...memory),
  },
});
await pictures.close();
await telegram.close();
await close();
