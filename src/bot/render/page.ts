import { InlineKeyboard } from "grammy";
import { callbackData } from "../callbacks.ts";
import { timeText } from "./amounts.ts";
import { html, type Html, visibleLength } from "../html.ts";

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

/** ‹ 1/3 › and Refresh; each button reads the data again, of the account called `label` if given. */
export const pageKeyboard = (verb: string, page: Page<unknown>, label?: string): InlineKeyboard =>
  addArrows(new InlineKeyboard(), verb, page, label).text("Refresh", pageData(verb, page.page, label));

/** Adds ‹ 1/3 › on a row of its own, if there is more than one page. */
export function addArrows(
  keyboard: InlineKeyboard,
  verb: string,
  { page, pages }: Omit<Page<unknown>, "entries">,
  label?: string,
): InlineKeyboard {
  if (pages === 1) return keyboard;
  return keyboard
    .text("‹", pageData(verb, Math.max(0, page - 1), label))
    .text(`${page + 1}/${pages}`, pageData(verb, page, label))
    .text("›", pageData(verb, Math.min(pages - 1, page + 1), label))
    .row();
}

const pageData = (verb: string, page: number, label?: string): string =>
  label === undefined ? callbackData(verb, page) : callbackData(verb, page, label);

/** The first of the lines, no more than `most` and no more than fit `room` characters. */
export function linesThatFit(all: readonly Html[], most: number, room: number): readonly Html[] {
  let left = room;
  return all.slice(0, most).filter((line) => (left -= visibleLength(line)) >= 0);
}

export const stamp = (now: number): Html => html`<i>${timeText(now, now)}</i>`;
