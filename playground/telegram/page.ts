import { existsSync, readFileSync, statSync } from "node:fs";
import { extname, join, normalize, sep } from "node:path";
import { Hono, type Context } from "hono";
import { z } from "zod";
import { readBytes } from "./body.ts";
import type { World } from "./call.ts";
import type { Chat } from "./chats.ts";
import { ApiFailure, badRequest } from "./failure.ts";
import type { Lab } from "./lab.ts";
import type { Person } from "./person.ts";
import { streamEvents, type EventStreams } from "./event-stream.ts";

const PUBLIC = join(import.meta.dirname, "..", "chat", "public");
const SHOWN_MESSAGES = 200;
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export interface PageDeps {
  readonly world: World;
  readonly person: Person;
  readonly lab: Lab | undefined;
  readonly streams: EventStreams;
}

const userSchema = z.object({ user: z.int() });
const sendSchema = z.object({ ...userSchema.shape, text: z.string(), reply_to_message_id: z.int().optional() });
const tapSchema = z.object({ ...userSchema.shape, message_id: z.int(), data: z.string() });
const deleteSchema = z.object({ ...userSchema.shape, message_id: z.int() });
const blockSchema = z.object({ ...userSchema.shape, blocked: z.boolean() });
const newUserSchema = z.object({ first_name: z.string().trim().min(1).max(64) });
const documentSchema = z.object({
  ...userSchema.shape,
  name: z.string().min(1).max(255),
  mime: z.string().regex(/^[\w.+-]+\/[\w.+-]+$/),
  base64: z.base64(),
});
const inlineSchema = z.object({ ...userSchema.shape, query: z.string(), offset: z.string().default("") });
const chooseSchema = z.object({ ...userSchema.shape, result_id: z.string(), inline_query_id: z.string() });
const labSchema = z.object({ broker: z.string().optional(), action: z.string().min(1), value: z.unknown() });

/** The chat page: its files, its JSON API and its stream of events. */
export function createPage(deps: PageDeps): Hono {
  const app = new Hono();
  app.use("/api/*", async (context, next) => {
    if (context.req.method !== "POST" || context.req.header("x-playground") === "1") return next();
    return context.json({ error: "the header x-playground is missing" }, 403);
  });
  app.onError((error, context) => {
    if (error instanceof ApiFailure) return context.json({ error: error.message }, error.code as 400);
    if (error instanceof z.ZodError) return context.json({ error: z.prettifyError(error) }, 400);
    return context.json({ error: "the playground failed" }, 500);
  });
  addReads(app, deps);
  addActions(app, deps);
  addInline(app, deps);
  app.get("*", (context) => staticFile(context.req.path));
  return app;
}

function addReads(app: Hono, deps: PageDeps): void {
  const { world, streams } = deps;
  app.get("/api/state", (context) => {
    const chat = chatInQuery(world, context);
    world.chats.markRead(chat);
    return noStore(context.json(toState(deps, chat)));
  });
  app.get("/api/events", (context) => {
    const chat = chatInQuery(world, context);
    world.chats.markRead(chat);
    return streamEvents(streams, world.events, chat.user.id);
  });
  app.get("/api/file/:id", (context) => {
    const file = world.files.find(context.req.param("id"));
    if (!file) throw new ApiFailure(404, "Not Found");
    const isPicture = file.path.startsWith("photos/");
    return new Response(new Uint8Array(file.bytes), {
      headers: {
        "content-type": file.mime,
        "content-disposition": `${isPicture ? "inline" : "attachment"}; filename*=UTF-8''${encodeURIComponent(file.name)}`,
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox",
        "cache-control": "private, max-age=31536000, immutable",
      },
    });
  });
}

