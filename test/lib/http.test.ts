import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createHttpClient, HttpFailure } from "../../src/lib/http.ts";
import type { HttpClient, HttpRequest } from "../../src/lib/http.ts";
import { Secret } from "../../src/lib/secret.ts";
import { freePort } from "../free-port.ts";
import { ISSUER, LEAF, LEAF_KEY, NOT_YET_VALID_LEAF } from "./certificates.ts";
import { startConnectProxy, startSocksProxy } from "./proxies.ts";
import type { TestProxy } from "./proxies.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let port = 0;
let answer: Answer;
let seen: string[] = [];
let client: HttpClient;
let waits: number[] = [];
let calls: { scope: string; path: string; outcome: string }[] = [];
let now = 0;
const closing: TestProxy[] = [];

beforeEach(async () => {
  answer = (_request, response) => void response.end("fine");
  seen = [];
  server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  port = (server.address() as AddressInfo).port;
  waits = [];
  calls = [];
  now = 1_000_000;
  client = createHttpClient({
    now: () => now,
    sleep: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
    random: () => 0.5,
    onCall: ({ scope, path, outcome }) => void calls.push({ scope, path, outcome }),
  });
});

afterEach(async () => {
  server.closeAllConnections();
  await Promise.all([client.close(), ...closing.splice(0).map((proxy) => proxy.close())]);
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

const to = (path: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  scope: "acme",
  method: "GET",
  url: `http://127.0.0.1:${port}${path}`,
  timeoutMs: 2_000,
  ...more,
});

const failureOf = async (call: Promise<unknown>): Promise<HttpFailure> => {
  const error = await call.then(
    () => expect.fail("it succeeded"),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(HttpFailure);
  return error as HttpFailure;
};

const packed: Answer = (request, response) => {
  response.setHeader("content-encoding", "gzip").setHeader("x-seen", request.headers["accept-encoding"] ?? "");
  response.end(gzipSync("a long list"));
};

describe("a gzipped reply", () => {
  it("is asked for and decompressed, whole or as a stream", async () => {
    answer = packed;
    const reply = await client.read(to("/rows"));
    expect([reply.body, reply.headers["x-seen"]]).toEqual(["a long list", "gzip"]);
    const pieces: Uint8Array[] = [];
    for await (const piece of await client.stream(to("/rows"))) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe("a long list");
  });

  it("that is damaged counts as a broken connection", async () => {
    answer = (_request, response) => void response.setHeader("content-encoding", "gzip").end("not packed");
    expect((await failureOf(client.send(to("/rows")))).kind).toBe("broken");
  });
});

/** Answers with these in turn, and with the last from then on. */
function inTurn(...answers: Answer[]): void {
  let turn = -1;
  answer = (request, response) => {
    turn = Math.min(turn + 1, answers.length - 1);
    answers[turn]?.(request, response);
  };
}
const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    void response.writeHead(code, headers).end("page");
const drop: Answer = (request) => void request.socket.destroy();
const hang: Answer = () => undefined;
const fine: Answer = (_request, response) => void response.end("fine");

describe("one call", () => {
  it("returns any status, with headers in lower case and the whole body", async () => {
    answer = (_request, response) => void response.writeHead(418, { "X-Thing": "Yes" }).end("short and stout ₹");
    expect(await client.send(to("/tea"))).toMatchObject({
      status: 418,
      headers: { "x-thing": "Yes" },
      body: "short and stout ₹",
    });
  });

  it("carries method, headers and body", async () => {
    answer = (request, response) => {
      void (async () => {
        let body = "";
        for await (const chunk of request) body += String(chunk);
        response.end(`${request.method} ${String(request.headers["x-a"])} ${body}`);
      })();
    };
    const reply = await client.send(to("/", { method: "PUT", headers: { "X-A": "1" }, body: "hello" }));
    expect(reply.body).toBe("PUT 1 hello");
  });

  it("does not follow redirects", async () => {
    answer = (_request, response) => void response.writeHead(302, { location: "/elsewhere" }).end();
    expect(await client.send(to("/"))).toMatchObject({ status: 302, headers: { location: "/elsewhere" } });
    expect(seen).toEqual(["GET /"]);
  });

  it("reaches a server that listens on IPv4 only by a name with IPv4 and IPv6 addresses", async () => {
    expect((await client.send(to("/", { url: `http://localhost:${port}/` }))).body).toBe("fine");
  });

  it("reports each attempt by path, without the query", async () => {
    await client.send(to("/orders?token=secret"));
    answer = drop;
    await failureOf(client.send(to("/orders?token=secret")));
    expect(calls).toEqual([
      { scope: "acme", path: "/orders", outcome: "200" },
      { scope: "acme", path: "/orders", outcome: "broken" },
    ]);
  });
});

describe("a call without a reply", () => {
  it("is a timeout when nothing comes", async () => {
    await client.send(to("/"));
    answer = hang;
    expect(await failureOf(client.send(to("/", { timeoutMs: 300 })))).toMatchObject({ kind: "timeout" });
    expect(seen).toHaveLength(2);
  });

  it("is a timeout when the body comes too slowly, headers or not", async () => {
    answer = (_request, response) => void response.writeHead(200).write("the beginning");
    expect(await failureOf(client.send(to("/", { timeoutMs: 60 })))).toMatchObject({ kind: "timeout" });
  });

  it.each([
    ["is not valid yet, as when the machine's clock is wrong", NOT_YET_VALID_LEAF],
    ["has no trusted issuer", LEAF],
    ["was issued by an untrusted intermediary", LEAF + ISSUER],
  ])("is unreachable behind a certificate that %s: nothing was sent", async (_why, cert) => {
    const secure = createSecureServer({ cert, key: LEAF_KEY }, (request) => void seen.push(request.url ?? ""));
    await new Promise<void>((resolve) => {
      secure.listen(0, "127.0.0.1", resolve);
    });
    const url = `https://localhost:${(secure.address() as AddressInfo).port}/orders`;
    const failure = await failureOf(client.send(to("/", { method: "POST", body: "order", url })));
    secure.close();
    expect(failure).toMatchObject({ kind: "unreachable" });
    expect(seen).toEqual([]);
  });

  it("is unreachable when nobody listens: nothing was sent", async () => {
    const url = `http://127.0.0.1:${await freePort()}/`;
    expect(await failureOf(client.send(to("/", { url })))).toMatchObject({ kind: "unreachable" });
  });

  it("is broken when the connection ends, before or in the middle of the reply", async () => {
    answer = drop;
    expect(await failureOf(client.send(to("/")))).toMatchObject({ kind: "broken" });
    answer = (request, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("half", () => request.socket.destroy());
    };
    expect(await failureOf(client.send(to("/")))).toMatchObject({ kind: "broken" });
  });

  it("is aborted when its caller aborts it", async () => {
    answer = hang;
    const giveUp = new AbortController();
    const call = failureOf(client.send(to("/", { signal: giveUp.signal })));
    await expect.poll(() => seen.length).toBe(1);
    giveUp.abort();
    expect(await call).toMatchObject({ kind: "aborted" });
    expect(await failureOf(client.send(to("/", { signal: AbortSignal.abort() })))).toMatchObject({ kind: "aborted" });
    expect(seen).toHaveLength(1);
  });

  it("is too large when the body has no end", async () => {
    const megabyte = Buffer.alloc(1024 * 1024, "x");
    answer = (_request, response) => {
      const more = (): void => {
        while (response.write(megabyte));
        response.once("drain", more);
      };
      more();
    };
    expect(await failureOf(client.send(to("/", { timeoutMs: 8_000 })))).toMatchObject({ kind: "too-large" });
  });

  it("holds no secret of the request", async () => {
    answer = drop;
    const failure = await failureOf(
      client.send(to("/?token=s3cret", { headers: { authorization: "s3cret" }, method: "POST", body: "s3cret" })),
    );
    expect(inspect(failure, { depth: 10, showHidden: true }) + failure.stack).not.toContain("s3cret");
  });
});

describe("send", () => {
  it.each([
    ["a dropped connection", drop],
    ["a gateway's page", status(502)],
    ["too many requests", status(429, { "retry-after": "1" })],
  ])("is never repeated: %s", async (_what, trouble) => {
    answer = trouble;
    await client.send(to("/", { method: "POST", body: "buy" })).catch(() => undefined);
    expect(seen).toEqual(["POST /"]);
    expect(waits).toEqual([]);
  });
});

describe("read", () => {
  it("asks again after a dropped connection or a gateway's page", async () => {
    inTurn(drop, status(503), fine);
    expect((await client.read(to("/"))).body).toBe("fine");
    expect(seen).toHaveLength(3);
    expect(waits).toEqual([400, 800]);
  });

  it("gives up after three tries, with the last result", async () => {
    answer = status(502);
    expect(await client.read(to("/"))).toMatchObject({ status: 502 });
    expect(seen).toHaveLength(3);
    answer = drop;
    expect(await failureOf(client.read(to("/", { scope: "other" })))).toMatchObject({ kind: "broken" });
    expect(seen).toHaveLength(6);
  });

  it("waits as long as Retry-After says", async () => {
    inTurn(status(429, { "retry-after": "1" }), fine);
    expect((await client.read(to("/"))).body).toBe("fine");
    expect(waits).toEqual([1_000]);
  });

  it("does not wait beyond its deadline, and returns the refusal", async () => {
    answer = status(429, { "retry-after": "3" });
    expect(await client.read(to("/"))).toMatchObject({ status: 429 });
    expect(seen).toHaveLength(1);
    expect(waits).toEqual([]);
  });

  it("waits for its own backoff when Retry-After is missing or not a number", async () => {
    inTurn(status(429), status(429, { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }), fine);
    expect((await client.read(to("/", { timeoutMs: 5_000 }))).body).toBe("fine");
    expect(waits).toEqual([800, 1_600]);
  });

  it("waits for its rate limiter's turn before each repetition, but not before the first try", async () => {
    inTurn(status(429), drop, fine);
    const turn = (): Promise<void> => {
      seen.push("turn");
      return Promise.resolve();
    };
    await client.read(to("/", { turn }));
    expect(seen).toEqual(["GET /", "turn", "GET /", "turn", "GET /"]);
  });

  it("returns the refusal when its turn comes after the deadline", async () => {
    answer = status(503);
    const turn = (signal: AbortSignal): Promise<void> =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("too late")));
      });
    expect(await client.read(to("/", { timeoutMs: 500, turn }))).toMatchObject({ status: 503 });
    expect(seen).toHaveLength(1);
  });

  it("asks again when the request's own check says that the reply only means busy", async () => {
    const isBusy = ({ body }: { body: string }): boolean => body !== "fine";
    inTurn(status(403), fine);
    expect((await client.read(to("/", { isBusy, timeoutMs: 5_000 }))).body).toBe("fine");
    expect(waits).toEqual([800]);
    inTurn(status(403), fine);
    expect(await client.send(to("/", { isBusy }))).toMatchObject({ status: 403 });
  });

  it("does not repeat a timeout, an error status, or an aborted call", async () => {
    answer = hang;
    expect(await failureOf(client.read(to("/", { timeoutMs: 400 })))).toMatchObject({ kind: "timeout" });
    answer = status(500);
    expect(await client.read(to("/"))).toMatchObject({ status: 500 });
    answer = status(404);
    expect(await client.read(to("/"))).toMatchObject({ status: 404 });
    expect(await failureOf(client.read(to("/", { signal: AbortSignal.abort() })))).toMatchObject({ kind: "aborted" });
    expect(seen).toHaveLength(3);
  });

  it("shares one deadline among its tries", async () => {
    inTurn(drop, hang);
    const startedAt = performance.now();
    expect(await failureOf(client.read(to("/", { timeoutMs: 500 })))).toMatchObject({ kind: "timeout" });
    expect(performance.now() - startedAt).toBeLessThan(900);
    expect(seen).toHaveLength(2);
  });
});

