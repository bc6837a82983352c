import { renderPairs } from "../../lib/table.ts";
import { html, type Html } from "../html.ts";
import { PAGE_WIDTH } from "./page.ts";

/**
 * What stands on buttons of one row each. Telegram draws a label on one line and cuts what a phone has no room for: then
 * each has a number, and the message says them in full.
 */
export function choices(labels: readonly string[]): { readonly labels: readonly string[]; readonly list: Html | null } {
  if (labels.every((label) => label.length <= PAGE_WIDTH)) return { labels, list: null };
  const numbered = labels.map((label, at) => `${at + 1} ${label}`);
  const rows = numbered.map((label) => [label, ""] as const);
  return { labels: numbered, list: html`<pre>${renderPairs(rows, PAGE_WIDTH)}</pre>` };
}
