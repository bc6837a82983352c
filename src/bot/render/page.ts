import { InlineKeyboard } from "grammy";
import { callbackData } from "../callbacks.ts";
import { timeText } from "./amounts.ts";
import { html, type Html } from "../html.ts";

/** Characters in a monospace line that fits a phone's screen. */
export const PAGE_WIDTH = 34;
const ENTRIES_PER_PAGE = 8;

export interface Page<T> {
  readonly entries: readonly T[];
  readonly page: number;
  readonly pages: number;
}

/** The wanted page, or the nearest existing one. */
export function pageOf<T>(all: readonly T[], wanted: number): Page<T> {
  const pages = Math.max(1, Math.ceil(all.length / ENTRIES_PER_PAGE));
  const page = Math.min(Math.max(0, Number.isInteger(wanted) ? wanted : 0), pages - 1);
  return { entries: all.slice(page * ENTRIES_PER_PAGE, (page + 1) * ENTRIES_PER_PAGE), page, pages };
}

/** ‹ 1/3 › and Refresh; each button reads the data again. */
export const pageKeyboard = (verb: string, page: Page<unknown>): InlineKeyboard =>
  addArrows(new InlineKeyboard(), verb, page).text("Refresh", callbackData(verb, page.page));

/** Adds ‹ 1/3 › on a row of its own, if there is more than one page. */
export function addArrows(
  keyboard: InlineKeyboard,
  verb: string,
  { page, pages }: Omit<Page<unknown>, "entries">,
): InlineKeyboard {
  if (pages === 1) return keyboard;
  return keyboard
    .text("‹", callbackData(verb, Math.max(0, page - 1)))
    .text(`${page + 1}/${pages}`, callbackData(verb, page))
    .text("›", callbackData(verb, Math.min(pages - 1, page + 1)))
    .row();
}

export const stamp = (now: number): Html => html`<i>${timeText(now, now)}</i>`;
