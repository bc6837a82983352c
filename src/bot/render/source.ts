import type { BrokerName } from "../../domain/ids.ts";
import type { Quote } from "../../domain/portfolio.ts";
import type { Accounts, Link } from "../../services/accounts/accounts.ts";
import { PAPER_MARK } from "../text.ts";
import { timeText } from "./amounts.ts";

/** Where a price comes from, to be shown beside it. */
export const sourceLabel = (source: Quote["source"], broker: string | null): string =>
  source === "yfinance" ? "Yahoo, about 15 min late" : (broker ?? "broker");

/**
 * Source and time: "Yahoo, about 15 min late · 14:32:05 IST". A price without a time may be of an earlier day: "Fyers,
 * asked 14:32:05 IST".
 */
export const pricedAt = ({ source, at }: Pick<Quote, "source" | "at">, broker: string | null, now: number): string =>
  `${sourceLabel(source, broker)}${at === null ? ", asked" : " ·"} ${timeText(at ?? now, now)}`;

/** The same for several prices: each source once, with the time of its oldest price, if all of them have one. */
export function allPricedAt(
  quotes: Iterable<Pick<Quote, "source" | "at">>,
  broker: string | null,
  now: number,
): string {
  const oldest = new Map<Quote["source"], number | null>();
  for (const { source, at } of quotes) {
    const known = oldest.get(source);
    oldest.set(source, at === null || known === null ? null : Math.min(known ?? Infinity, at));
  }
  return [...oldest].map(([source, at]) => pricedAt({ source, at }, broker, now)).join("; ");
}

export const isPaperAccount = (accounts: Pick<Accounts, "broker">, link: Pick<Link, "broker_name">): boolean =>
  accounts.broker(link).definition.isPaper === true;

/** "📄 Paper", "Zerodha"; null for no broker. */
export function brokerTitle({ brokers }: Pick<Accounts, "brokers">, name: BrokerName | null): string | null {
  const definition = name === null ? undefined : brokers.get(name)?.definition;
  if (definition === undefined) return null;
  return definition.isPaper === true ? PAPER_MARK : definition.title;
}

/** "📄 Paper", "Zerodha", or with the account's label if that differs from the broker's name: "Zerodha (zerodha2)". */
export function accountTitle(accounts: Pick<Accounts, "broker">, link: Pick<Link, "broker_name" | "label">): string {
  const { definition } = accounts.broker(link);
  const title = definition.isPaper === true ? PAPER_MARK : definition.title;
  return link.label === definition.name ? title : `${title} (${link.label})`;
}
