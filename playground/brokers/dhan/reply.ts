/** Dhan answers a success with the bare body, and a failure in one of several shapes. */
export const json = (body: unknown, status = 200): Response => text(JSON.stringify(body), status, "application/json");

export const text = (body: string, status: number, type: string): Response =>
  new Response(body, { status, headers: { "content-type": `${type};charset=utf-8` } });

export const html = (title: string, body: string): Response =>
  text(`<!doctype html><html lang="en"><title>${title}</title><body>${body}</body></html>`, 200, "text/html");

/** The trading API's error shape. */
export const refusal = (status: number, errorType: string, errorCode: string, errorMessage: string): Response =>
  json({ errorType, errorCode, errorMessage }, status);

export const inputError = (message: string): Response => refusal(400, "Input_Exception", "DH-905", message);
export const orderError = (message: string, status = 400): Response =>
  refusal(status, "Order_Error", "DH-906", message);
export const deadSession = (): Response =>
  refusal(401, "Invalid_Authentication", "DH-901", "Client ID or user generated access token is invalid or expired.");

/** The data API's error shape: the code is the key. */
export const dataError = (code: string, message: string, status = 400): Response =>
  json({ status: "failed", data: { [code]: message } }, status);

/** What the gateway says to a path or method that does not exist. */
export const gatewayError = (status: number, error: string, path: string, now: number): Response =>
  json({ timestamp: new Date(now).toISOString(), status, error, path }, status);

export type Fields = Readonly<Record<string, unknown>>;

/** The body as a JSON object, or null when it is not one. */
export async function readFields(request: Request): Promise<Fields | null> {
  const body: unknown = await request.json().catch(() => null);
  return typeof body === "object" && body !== null && !Array.isArray(body) ? (body as Fields) : null;
}

export const escapeHtml = (value: string): string =>
  value.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
