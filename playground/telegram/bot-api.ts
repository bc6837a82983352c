import { timingSafeEqual } from "node:crypto";
import { readBody } from "./body.ts";
import type { Call, World } from "./call.ts";
import { ApiFailure } from "./failure.ts";
import { findMethod } from "./methods.ts";
import type { Params } from "./schemas.ts";

/** A call that a correct bot would not have made. */
export interface RejectedCall {
  readonly method: string;
  readonly code: number;
  readonly description: string;
}

export interface BotApi {
  handle(token: string, method: string, request: Request): Promise<Response>;
  file(token: string, path: string): Response;
  /** A call that the bot made in its answer to a webhook delivery; its result is lost, as at Telegram. */
  callQuietly(method: string, params: Params): void;
  readonly rejectedCalls: readonly RejectedCall[];
}

/** Failures that are no mistake of the bot: a wrong token, a person who blocked it, a lost connection, two pollers, a flood. */
const NOT_THE_CALLERS_FAULT = new Set([401, 403, 408, 409, 429]);

export function createBotApi(world: World, ownToken: string): BotApi {
  const rejectedCalls: RejectedCall[] = [];

  async function run(method: string, call: Call): Promise<Response> {
    try {
      if (method.toLowerCase() !== "getupdates") world.flood.admitCall();
      const result = await findMethod(method)(call);
      return Response.json({ ok: true, result });
    } catch (error) {
      return refuse(method, toFailure(error));
    }
  }

  function refuse(method: string, { code, message: description, retryAfter }: ApiFailure): Response {
    if (!NOT_THE_CALLERS_FAULT.has(code)) rejectedCalls.push({ method, code, description });
    const parameters = retryAfter === undefined ? {} : { parameters: { retry_after: retryAfter } };
    const headers: Record<string, string> = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
    return Response.json({ ok: false, error_code: code, description, ...parameters }, { status: code, headers });
  }

  return {
    rejectedCalls,
    async handle(token, method, request) {
      if (!isSame(token, ownToken)) return refuse(method, new ApiFailure(401, "Unauthorized"));
      const body = await readBody(request).catch(toFailure);
      if (body instanceof ApiFailure) return refuse(method, body);
      return run(method, { world, ...body, signal: request.signal });
    },
    file(token, path) {
      const file = isSame(token, ownToken) ? world.files.findByPath(path) : undefined;
      if (!file) return refuse("getFile", new ApiFailure(404, "Not Found"));
      return new Response(new Uint8Array(file.bytes), { headers: { "content-type": "application/octet-stream" } });
    },
    callQuietly: (method, params) => void run(method, { world, params, uploads: new Map() }),
  };
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A defect of the playground answers 500 and is listed with the rejected calls, where tests see it. */
function toFailure(error: unknown): ApiFailure {
  if (error instanceof ApiFailure) return error;
  return new ApiFailure(500, `Internal Server Error: ${error instanceof Error ? error.message : "unknown"}`);
}
