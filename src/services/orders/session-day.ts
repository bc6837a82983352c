import type { OrderPlan } from "../../domain/order-intent.ts";
import { addDays, istDate, istTime } from "../../domain/market.ts";

/** The first trading day after a date, both YYYY-MM-DD. */
export type NextTradingDay = (date: string) => string;

/** Before this, an after-market order is for the session of the same day. */
const OPENING = "09:00";

/** The date of the session that an order sent at `at` (epoch ms) is for. */
export function sessionDay({ isAmo }: Pick<OrderPlan, "isAmo">, at: number, nextTradingDay: NextTradingDay): string {
  const date = istDate(at);
  if (!isAmo) return date;
  return nextTradingDay(istTime(at) < OPENING ? addDays(date, -1) : date);
}
