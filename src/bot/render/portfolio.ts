import { listingName, ticker } from "../../domain/instrument.ts";
import type { Paise } from "../../domain/money.ts";
import { averagePrice, sumPaise, valueOf, ZERO_PRICE } from "../../domain/money.ts";
import { type Funds, type Holding, isDeliverySale, isUnpriced, type Position } from "../../domain/portfolio.ts";
import { dayPnlOf, pnlOf, fundsTotal, holdingTotals, positionTotals, type DayPnl } from "../../domain/totals.ts";
import { renderPairs } from "../../lib/table.ts";
import type { Link, LinkResult } from "../../services/accounts/accounts.ts";
import type { AccountToday } from "../../services/portfolio/portfolio.ts";
import { html, lines } from "../html.ts";
import type { View } from "../view.ts";
import { failures, heading, nothingText, notReadRows, type MergedPage } from "./answers.ts";
import { changePercent, mark, priceText, quantity } from "./amounts.ts";
import { withLogins } from "./login-buttons.ts";
import type { MoneyText } from "./money-text.ts";
import {
  countingNote,
  notOfTodayNote,
  soldNote,
  uncostedNote,
  undatedNote,
  unpricedNote,
  unpricedPositionsNote,
} from "./notes.ts";
import { PAGE_WIDTH, pageKeyboard, pageOf, stamp } from "./page.ts";

/** A page with amounts, written as the user has chosen. */
export interface MoneyPage extends MergedPage {
  readonly money: MoneyText;
  /** The date of the last session while none has begun today. */
  readonly pastSession: string | null;
}

/** A row of one account; the label is null when there is only one account. */
interface LabelledRow<T> {
  readonly row: T;
  readonly label: string | null;
}

const okParts = <T>(parts: readonly LinkResult<T>[]) => parts.filter((part) => part.ok);

function labelledRows<T>(parts: readonly LinkResult<readonly T[]>[]): LabelledRow<T>[] {
  const label = (link: Link): string | null => (parts.length > 1 ? link.label : null);
  return okParts(parts).flatMap((part) => part.value.map((row) => ({ row, label: label(part.link) })));
}

export function positionsView(parts: readonly LinkResult<Position[]>[], page: MoneyPage): View {
  const { accounts, now, money } = page;
  const rows = labelledRows(parts);
  const open = rows.filter(({ row }) => row.side !== "CLOSED");
  const closed = rows.filter(({ row }) => row.side === "CLOSED");
  const shown = pageOf([...open, ...closed], page.page);
  const totals = positionTotals(rows.map(({ row }) => row));
  const body = shown.entries.map((entry) => positionEntry(entry, money)).join("\n");
  return {
    html: lines(
      heading("Positions", parts, accounts, page.label),
      rows.length === 0 ? nothingText("positions today", parts) : html`<pre>${body}</pre>`,
      rows.length > 0 &&
        html`<pre>${renderPairs(
          [
            ["Realised", money.cell(totals.realised)],
            ["Unrealised", money.cell(totals.unrealised)],
          ],
          PAGE_WIDTH,
        )}</pre>`,
      rows.length > 0 && html`${mark(totals.total)} <b>P&amp;L ${money.signed(totals.total)}</b>`,
      soldNote(rows.map(({ row }) => row)),
      unpricedPositionsNote(rows.map(({ row }) => row)),
      ...failures(parts, accounts),
      stamp(now),
    ),
    keyboard: withLogins(pageKeyboard("pos", shown, page.label), parts),
  };
}

function positionEntry({ row, label }: LabelledRow<Position>, money: MoneyText): string {
  const cost = row.avgPrice === 0 ? "cost unknown" : `@ ${priceText(row.avgPrice)}`;
  const qty = row.side === "CLOSED" ? "closed" : `${openQuantity(row, money)} ${cost}`;
  const last = row.ltp === null || row.side === "CLOSED" ? "" : priceText(row.ltp);
  return renderPairs(
    [
      [`${listingName(row)} ${row.productType}`, isUnpriced(row) ? "no price" : money.cell(pnlOf(row))],
      [` ${qty}${label === null ? "" : ` ${label}`}`, last],
    ],
    PAGE_WIDTH,
  );
}

