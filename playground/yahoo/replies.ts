export const json = (status: number, body: unknown): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });

export const text = (status: number, body: string, headers: Record<string, string> = {}): Response =>
  new Response(body, { status, headers: { "content-type": "text/plain", ...headers } });

/** Yahoo's error envelope: one key, named after the endpoint. */
export const failure = (status: number, endpoint: string, code: string, description: string): Response =>
  json(status, { [endpoint]: { result: null, error: { code, description } } });
