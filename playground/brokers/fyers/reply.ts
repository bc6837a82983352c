/** Fyers' envelopes: payload keys stand next to `s`, `code` and `message`. */
export const ok = (payload: Readonly<Record<string, unknown>> = {}, message = ""): Response =>
  json(200, { s: "ok", code: 200, message, ...payload });

export const refuse = (status: number, code: number, message: string, more: Readonly<Record<string, unknown>> = {}) =>
  json(status, { s: "error", code, message, ...more });

export const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });

export const invalid = (message: string): Response => refuse(400, -50, message);
