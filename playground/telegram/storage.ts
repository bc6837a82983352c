import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import type { FailureLog } from "../../src/lib/failure-log.ts";
import type { Chat } from "./chats.ts";
import type { StoredFile } from "./files.ts";
import type { ProfileSnapshot } from "./profile.ts";
import { commandsSchema, menuButtonSchema } from "./schemas.ts";
import type { PendingUpdate } from "./updates.ts";

const DEBOUNCE_MS = 500;
/** How long after a failed write (a full disk) the next one is tried. */
const RETRY_MS = 5_000;
const VERSION = 1;

export interface Snapshot {
  readonly chats: Chat[];
  readonly nextMessageId: number;
  readonly nextUpdateId: number;
  readonly pending: readonly PendingUpdate[];
  readonly allowedUpdates: readonly string[];
  readonly profile: ProfileSnapshot;
  readonly files: readonly StoredFile[];
}

export interface Storage {
  readonly saved: Snapshot | null;
  /** Writes soon; many changes become one write. */
  changed(): void;
  flush(): void;
}

const userSchema = z.looseObject({ id: z.int(), is_bot: z.boolean(), first_name: z.string() });
const messageSchema = z.looseObject({ message_id: z.int(), date: z.int(), from: userSchema });
const snapshotSchema = z.object({
  version: z.literal(VERSION),
  nextMessageId: z.int(),
  nextUpdateId: z.int(),
  allowedUpdates: z.array(z.string()),
  profile: z.object({
    lists: z.array(z.tuple([z.string(), commandsSchema])),
    texts: z.array(z.tuple([z.string(), z.string()])),
    buttons: z.array(z.tuple([z.string(), menuButtonSchema])),
  }),
  pending: z.array(z.object({ update: z.looseObject({ update_id: z.int() }), at: z.number(), lane: z.int() })),
  chats: z.array(
    z.object({
      user: userSchema,
      hasStarted: z.boolean(),
      isBlocked: z.boolean(),
      unread: z.int(),
      replyKeyboard: z.looseObject({}).nullable(),
      messages: z.array(messageSchema),
      locked: z.array(z.int()),
      pinned: z.array(z.int()),
      reactions: z.record(z.string(), z.string()),
      inlineIds: z.record(z.string(), z.int()),
    }),
  ),
  files: z.array(
    z.object({
      id: z.string(),
      uniqueId: z.string(),
      path: z.string(),
      name: z.string(),
      mime: z.string(),
      bytes: z.string().transform((text) => Buffer.from(text, "base64")),
    }),
  ),
});

/** Keeps the chats in one JSON file, replaced as a whole; without a file, nothing outlives the process. */
export function openStorage(path: string | undefined, snapshot: () => Snapshot, failures?: FailureLog): Storage {
  let timer: NodeJS.Timeout | null = null;
  const flushIn = (ms: number): void => void (timer ??= setTimeout(flush, ms).unref());

  function flush(): void {
    if (path === undefined || timer === null) return;
    clearTimeout(timer);
    timer = null;
    try {
      write(path, snapshot());
      failures?.recovered();
    } catch (error) {
      failures?.failed(error);
      flushIn(RETRY_MS);
    }
  }

  return {
    saved: path === undefined ? null : read(path),
    changed() {
      if (path !== undefined) flushIn(DEBOUNCE_MS);
    },
    flush,
  };
}

/** A file that cannot be read is put aside, not overwritten: somebody may want to look at it. */
function read(path: string): Snapshot | null {
  if (!existsSync(path)) return null;
  try {
    return snapshotSchema.parse(JSON.parse(readFileSync(path, "utf8"))) as unknown as Snapshot;
  } catch {
    renameSync(path, `${path}.unreadable`);
    return null;
  }
}

/** Chats may hold what was typed as a secret, so only the owner may read the file. */
function write(path: string, snapshot: Snapshot): void {
  mkdirSync(dirname(path), { recursive: true });
  const files = snapshot.files.map((file) => ({ ...file, bytes: file.bytes.toString("base64") }));
  writeFileSync(`${path}.part`, JSON.stringify({ version: VERSION, ...snapshot, files }), { mode: 0o600 });
  renameSync(`${path}.part`, path);
}
