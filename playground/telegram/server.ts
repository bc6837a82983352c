import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { Hono, type MiddlewareHandler } from "hono";
import type { FailureLog } from "../../src/lib/failure-log.ts";
import { createBotApi, type BotApi, type RejectedCall } from "./bot-api.ts";
import type { World } from "./call.ts";
import { createChats } from "./chats.ts";
import { createEvents } from "./events.ts";
import { createEventStreams } from "./event-stream.ts";
import { createFiles } from "./files.ts";
import { createFlood } from "./flood.ts";
import type { Lab } from "./lab.ts";
import { isLoopback } from "./markup.ts";
import { createPage } from "./page.ts";
import { createPerson } from "./person.ts";
import { createProfile } from "./profile.ts";
import { createQueries } from "./queries.ts";
import { openStorage, type Snapshot, type Storage } from "./storage.ts";
import { createTestChat, type TestChat } from "./test-chat.ts";
import type { User } from "./types.ts";
import { createUpdateQueue } from "./updates.ts";
import { createWebhook } from "./webhook.ts";

const HOST = "127.0.0.1";

export interface PlaygroundOptions {
  /** 0: any free one. */
  readonly port: number;
  readonly now: () => number;
  readonly bot: { readonly id: number; readonly firstName: string; readonly username: string };
  /** JSON file that keeps the chats over a restart. */
  readonly dataFile?: string | undefined;
  /** Told when that file could not be written, which is retried, and when it was. */
  readonly keepFailures?: FailureLog | undefined;
  readonly lab?: Lab | undefined;
  /** A clock in ms that always runs, for the flood limits; `now` may stand still. */
  readonly elapsedMs?: (() => number) | undefined;
  /** Waits between webhook deliveries that failed. */
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<unknown>) | undefined;
}

/** A Bot API server and a chat page on one port of this machine. */
export interface Playground {
  /** Without trailing slash: the page, and grammY's `apiRoot`. */
  readonly url: string;
  readonly port: number;
  readonly token: string;
  readonly users: readonly User[];
  /** Every call refused because it was wrong, in order. */
  readonly rejectedCalls: readonly RejectedCall[];
  /** The next `calls` calls answer 429. */
  flood(calls: number): void;
  chat(userId: number): TestChat;
  close(): Promise<void>;
}

export async function startPlayground(options: PlaygroundOptions): Promise<Playground> {
  const token = `${options.bot.id}:${randomBytes(26).toString("base64url")}`;
  const { world, botApi, storage } = createWorld(options, token);
  const person = createPerson(world);
  const streams = createEventStreams();
  const page = createPage({ world, person, lab: options.lab, streams });
  const server = createAdaptorServer({ fetch: createRoutes(botApi, page).fetch, overrideGlobalObjects: false });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, HOST, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const testChats = new Map<number, TestChat>();
  return {
    url: `http://${HOST}:${port}`,
    port,
    token,
    get users() {
      return world.chats.all().map(({ user }) => user);
    },
    rejectedCalls: botApi.rejectedCalls,
    flood: (calls) => world.flood.force(calls),
    chat(userId) {
      const chat = testChats.get(userId) ?? createTestChat(world, person, userId);
      testChats.set(userId, chat);
      return chat;
    },
    async close() {
      world.webhook.remove();
      world.updates.close();
      streams.endAll();
      storage.flush();
      const closed = new Promise((resolve) => server.close(resolve));
      if ("closeAllConnections" in server) server.closeAllConnections();
      await closed;
    },
  };
}

function createWorld(options: PlaygroundOptions, token: string): { world: World; botApi: BotApi; storage: Storage } {
  const { now } = options;
  const { id, firstName, username } = options.bot;
  const bot: User = { id, is_bot: true, first_name: firstName, username };
  const events = createEvents();
  const snapshot = (): Snapshot => ({
    chats: [...world.chats.all()],
    nextMessageId: world.chats.nextMessageId(),
    nextUpdateId: world.updates.nextId(),
    pending: world.updates.pending(),
    allowedUpdates: world.updates.allowed(),
    profile: world.profile.snapshot(),
    files: world.files.all(),
  });
  const storage = openStorage(options.dataFile, snapshot, options.keepFailures);
  const { saved } = storage;
  const changed = (): void => storage.changed();
  const updates = createUpdateQueue({
    now,
    changed,
    firstId: saved?.nextUpdateId ?? 1,
    saved: saved?.pending ?? [],
    allowed: saved?.allowedUpdates ?? [],
  });
  const world: World = {
    now,
    bot,
    events,
    updates,
    chats: createChats({ now, bot, events, saved, changed }),
    files: createFiles(saved?.files ?? []),
    profile: createProfile(saved?.profile ?? null, changed),
    queries: createQueries(now),
    flood: createFlood(options.elapsedMs ?? (() => performance.now())),
    webhook: createWebhook({
      queue: updates,
      now,
      sleep: options.sleep,
      onReply: (method, params) => botApi.callQuietly(method, params),
    }),
  };
  const botApi = createBotApi(world, token);
  return { world, botApi, storage };
}

function createRoutes(botApi: BotApi, page: Hono): Hono {
  const app = new Hono();
  app.use(refuseForeignHosts);
  app.get("/file/:bot{bot[^/]+}/:path{.+}", (context) =>
    botApi.file(context.req.param("bot").slice(3), context.req.param("path")),
  );
  app.on(["GET", "POST"], "/:bot{bot[^/]+}/:method", (context) =>
    botApi.handle(context.req.param("bot").slice(3), context.req.param("method"), context.req.raw),
  );
  app.route("/", page);
  return app;
}

/** Stops DNS rebinding: a foreign page whose host name was pointed at this machine still sends that name as Host. */
const refuseForeignHosts: MiddlewareHandler = async (context, next) => {
  const host = context.req.header("host") ?? "";
  if (URL.canParse(`http://${host}`) && isLoopback(new URL(`http://${host}`).hostname)) return next();
  return context.text("this server is for the machine it runs on", 403);
};
