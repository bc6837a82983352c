import type { RequestListener, ServerResponse } from "node:http";
import { ConfigError } from "../errors.ts";
import { createServer } from "../lib/node-http.ts";

export interface WebServer {
  readonly port: number;
  /** Replaces the start-up listener. */
  serve(listener: RequestListener): void;
  close(): Promise<void>;
}

/** Starts listening before the routes are loaded; until then /healthz answers 200 and everything else 503. */
export async function startWebServer(port: number): Promise<WebServer> {
  let listener: RequestListener = (request, reply) => starting(request.url ?? "", reply);
  const server = createServer((request, reply) => listener(request, reply));
  await new Promise<void>((resolve, reject) => {
    server.once("listening", resolve);
    server.once("error", (error: NodeJS.ErrnoException) => reject(portProblem(error, port) ?? error));
    server.listen(port);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    serve: (other) => void (listener = other),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Replies while the process is up, but its store is still waited for or its routes are not loaded yet. */
function starting(url: string, reply: ServerResponse): void {
  const [path] = url.split("?", 1);
  if (path === "/healthz") reply.end("ok");
  else if (path === "/readyz") reply.writeHead(503).end(JSON.stringify({ store: false, telegram: false }));
  else reply.writeHead(503, { "retry-after": "5" }).end("Starting. Try again in a moment.");
}

/** Errors of `listen` that the operator can fix; null for all others. */
export function portProblem({ code }: { readonly code?: string | undefined }, port: number): ConfigError | null {
  if (code === "EADDRINUSE") return new ConfigError([`PORT: ${port} is taken; set PORT to another`]);
  if (code === "EACCES")
    return new ConfigError([`PORT: this user may not listen on ${port}; set PORT to 1024 or above`]);
  return null;
}
