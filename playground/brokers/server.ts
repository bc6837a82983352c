import type { IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { serve, type HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import type { BrokersServer, Fault, SimulatedBroker } from "./types.ts";

export interface BrokersServerOptions {
  /** 0 for any free port. */
  readonly port: number;
  readonly brokers: readonly SimulatedBroker[];
  readonly random?: () => number;
}

interface ArmedFault {
  readonly fault: Fault;
  left: number;
}
const MAX_CALLS_KEPT = 50_000;

/** Serves every simulated broker under its name on loopback, with the faults that were asked for. */
export async function startBrokersServer({
  port,
  brokers,
  random = Math.random,
}: BrokersServerOptions): Promise<BrokersServer> {
  const faults = new Map<string, ArmedFault[]>();
  const calls = new Map<string, string[]>(brokers.map(({ name }) => [name, []]));
  const app = new Hono<{ Bindings: HttpBindings }>();

  for (const broker of brokers) {
    app.all(`/${broker.name}/*`, async (context) => {
      const path = new URL(context.req.url).pathname.slice(broker.name.length + 1);
      const call = `${context.req.method} ${path}`;
      record(calls.get(broker.name), call);
      const fault = take(faults.get(broker.name) ?? [], call, random);
      const { incoming } = context.env;
      const handle = (): Promise<Response> =>
        broker.handle(context.req.raw, { path, remoteAddress: incoming.socket.remoteAddress ?? "" });
      return fault ? withFault(fault, handle, incoming) : handle();
    });
  }

  const server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" });
  await new Promise<void>((resolve, reject) => {
    server.once("listening", resolve);
    server.once("error", reject);
  });
  const address = server.address();
  const actual = typeof address === "object" && address !== null ? address.port : port;

  return {
    port: actual,
    base: (name) => `http://127.0.0.1:${actual}/${name}`,
    inject(name, fault) {
      faults.set(name, [...(faults.get(name) ?? []), { fault, left: fault.times ?? Infinity }]);
    },
    clearFaults(name) {
      if (name === undefined) faults.clear();
      else faults.delete(name);
    },
    calls: (name) => calls.get(name) ?? [],
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      });
    },
  };
}

function record(calls: string[] | undefined, call: string): void {
  if (!calls) return;
  if (calls.length >= MAX_CALLS_KEPT) calls.splice(0, MAX_CALLS_KEPT / 2);
  calls.push(call);
}

/** The first armed fault that applies to this call; it uses up one of the fault's `times`. */
function take(armed: ArmedFault[], call: string, random: () => number): Fault | null {
  for (const entry of armed) {
    const { match, share = 1 } = entry.fault;
    if (entry.left <= 0 || (match && !match.test(call)) || random() >= share) continue;
    entry.left -= 1;
    return entry.fault;
  }
  return null;
}

async function withFault(fault: Fault, handle: () => Promise<Response>, incoming: IncomingMessage): Promise<Response> {
  switch (fault.kind) {
    case "latency":
      await delay(fault.ms ?? 500);
      return handle();
    case "drop-before":
      return dropped(incoming);
    case "drop-after":
      await handle();
      return dropped(incoming);
    case "hang-after":
      await handle();
      return new Promise(() => undefined);
    case "html-502":
      return gatewayPage();
    case "html-502-after":
      await handle();
      return gatewayPage();
    case "truncated": {
      const reply = await handle();
      const body = await reply.text();
      return new Response(body.slice(0, Math.ceil(body.length / 2)), {
        status: reply.status,
        headers: { "content-type": "application/json" },
      });
    }
    case "too-many":
      return new Response("Too Many Requests", { status: 429, headers: { "retry-after": "1" } });
  }
}

/** Closes the connection without a reply. */
function dropped(incoming: IncomingMessage): Promise<Response> {
  incoming.socket.destroy();
  return new Promise(() => undefined);
}

const gatewayPage = (): Response =>
  new Response("<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>", {
    status: 502,
    headers: { "content-type": "text/html" },
  });
