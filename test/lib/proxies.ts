import { createServer, type IncomingMessage } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

export interface TestProxy {
  readonly port: number;
  /** "host:port" of every requested tunnel. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

interface ConnectProxyOptions {
  /** Required from callers, if given. */
  readonly credentials?: string;
  /** The proxy answers only after this. */
  readonly until?: Promise<unknown>;
}

/** An HTTP proxy that supports only CONNECT. */
export async function startConnectProxy({ credentials, until }: ConnectProxyOptions = {}): Promise<TestProxy> {
  const asked: string[] = [];
  const server = createServer((_request, response) => {
    response.writeHead(501).end();
  });
  const answer = (request: IncomingMessage, socket: Socket): void => {
    const expected = credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString("base64")}`;
    if (request.headers["proxy-authorization"] !== expected) {
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      return;
    }
    const [host = "", port = ""] = (request.url ?? "").split(":");
    joinTo(socket, host, Number(port), () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    });
  };
  server.on("connect", (request, socket: Socket) => {
    asked.push(request.url ?? "");
    if (until === undefined) answer(request, socket);
    else void until.then(() => answer(request, socket));
  });
  return listening(server, asked);
}

const NO_AUTH = Buffer.from([5, 0]);
const GRANTED = Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
const REFUSED = Buffer.from([5, 5, 0, 1, 0, 0, 0, 0, 0, 0]);

/** A SOCKS5 proxy without authentication: greeting, CONNECT by name or IPv4, then bytes both ways. */
export async function startSocksProxy({ refuses = false } = {}): Promise<TestProxy> {
  const asked: string[] = [];
  const server = createTcpServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => {
      socket.write(NO_AUTH);
      socket.once("data", (request: Buffer) => {
        const { host, port } = addressIn(request);
        asked.push(`${host}:${port}`);
        if (refuses) {
          socket.end(REFUSED);
          return;
        }
        joinTo(socket, host, port, () => {
          socket.write(GRANTED);
        });
      });
    });
  });
  return listening(server, asked);
}

function addressIn(request: Buffer): { host: string; port: number } {
  const isName = request[3] === 3;
  const start = isName ? 5 : 4;
  const length = isName ? (request[4] ?? 0) : 4;
  const bytes = request.subarray(start, start + length);
  return { host: isName ? bytes.toString() : bytes.join("."), port: request.readUInt16BE(start + length) };
}

function joinTo(socket: Socket, host: string, port: number, ready: () => void): void {
  const upstream = connect({ host, port, family: 4 });
  upstream.once("connect", () => {
    ready();
    socket.pipe(upstream).pipe(socket);
  });
  for (const end of [socket, upstream]) {
    end.on("error", () => undefined);
    end.on("close", () => {
      socket.destroy();
      upstream.destroy();
    });
  }
}

async function listening(server: Server, asked: string[]): Promise<TestProxy> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const socket of sockets) socket.destroy();
      }),
  };
}
