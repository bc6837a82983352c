import type { UserId } from "../domain/ids.ts";
import type { Instrument } from "../domain/instrument.ts";
import { averagePrice, sumPaise, valueOf, type Price } from "../domain/money.ts";
import type { BotDeps } from "./commands.ts";
import type { TradeMark } from "./pictures/candles.ts";

const RECENT_ORDERS = 200;

/** What the user paid on average over all accounts, and where their orders through this bot filled. */
export async function ownMarks(
  deps: BotDeps,
  user: UserId,
  { key }: Instrument,
): Promise<{ avgPrice: Price | null; trades: TradeMark[] }> {
  const [holdings, positions, orders] = await Promise.all([
    deps.portfolio.holdings(user),
    deps.portfolio.positions(user),
    deps.journal.ofUser(user, { limit: RECENT_ORDERS, order: "desc" }),
  ]);
  const held = holdings.flatMap((part) => (part.ok ? part.value.filter((row) => row.key === key) : []));
  const open = positions.flatMap((part) =>
    part.ok ? part.value.filter((row) => row.key === key && row.side === "BUY") : [],
  );
  const rows = [...held, ...open].filter(({ qty, avgPrice }) => qty > 0 && avgPrice > 0);
  const qty = rows.reduce((sum, row) => sum + row.qty, 0);
  const cost = sumPaise(rows.map((row) => valueOf(row.avgPrice, row.qty)));
  return {
    avgPrice: qty === 0 ? null : averagePrice(cost, qty),
    trades: orders
      .filter((intent) => intent.plan.key === key)
      .flatMap((intent) =>
        intent.legs
          .filter((leg) => leg.filledQty > 0 && leg.sentAt !== null)
          .map((leg) => ({ at: leg.sentAt ?? intent.createdAt, side: intent.plan.side, price: leg.avgPrice })),
      ),
  };
}
