import { parseJson } from "../../../src/lib/json.ts";

/** Groww's envelopes: one for answers, and two for refusals. */
export const success = (payload: unknown, status = 200): Response => json(status, { status: "SUCCESS", payload });

/** A refusal: HTTP status, code and message. */
export class GrowwRefusal extends Error {
  override readonly name = "GrowwRefusal";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** A refused token (401) is answered in another shape than the documented one. */
export function refusal({ status, code, message }: GrowwRefusal): Response {
  if (status === 401) return json(status, { errorCode: status, errorMessage: { message }, code });
  return json(status, { status: "FAILURE", error: { code, message, metadata: null } });
}

export const badRequest = (message: string): GrowwRefusal => new GrowwRefusal(400, "GA001", message);
export const notFound = (message: string): GrowwRefusal => new GrowwRefusal(404, "GA004", message);
/** Unverified: the code for a change that comes too late. */
export const cannotProcess = (message: string): GrowwRefusal => new GrowwRefusal(400, "GA006", message);
export const deadSession = (): GrowwRefusal => new GrowwRefusal(401, "GA005", "Token invalid or expired");
export const lacking = (what: string): GrowwRefusal =>
  new GrowwRefusal(403, "GA005", `User not authorised to access ${what}`);
/** Unverified: both message and code. */
export const wrongAddress = (address: string): GrowwRefusal =>
  new GrowwRefusal(403, "GA005", `Orders from IP ${address} are not allowed: it is not registered`);
export const tooMany = (): GrowwRefusal => new GrowwRefusal(429, "GA003", "Too many requests");

export const json = (status: number, body: unknown): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });

export const html = (body: string): Response =>
  new Response(
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Groww (simulated)</title>
<style>body{font:16px system-ui;max-width:30rem;margin:4rem auto;padding:0 1rem}textarea{width:100%;font:13px monospace}button{font:inherit;padding:.7rem 1.2rem}</style>
${body}</html>`,
    { status: 200, headers: { "content-type": "text/html; charset=utf-8" } },
  );

export type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The body as a JSON object; anything else is refused. */
export function fieldsOf(body: string): Fields {
  const value = parseJson(body);
  if (isFields(value)) return value;
  throw badRequest("Bad request");
}

/** The body as a list of objects. */
export function listOf(body: string): readonly Fields[] {
  const value = parseJson(body);
  if (Array.isArray(value) && value.every(isFields)) return value;
  throw badRequest("Bad request");
}
