import { describe, expect, it } from "vitest";
import { metered, sendMetered, type Limit } from "../../connectors/metered.ts";
import { HttpFailure, type HttpClient, type HttpRequest } from "../../src/lib/http.ts";

const request: HttpRequest = { scope: "acme", method: "POST", url: "http://127.0.0.1/orders", timeoutMs: 1_000 };
const toError = (_error: unknown, wasSent: boolean): Error => new Error(wasSent ? "unknown" : "not sent");
const atOnce: Limit = (call) => call();

describe("a call under a rate limit", () => {
  it("was not sent when the wait for the limit was given up", async () => {
    const full: Limit = () => Promise.reject(new DOMException("aborted", "AbortError"));
    await expect(metered(full, () => Promise.resolve(1), toError)).rejects.toThrow("not sent");
  });

  it("is never sent after it was reported as not sent, even if the limit lets it through later", async () => {
    let letThrough: () => Promise<unknown> = () => Promise.resolve();
    const late: Limit = (call) => {
      letThrough = call;
      return Promise.reject(new DOMException("aborted", "AbortError"));
    };
    let calls = 0;
    const call = (): Promise<number> => Promise.resolve((calls += 1));
    await expect(metered(late, call, toError)).rejects.toThrow("not sent");
    await expect(letThrough()).rejects.toThrow(HttpFailure);
    expect(calls).toBe(0);
  });

  it("may have been sent once it was started, whoever ends it", async () => {
    const ending: Limit = async (call) => {
      await call();
      throw new DOMException("aborted", "AbortError");
    };
    await expect(metered(ending, () => Promise.resolve(1), toError)).rejects.toThrow("unknown");
  });
});

describe("a request under a rate limit", () => {
  const reply = { status: 200, headers: {}, body: "" };
  const httpOf = (used: string[]): HttpClient => ({
    send: () => (used.push("send"), Promise.resolve(reply)),
    read: async ({ turn, signal }) => {
      used.push("read");
      await turn?.(signal ?? AbortSignal.abort());
      return reply;
    },
    stream: () => Promise.reject(new Error("not a file")),
    close: () => Promise.resolve(),
  });

  it("is sent by the client that never retries, unless it is a read", async () => {
    const used: string[] = [];
    await sendMetered(httpOf(used), atOnce, { request, isRead: false }, toError);
    await sendMetered(httpOf(used), atOnce, { request, isRead: true }, toError);
    expect(used).toEqual(["send", "read"]);
  });

  it("takes a turn for each further try of a read", async () => {
    let turns = 0;
    const counting: Limit = (call) => ((turns += 1), call());
    await sendMetered(httpOf([]), counting, { request, isRead: true }, toError);
    expect(turns).toBe(2);
  });

  it("waits for the limit until its own signal fires, or the request's", async () => {
    const waits: (AbortSignal | undefined)[] = [];
    const noting: Limit = (call, signal) => (waits.push(signal), call());
    const [own, wait] = [new AbortController().signal, new AbortController().signal];
    const signalled = { ...request, signal: own };
    await sendMetered(httpOf([]), noting, { request: signalled, isRead: false }, toError);
    await sendMetered(httpOf([]), noting, { request: signalled, isRead: false, wait }, toError);
    expect(waits).toEqual([own, wait]);
  });
});
