import { ticker } from "../../domain/instrument.ts";
import type { Order } from "../../domain/order.ts";
import { isFinal } from "../../domain/order.ts";
import type { Profile, Trade } from "../../domain/portfolio.ts";
import { istTime } from "../../domain/market.ts";
import { renderPairs } from "../../lib/table.ts";
import type { LinkResult } from "../../services/accounts/accounts.ts";
import { html, lines, type Html } from "../html.ts";
import type { View } from "../view.ts";
import { priceText, quantity } from "./amounts.ts";
import { PAGE_WIDTH, pageKeyboard, pageOf, stamp } from "./page.ts";
import { failures, heading, nothingText, type MergedPage } from "./answers.ts";
import { withLogins } from "./login-buttons.ts";

interface BookRow<T> {
  readonly row: T;
  readonly label: string;
}

const rowsOf = <T>(parts: readonly LinkResult<readonly T[]>[]): BookRow<T>[] =>
  parts.flatMap((part) => (part.ok ? part.value.map((row) => ({ row, label: part.link.label })) : []));

const STATUS_WORDS: Readonly<Record<Order["status"], string>> = {
  pending: "on its way",
  open: "open",
  "trigger-pending": "waits for trigger",
  filled: "filled",
  cancelled: "cancelled",
  rejected: "rejected",
  expired: "expired",
};

const statusWords = ({ status, isAmo }: Order): string =>
  isAmo && status === "pending" ? "next session" : STATUS_WORDS[status];

export function ordersView(
  parts: readonly LinkResult<Order[]>[],
  { accounts, now, page, label, mayTrade }: MergedPage & { readonly mayTrade: boolean },
): View {
  const rows = rowsOf(parts).sort((a, b) => (b.row.placedAt ?? 0) - (a.row.placedAt ?? 0));
  const shown = pageOf(rows, page);
  const open = rows.filter(({ row }) => !isFinal(row.status)).length;
  const body = shown.entries.map((entry) => orderEntry(entry, parts.length > 1)).join("\n");
  return {
    html: lines(
      heading("Orders today", parts, accounts, label),
      rows.length === 0 ? nothingText("orders today", parts) : html`<pre>${body}</pre>`,
      rows.length > 0 &&
        html`${rows.length} in all, ${open} open.${open > 0 && mayTrade ? " /cancel and /modify list the open ones." : ""}`,
      ...failures(parts, accounts),
      stamp(now),
    ),
    keyboard: withLogins(pageKeyboard("ord", shown, label), parts),
  };
}

function orderEntry({ row, label }: BookRow<Order>, namesAccount: boolean): string {
  const at = row.placedAt === null ? "" : istTime(row.placedAt);
  const filled = row.filledQty > 0 && row.filledQty < row.qty ? `${quantity(row.filledQty)}/` : "";
  return renderPairs(
    [
      [`${row.side} ${ticker(row.symbol)} ${row.productType}`, statusWords(row)],
      [` ${filled}${quantity(row.qty)} ${termsText(row)}${namesAccount ? ` ${label}` : ""}`, at],
      ...(row.status === "rejected" && row.message !== null ? [[` ${onOneLine(row.message)}`, ""] as const] : []),
    ],
    PAGE_WIDTH,
  );
}

/** Cut with "…": an amount cut in the middle would otherwise read as a smaller one. */
const onOneLine = (message: string): string =>
  message.length < PAGE_WIDTH ? message : `${message.slice(0, PAGE_WIDTH - 2).toWellFormed()}…`;

const termsText = (order: Order): string =>
  order.filledQty > 0 && order.avgPrice > 0 ? `@ ${priceText(order.avgPrice)}` : requestedTermsText(order);

/** The price asked for, even when part of the order has filled at another. */
export function requestedTermsText(order: Order): string {
  if (order.type === "MARKET") return "market";
  if (order.type === "LIMIT") return `@ ${priceText(order.price)}`;
  return order.type === "SL"
    ? `sl ${priceText(order.triggerPrice)} @ ${priceText(order.price)}`
    : `sl ${priceText(order.triggerPrice)}`;
}

export function tradesView(parts: readonly LinkResult<Trade[]>[], { accounts, now, page, label }: MergedPage): View {
  const rows = rowsOf(parts).sort((a, b) => (b.row.at ?? 0) - (a.row.at ?? 0));
  const shown = pageOf(rows, page);
  const body = shown.entries
    .map(({ row, label }) =>
      renderPairs(
        [
          [`${row.side} ${ticker(row.symbol)} ${row.productType}`, `${quantity(row.qty)} @ ${priceText(row.price)}`],
          [` ${parts.length > 1 ? label : `order ${row.orderId}`}`, row.at === null ? "" : istTime(row.at)],
        ],
        PAGE_WIDTH,
      ),
    )
    .join("\n");
  return {
    html: lines(
      heading("Trades today", parts, accounts, label),
      rows.length === 0 ? nothingText("trades today", parts) : html`<pre>${body}</pre>`,
      ...failures(parts, accounts),
      stamp(now),
    ),
    keyboard: withLogins(pageKeyboard("trd", shown, label), parts),
  };
}

export function profilesView(parts: readonly LinkResult<Profile>[], { accounts, now, page, label }: MergedPage): View {
  return {
    html: lines(
      heading("Profile", parts, accounts, label),
      ...parts.flatMap((part) =>
        part.ok ? [profileBlock(part.link.label, accounts.broker(part.link).definition.title, part.value)] : [],
      ),
      ...failures(parts, accounts),
      stamp(now),
    ),
    keyboard: withLogins(pageKeyboard("prof", pageOf([], page), label), parts),
  };
}

const yesNo = (value: boolean | null): string => (value === null ? "not told" : value ? "yes" : "no");

const profileBlock = (label: string, title: string, profile: Profile): Html =>
  lines(
    html`<b>${title}</b> (${label}) ${profile.name}, <code>${profile.accountId}</code>`,
    html`Sells without daily authorisation: ${yesNo(profile.canSellWithoutAuthorisation)}`,
    html`Quotes and candles in the plan: ${yesNo(profile.hasMarketData)}`,
  );
