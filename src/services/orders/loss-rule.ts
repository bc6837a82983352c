import type { LinkId, UserId } from "../../domain/ids.ts";
import { istDate } from "../../domain/market.ts";
import { negatePaise, type Paise, sumPaise } from "../../domain/money.ts";
import { isClosed } from "../../domain/order-intent.ts";
import { isDeliverySale, isUnpriced, type Position } from "../../domain/portfolio.ts";
import { dayPnl } from "../../domain/totals.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts, Link } from "../accounts/accounts.ts";
import type { Closes } from "../portfolio/closes.ts";
import type { Finding } from "./findings.ts";
import type { Intent, Journal } from "./journal.ts";
import { type NextTradingDay, sessionDay } from "./session-day.ts";

/** What blocks an order at the accounts `at` of a user who may lose at most `most` a day; null means no limit. */
export type LossRule = (user: UserId, at: readonly LinkId[], most: Paise | null) => Promise<Finding[]>;

export interface LossRuleDeps {
  readonly accounts: Accounts;
  readonly closes: Pick<Closes, "completePositions">;
  readonly journal: Pick<Journal, "recent">;
  readonly clock: Clock;
  readonly nextTradingDay: NextTradingDay;
}

/**
 * Sums today's P&L over every account with a live session, and every account where an order of today has filled or
 * may still fill, even if it was switched off or logged out since. If one does not answer, or lacks the price of an
 * open position, the loss is unknown and the order is blocked. Selling shares from holdings is no loss of the day's
 * trading: of a delivery sale only what was bought today counts (`realised`). Real orders are held back by the real
 * accounts' loss alone, and paper orders by the paper accounts'.
 */
export function createLossRule({ accounts, closes, journal, clock, nextTradingDay }: LossRuleDeps): LossRule {
  /** Confirmed today, or an earlier after-market order of today's session. */
  function isOfToday({ confirmedAt, plan }: Intent): boolean {
    if (confirmedAt === null) return false;
    return [istDate(confirmedAt), sessionDay(plan, confirmedAt, nextTradingDay)].includes(istDate(clock.now()));
  }

  const tradedToday = async (user: UserId): Promise<ReadonlySet<LinkId>> =>
    new Set(
      (await journal.recent(user))
        .filter(isOfToday)
        .flatMap(({ legs }) => legs.filter((leg) => leg.filledQty > 0 || !isClosed(leg)).map(({ link }) => link)),
    );

  /** An account that is not linked any more counts as real. */
  const isPaper = (link: Link | undefined): boolean =>
    link !== undefined && accounts.broker(link).definition.isPaper === true;

  return async (user, at, most) => {
    if (most === null) return [];
    const traded = await tradedToday(user);
    const links = await accounts.all(user);
    const kinds = new Set(at.map((id) => isPaper(links.find(({ _id }) => _id === id))));
    const counted = links
      .filter((link) => traded.has(link._id) || (link.is_active && accounts.hasSession(link)))
      .filter((link) => kinds.has(isPaper(link)));
    const parts = await accounts.callEach(counted, async (connector, access, link) =>
      closes.completePositions(link, await connector.getPositions(access), () => connector.getTrades(access)),
    );
    const unreadable = parts.find((part) => !part.ok || part.value.some(isUnpriced));
    if (unreadable) return [{ level: "block", code: "loss-unread", label: unreadable.link.label }];
    const sums = [...kinds].map((kind) =>
      sumPaise(parts.flatMap((part) => (part.ok && isPaper(part.link) === kind ? [countedPnl(part.value)] : []))),
    );
    return sums.some((pnl) => pnl <= negatePaise(most)) ? [{ level: "block", code: "limit-loss", limit: most }] : [];
  };
}

const countedPnl = (positions: readonly Position[]): Paise =>
  sumPaise(positions.map((row) => (isDeliverySale(row) ? row.realised : dayPnl(row))));
