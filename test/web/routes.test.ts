import { connect } from "node:net";
import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { brokerName, userId } from "../../src/domain/ids.ts";
import { BrokerError } from "../../src/errors.ts";
import { createMetrics } from "../../src/lib/metrics.ts";
import { createLog } from "../../src/lib/log.ts";
import { Secret } from "../../src/lib/secret.ts";
import type { LoginResult, Logins } from "../../src/services/accounts/logins.ts";
import type { KeyForms, SubmittedKeys } from "../../src/services/accounts/key-forms.ts";
import type { Link } from "../../src/services/accounts/accounts.ts";
import { healthRoutes } from "../../src/web/health.ts";
import { jobsRoutes } from "../../src/web/jobs.ts";
import { keysRoutes } from "../../src/web/keys.ts";
import { oauthRoutes, STATE_COOKIE } from "../../src/web/oauth.ts";
import { postbackRoutes } from "../../src/web/postback.ts";
import { listenerOf } from "../../src/web/listener.ts";
import { portProblem, startWebServer } from "../../src/web/server.ts";
import { webhookRoutes } from "../../src/web/telegram.ts";
import { zerodha } from "../../connectors/zerodha/index.ts";
import { openStage, type Stage } from "../services/stage.ts";

let stage: Stage;
beforeEach(() => (stage = openStage()));
afterEach(() => stage.close());

const ASHA = userId(1001);
const chatUrl = (): string => "https://t.me/sauda_bot";
const PUBLIC = "https://bot.example";

/** Telegram holds every message up, and a page's deadline for it is over at once. */
function holdTelegramUp(): () => Promise<void> {
  vi.spyOn(AbortSignal, "timeout").mockImplementation(() => {
    const ends = new AbortController();
    setImmediate(() => ends.abort());
    return ends.signal;
  });
  return () => new Promise(() => undefined);
}
afterEach(() => vi.restoreAllMocks());

