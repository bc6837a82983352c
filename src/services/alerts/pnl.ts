import type { UserId } from "../../domain/ids.ts";
import { sumPaise, type Paise } from "../../domain/money.ts";
import { dayPnlOf, undatedCount, type Undated } from "../../domain/totals.ts";
import type { Accounts, Link } from "../accounts/accounts.ts";
import type { Closes } from "../portfolio/closes.ts";
import { readToday, type AccountToday } from "../portfolio/portfolio.ts";

export interface PnlNow {
  readonly pnl: Paise;
  readonly uncounted: Undated;
  /** Of each account that is in it. */
  readonly isPaper: readonly boolean[];
  /** The accounts left out because they are not logged in. */
  readonly loggedOut: readonly Pick<Link, "_id" | "label">[];
}

/**
 * Reads a user's P&L of today over all accounts that are logged in. Null when any of them could not be read, because a
 * partial P&L would be misleading.
 */
export function createAlertPnl({
  accounts,
  closes,
}: {
  readonly accounts: Accounts;
  readonly closes: Closes;
}): (user: UserId) => Promise<PnlNow | null> {
  return async (user) => {
    const links = await accounts.active(user);
    const loggedIn = links.filter((link) => accounts.hasSession(link));
    if (loggedIn.length === 0) return null;
    const parts = await accounts.callEach(loggedIn, readToday(closes));
    if (parts.some((part) => !part.ok)) return null;
    return {
      ...totalDayPnl(parts.flatMap((part) => (part.ok ? [part.value] : []))),
      isPaper: loggedIn.map((link) => accounts.broker(link).definition.isPaper === true),
      loggedOut: links.filter((link) => !loggedIn.includes(link)),
    };
  };
}

function totalDayPnl(read: readonly AccountToday[]): Pick<PnlNow, "pnl" | "uncounted"> {
  const positions = read.flatMap((account) => account.positions);
  const holdings = read.flatMap((account) => account.holdings);
  const day = dayPnlOf(positions, holdings);
  return {
    pnl: sumPaise([day.positions, day.holdings]),
    uncounted: undatedCount(positions, holdings),
  };
}
