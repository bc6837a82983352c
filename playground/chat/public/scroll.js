import { byId, prefersLessMotion } from "./dom.js";

const NEAR_BOTTOM_PX = 48;
const REST_MS = 1200;

/** The scrolling of the message list: it sticks to the newest message, or to where the person is reading. */
export function createScroll() {
  const root = byId("log");
  const column = byId("log-column");
  const button = byId("to-bottom");
  let isStuck = true;
  let isTravelling = false;
  let unread = 0;
  let restTimer = 0;
  let knownHeight = 0;
  let knownView = 0;

  const distance = () => root.scrollHeight - root.scrollTop - root.clientHeight;

  const isKnownSize = () => root.scrollHeight === knownHeight && root.clientHeight === knownView;

  function stick() {
    root.scrollTop = root.scrollHeight;
    knownHeight = root.scrollHeight;
    knownView = root.clientHeight;
  }

  function toBottom(/** @type {boolean} */ isSmooth) {
    isStuck = true;
    // With nothing to scroll there would be no scroll event, and isTravelling would stay true.
    isTravelling = isSmooth && !prefersLessMotion() && distance() > 1;
    if (isTravelling) root.scrollTo({ top: root.scrollHeight, behavior: "smooth" });
    else stick();
    drawButton();
  }

  function drawButton() {
    if (isStuck) unread = 0;
    button.hidden = isStuck;
    if (unread > 0) button.dataset.count = String(unread);
    else delete button.dataset.count;
    button.setAttribute("aria-label", unread > 0 ? `Scroll to ${unread} new messages` : "Scroll to the newest message");
  }

  /** The pinned date helps while scrolling and covers text while reading. */
  function uncover() {
    const top = root.getBoundingClientRect().top;
    for (const title of column.querySelectorAll(".day-title")) {
      const isPinned = (title.parentElement?.getBoundingClientRect().top ?? top) < top - 4;
      title.classList.toggle("covering", isPinned);
    }
  }

  function showDates() {
    for (const title of column.querySelectorAll(".covering")) title.classList.remove("covering");
    clearTimeout(restTimer);
    restTimer = window.setTimeout(uncover, REST_MS);
  }

  root.addEventListener("scroll", () => {
    showDates();
    // Heights have just changed and the list is about to follow: this is not the person's doing.
    if (isStuck && !isKnownSize()) return;
    const isNear = distance() < NEAR_BOTTOM_PX;
    // While it travels down the list is not "scrolled up", unless the person interferes.
    if (isTravelling && !isNear) return;
    isTravelling = false;
    isStuck = isNear;
    drawButton();
  });
  for (const grip of ["wheel", "touchmove", "pointerdown", "keydown"]) {
    root.addEventListener(grip, () => (isTravelling = false), { passive: true });
  }
  button.addEventListener("click", () => toBottom(true));

  // Pictures, edits, a growing composer and a closing animation all change heights on their own time.
  const follow = new ResizeObserver(() => {
    if (isStuck && !isTravelling) stick();
  });
  follow.observe(root);
  follow.observe(column);

  /** The first message that can be seen, whose place on the screen must not change. */
  function anchor() {
    const top = root.getBoundingClientRect().top;
    for (const message of column.querySelectorAll("[data-id]:not(.leaving)")) {
      const box = message.getBoundingClientRect();
      if (box.bottom > top) return { message, top: box.top };
    }
    return null;
  }

  return {
    root,
    column,
    toBottom,
    /** Changes the list without moving what the person is looking at. @param {() => void} change */
    keepingPlace(change) {
      const held = isStuck ? null : anchor();
      change();
      if (held?.message.isConnected) root.scrollTop += held.message.getBoundingClientRect().top - held.top;
      else if (isStuck && !isTravelling) stick();
    },
    countUnread() {
      if (isStuck) return;
      unread += 1;
      drawButton();
    },
  };
}
