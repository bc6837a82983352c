import type { UserId } from "../../domain/ids.ts";
import { istDate, istDateTime } from "../../domain/market.ts";
import { rupeesFromPaise, rupeesFromPrice, valueOf } from "../../domain/money.ts";
import type { HistoryEntry, Leg } from "../../domain/order-intent.ts";
import { csv, type Cell } from "../../lib/csv.ts";
import type { Accounts, Link } from "../accounts/accounts.ts";
import type { Intent, Journal } from "./journal.ts";

const COLUMNS = [
  "confirmed (IST)",
  "account",
  "broker",
  "symbol",
  "side",
  "product",
  "type",
  "validity",
  "after market",
  "quantity",
  "limit",
  "trigger",
  "state",
  "filled",
  "average price",
  "value",
  "broker order id",
  "tag",
  "reason",
  "origin",
  "order",
  "steps",
] as const;

export interface OrderExport {
  /** CSV with one line per order confirmed in the month (YYYY-MM, IST), oldest first. */
  month(user: UserId, month: string): Promise<{ readonly csv: string; readonly orders: number }>;
}

export function createOrderExport(deps: { journal: Journal; accounts: Accounts }): OrderExport {
  return {
    async month(user, month) {
      const links = new Map((await deps.accounts.all(user)).map((link) => [link._id as string, link]));
      const newest = await deps.journal.ofUser(user, { order: "desc" });
      const rows = newest
        .filter((intent) => intent.confirmedAt !== null && istDate(intent.confirmedAt).startsWith(`${month}-`))
        .toReversed()
        .flatMap((intent) => intent.legs.map((leg, at) => rowOf(intent, leg, at, links.get(leg.link))));
      return { csv: csv([[...COLUMNS], ...rows]), orders: rows.length };
    },
  };
}

function rowOf(intent: Intent, leg: Leg, at: number, link: Link | undefined): Cell[] {
  const { plan } = intent;
  const limit = "price" in plan.terms ? rupeesFromPrice(plan.terms.price) : null;
  const trigger = "triggerPrice" in plan.terms ? rupeesFromPrice(plan.terms.triggerPrice) : null;
  const isPriced = leg.filledQty > 0 && leg.avgPrice > 0;
  const steps = intent.history.filter((entry) => entry.leg === null || entry.leg === at);
  return [
    istDateTime(intent.confirmedAt ?? intent.createdAt),
    link?.label ?? leg.link,
    link?.broker_name ?? null,
    plan.symbol,
    plan.side,
    plan.productType,
    plan.terms.type,
    plan.validity,
    plan.isAmo ? "yes" : "no",
    leg.qty,
    limit,
    trigger,
    leg.state,
    leg.filledQty,
    isPriced ? rupeesFromPrice(leg.avgPrice) : null,
    isPriced ? rupeesFromPaise(valueOf(leg.avgPrice, leg.filledQty)) : null,
    leg.orderId,
    leg.tag,
    leg.reason,
    intent.origin,
    intent._id,
    steps.map(stepText).join("\n"),
  ];
}

function stepText(entry: HistoryEntry): string {
  const message = entry.message === undefined ? "" : ` (message ${entry.message})`;
  const detail = entry.detail === undefined ? "" : `: ${entry.detail}`;
  return `${istDateTime(entry.at)} ${entry.who} ${entry.what}${detail}${message}`;
}
