/** Kite's own refusal: HTTP status, type and message. */
export class KiteRefusal extends Error {
  override readonly name = "KiteRefusal";
  readonly status: number;
  readonly type: string;

  constructor(status: number, type: string, message: string) {
    super(message);
    this.status = status;
    this.type = type;
  }
}

export const inputError = (message: string): KiteRefusal => new KiteRefusal(400, "InputException", message);
export const orderError = (message: string): KiteRefusal => new KiteRefusal(400, "OrderException", message);

// Exactly this content type: Kite sends no charset.
const json = (status: number, body: object): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });

export const success = (data: unknown): Response => json(200, { status: "success", data });
export const refusal = ({ status, message, type }: KiteRefusal): Response =>
  json(status, { status: "error", message, data: null, error_type: type });

export const html = (status: number, body: string): Response =>
  new Response(`<!doctype html><meta charset="utf-8"><title>Kite</title>${body}`, {
    status,
    headers: { "content-type": "text/html; charset=utf-8" },
  });

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
