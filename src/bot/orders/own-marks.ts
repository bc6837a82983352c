import type { UserId } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import { averagePrice, sumPaise, valueOf, type Price } from "../../domain/money.ts";
import { istDate } from "../../domain/market.ts";
import { isHoldingOf, isSameListing, type Trade } from "../../domain/portfolio.ts";
import { isWhole, type Link, type LinkResult } from "../../services/accounts/accounts.ts";
import type { Intent } from "../../services/orders/journal.ts";
import type { BotDeps } from "../commands.ts";
import type { TradeMark } from "../pictures/candles.ts";

interface OwnMarks {
  readonly avgPrice: Price | null;
  /** The accounts whose shares are in the average. */
  readonly averaged: readonly Link[];
  /** Labels of the accounts that the average leaves out. */
  readonly unread: readonly string[];
  /** What the accounts have answered, or why not. */
  readonly parts: readonly LinkResult<unknown>[];
  readonly trades: TradeMark[];
}

/**
 * For a chart: the user's average price over all accounts that could be read, and the trades to mark: today's from the
 * brokers' books, and fills of orders placed here.
 */
export async function ownMarks(
  deps: Pick<BotDeps, "portfolio" | "journal" | "clock">,
  user: UserId,
  instrument: Instrument,
): Promise<OwnMarks> {
  const [holdings, positions, today, orders] = await Promise.all([
    deps.portfolio.holdings(user),
    deps.portfolio.positions(user),
    deps.portfolio.trades(user),
    deps.journal.recent(user),
  ]);
  const held = rowsThat(holdings, (row) => isHoldingOf(row, instrument));
  const open = rowsThat(positions, (row) => isSameListing(row, instrument) && row.side === "BUY");
  const rows = [...held, ...open].filter(({ row }) => row.qty > 0 && row.avgPrice > 0);
  const parts = [...holdings, ...positions];
  const qty = rows.reduce((sum, { row }) => sum + row.qty, 0);
  const cost = sumPaise(rows.map(({ row }) => valueOf(row.avgPrice, row.qty)));
  return {
    avgPrice: qty === 0 ? null : averagePrice(cost, qty),
    averaged: rows.map(({ link }) => link),
    unread: unreadLabels(parts),
    parts,
    trades: [...tradesOf(today, instrument), ...filledLegs(orders, instrument, today, deps.clock.now())],
  };
}

const rowsThat = <T>(parts: readonly LinkResult<readonly T[]>[], isWanted: (row: T) => boolean) =>
  parts.flatMap(({ link, ...part }) => (part.ok ? part.value.filter(isWanted).map((row) => ({ row, link })) : []));

const unreadLabels = (parts: readonly LinkResult<unknown>[]): string[] => [
  ...new Set(parts.flatMap((part) => (isWhole(part) ? [] : part.link.label))),
];

/** From the brokers' trade books, which also have trades that were not ordered here. */
const tradesOf = (today: readonly LinkResult<Trade[]>[], instrument: Instrument): TradeMark[] =>
  today.flatMap((part) =>
    part.ok
      ? part.value.flatMap((trade) =>
          isSameListing(trade, instrument) && trade.at !== null
            ? [{ at: trade.at, side: trade.side, price: trade.price }]
            : [],
        )
      : [],
  );

/** Fills of orders placed here, except today's that the brokers' books already gave with their time. */
function filledLegs(
  orders: readonly Intent[],
  { key }: Instrument,
  today: readonly LinkResult<Trade[]>[],
  now: number,
): TradeMark[] {
  const inTodaysBooks = new Set(
    today.flatMap((part) => (part.ok ? part.value.flatMap((trade) => (trade.at === null ? [] : trade.orderId)) : [])),
  );
  return orders
    .filter(({ plan }) => plan.key === key)
    .flatMap((intent) =>
      intent.legs.flatMap((leg, index): TradeMark[] => {
        const at = markedAt(intent, index);
        if (leg.filledQty === 0 || leg.avgPrice === 0 || at === null) return [];
        const isInBooks = leg.orderId !== null && istDate(at) === istDate(now) && inTodaysBooks.has(leg.orderId);
        return isInBooks ? [] : [{ at, side: intent.plan.side, price: leg.avgPrice }];
      }),
    );
}

/** When the leg was sent; for an after-market order, which fills a session later, when its last change was noted. */
function markedAt({ legs, plan, history }: Intent, index: number): number | null {
  const sentAt = legs[index]?.sentAt ?? null;
  return plan.isAmo ? (history.findLast(({ leg }) => leg === index)?.at ?? sentAt) : sentAt;
}
