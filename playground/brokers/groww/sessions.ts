import { istClock, istDate, nextIst } from "../../../src/domain/market.ts";
import { stepOf } from "../../../src/lib/totp.ts";
import { deadSession, GrowwRefusal, html, json, type Fields } from "./replies.ts";

/** What the API-keys page shows of the demo account. */
export interface GrowwAccount {
  readonly ucc: string;
  readonly totpToken: string;
  readonly totpSecret: string;
}

const LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789";
const TOKENS_EXPIRE_AT = "06:00";

export type Sessions = ReturnType<typeof createSessions>;

/** The page that issues tokens, and access tokens that expire at 06:00 IST whenever they were issued. */
export function createSessions(account: GrowwAccount, now: () => number, random: () => number) {
  const tokens = new Map<string, number>();

  const letters = (length: number): string =>
    Array.from({ length }, () => LETTERS[Math.floor(random() * LETTERS.length)]).join("");

  function newToken(): { token: string; expiresAt: number } {
    const expiresAt = nextIst(TOKENS_EXPIRE_AT, now());
    const token = `eyJhbGciOiJIUzI1NiJ9.${letters(64)}.${letters(43)}`;
    tokens.set(token, expiresAt);
    return { token, expiresAt };
  }

  return {
    /** The real page needs a login at groww.in; this one is open to everybody. */
    page: (): Response =>
      html(`<h1>Trade API keys</h1><p>This is a simulated broker: no real account, no real money.</p>
<p>Client ${account.ucc}</p>
<h2>TOTP token</h2><textarea id="totp" rows="3" readonly>${account.totpToken}</textarea>
<p>Secret: <code>${account.totpSecret}</code></p>
<h2>Access token</h2><form method="post" action="access-token"><button type="submit">Generate for today</button></form>`),

    accessTokenPage: (): Response =>
      html(`<h1>Access token</h1><textarea rows="3" readonly>${newToken().token}</textarea>
<p>It expires at 6:00 in the morning.</p>`),

    /** The only reply without an envelope. */
    exchange(header: string | null, body: Fields): Response {
      const code = typeof body["totp"] === "string" ? body["totp"] : "";
      if (bearer(header) !== account.totpToken) throw deadSession();
      if (body["key_type"] !== "totp" || stepOf(account.totpSecret, code, now()) === null)
        throw new GrowwRefusal(401, "GA005", "Invalid TOTP");
      const { token, expiresAt } = newToken();
      const expiry = `${istDate(expiresAt)}T${istClock(expiresAt)}`;
      return json(200, { token, tokenRefId: "ref-5521", sessionName: "demo", expiry, isActive: true });
    },

    require(header: string | null): void {
      if (now() >= (tokens.get(bearer(header)) ?? 0)) throw deadSession();
    },

    expireAll: (): void => tokens.clear(),
  };
}

const bearer = (header: string | null): string => /^Bearer (.+)$/.exec(header ?? "")?.[1] ?? "";

export const userOf = ({ ucc }: GrowwAccount) => ({
  vendor_user_id: "5b1f0c7a-22d4-4e0b-9c11-7a90f3d2c801",
  ucc,
  nse_enabled: true,
  bse_enabled: true,
  ddpi_enabled: true,
  active_segments: ["CASH", "FNO"],
});
