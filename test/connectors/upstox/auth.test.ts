import { describe, expect, it } from "vitest";
import type { LoginGrant } from "../../../connectors/base.ts";
import { sessionEnd } from "../../../connectors/upstox/auth.ts";
import { linkId } from "../../../src/domain/ids.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { access, answering, credentials, NOW, recorded, reply, setUp } from "./harness.ts";

const REDIRECT = "https://bot.example/oauth/upstox/callback";
const grant = (params: Readonly<Record<string, string>> = { code: "mK4x7Q", state: "s" }): LoginGrant => ({
  kind: "callback",
  link: linkId("link-1"),
  credentials,
  redirectUrl: REDIRECT,
  params,
});
const jwt = (exp: number): Secret =>
  new Secret(`e30.${Buffer.from(JSON.stringify({ exp })).toString("base64url")}.c2ln`);

describe("the login", () => {
  it("opens the authorisation dialog with the API key, the redirect URL and the state", async () => {
    const { connector } = setUp();
    const { url } = (await connector.getLoginUrl?.({ credentials, redirectUrl: REDIRECT, state: "c3RhdGU" })) ?? {};
    const { origin, pathname, searchParams } = new URL(url ?? "");
    expect(origin + pathname).toBe("https://api.upstox.com/v2/login/authorization/dialog");
    expect(Object.fromEntries(searchParams)).toEqual({
      response_type: "code",
      client_id: "8f1c2d3e-aaaa",
      redirect_uri: REDIRECT,
      state: "c3RhdGU",
    });
  });

  it("exchanges the code with a form body, and verifies the token with the profile call", async () => {
    const answers = answering({
      "authorization/token": recorded("post-login-authorization-token"),
      "user/profile": recorded("get-user-profile"),
    });
    const { connector, requests } = setUp(answers);
    const session = await connector.generateSession(grant());
    expect(session).toMatchObject({
      accountId: "7TRM4W",
      issuedAt: NOW,
      expiresAt: istInstant("2026-11-21", "03:30"),
    });
    expect(requests[0]).toMatchObject({
      via: "send",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    expect(Object.fromEntries(new URLSearchParams(requests[0]?.body))).toEqual({
      code: "mK4x7Q",
      client_id: "8f1c2d3e-aaaa",
      client_secret: "s3cr3tword",
      redirect_uri: REDIRECT,
      grant_type: "authorization_code",
    });
    expect(requests[1]?.headers).toMatchObject({ authorization: `Bearer ${session.accessToken.reveal()}` });
    expect(requests.map(({ egress }) => egress)).toEqual([undefined, undefined]);
  });

  it("refuses a token whose profile belongs to another account", async () => {
    const other = reply({ status: "success", data: { user_id: "2ZZZZZ", user_name: "X" } });
    const answers = answering({ token: recorded("post-login-authorization-token"), "user/profile": other });
    await expect(setUp(answers).connector.generateSession(grant())).rejects.toMatchObject({ kind: "bad-response" });
  });

  it("is login-unfinished without a code, and auth-invalid with a wrong one", async () => {
    const { connector, requests } = setUp(() => recorded("error-code", 401));
    await expect(connector.generateSession(grant({ state: "s" }))).rejects.toMatchObject({ kind: "login-unfinished" });
    expect(requests).toEqual([]);
    await expect(connector.generateSession(grant())).rejects.toMatchObject({ kind: "auth-invalid" });
  });

  it("refuses a pasted code, because the exchange also needs the redirect URL", async () => {
    const { connector, requests } = setUp();
    const pasted: LoginGrant = { kind: "token", link: linkId("link-1"), credentials, token: new Secret("mK4x7Q") };
    await expect(connector.generateSession(pasted)).rejects.toMatchObject({ kind: "auth-invalid" });
    expect(requests).toEqual([]);
  });
});

describe("a session", () => {
  it.each([
    ["02:30", "2026-11-20", "03:30"],
    ["03:29", "2026-11-20", "03:30"],
    ["03:30", "2026-11-21", "03:30"],
    ["11:00", "2026-11-21", "03:30"],
    ["23:59", "2026-11-21", "03:30"],
  ])("that starts at %s expires at the next 03:30", (time, date, end) => {
    const issuedAt = istInstant("2026-11-20", time);
    expect(sessionEnd(new Secret("opaque"), issuedAt)).toBe(istInstant(date, end));
  });

  it("expires earlier if the token's claims say so, never later", () => {
    const noon = istInstant("2026-11-20", "12:00");
    expect(sessionEnd(jwt(noon / 1_000), NOW)).toBe(noon);
    expect(sessionEnd(jwt(istInstant("2027-11-20") / 1_000), NOW)).toBe(istInstant("2026-11-21", "03:30"));
    expect(sessionEnd(new Secret("a.%%%.c"), NOW)).toBe(istInstant("2026-11-21", "03:30"));
  });

  it("is invalid only if Upstox says so", async () => {
    const refused = setUp(() => recorded("error-token", 401));
    expect(await refused.connector.isTokenValid(access())).toBe(false);
    const blocked = setUp(() => reply("error code: 1010", 403));
    await expect(blocked.connector.isTokenValid(access())).rejects.toMatchObject({ kind: "bad-response" });
  });

  it("is ended with a DELETE request on logout", async () => {
    const { connector, requests } = setUp(() => recorded("delete-logout"));
    await connector.logout?.(access());
    expect(requests[0]).toMatchObject({ method: "DELETE", url: "https://api.upstox.com/v2/logout", via: "send" });
  });
});
