import { createServer, request, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface Proxy {
  readonly url: string;
  /** Ports that requests go to, in turn. */
  readonly backends: Set<number>;
  /** How many requests each backend answered. */
  readonly answered: ReadonlyMap<number, number>;
  close(): Promise<void>;
}

/** A round-robin load balancer; when a backend refuses the connection, the request goes to the next one. */
export async function startProxy(): Promise<Proxy> {
  const backends = new Set<number>();
  const answered = new Map<number, number>();
  let turn = 0;

  const server = createServer((incoming, outgoing) => {
    void forward();

    async function forward(): Promise<void> {
      const body = await readBody(incoming);
      const order = [...backends];
      turn += 1;
      const attempt = (tries: number): void => {
        const port = order[(turn + tries) % Math.max(1, order.length)];
        if (port === undefined || tries >= order.length) {
          outgoing.writeHead(502).end();
          return;
        }
        let isAnswered = false;
        const passed = request(
          { host: "127.0.0.1", port, method: incoming.method, path: incoming.url, headers: incoming.headers },
          (reply) => {
            isAnswered = true;
            answered.set(port, (answered.get(port) ?? 0) + 1);
            outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
            reply.pipe(outgoing);
          },
        );
        passed.on("error", (error: NodeJS.ErrnoException) => {
          if (isAnswered) outgoing.destroy();
          else if (error.code === "ECONNREFUSED") attempt(tries + 1);
          else if (!outgoing.headersSent) outgoing.writeHead(502).end();
        });
        passed.end(body);
      };
      attempt(0);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    backends,
    answered,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