function openQuantity(position: Position, { hides }: MoneyText): string {
  const { side, qty } = position;
  if (isDeliverySale(position)) return hides ? "sold" : `sold ${quantity(qty)}`;
  if (hides) return side === "SELL" ? "short" : "long";
  return `${side === "SELL" ? "−" : ""}${quantity(qty)}`;
}

/** One share held at several brokers, as one holding. */
export interface MergedHolding extends Holding {
  /** Of the accounts that hold it. */
  readonly labels: readonly string[];
}

export function mergeHoldings(parts: readonly LinkResult<Holding[]>[]): MergedHolding[] {
  const merged = new Map<string, MergedHolding>();
  for (const part of okParts(parts)) {
    for (const holding of part.value) {
      const id = `${holding.isin ?? holding.key ?? holding.symbol} ${holding.productType}`;
      const known = merged.get(id);
      merged.set(id, known ? addHolding(known, holding, part.link.label) : { ...holding, labels: [part.link.label] });
    }
  }
  return [...merged.values()].sort((a, b) => worth(b) - worth(a));
}

const worth = (holding: Holding): number => (holding.ltp ?? holding.avgPrice) * holding.qty;

function addHolding(a: MergedHolding, b: Holding, label: string): MergedHolding {
  const qty = a.qty + b.qty;
  const isCostKnown = a.avgPrice > 0 && b.avgPrice > 0 && qty > 0;
  const cost = sumPaise([valueOf(a.avgPrice, a.qty), valueOf(b.avgPrice, b.qty)]);
  return {
    ...a,
    qty,
    t1Qty: a.t1Qty + b.t1Qty,
    sellableQty: a.sellableQty + b.sellableQty,
    pledgedQty: a.pledgedQty + b.pledgedQty,
    avgPrice: isCostKnown ? averagePrice(cost, qty) : ZERO_PRICE,
    ltp: a.ltp ?? b.ltp,
    prevClose: a.prevClose ?? b.prevClose,
    pnl: a.pnl === null || b.pnl === null ? null : sumPaise([a.pnl, b.pnl]),
    labels: a.labels.includes(label) ? a.labels : [...a.labels, label],
  };
}

export function holdingsView(parts: readonly LinkResult<Holding[]>[], page: MoneyPage): View {
  const { accounts, now, money } = page;
  const holdings = mergeHoldings(parts);
  const shown = pageOf(holdings, page.page);
  const all = okParts(parts).flatMap((part) => part.value);
  const totals = holdingTotals(all);
  const body = shown.entries.map((entry) => holdingEntry(entry, parts.length > 1, money)).join("\n");
  return {
    html: lines(
      heading("Holdings", parts, accounts, page.label),
      holdings.length === 0 ? nothingText("holdings", parts) : html`<pre>${body}</pre>`,
      holdings.length > 0 &&
        html`<pre>${renderPairs(
          [
            ["Invested", money.plain(totals.invested)],
            ["Value", money.plain(totals.value)],
            ["Today", money.signed(totals.dayChange)],
          ],
          PAGE_WIDTH,
        )}</pre>`,
      holdings.length > 0 &&
        html`${mark(totals.pnl)} <b>P&amp;L ${money.signed(totals.pnl)}</b> ${changePercent(totals.invested + totals.pnl, totals.invested)}`,
      unpricedNote(totals.unpriced),
      uncostedNote(totals.uncosted, "Value"),
      undatedNote(all),
      holdings.length > 0 && notOfTodayNote(page.pastSession),
      ...failures(parts, accounts),
      stamp(now),
    ),
    keyboard: withLogins(pageKeyboard("hold", shown, page.label), parts),
  };
}