describe("the circuit breaker", () => {
  const fail = async (times: number, scope = "acme"): Promise<void> => {
    answer = drop;
    for (let turn = 0; turn < times; turn += 1) await failureOf(client.send(to("/", { scope })));
  };

  it("opens after five failures in a row: then nothing is sent, and the error says so", async () => {
    await fail(5);
    answer = fine;
    const failure = await failureOf(client.send(to("/")));
    expect(failure).toMatchObject({
      kind: "unreachable",
      message: expect.stringContaining("not called for 15 s") as string,
    });
    expect(seen).toHaveLength(5);
  });

  it("does not make a read wait", async () => {
    await fail(5);
    await failureOf(client.read(to("/")));
    expect(waits).toEqual([]);
  });

  it("stays closed when a success comes between the failures", async () => {
    await fail(4);
    answer = fine;
    await client.send(to("/"));
    await fail(4);
    answer = fine;
    expect((await client.send(to("/"))).body).toBe("fine");
  });

  it("counts gateway pages and timeouts, but no refusals and no aborted calls", async () => {
    inTurn(status(502), status(503), status(504), drop, status(500), status(429), fine);
    for (let turn = 0; turn < 4; turn += 1) await client.send(to("/")).catch(() => undefined);
    await failureOf(client.send(to("/", { signal: AbortSignal.abort() })));
    for (const expected of [500, 429, 200]) expect((await client.send(to("/"))).status).toBe(expected);
    answer = hang;
    for (let turn = 0; turn < 5; turn += 1) await failureOf(client.send(to("/", { timeoutMs: 20 })));
    expect(await failureOf(client.send(to("/")))).toMatchObject({ kind: "unreachable" });
  });

  it("lets one call through after a while: its success closes, its failure opens again", async () => {
    await fail(5);
    now += 15_000;
    answer = hang;
    const probe = client.send(to("/probe", { timeoutMs: 150 }));
    const second = await failureOf(client.send(to("/second")));
    expect(second.kind).toBe("unreachable");
    expect(await failureOf(probe)).toMatchObject({ kind: "timeout" });
    answer = fine;
    expect(await failureOf(client.send(to("/third")))).toMatchObject({ kind: "unreachable" });
    now += 15_000;
    expect((await client.send(to("/fourth"))).body).toBe("fine");
    expect((await client.send(to("/fifth"))).body).toBe("fine");
    expect(seen.slice(5)).toEqual(["GET /probe", "GET /fourth", "GET /fifth"]);
  });

  it("does not stay open longer when the clock is set back", async () => {
    await fail(5);
    answer = fine;
    now -= 86_400_000;
    expect(await failureOf(client.send(to("/")))).toMatchObject({ kind: "unreachable" });
    now += 15_000;
    expect((await client.send(to("/"))).body).toBe("fine");
  });

  it("is separate for each scope", async () => {
    await fail(5);
    answer = fine;
    expect((await client.send(to("/", { scope: "other" }))).body).toBe("fine");
  });

  it("of a dead proxy does not stop calls that do not use that proxy", async () => {
    const egress = new Secret(`http://127.0.0.1:${await freePort()}`);
    for (let turn = 0; turn < 6; turn += 1) await failureOf(client.send(to("/", { egress })));
    expect((await client.send(to("/"))).body).toBe("fine");
  });
});

