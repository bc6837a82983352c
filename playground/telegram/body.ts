import type { Upload } from "./call.ts";
import { ApiFailure, badRequest } from "./failure.ts";
import { parseMultipart, type Part } from "./multipart.ts";
import type { Params } from "./schemas.ts";

const MAX_BODY_BYTES = 64 * 1024 * 1024;

export interface Body {
  readonly params: Params;
  readonly uploads: ReadonlyMap<string, Upload>;
}

/** The call's parameters, from any of the four ways that the Bot API allows: query, form, JSON and multipart. */
export async function readBody(request: Request): Promise<Body> {
  const query = Object.fromEntries(new URL(request.url).searchParams);
  const { params, uploads } = request.method === "POST" ? await readPost(request) : NOTHING;
  return { params: { ...query, ...params }, uploads };
}

const NOTHING: Body = { params: {}, uploads: new Map() };

async function readPost(request: Request): Promise<Body> {
  const header = request.headers.get("content-type") ?? "";
  const bytes = await readBytes(request);
  switch (header.split(";")[0]?.trim().toLowerCase()) {
    case "multipart/form-data":
      return toBody(parseMultipart(bytes, header));
    case "application/x-www-form-urlencoded":
      return { ...NOTHING, params: Object.fromEntries(new URLSearchParams(bytes.toString("utf8"))) };
    case "application/json":
      return { ...NOTHING, params: toParams(bytes.toString("utf8")) };
    default:
      return NOTHING;
  }
}

function toParams(text: string): Params {
  if (text.trim() === "") return {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as Params;
  } catch {
    // the same refusal as for a list or a number
  }
  throw badRequest("can't parse JSON object");
}

/** A file in the field `photo` itself is the same as `photo: attach://photo`. */
function toBody(parts: readonly Part[]): Body {
  const params: Record<string, unknown> = {};
  const uploads = new Map<string, Upload>();
  for (const { name, fileName, bytes } of parts) {
    if (fileName === undefined) params[name] = bytes.toString("utf8");
    else {
      uploads.set(name, { name: fileName, bytes });
      params[name] ??= `attach://${name}`;
    }
  }
  return { params, uploads };
}

/** The whole body; throws 413 above 64 MB. Hono's own limiter cannot wrap the server's requests when they are chunked. */
export async function readBytes(request: Request): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.byteLength;
      if (size > MAX_BODY_BYTES) throw new ApiFailure(413, "Request Entity Too Large");
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof ApiFailure ? error : new ApiFailure(408, "the caller hung up");
  }
  return Buffer.concat(chunks);
}
