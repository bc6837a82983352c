import { ticker } from "../../domain/instrument.ts";
import { istDate } from "../../domain/market.ts";
import { isFinal } from "../../domain/order.ts";
import type { Position } from "../../domain/portfolio.ts";
import { sumPaise } from "../../domain/money.ts";
import { dayPnl, dayPnlOf, fundsTotal } from "../../domain/totals.ts";
import { renderPairs } from "../../lib/table.ts";
import type { Accounts } from "../../services/accounts.ts";
import type { AccountDay, DayParts } from "../../services/digests.ts";
import { html, lines, type Html } from "../html.ts";
import { dateText, mark, rupees, signedAmount, signedRupees } from "./amounts.ts";
import { PAGE_WIDTH } from "./page.ts";
import { failures, heading } from "./portfolio.ts";

/** The day at its close: total, per account, what made and lost most, what was ordered, what is left to use. */
export function digestHtml(parts: DayParts, accounts: Accounts, now: number): Html {
  const days = parts.flatMap((part) => (part.ok ? [{ label: part.link.label, day: part.value }] : []));
  const perAccount = days.map(({ label, day }) => ({ label, pnl: dayPnlOf(day.positions, day.holdings) }));
  const total = sumPaise(perAccount.flatMap(({ pnl }) => [pnl.positions, pnl.holdings]));
  const pick = (of: (typeof perAccount)[number]["pnl"]): string => signedAmount(sumPaise([of.positions, of.holdings]));
  return lines(
    heading(`Close of ${dateText(istDate(now))}`, parts, accounts),
    days.length > 0 && html`${mark(total)} <b>${signedRupees(total)}</b> today, before charges`,
    days.length > 0 &&
      html`<pre>${renderPairs(
        [
          ...(perAccount.length > 1 ? perAccount.map(({ label, pnl }) => [label, pick(pnl)] as const) : []),
          ["Realised", signedAmount(sumPaise(perAccount.map(({ pnl }) => pnl.realised)))],
          ["Unrealised", signedAmount(sumPaise(perAccount.map(({ pnl }) => pnl.unrealised)))],
          ["Holdings, day change", signedAmount(sumPaise(perAccount.map(({ pnl }) => pnl.holdings)))],
          ["Available", rupees(fundsTotal(days.map(({ day }) => day.funds)).available)],
        ],
        PAGE_WIDTH,
      )}</pre>`,
    bestAndWorst(days.flatMap(({ day }) => day.positions)),
    ordersLine(days.map(({ day }) => day)),
    ...failures(parts, accounts),
  );
}

function bestAndWorst(positions: readonly Position[]): Html | null {
  const ranked = positions.filter((position) => dayPnl(position) !== 0).sort((a, b) => dayPnl(b) - dayPnl(a));
  const [best] = ranked;
  const worst = ranked.at(-1);
  if (!best || !worst) return null;
  const of = (position: Position): string => `${ticker(position.symbol)} ${signedRupees(dayPnl(position))}`;
  return best === worst ? html`Only mover: ${of(best)}` : html`Best: ${of(best)} Worst: ${of(worst)}`;
}

function ordersLine(days: readonly AccountDay[]): Html | null {
  const orders = days.flatMap((day) => day.orders);
  if (orders.length === 0) return html`No orders today.`;
  const rejected = orders.filter((order) => order.status === "rejected").length;
  const open = orders.filter((order) => !isFinal(order.status)).length;
  return html`Orders: ${orders.length}${rejected > 0 ? `, ${rejected} rejected` : ""}${open > 0 ? `, ${open} still open` : ""}.`;
}