describe("stream", () => {
  const textOf = async (body: AsyncIterable<Uint8Array>): Promise<string> => {
    let text = "";
    for await (const chunk of body) text += Buffer.from(chunk).toString("utf8");
    return text;
  };

  it("yields the body as it arrives", async () => {
    answer = (_request, response) => {
      response.write("first ");
      setImmediate(() => response.end("last"));
    };
    expect(await textOf(await client.stream(to("/")))).toBe("first last");
  });

  it("fails on any other status, and leaves the connection usable", async () => {
    answer = status(404);
    expect(await failureOf(client.stream(to("/")))).toMatchObject({ kind: "broken", message: "HTTP 404" });
    answer = fine;
    expect((await client.send(to("/"))).body).toBe("fine");
  });

  it("does not open the breaker when the file is missing: the other side answers", async () => {
    answer = status(404);
    for (let turn = 0; turn < 5; turn += 1) await failureOf(client.stream(to("/list.csv")));
    answer = fine;
    expect((await client.send(to("/orders"))).body).toBe("fine");
  });

  it("opens the breaker after five gateway errors in a row", async () => {
    answer = status(503);
    for (let turn = 0; turn < 5; turn += 1) await failureOf(client.stream(to("/list.csv")));
    expect(await failureOf(client.send(to("/orders")))).toMatchObject({ kind: "unreachable" });
  });

  it("is aborted when the client is closed, which does not wait for a long download", async () => {
    answer = (_request, response) => void response.writeHead(200).write("and so on");
    const own = createHttpClient({ now: () => now, sleep: async () => undefined });
    const failing = failureOf(own.stream(to("/", { timeoutMs: 60_000 })).then(textOf));
    await new Promise((resolve) => server.once("request", resolve));
    await own.close();
    expect(await failing).toMatchObject({ kind: "aborted" });
  });

  it("is too large when a small file unpacks into hundreds of megabytes", async () => {
    const packed = gzipSync(Buffer.alloc(1024 * 1024));
    answer = (_request, response) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      response.end(Buffer.concat(Array.from({ length: 300 }, () => packed)));
    };
    let size = 0;
    const read = async (body: AsyncIterable<Uint8Array>): Promise<void> => {
      for await (const chunk of body) size += chunk.byteLength;
    };
    expect(await failureOf(client.stream(to("/", { timeoutMs: 30_000 })).then(read))).toMatchObject({
      kind: "too-large",
    });
    expect(size).toBeGreaterThan(200 * 1024 * 1024);
  });

  it("fails with the kind of the failure when it ends early", async () => {
    answer = (request, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("half", () => setImmediate(() => request.socket.destroy()));
    };
    expect(await failureOf(client.stream(to("/")).then(textOf))).toMatchObject({ kind: "broken" });
    answer = (_request, response) => void response.writeHead(200).write("and then nothing");
    expect(await failureOf(client.stream(to("/", { timeoutMs: 80 })).then(textOf))).toMatchObject({ kind: "timeout" });
  });
});

