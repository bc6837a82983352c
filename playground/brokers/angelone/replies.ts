const JSON_HEADERS = { "content-type": "application/json" };

const json = (body: unknown, status = 200): Response =>
  new Response(JSON.stringify(body), { status, headers: JSON_HEADERS });

export const succeed = (data: unknown): Response => json({ status: true, message: "SUCCESS", errorcode: "", data });

/** An empty book is null, not []. */
export const succeedWithRows = (rows: readonly unknown[]): Response => succeed(rows.length === 0 ? null : rows);

/** Business errors come with HTTP 200. */
export const refuse = (errorcode: string, message: string): Response =>
  json({ status: false, message, errorcode, data: null });

/** The gateway's own shape: other keys, and empty text for data. */
export const refuseAtGateway = (errorCode: string, message: string, status: number): Response =>
  json({ success: false, message, errorCode, data: "" }, status);

/** A body that cannot be read is answered with an empty 400. */
export const malformed = (): Response => new Response(null, { status: 400 });

export const throttled = (): Response =>
  new Response("Access denied because of exceeding access rate", {
    status: 403,
    headers: { "content-type": "text/plain" },
  });

export const page = (html: string, status = 200): Response =>
  new Response(html, { status, headers: { "content-type": "text/html; charset=utf-8" } });