function holdingEntry(holding: MergedHolding, namesAccounts: boolean, money: MoneyText): string {
  const change = holding.ltp === null || holding.avgPrice === 0 ? "" : changePercent(holding.ltp, holding.avgPrice);
  // Marked: the same share may also be held without funding, and selling it takes the product MTF.
  const funded = holding.productType === "MTF" ? " MTF" : "";
  const t1 = holding.t1Qty > 0 && !money.hides ? ` T1 ${quantity(holding.t1Qty)}` : "";
  const qty = money.hides ? "" : `${quantity(holding.qty)} `;
  const cost = holding.avgPrice === 0 ? "cost unknown" : `@ ${priceText(holding.avgPrice)}`;
  return renderPairs(
    [
      [`${ticker(holding.symbol)}${funded}`, holding.pnl === null ? "" : money.cell(holding.pnl)],
      [` ${qty}${cost}${t1}`, change],
      ...(namesAccounts
        ? [[` ${holding.labels.join(", ")}`, holding.ltp === null ? "" : priceText(holding.ltp)] as const]
        : []),
    ],
    PAGE_WIDTH,
  );
}

export function fundsView(parts: readonly LinkResult<Funds>[], { accounts, now, page, label, money }: MoneyPage): View {
  const each = okParts(parts);
  const total = fundsTotal(each.map((part) => part.value));
  const block = (funds: Funds): string => renderPairs(fundsPairs(funds, money), PAGE_WIDTH);
  const all = renderPairs([...notReadRows(parts), ...fundsPairs(total, money)], PAGE_WIDTH);
  return {
    html: lines(
      heading("Funds", parts, accounts, label),
      ...each.map((part) => html`<b>${part.link.label}</b>\n<pre>${block(part.value)}</pre>`),
      each.length > 1 && html`<b>All accounts</b>\n<pre>${all}</pre>`,
      ...failures(parts, accounts),
      stamp(now),
    ),
    keyboard: withLogins(pageKeyboard("funds", pageOf([], page), label), parts),
  };
}

const fundsPairs = (funds: Funds, money: MoneyText): (readonly [string, string])[] => [
  ["Available", money.plain(funds.available)],
  ["Used", money.plain(funds.used)],
  ["Cash", money.plain(funds.cash)],
  ...(funds.collateral > 0 ? [["Collateral", money.plain(funds.collateral)] as const] : []),
];

export function pnlView(parts: readonly LinkResult<AccountToday>[], shown: MoneyPage): View {
  const { accounts, now, page, money } = shown;
  const known = okParts(parts);
  const each = known.map(({ link, value }) => ({ link, value: dayPnlOf(value.positions, value.holdings) }));
  const sum = (pick: (pnl: DayPnl) => Paise): Paise => sumPaise(each.map((part) => pick(part.value)));
  const positions = sum((pnl) => pnl.positions);
  const [realised, unrealised] = [sum((pnl) => pnl.realised), sum((pnl) => pnl.unrealised)];
  const total = sumPaise([positions, sum((pnl) => pnl.holdings)]);
  const perAccount = each.map(
    (part) => [part.link.label, money.cell(sumPaise([part.value.positions, part.value.holdings]))] as const,
  );
  return {
    html: lines(
      heading("P&L today", parts, accounts),
      each.length > 0 &&
        parts.length > 1 &&
        html`<pre>${renderPairs([...perAccount, ...notReadRows(parts)], PAGE_WIDTH)}</pre>`,
      each.length > 0 &&
        html`<pre>${renderPairs(
          [
            ["Positions", money.cell(positions)],
            ["  realised", money.cell(realised)],
            ["  unrealised", money.cell(unrealised)],
            ["Holdings, day change", money.cell(sum((pnl) => pnl.holdings))],
          ],
          PAGE_WIDTH,
        )}</pre>`,
      each.length > 0 && html`${mark(total)} <b>Today ${money.signed(total)}</b>, before charges`,
      countingNote(known.flatMap(({ value }) => value.positions)),
      undatedNote(
        known.flatMap(({ value }) => value.holdings),
        known.flatMap(({ value }) => value.positions),
      ),
      each.length > 0 && notOfTodayNote(shown.pastSession),
      ...failures(parts, accounts),
      stamp(now),
    ),
    keyboard: withLogins(pageKeyboard("pnl", pageOf([], page)), parts),
  };
}
