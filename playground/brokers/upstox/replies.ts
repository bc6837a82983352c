import { parseJson } from "../../../src/lib/json.ts";

/** Upstox's envelopes. */
export const success = (data: unknown): Response => json(200, { status: "success", data });
/** Order calls of v3 also say how long they took. */
export const acted = (data: unknown): Response => json(200, { status: "success", data, metadata: { latency: 30 } });

/** A refusal: HTTP status, code and message. It is sent with both camelCase and snake_case keys. */
export class UpstoxRefusal extends Error {
  override readonly name = "UpstoxRefusal";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = `UDAPI${code}`;
  }
}

export function refusal({ status, code, message }: UpstoxRefusal): Response {
  const camel = { errorCode: code, message, propertyPath: null, invalidValue: null };
  const snake = { error_code: code, property_path: null, invalid_value: null };
  return json(status, { status: "error", errors: [{ ...camel, ...snake }] });
}

export const deadSession = (): UpstoxRefusal => new UpstoxRefusal(401, 100050, "Invalid token used to access API");

export const json = (status: number, body: unknown): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });

export const html = (body: string): Response =>
  new Response(
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Upstox (simulated)</title>
<style>body{font:16px system-ui;max-width:26rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.7rem 1.2rem}</style>
${body}</html>`,
    { status: 200, headers: { "content-type": "text/html; charset=utf-8" } },
  );

export type Fields = Readonly<Record<string, unknown>>;

/** The body as a JSON object; anything else is refused. */
export function fieldsOf(body: string): Fields {
  const value = parseJson(body);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new UpstoxRefusal(400, 100036, "Invalid Input");
}
