import { InlineKeyboard } from "grammy";
import { ticker } from "../../domain/instrument.ts";
import { accountValue } from "../../domain/day.ts";
import type { Paise } from "../../domain/money.ts";
import { sumPaise, ZERO_PAISE } from "../../domain/money.ts";
import {
  dayPnl,
  fundsTotal,
  holdingDayChange,
  holdingTotals,
  holdingValue,
  positionTotals,
} from "../../domain/totals.ts";
import { MAX_CAPTION } from "../../lib/cut-html.ts";
import { renderPairs } from "../../lib/table.ts";
import type { LinkResult } from "../../services/accounts/accounts.ts";
import type { AccountNow } from "../../services/portfolio/portfolio.ts";
import { callbackData } from "../callbacks.ts";
import { html, lines, type Html, visibleLength } from "../html.ts";
import type { View } from "../view.ts";
import { changePercent, mark, percent, quantity } from "./amounts.ts";
import type { MoneyText } from "./money-text.ts";
import { notOfTodayNote, sharesText, uncostedNote, undatedNote, unpricedNote, unpricedPositionsNote } from "./notes.ts";
import { addArrows, PAGE_WIDTH, stamp } from "./page.ts";
import { failures, heading, nothingText, notReadRows, type MergedPage } from "./answers.ts";
import { loginKeyboard, withLogins } from "./login-buttons.ts";
import { mergeHoldings, type MergedHolding, type MoneyPage } from "./portfolio.ts";

/** As many two-line holdings as fit a caption of 1,024 characters. */
const HOLDINGS_A_PAGE = 6;
const ACCOUNTS_SHOWN = 12;
const WHOLE = 10_000;

/** Page 0 has the totals, the other pages the holdings. */
export interface DashboardCard extends MoneyPage {
  readonly parts: readonly LinkResult<AccountNow>[];
}

/** All accounts together: totals and accounts on page 0, then the holdings, merged by instrument across accounts. */
export function dashboardView(card: DashboardCard): View {
  const { parts, accounts, now, page, label, money, pastSession } = card;
  const holdings = mergeHoldings(holdingParts(parts));
  const pages = 1 + Math.ceil(holdings.length / HOLDINGS_A_PAGE);
  const at = Math.min(Math.max(0, Number.isInteger(page) ? page : 0), pages - 1);
  const withAccounts = (most: number): Html =>
    lines(
      heading("Dashboard", parts, accounts, label),
      at === 0 ? totalsPart(card, most) : holdingsPart(holdings, at, money),
      parts.some(({ ok }) => ok) && notOfTodayNote(pastSession),
      ...failures(parts, accounts),
      stamp(now),
    );
  return {
    html: fitted(withAccounts),
    keyboard: withLogins(pagesKeyboard(at, pages, label), parts),
  };
}

/** With as many accounts as fit a caption: what does not fit would be cut off its end, where the notes are. */
function fitted(withAccounts: (most: number) => Html): Html {
  let most = ACCOUNTS_SHOWN;
  while (most > 0 && visibleLength(withAccounts(most)) > MAX_CAPTION) most -= 1;
  return withAccounts(most);
}

export const holdingParts = (parts: readonly LinkResult<AccountNow>[]) =>
  parts.map((part) => (part.ok ? { ...part, value: [...part.value.holdings] } : part));

interface Figures {
  readonly value: Paise;
  readonly invested: Paise;
  readonly pnl: Paise;
  readonly today: Paise;
  readonly available: Paise;
  /** Value of the whole accounts, with the money spent on shares bought today, which are in no holding yet. */
  readonly worth: Paise;
  readonly unpriced: number;
  readonly uncosted: number;
}

/** `today` is the positions' gain of the day and the holdings' change since the last close. */
function figuresOf(days: readonly AccountNow[]): Figures {
  const held = holdingTotals(days.flatMap(({ holdings }) => holdings));
  const positions = days.flatMap((day) => day.positions);
  const open = positionTotals(positions);
  return {
    value: held.value,
    invested: held.invested,
    pnl: sumPaise([held.pnl, open.total]),
    today: sumPaise([held.dayChange, ...positions.map(dayPnl)]),
    available: fundsTotal(days.map(({ funds }) => funds)).available,
    worth: sumPaise(days.map((day) => accountValue(day.funds, day.holdings, day.positions))),
    unpriced: held.unpriced,
    uncosted: held.uncosted,
  };
}

