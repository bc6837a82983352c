import type { InlineKeyboard } from "grammy";
import { addFigures, grossOf, netOf, shareOf, tradesIntoEvening, type DayFigures } from "../../domain/day.ts";
import { ticker } from "../../domain/instrument.ts";
import { subtractPaise, sumPaise } from "../../domain/money.ts";
import { isFinal } from "../../domain/order.ts";
import { fundsTotal } from "../../domain/totals.ts";
import { renderPairs } from "../../lib/table.ts";
import type { Accounts } from "../../services/accounts/accounts.ts";
import type { AccountDay, DayParts, Digest } from "../../services/digests/digests.ts";
import { html, lines, type Html } from "../html.ts";
import { dayPicture, movesOf, type Move } from "../pictures/day.ts";
import { dateText, mark, percent } from "./amounts.ts";
import { moneyText, type MoneyText } from "./money-text.ts";
import { countingNote, undatedNote } from "./notes.ts";
import { PAGE_WIDTH } from "./page.ts";
import { tradedOnLine, unchargedLine } from "./period.ts";
import { failures, heading, nothingText, notReadRows } from "./answers.ts";
import { loginKeyboard } from "./login-buttons.ts";

export interface DigestMessage {
  readonly html: Html;
  readonly keyboard: InlineKeyboard | null;
  /** SVG */
  readonly picture: string | null;
}

export interface DigestOptions {
  readonly accounts: Accounts;
  readonly hidesAmounts: boolean;
  /** Notes about the calendar and the time, put at the end. */
  readonly notes: readonly (Html | null)[];
}

/** The closing digest: the day's gain before and after charges, per account, best and worst, orders, available funds. */
export function digestMessage(digest: Digest, { accounts, hidesAmounts, notes }: DigestOptions): DigestMessage {
  const days = digest.parts.flatMap((part) => (part.ok ? [{ label: part.link.label, day: part.value }] : []));
  const figures = addFigures(days.map(({ day }) => day.figures));
  const gross = grossOf(figures);
  // Percentages are of the value before the day, as an index computes its own.
  const before = subtractPaise(sumPaise(days.map(({ day }) => day.value)), gross);
  const money = moneyText(hidesAmounts, before);
  const title = `Close of ${dateText(digest.date)}`;
  const notRead = notReadRows(digest.parts).map(([label]) => label);
  const moves = movesOf(days.map(({ day }) => day));
  const summary = days.length === 0 ? null : summaryOf(digest, days, { figures, money, share: shareOf(gross, before) });
  return {
    html: lines(
      heading(title, digest.parts, accounts),
      summary?.headline,
      summary && html`<pre>${renderPairs(summary.rows, PAGE_WIDTH)}</pre>`,
      countingNote(days.flatMap(({ day }) => day.positions)),
      unchargedLine(days.flatMap(({ day }) => day.uncharged)),
      undatedNote(
        days.flatMap(({ day }) => day.holdings),
        days.flatMap(({ day }) => day.positions),
      ),
      tradedOnLine(days.flatMap(({ day }) => day.positions.filter(tradesIntoEvening).map(({ symbol }) => symbol))),
      bestAndWorst(moves, money),
      days.length > 0 &&
        ordersLine(
          digest.parts,
          days.map(({ day }) => day),
        ),
      ...failures(digest.parts, accounts),
      ...lastKnown(digest, money),
      ...notes,
    ),
    keyboard: loginKeyboard(digest.parts),
    picture: dayPicture({
      title: notRead.length === 0 ? title : `${title}, not read: ${notRead.join(", ")}`,
      subtitle: summary?.subtitle ?? "",
      moves,
      curve: digest.curve,
      money,
    }),
  };
}

interface Labelled {
  readonly label: string;
  readonly day: AccountDay;
}

interface Sums {
  readonly figures: DayFigures;
  readonly money: MoneyText;
  readonly share: number | null;
}

function summaryOf(digest: Digest, days: readonly Labelled[], { figures, money, share }: Sums) {
  const [gross, net] = [grossOf(figures), netOf(figures)];
  const own = share === null ? [] : [percent(share)];
  const index = digest.index === null ? [] : [`Nifty ${percent(digest.index)}`];
  const today = money.signed(gross);
  const against = [...(money.hides ? [] : own), ...index].join(", ");
  const holdings = days.flatMap(({ day }) => day.holdings);
  const perAccount = days.map(({ label, day }) => [label, money.cell(grossOf(day.figures))] as const);
  return {
    subtitle: `${today} today${against === "" ? "" : ` (${against})`}`,
    headline: html`${mark(gross)} <b>${today}</b> today${against === "" ? "" : `, ${against}`}`,
    rows: [
      ...(digest.parts.length > 1 ? [...perAccount, ...notReadRows(digest.parts)] : []),
      ["Positions", money.cell(figures.positions)] as const,
      ["  realised", money.cell(figures.realised)] as const,
      ["  unrealised", money.cell(figures.unrealised)] as const,
      ...(holdings.length > 0 ? [["Holdings, day change", money.cell(figures.holdings)] as const] : []),
      ["Charges, estimated", money.plain(figures.charges)] as const,
      ["Net of charges", money.cell(net)] as const,
      ["Available", money.plain(fundsTotal(days.map(({ day }) => day.funds)).available)] as const,
    ],
  };
}

function bestAndWorst(moves: readonly Move[], money: MoneyText): Html | null {
  const best = moves[0];
  const worst = moves.at(-1);
  if (!best || !worst || (best.amount === 0 && worst.amount === 0)) return null;
  const of = ({ name, amount }: Move): string => `${name} ${money.signed(amount)}`;
  return best === worst ? html`Only mover: ${of(best)}` : lines(html`Best: ${of(best)}`, html`Worst: ${of(worst)}`);
}

function ordersLine(parts: DayParts, days: readonly AccountDay[]): Html | null {
  const orders = days.flatMap((day) => day.orders);
  if (orders.length === 0) return nothingText("orders today", parts);
  const rejected = orders.filter((order) => order.status === "rejected");
  const open = orders.filter((order) => !isFinal(order.status)).length;
  const names = [...new Set(rejected.map((order) => ticker(order.symbol)))].slice(0, 3).join(", ");
  const counts = [
    `Orders: ${orders.length}`,
    ...(rejected.length > 0 ? [`${rejected.length} rejected (${names})`] : []),
    ...(open > 0 ? [`${open} still open`] : []),
  ];
  return html`${counts.join(", ")}.`;
}

/** For accounts that could not be read: their value on the last day it was known, with that date. */
function lastKnown(digest: Digest, money: MoneyText): Html[] {
  return digest.parts.flatMap(({ link }) => {
    const known = digest.lastKnown.get(link._id);
    if (!known || money.hides) return [];
    return [html`<b>${link.label}</b> was worth ${money.plain(known.value)} on ${dateText(known.date)}.`];
  });
}
