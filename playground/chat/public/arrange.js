import { el } from "./dom.js";
import { serviceText } from "./render.js";
import { dayKey, dayTitle } from "./time.js";

/** @typedef {import("./api.js").Message} Message */
/** @typedef {{message: Message, element: HTMLElement}} Placed */

/** Messages of one sender closer than this share a group: one tail, tight gaps. */
const GROUP_GAP_S = 300;

/**
 * Puts every element in its place: a section a day, ends of groups marked. Cheap enough to run after each change.
 * @param {HTMLElement} column
 * @param {Placed[]} list oldest first
 * @param {{isOwn: (message: Message) => boolean, emptyCard: () => HTMLElement}} options
 */
export function arrangeByDay(column, list, { isOwn, emptyCard }) {
  /** @type {HTMLElement[]} */
  const sections = [];
  /** @type {Element | null} */
  let cursor = null;
  for (const [index, { message, element }] of list.entries()) {
    const before = list[index - 1]?.message;
    const after = list[index + 1]?.message;
    if (before === undefined || dayKey(before.date) !== dayKey(message.date)) {
      const section = sectionFor(message, column.children[sections.length]);
      sections.push(section);
      cursor = section.firstElementChild;
    }
    placeAfter(cursor, element);
    cursor = element;
    element.classList.toggle("first", before === undefined || !isSameGroup(before, message, isOwn));
    element.classList.toggle("last", after === undefined || !isSameGroup(message, after, isOwn));
  }
  const wanted = sections.length === 0 ? [emptyCard()] : sections;
  const isInPlace =
    column.childElementCount === wanted.length && wanted.every((node, at) => column.children[at] === node);
  if (!isInPlace) column.replaceChildren(...wanted);
  markAnswered(list, isOwn);
}

/** @param {Message} a @param {Message} b @param {(message: Message) => boolean} isOwn */
function isSameGroup(a, b, isOwn) {
  const isClose = b.date - a.date < GROUP_GAP_S && dayKey(a.date) === dayKey(b.date);
  return isClose && isOwn(a) === isOwn(b) && serviceText(a) === null && serviceText(b) === null;
}

/** @param {Message} message @param {Element | undefined} existing what stands at this place now */
function sectionFor(message, existing) {
  const key = dayKey(message.date);
  if (existing instanceof HTMLElement && existing.dataset.day === key) return existing;
  const title = el("div", { class: "day-title" }, el("span", {}, dayTitle(message.date)));
  return el("section", { class: "day", data: { day: key } }, title);
}

/** @param {Element | null} before @param {HTMLElement} element */
function placeAfter(before, element) {
  // Moving an element that is already there would restart its animation and lose its focus.
  let next = before?.nextElementSibling;
  while (next?.classList.contains("leaving")) next = next.nextElementSibling;
  if (next !== element) before?.after(element);
}

/** Two ticks once the bot has said something after the message. @param {Placed[]} list @param {(message: Message) => boolean} isOwn */
function markAnswered(list, isOwn) {
  const lastFromBot = list.findLast(({ message }) => !isOwn(message))?.message.message_id ?? 0;
  for (const { message, element } of list) element.classList.toggle("answered", message.message_id < lastFromBot);
}