function addActions(app: Hono, { world, person, lab }: PageDeps): void {
  const { chats } = world;
  app.post("/api/send", async (context) => {
    const { user, text, reply_to_message_id: replyTo } = sendSchema.parse(await json(context));
    return context.json(person.send(chats.require(user), text, replyTo));
  });
  app.post("/api/document", async (context) => {
    const { user, name, mime, base64 } = documentSchema.parse(await json(context));
    return context.json(person.sendDocument(chats.require(user), { name, mime, bytes: Buffer.from(base64, "base64") }));
  });
  app.post("/api/tap", async (context) => {
    const { user, message_id, data } = tapSchema.parse(await json(context));
    return context.json({ callback_query_id: person.tap(chats.require(user), message_id, data) });
  });
  app.post("/api/delete", async (context) => {
    const { user, message_id } = deleteSchema.parse(await json(context));
    person.deleteMessage(chats.require(user), message_id);
    return context.json({ ok: true });
  });
  app.post("/api/block", async (context) => {
    const { user, blocked } = blockSchema.parse(await json(context));
    person.setBlocked(chats.require(user), blocked);
    return context.json({ ok: true });
  });
  app.post("/api/clear", async (context) => {
    person.clear(chats.require(userSchema.parse(await json(context)).user));
    return context.json({ ok: true });
  });
  app.post("/api/users", async (context) =>
    context.json(chats.addUser(newUserSchema.parse(await json(context)).first_name)),
  );
  app.post("/api/lab", async (context) => {
    if (!lab) throw new ApiFailure(404, "Not Found");
    await lab.act(labSchema.parse(await json(context)));
    const state = lab.state();
    world.events.broadcast({ type: "lab", lab: state });
    return context.json(state);
  });
}

function addInline(app: Hono, { world, person }: PageDeps): void {
  app.post("/api/inline", async (context) => {
    const { user, query, offset } = inlineSchema.parse(await json(context));
    return context.json(await person.inline(world.chats.require(user), query, offset));
  });
  app.post("/api/inline/choose", async (context) => {
    const { user, result_id, inline_query_id } = chooseSchema.parse(await json(context));
    return context.json(person.choose(world.chats.require(user), inline_query_id, result_id));
  });
}

async function json(context: Context): Promise<unknown> {
  try {
    return JSON.parse((await readBytes(context.req.raw)).toString("utf8"));
  } catch (error) {
    throw error instanceof SyntaxError ? badRequest("the body is no JSON") : error;
  }
}

function chatInQuery({ chats }: World, context: Context): Chat {
  const user = context.req.query("user");
  const chat = user === undefined ? chats.all()[0] : chats.find(Number(user));
  if (!chat) throw badRequest("chat not found");
  return chat;
}

function toState({ world: { bot, chats, profile }, lab }: PageDeps, chat: Chat): Record<string, unknown> {
  const { user } = chat;
  return {
    bot: { ...bot, description: profile.text("description", user.language_code ?? "") },
    users: chats.all().map((one) => ({ ...one.user, unread: one.unread })),
    me: user,
    commands: profile.commandsFor(user),
    menuButton: profile.menuButton(user.id),
    messages: chat.messages.slice(-SHOWN_MESSAGES),
    reactions: Object.entries(chat.reactions).map(([id, emoji]) => ({ message_id: Number(id), emoji })),
    pinned: chat.pinned.at(-1) ?? null,
    replyKeyboard: chat.replyKeyboard,
    blocked: chat.isBlocked,
    lab: lab?.state() ?? null,
  };
}

function noStore(response: Response): Response {
  response.headers.set("cache-control", "no-store");
  return response;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
};

/** Read from disk for every request, so that changes to the page show at once. */
function staticFile(path: string): Response {
  const wanted = normalize(join(PUBLIC, path === "/" ? "index.html" : decode(path)));
  const type = TYPES[extname(wanted)];
  if (!type || !wanted.startsWith(PUBLIC + sep) || !existsSync(wanted) || !statSync(wanted).isFile())
    return new Response("Not Found", { status: 404 });
  return new Response(readFileSync(wanted), {
    headers: {
      "content-type": type,
      "cache-control": "no-store",
      "content-security-policy": CONTENT_SECURITY_POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    },
  });
}

/** A path with a malformed escape becomes "", which names no file. */
function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return "";
  }
}