describe("a call through a proxy (egress)", () => {
  it("uses a tunnel through an HTTP proxy, with the proxy's credentials", async () => {
    const proxy = await startConnectProxy({ credentials: "meera:pa ss" });
    closing.push(proxy);
    const egress = new Secret(`http://meera:pa%20ss@127.0.0.1:${proxy.port}`);
    expect((await client.send(to("/", { egress }))).body).toBe("fine");
    expect(proxy.asked).toEqual([`127.0.0.1:${port}`]);
  });

  it("uses a SOCKS5 proxy, which resolves host names itself", async () => {
    const proxy = await startSocksProxy();
    closing.push(proxy);
    for (const kind of ["socks5", "socks5h"]) {
      const egress = new Secret(`${kind}://127.0.0.1:${proxy.port}`);
      expect((await client.send(to("/", { egress, url: `http://localhost:${port}/` }))).body).toBe("fine");
    }
    expect(proxy.asked).toEqual([`localhost:${port}`, `localhost:${port}`]);
  });

  it("is unreachable, with nothing sent, when the proxy is down, refuses, or is not a proxy", async () => {
    const strict = await startConnectProxy({ credentials: "meera:right" });
    const shut = await startSocksProxy({ refuses: true });
    closing.push(strict, shut);
    for (const way of [
      `http://127.0.0.1:${await freePort()}`,
      `socks5://127.0.0.1:${await freePort()}`,
      `http://meera:wr0ng@127.0.0.1:${strict.port}`,
      `socks5://127.0.0.1:${shut.port}`,
      "ftp://meera:wr0ng@nowhere",
      "wr0ng",
    ]) {
      const failure = await failureOf(client.send(to("/", { egress: new Secret(way) })));
      expect([way, failure.kind]).toEqual([way, "unreachable"]);
      expect(inspect(failure, { depth: 10 })).not.toContain("wr0ng");
    }
    expect(seen).toEqual([]);
  });

  it("ends at its deadline or when aborted while the proxy does not answer, and is not sent after that", async () => {
    const said = Promise.withResolvers<void>();
    const proxy = await startConnectProxy({ until: said.promise });
    closing.push(proxy);
    const egress = new Secret(`http://127.0.0.1:${proxy.port}`);
    expect(await failureOf(client.send(to("/late", { egress, timeoutMs: 60 })))).toMatchObject({ kind: "timeout" });
    const giveUp = new AbortController();
    const call = failureOf(client.send(to("/given-up", { egress, signal: giveUp.signal })));
    await expect.poll(() => proxy.asked.length).toBe(2);
    giveUp.abort();
    expect(await call).toMatchObject({ kind: "aborted" });
    said.resolve();
    expect((await client.send(to("/next", { egress }))).body).toBe("fine");
    expect(seen).toEqual(["GET /next"]);
  });

  it("is broken, not unreachable, when the server drops the call inside the tunnel", async () => {
    const proxy = await startConnectProxy();
    closing.push(proxy);
    answer = drop;
    const egress = new Secret(`http://127.0.0.1:${proxy.port}`);
    expect(await failureOf(client.send(to("/", { egress })))).toMatchObject({ kind: "broken" });
    expect(seen).toHaveLength(1);
  });
});
