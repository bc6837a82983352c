import type { BrokerDefinition } from "../../../connectors/base.ts";
import type { Quote } from "../../domain/portfolio.ts";
import { PAPER_MARK } from "../text.ts";

/** Where a number comes from, as it stands beside it. */
export const sourceLabel = (source: Quote["source"], broker: string | null): string =>
  source === "yfinance" ? "Yahoo, about 15 min late" : (broker ?? "broker");

/** "📄 Paper" or "Zerodha"; with the account's own name where that says more. */
export function accountTitle(definition: Pick<BrokerDefinition, "title" | "isPaper" | "name">, label: string): string {
  const title = definition.isPaper === true ? PAPER_MARK : definition.title;
  return label === definition.name ? title : `${title} (${label})`;
}
