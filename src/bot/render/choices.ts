import { renderPairs } from "../../lib/table.ts";
import { html, type Html } from "../html.ts";
import { PAGE_WIDTH } from "./page.ts";

/**
 * Labels for buttons of one row each. Telegram cuts a label that is wider than a phone's screen: if any is, all are
 * numbered, and `list` has them in full for the message.
 */
export function choices(labels: readonly string[]): { readonly labels: readonly string[]; readonly list: Html | null } {
  if (labels.every((label) => label.length <= PAGE_WIDTH)) return { labels, list: null };
  const numbered = labels.map((label, at) => `${at + 1} ${label}`);
  const rows = numbered.map((label) => [label, ""] as const);
  return { labels: numbered, list: html`<pre>${renderPairs(rows, PAGE_WIDTH)}</pre>` };
}
