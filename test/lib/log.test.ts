import { HttpError } from "grammy";
import { describe, expect, it } from "vitest";
import { createLog } from "../../src/lib/log.ts";
import { Secret } from "../../src/lib/secret.ts";
import { traced } from "../../src/lib/trace.ts";

function logged(write: (log: ReturnType<typeof createLog>) => void): string {
  let out = "";
  write(createLog({ level: "trace", destination: { write: (line: string) => void (out += line) } }));
  return out;
}

describe("a log line", () => {
  it("prints a secret as ***, wherever it stands", () => {
    const secret = new Secret("marker-1");
    const line = logged((log) => log.info({ secret, deep: { list: [secret] } }, `said ${secret.toString()}`));
    expect(line).toContain('"secret":"***"');
    expect(line).not.toContain("marker-1");
  });

  it("of an error has no address and no payload, on none of its lines", () => {
    const cause = Object.assign(
      new Error("connect to socks5://name:marker-2@203.0.113.7:1080\nvia mongodb://u:marker-3@db/x"),
      {
        payload: { token: "marker-4" },
        code: "ECONNREFUSED",
      },
    );
    const error = new Error("GET https://api.telegram.org/botmarker-5/getMe failed", { cause });
    const line = logged((log) => log.error({ err: error }, "failed"));
    expect(line).not.toContain("marker-");
    expect(line).toContain("connect to <url>");
    expect(line).toContain("ECONNREFUSED");
    expect(line).toMatch(/"stack":\["at /);
  });

  it("about a call that did not reach Telegram says why", () => {
    const cause = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:9"), { code: "ECONNREFUSED" });
    const error = new HttpError("Network request for 'getMe' failed!", cause);
    expect(logged((log) => log.error({ err: error }, "failed"))).toContain(
      '"cause":{"name":"Error","message":"connect ECONNREFUSED 127.0.0.1:9","code":"ECONNREFUSED"',
    );
  });

  it("names the update that it belongs to, also after every await", async () => {
    let line = "";
    const log = createLog({ level: "info", destination: { write: (text: string) => void (line += text) } });
    await traced({ update: 7 }, async () => {
      await Promise.resolve();
      traced({ order: "o1" }, () => log.info("inside"));
    });
    log.info("outside");
    expect(line).toMatch(/"update":7,"order":"o1","msg":"inside"/);
    expect(line).not.toMatch(/"update":7[^\n]*"msg":"outside"/);
  });

  it("has no field of an earlier line about the same update", () => {
    const lines = logged((log) =>
      traced({ update: 7 }, () => {
        log.warn({ err: new Error("no answer"), link: "l1" }, "first");
        log.info({ intent: "i1" }, "second");
      }),
    );
    expect(lines).toMatch(/"update":7,"intent":"i1","msg":"second"/);
  });
});
