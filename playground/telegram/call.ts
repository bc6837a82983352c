import type { z } from "zod";
import type { Chats } from "./chats.ts";
import type { Events } from "./events.ts";
import type { Files } from "./files.ts";
import type { Flood } from "./flood.ts";
import type { Profile } from "./profile.ts";
import type { Queries } from "./queries.ts";
import { parseParams, type Params } from "./schemas.ts";
import type { User } from "./types.ts";
import type { UpdateQueue } from "./updates.ts";
import type { Webhook } from "./webhook.ts";

/** Everything that the local Telegram knows. */
export interface World {
  readonly now: () => number;
  readonly bot: User;
  readonly chats: Chats;
  readonly files: Files;
  readonly events: Events;
  readonly updates: UpdateQueue;
  readonly webhook: Webhook;
  readonly profile: Profile;
  readonly queries: Queries;
  readonly flood: Flood;
}

export interface Upload {
  readonly name: string;
  readonly bytes: Buffer;
}

/** One call of a Bot API method. */
export interface Call {
  readonly world: World;
  readonly params: Params;
  /** Files of a multipart body by field name: what `attach://name` points at. */
  readonly uploads: ReadonlyMap<string, Upload>;
  readonly signal?: AbortSignal | undefined;
}

export type Method = (call: Call) => unknown;

export const method =
  <T>(schema: z.ZodType<T>, run: (params: T, call: Call) => unknown): Method =>
  (call) =>
    run(parseParams(schema, call.params), call);
