import { grossOf } from "../../domain/day.ts";
import { renderPairs } from "../../lib/table.ts";
import type { Period } from "../../services/snapshots.ts";
import * as text from "../daily-text.ts";
import { html, lines, type Html } from "../html.ts";
import { dateText, mark, quantity } from "./amounts.ts";
import type { MoneyText } from "./money-text.ts";
import { PAGE_WIDTH } from "./page.ts";

/** A period's figures from the days that were kept; says which days those are. */
export function periodText(title: string, period: Period, money: MoneyText): Html {
  const { span, figures, best, worst, days } = period;
  if (!span || !best || !worst) return lines(html`<b>${title}</b>`, text.pnl.none());
  const gross = grossOf(figures);
  const up = days.filter((day) => grossOf(day.figures) > 0).length;
  return lines(
    html`<b>${title}</b>`,
    html`${mark(gross)} <b>${money.signed(gross)}</b>, ${money.signed(period.net)} net of charges`,
    html`<pre>${renderPairs(
      [
        ["Positions, day by day", money.cell(figures.positions)],
        ["Holdings, day by day", money.cell(figures.holdings)],
        ["Charges, estimated", money.plain(figures.charges)],
        ["Realised, FIFO", money.cell(period.realisedFifo)],
        [`Best, ${dateText(best.date)}`, money.cell(grossOf(best.figures))],
        [`Worst, ${dateText(worst.date)}`, money.cell(grossOf(worst.figures))],
        ["Days up", `${up} of ${days.length}`],
      ],
      PAGE_WIDTH,
    )}</pre>`,
    html`<i>${dateText(span.from)} to ${dateText(span.to)}, days I have kept.</i>`,
    period.unmatchedQty > 0 && text.pnl.unmatched(quantity(period.unmatchedQty)),
  );
}
