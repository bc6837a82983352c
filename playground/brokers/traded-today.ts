import { sumPaise, valueOf, type Paise } from "../../src/domain/money.ts";
import type { Side } from "../../src/domain/order.ts";
import type { Position, Trade } from "../../src/domain/portfolio.ts";

export interface Traded {
  readonly qty: number;
  readonly value: Paise;
}

/** Today's trades on one side of a position. The rest of the position's totals was carried into the day. */
export function tradedToday({ key, productType }: Position, trades: readonly Trade[], side: Side): Traded {
  const own = trades.filter((each) => each.key === key && each.productType === productType && each.side === side);
  return {
    qty: own.reduce((sum, { qty }) => sum + qty, 0),
    value: sumPaise(own.map((trade) => valueOf(trade.price, trade.qty))),
  };
}