describe("the OAuth pages", () => {
  const told: LoginResult[] = [];
  const finished: unknown[] = [];
  function routes(result: LoginResult & { userId?: typeof ASHA }, publicUrl = PUBLIC): Hono {
    told.length = 0;
    const logins: Pick<Logins, "finish" | "resume"> = {
      finish: async (...args) => (finished.push(args), result),
      resume: async (broker, state) => (state === "known" ? `https://${broker}.example/login` : null),
    };
    return oauthRoutes({ logins: logins as Logins, tell, chatUrl, publicUrl, log: stage.log });
  }
  let tell: (user: unknown, result: LoginResult) => Promise<void>;
  beforeEach(() => (tell = async (_, each) => void told.push(each)));

  /** Opens a callback as a browser does, up to the page. */
  async function open(app: Hono, address: string): Promise<Response> {
    const reply = await app.request(address);
    expect(reply.status).toBe(303);
    return app.request(address.replace(/\?.*/, reply.headers.get("location") ?? ""));
  }

  it("do not finish a login by a HEAD, with which programs check a link before a person opens it", async () => {
    const app = routes({ kind: "stale", userId: ASHA });
    const address = "/oauth/angelone/callback?auth_token=sekrit-token-1&state=sekrit-state-1";
    const logins = finished.length;
    const reply = await app.request(address, { method: "HEAD" });
    expect([reply.status, reply.headers.get("allow")]).toEqual([405, "GET"]);
    expect(finished).toHaveLength(logins);
    expect((await app.request(address)).status).toBe(303);
    expect(finished).toHaveLength(logins + 1);
  });

  it("leave no code or token in the browser's address: it is sent on to one that says only how the login ended", async () => {
    const app = routes({ kind: "stale" });
    const reply = await app.request("/oauth/angelone/callback?auth_token=sekrit-token-1&state=sekrit-state-1");
    expect(reply.status).toBe(303);
    expect(reply.headers.get("location")).toBe("?outcome=stale");
    expect(reply.headers.get("cache-control")).toBe("no-store");
    const logins = finished.length;
    expect((await app.request("/oauth/angelone/callback?outcome=stale")).status).toBe(400);
    expect((await app.request("/oauth/angelone/callback?outcome=linked")).status).toBe(200);
    expect(finished).toHaveLength(logins);
  });

  it("say how the login ended, forbid caching and scripts, and log no part of the address", async () => {
    const app = routes({ kind: "stale" });
    const reply = await open(app, "/oauth/zerodha/callback?request_token=sekrit-token-1&state=sekrit-state-1");
    expect(reply.status).toBe(400);
    expect(reply.headers.get("cache-control")).toBe("no-store");
    expect(reply.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(reply.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    const text = await reply.text();
    expect(text).toContain("used before or is too old");
    expect(text).toContain("If you have just logged in, the chat says how it went");
    expect(text + stage.logged()).not.toContain("sekrit");
    expect(stage.logged()).toContain('"result":"stale"');
    expect(told).toEqual([]);
  });

  it("tell the chat of the person who logged in, and link back to it", async () => {
    const error = new BrokerError("login-unfinished", "no", { broker: brokerName("zerodha"), endpoint: "login" });
    const app = routes({ kind: "cancelled", link: {} as Link, error, userId: ASHA });
    const reply = await open(app, "/oauth/zerodha/callback?state=x");
    const shown = await reply.text();
    expect(shown).toContain("The login was not finished");
    expect(shown).toContain('href="https://t.me/sauda_bot"');
    expect(told).toHaveLength(1);
  });

  it("do not wait for a chat whose messages Telegram holds up", async () => {
    tell = holdTelegramUp();
    const app = routes({ kind: "stale", userId: ASHA });
    expect((await app.request("/oauth/zerodha/callback?state=x")).status).toBe(303);
  });

  it("say of an account that was unlinked meanwhile that nothing was stored", async () => {
    const app = routes({ kind: "unlinked", link: {} as Link, userId: ASHA });
    const shown = await (await open(app, "/oauth/zerodha/callback?state=x")).text();
    expect(shown).toContain("That account was unlinked meanwhile");
    expect(shown).toContain("Nothing of this login was stored.");
    expect(told).toHaveLength(1);
  });

  it("log which account a failed login was for, and why", async () => {
    const error = new BrokerError("unavailable", "HTTP 503", { broker: brokerName("dhan"), endpoint: "POST /consume" });
    const app = routes({ kind: "failed", link: { _id: "L-7" } as unknown as Link, error, userId: ASHA });
    expect((await open(app, "/oauth/dhan/callback?state=x&tokenId=sekrit")).status).toBe(400);
    const [line] = stage
      .logged()
      .trim()
      .split("\n")
      .map((each) => JSON.parse(each) as unknown);
    expect(line).toMatchObject({ level: "warn", result: "failed", link: "L-7", err: { endpoint: "POST /consume" } });
    expect(stage.logged()).not.toContain("sekrit");
  });

  it("redirect the browser to the broker with a cookie that only the callback receives, and that it removes", async () => {
    const app = routes({ kind: "stale" });
    const reply = await app.request("/oauth/dhan/login/known");
    expect(reply.status).toBe(302);
    expect(reply.headers.get("location")).toBe("https://dhan.example/login");
    expect(reply.headers.get("cache-control")).toBe("no-store");
    const cookie = reply.headers.get("set-cookie") ?? "";
    expect(cookie).toContain(`${STATE_COOKIE}=known`);
    for (const part of ["HttpOnly", "Secure", "SameSite=Lax", "Path=/oauth/dhan/callback", "Max-Age=600"]) {
      expect(cookie).toContain(part);
    }
    const callback = await app.request("/oauth/dhan/callback?tokenId=t", {
      headers: { cookie: `${STATE_COOKIE}=known` },
    });
    expect(finished.at(-1)).toEqual(["dhan", { tokenId: "t" }, "known"]);
    const removal = callback.headers.get("set-cookie") ?? "";
    for (const part of [`${STATE_COOKIE}=;`, "Path=/oauth/dhan/callback", "Max-Age=0"]) expect(removal).toContain(part);
  });

  it("set that cookie's path correctly when PUBLIC_URL has a path", async () => {
    const reply = await routes({ kind: "stale" }, `${PUBLIC}/sauda`).request("/oauth/dhan/login/known");
    expect(reply.headers.get("set-cookie")).toContain("Path=/sauda/oauth/dhan/callback");
  });

  it("do not call a login used or too old that names nobody: without a public address it has no cookie", async () => {
    const reply = await routes({ kind: "stale" }).request("/oauth/dhan/callback?tokenId=sekrit-token-2");
    // Not sent on: the chat asks for this address.
    expect(reply.status).toBe(400);
    const text = await reply.text();
    expect(text).toContain("This address does not say whose login it is");
    expect(text).toContain("the chat says how it went, or what to send it instead");
    for (const wrong of ["used before", "sekrit"]) expect(text).not.toContain(wrong);
  });

  it("redirect nowhere for an unknown login", async () => {
    const app = routes({ kind: "stale" });
    for (const path of [
      "/oauth/dhan/login/unknown",
      "/oauth/dhan/login/https:%2F%2Fevil.example",
      "/oauth/%2F%2Fevil/login/x",
    ]) {
      const reply = await app.request(path);
      expect(reply.headers.get("location")).toBeNull();
      expect(reply.status).toBe(400);
    }
  });
});

describe("the key page", () => {
  const TOKEN = "t".repeat(32);
  const submitted: Record<string, string>[] = [];
  const told: Link[] = [];
  const link = { broker_name: brokerName("zerodha") } as Link;
  let answer: SubmittedKeys;

  function routes(publicUrl = PUBLIC): Hono {
    submitted.length = 0;
    told.length = 0;
    answer = { kind: "done", link, subject: "keys" };
    const forms: Pick<KeyForms, "open" | "submit"> = {
      open: async (token) =>
        token === TOKEN ? { title: "Keys of Zerodha", userName: "Asha <b>", specs: zerodha.credentials } : null,
      submit: async (_, fields) => (submitted.push({ ...fields }), answer),
    };
    return keysRoutes({ forms: forms as KeyForms, tell, chatUrl, publicUrl, log: stage.log });
  }
  let tell: (each: Link) => Promise<void>;
  beforeEach(() => (tell = async (each) => void told.push(each)));
  const csrfOf = (text: string): string => /name="csrf" value="([\w-]+)"/.exec(text)?.[1] ?? "";
  const post = (app: Hono, fields: Record<string, string>, headers: Record<string, string>) =>
    app.request(`/keys/${TOKEN}`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
      body: new URLSearchParams(fields).toString(),
    });

  async function opened(app: Hono): Promise<{ csrf: string; cookie: string; reply: Response; text: string }> {
    const reply = await app.request(`/keys/${TOKEN}`);
    const text = await reply.text();
    return { csrf: csrfOf(text), cookie: (reply.headers.get("set-cookie") ?? "").split(";")[0] ?? "", reply, text };
  }

  it("asks for the broker's keys, says whose they will be, and forbids caching", async () => {
    const { reply, text } = await opened(routes());
    expect(reply.status).toBe(200);
    expect(text).toContain("Asha &lt;b&gt;");
    expect(text).toContain('name="apiSecret"');
    expect(text).toContain('type="password"');
    expect(text).not.toContain("Nothing was stored");
    expect(reply.headers.get("cache-control")).toBe("no-store");
    expect(reply.headers.get("content-security-policy")).toContain("form-action 'self'");
    const cookie = reply.headers.get("set-cookie") ?? "";
    for (const part of ["HttpOnly", "Secure", "SameSite=Strict", `Path=/keys/${TOKEN}`]) expect(cookie).toContain(part);
  });

  it("accepts the keys from the browser that opened it, and tells the chat", async () => {
    const app = routes();
    const { csrf, cookie } = await opened(app);
    const reply = await post(
      app,
      { csrf, apiKey: "k", apiSecret: "marker-secret-7" },
      { cookie, "sec-fetch-site": "same-origin" },
    );
    expect(reply.status).toBe(200);
    expect(submitted).toHaveLength(1);
    expect(told).toEqual([link]);
    expect((await reply.text()) + stage.logged()).not.toContain("marker-secret-7");
  });

  it("does not wait for a chat whose messages Telegram holds up", async () => {
    tell = holdTelegramUp();
    const app = routes();
    const { csrf, cookie } = await opened(app);
    const reply = await post(app, { csrf, apiKey: "k", apiSecret: "s" }, { cookie, "sec-fetch-site": "same-origin" });
    expect(await reply.text()).toContain("It is stored, encrypted.");
  });

  it("sets its cookie's path correctly when PUBLIC_URL has a path", async () => {
    const { reply } = await opened(routes(`${PUBLIC}/sauda`));
    expect(reply.headers.get("set-cookie")).toContain(`Path=/sauda/keys/${TOKEN}`);
  });

  it("accepts nothing from another site, without its cookie, or with another page's cookie", async () => {
    const app = routes();
    const { csrf, cookie } = await opened(app);
    const fields = { csrf, apiKey: "k", apiSecret: "s" };
    await post(app, fields, { cookie, "sec-fetch-site": "cross-site" });
    await post(app, fields, {});
    const refused = await post(app, { ...fields, csrf: "guess" }, { cookie });
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain("Nothing was stored");
    await post(app, fields, { cookie: "sauda_keys=other" });
    await post(app, fields, { cookie, "content-type": "text/plain" });
    expect(submitted).toEqual([]);
  });

  it("shows which fields look wrong, and never what was typed", async () => {
    const app = routes();
    const { csrf, cookie } = await opened(app);
    answer = { kind: "invalid", fields: ["apiSecret"] };
    const reply = await post(app, { csrf, apiKey: "marker-key-8", apiSecret: "marker-secret-8" }, { cookie });
    expect(reply.status).toBe(400);
    const text = await reply.text();
    expect(text).toContain("does not look like the API secret");
    expect(text).not.toContain("marker-");
    expect(csrfOf(text)).not.toBe(csrf);
  });

  it("cannot be opened once it was used", async () => {
    const app = routes();
    expect((await app.request("/keys/guess")).status).toBe(400);
    answer = { kind: "stale" };
    const { csrf, cookie } = await opened(app);
    const text = await (await post(app, { csrf }, { cookie })).text();
    expect(text).toContain("used before or is too old");
    // A double click sends the page twice, and shows this for the second.
    expect(text).toContain("If you have just sent the page, the chat says what comes next");
    // It may have been the page for a proxy.
    for (const command of ["/accounts", "/link", "/egress"]) expect(text).toContain(command);
    expect(told).toEqual([]);
  });
});

describe("the webhook", () => {
  const accepted: number[] = [];
  const routes = (accept?: () => Promise<void>): Hono => {
    accepted.length = 0;
    return webhookRoutes({
      secret: new Secret("right"),
      accept: accept ?? (async ({ update_id }) => void accepted.push(update_id)),
      log: stage.log,
    });
  };
  const call = (app: Hono, body: string, secret?: string) =>
    app.request("/telegram/webhook", {
      method: "POST",
      headers: secret === undefined ? {} : { "x-telegram-bot-api-secret-token": secret },
      body,
    });

  it("accepts a well-formed update with the right secret, and nothing else", async () => {
    const app = routes();
    expect((await call(app, '{"update_id":7}', "right")).status).toBe(200);
    expect((await call(app, '{"update_id":8}', "wrong")).status).toBe(401);
    expect((await call(app, '{"update_id":9}')).status).toBe(401);
    expect((await call(app, "not json", "right")).status).toBe(400);
    expect((await call(app, '{"update_id":"7"}', "right")).status).toBe(400);
    expect(accepted).toEqual([7]);
  });

  it("makes Telegram send an update again when it could not be stored", async () => {
    const app = routes(() => Promise.reject(new Error("no store")));
    expect((await call(app, '{"update_id":7}', "right")).status).toBe(503);
  });

  it("logs once that updates cannot be stored, however many come, and once that they can again", async () => {
    let isDown = true;
    const said: string[] = [];
    const log = createLog({ level: "info", destination: { write: (line) => void said.push(JSON.parse(line).msg) } });
    const accept = async (): Promise<void> => {
      if (isDown) throw new Error("no store");
    };
    const app = webhookRoutes({ secret: new Secret("right"), accept, log });
    for (let id = 1; id <= 20; id += 1) await call(app, `{"update_id":${id}}`, "right");
    isDown = false;
    for (let id = 1; id <= 20; id += 1) await call(app, `{"update_id":${id}}`, "right");
    expect(said).toEqual(["updates are not stored; Telegram will send them again", "updates are stored again"]);
  });
});

describe("postbacks", () => {
  it("are answered the same whatever they contain, and logged without their content", async () => {
    const taken: string[] = [];
    const kinds = ["looked", "refused"] as const;
    const take = async (...args: string[]) => (taken.push(args.join(" ")), kinds[taken.length - 1] ?? "refused");
    const app = postbackRoutes({ postbacks: { take }, log: stage.log });
    const replies = await Promise.all(
      ["marker-body-1", "marker-body-2"].map(async (body) =>
        app.request("/postback/zerodha/l1", { method: "POST", body }),
      ),
    );
    expect(await Promise.all(replies.map((reply) => reply.text()))).toEqual(["ok", "ok"]);
    expect(taken).toEqual(["zerodha l1 marker-body-1", "zerodha l1 marker-body-2"]);
    expect(stage.logged()).not.toContain("marker-body");
  });

  it("are answered the same when they cannot be taken, which is logged", async () => {
    const take = () => Promise.reject(new Error("the store is away"));
    const app = postbackRoutes({ postbacks: { take }, log: stage.log });
    const reply = await app.request("/postback/zerodha/l1", { method: "POST", body: "{}" });
    expect([reply.status, await reply.text()]).toEqual([200, "ok"]);
    expect(stage.logged()).toContain("postback failed");
  });
});

describe("health and metrics", () => {
  const checks = (parts: { store?: () => Promise<unknown>; telegram?: () => Promise<unknown> } = {}) => ({
    store: parts.store ?? (async () => undefined),
    telegram: parts.telegram ?? (async () => undefined),
    metrics: createMetrics(),
    now: () => stage.clock.now(),
  });

  it("name the part that cannot be reached, and check it once for many probes", async () => {
    let asked = 0;
    const telegram = async (): Promise<never> => {
      asked += 1;
      throw new Error("down");
    };
    const app = healthRoutes(checks({ telegram }));
    expect((await app.request("/healthz")).status).toBe(200);
    const replies = await Promise.all([1, 2, 3].map(async () => app.request("/readyz")));
    expect(replies.map(({ status }) => status)).toEqual([503, 503, 503]);
    expect(await replies[0]?.json()).toEqual({ store: true, telegram: false });
    expect(asked).toBe(1);
    stage.clock.advance(5_000);
    await app.request("/readyz");
    expect(asked).toBe(2);
    stage.clock.advance(-3_600_000);
    await app.request("/readyz");
    expect(asked).toBe(3);
  });

  it("serve metrics to Prometheus, but not through a public proxy", async () => {
    const parts = checks();
    parts.metrics.count("sauda_updates_total", { kind: 'mess"age' });
    parts.metrics.time("sauda_handler_seconds", 30);
    parts.metrics.time("sauda_handler_seconds", 700);
    parts.metrics.gauge("sauda_outbox_depth", async () => 3);
    parts.metrics.gauge("sauda_broken", () => Promise.reject(new Error("no")));
    const app = healthRoutes(parts);
    const reply = await app.request("/metrics");
    expect(reply.headers.get("content-type")).toContain("version=0.0.4");
    const text = await reply.text();
    expect(text).toContain('sauda_updates_total{kind="mess\\"age"} 1');
    expect(text).toContain('sauda_handler_seconds_bucket{le="0.05"} 1');
    expect(text).toContain('sauda_handler_seconds_bucket{le="+Inf"} 2');
    expect(text).toContain("sauda_handler_seconds_sum 0.73");
    expect(text).toContain("sauda_outbox_depth 3");
    expect(text).toContain("sauda_broken NaN");
    expect(text).toMatch(/sauda_event_loop_delay_p99_seconds [\d.e-]+/);
    for (const header of ["x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip"])
      expect((await app.request("/metrics", { headers: { [header]: "203.0.113.9" } })).status, header).toBe(404);
  });
});

describe("the route of jobs by hand", () => {
  const asked: string[] = [];
  const app = () => {
    asked.length = 0;
    const run = (name: string, user: string | null) => {
      asked.push(`${name} ${user}`);
      return name === "reconcile" ? Promise.resolve({ report: "2 orders looked at", hasFailed: false }) : null;
    };
    return jobsRoutes({ token: new Secret("right"), run, log: stage.log });
  };
  const call = (routes: Hono, path: string, remoteAddress: string, token?: string) =>
    routes.request(
      path,
      { method: "POST", headers: token === undefined ? {} : { "x-sauda-control": token } },
      { incoming: { socket: { remoteAddress } } },
    );

  it.each(["127.0.0.1", "::1", "::ffff:127.0.0.1"])(
    "serves a caller on this machine with the token (%s)",
    async (from) => {
      const routes = app();
      const reply = await call(routes, "/jobs/reconcile?user=1001", from, "right");
      expect([reply.status, await reply.text()]).toEqual([200, "2 orders looked at"]);
      expect(asked).toEqual(["reconcile 1001"]);
      expect((await call(routes, "/jobs/backup", from, "right")).status).toBe(404);
    },
  );

  it("is not there without the token, or for another machine that has it", async () => {
    const routes = app();
    expect((await call(routes, "/jobs/reconcile", "127.0.0.1")).status).toBe(404);
    expect((await call(routes, "/jobs/reconcile", "127.0.0.1", "wrong")).status).toBe(404);
    expect((await call(routes, "/jobs/reconcile", "203.0.113.9", "right")).status).toBe(404);
    expect(asked).toEqual([]);
  });
});

describe("the server", () => {
  it("answers before its routes are loaded: /healthz with 200, everything else with 503 and Retry-After", async () => {
    const server = await startWebServer(0);
    const replies = await Promise.all(
      ["/healthz", "/readyz", "/oauth/zerodha/callback?status=success"].map((path) =>
        fetch(`http://127.0.0.1:${server.port}${path}`),
      ),
    );
    expect(replies.map(({ status }) => status)).toEqual([200, 503, 503]);
    expect(await replies[1]?.json()).toEqual({ store: false, telegram: false });
    expect(replies[2]?.headers.get("retry-after")).toBe("5");
    await server.close();
  });

  it("sets security headers, limits the size of bodies, hides internal errors, and explains a port it cannot use", async () => {
    const routes = new Hono();
    routes.post("/postback/x/y", async (context) => context.text(String((await context.req.text()).length)));
    routes.post("/telegram/webhook", async (context) => context.text(String((await context.req.text()).length)));
    routes.get("/broken", () => {
      throw new Error("marker-inside");
    });
    const server = await startWebServer(0);
    server.serve(listenerOf([routes], stage.log));
    const base = `http://127.0.0.1:${server.port}`;
    const post = (path: string, bytes: number) => fetch(base + path, { method: "POST", body: "x".repeat(bytes) });
    expect((await post("/postback/x/y", 65 * 1024)).status).toBe(413);
    expect((await post("/telegram/webhook", 200 * 1024)).status).toBe(200);
    expect((await post("/telegram/webhook", 1100 * 1024)).status).toBe(413);
    const broken = await fetch(`${base}/broken`);
    expect(broken.status).toBe(500);
    expect(await broken.text()).not.toContain("marker-inside");
    expect(broken.headers.get("x-frame-options")).toBe("DENY");
    expect(broken.headers.get("referrer-policy")).toBe("no-referrer");
    expect(broken.headers.get("x-content-type-options")).toBe("nosniff");
    await expect(startWebServer(server.port)).rejects.toThrow(`PORT: ${server.port} is taken`);
    expect(portProblem({ code: "EACCES" }, 80)?.problems).toEqual([
      "PORT: this user may not listen on 80; set PORT to 1024 or above",
    ]);
    expect(portProblem({ code: "EMFILE" }, 80)).toBeNull();
    await server.close();
  });

  it("logs no failure of its own when a caller hangs up in the middle of a request", async () => {
    const ended = Promise.withResolvers<unknown>();
    const routes = new Hono();
    routes.post("/postback/x/y", async (context) => {
      const body = context.req.text();
      body.catch(ended.resolve);
      return context.text(await body);
    });
    const server = await startWebServer(0);
    server.serve(listenerOf([routes], stage.log));
    const caller = connect(server.port, "127.0.0.1");
    caller.write("POST /postback/x/y HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf", () => caller.destroy());
    expect(await ended.promise).toMatchObject({ code: "ECONNRESET" });
    await server.close();
    expect(stage.logged()).toBe("");
  });
});