/** Null when no account has answered: totals of zero would read as a loss of everything. */
function totalsPart({ parts, money }: DashboardCard, most: number): Html | null {
  const known = parts.flatMap((part) => (part.ok ? [{ label: part.link.label, day: part.value }] : []));
  if (known.length === 0) return null;
  const total = figuresOf(known.map(({ day }) => day));
  const each = known.map(({ label, day }): readonly [string, string] => {
    const { worth, today } = figuresOf([day]);
    return [`${label} ${money.plain(worth)}`, money.cell(today)];
  });
  const notRead = notReadRows(parts);
  const shown = each.slice(0, Math.max(0, most - notRead.length));
  return lines(
    html`<pre>${renderPairs(
      [
        ["Worth, about", money.plain(total.worth)],
        ["Shares", money.plain(total.value)],
        ["Invested", money.plain(total.invested)],
        ["Available", money.plain(total.available)],
        ["P&L", money.cell(total.pnl)],
      ],
      PAGE_WIDTH,
    )}</pre>`,
    parts.length > 1 && html`<pre>${renderPairs([...shown, ...notRead], PAGE_WIDTH)}</pre>`,
    shown.length < each.length && html`<i>… and ${each.length - shown.length} more, in the sums.</i>`,
    html`${mark(total.today)} <b>Today ${money.signed(total.today)}</b>`,
    unpricedNote(total.unpriced),
    uncostedNote(total.uncosted, "Shares"),
    unpricedPositionsNote(known.flatMap(({ day }) => day.positions)),
    undatedNote(
      known.flatMap(({ day }) => day.holdings),
      known.flatMap(({ day }) => day.positions),
    ),
  );
}

function holdingsPart(holdings: readonly MergedHolding[], page: number, money: MoneyText): Html {
  const total = sumPaise(holdings.map((holding) => holdingValue(holding) ?? ZERO_PAISE));
  const shown = holdings.slice((page - 1) * HOLDINGS_A_PAGE, page * HOLDINGS_A_PAGE);
  const rows = shown.flatMap((holding): (readonly [string, string])[] => {
    const value = holdingValue(holding);
    const allocation =
      value === null || total === 0 ? "" : ` ${percent(Math.round((value / total) * WHOLE)).replace("+", "")}`;
    const today = holdingDayChange(holding);
    const gain = holding.ltp === null || holding.avgPrice === 0 ? "" : changePercent(holding.ltp, holding.avgPrice);
    return [
      [
        `${ticker(holding.symbol)}${money.hides ? "" : ` ${quantity(holding.qty)}`}${allocation}`,
        holding.pnl === null ? "" : money.cell(holding.pnl),
      ],
      accountsRow(holding, `${today === null ? "" : `${money.cell(today)} `}${gain}`),
    ];
  });
  return lines(
    html`<pre>${renderPairs(rows, PAGE_WIDTH)}</pre>`,
    html`<i>Share of the whole, gain; accounts, today, gain in percent.</i>`,
  );
}

/** As many of the account names as fit beside the figures. */
function accountsRow({ labels }: MergedHolding, figures: string): readonly [string, string] {
  const names = ` ${labels.join(", ")}`;
  const room = PAGE_WIDTH - 1 - figures.length;
  return [names.length <= room ? names : `${names.slice(0, Math.max(1, room - 1))}…`, figures];
}

function pagesKeyboard(page: number, pages: number, label: string | undefined): InlineKeyboard {
  const redrawn = [page, "new", ...(label === undefined ? [] : [label])];
  return addArrows(new InlineKeyboard(), "dash", { page, pages }, label).text(
    "Refresh",
    callbackData("dash", ...redrawn),
  );
}

export interface HeatMap extends Pick<MergedPage, "accounts" | "label"> {
  readonly holdings: readonly MergedHolding[];
  /** The date of the last session while the map is of today and none has begun. */
  readonly pastSession: string | null;
}

/** Under the heat map: what it draws, and what could not be read or has no price to draw it by. */
export function heatCaption(
  parts: readonly LinkResult<unknown>[],
  { accounts, label, holdings, pastSession }: HeatMap,
): { html: Html; keyboard: InlineKeyboard | null } {
  const values = holdings.map(holdingValue);
  const drawn = values.filter((value) => (value ?? ZERO_PAISE) > 0).length;
  const left = values.filter((value) => value === null).length;
  return {
    html: lines(
      heading("Holdings", parts, accounts, label),
      holdings.length === 0 && nothingText("holdings", parts),
      drawn > 0 && html`${sharesText(drawn)}: the area is their value, the colour their gain or loss.`,
      left > 0 && html`<i>${sharesText(left)} without a known price ${left === 1 ? "is" : "are"} not drawn.</i>`,
      drawn > 0 && notOfTodayNote(pastSession),
      ...failures(parts, accounts),
    ),
    keyboard: loginKeyboard(parts),
  };
}
