import { arrangeByDay } from "./arrange.js";
import { el, prefersLessMotion } from "./dom.js";
import { inlineKeyboard } from "./keyboards.js";
import { renderBubble, serviceText } from "./render.js";
import { createScroll } from "./scroll.js";
import { clockTime } from "./time.js";

/** @typedef {import("./api.js").Message} Message */
/** @typedef {{message: Message, element: HTMLElement, body: string, markup: string}} Entry */

/**
 * The list of messages: keyed by id, ordered by id, grouped by day and sender.
 * @param {{
 *   isOwn: (message: Message) => boolean,
 *   actions: import("./render.js").MessageActions,
 *   press: (message: Message, button: import("./api.js").Button) => void,
 *   isPending: (messageId: number, data: string) => boolean,
 *   openMenu: (message: Message, element: HTMLElement, at: {x: number, y: number}) => void,
 *   reply: (message: Message) => void,
 *   emptyCard: () => HTMLElement,
 * }} options
 */
export function createLog({ isOwn, actions, press, isPending, openMenu, reply, emptyCard }) {
  const scroll = createScroll();
  const { root, column } = scroll;
  /** @type {Map<number, Entry>} */
  const entries = new Map();
  /** @type {Map<number, string>} */
  let reactions = new Map();
  const ordered = () => [...entries.values()].toSorted((a, b) => a.message.message_id - b.message.message_id);

  function build(/** @type {Message} */ message) {
    const service = serviceText(message);
    if (service !== null)
      return el("div", { class: "service", data: { id: message.message_id } }, el("span", {}, service));
    const own = isOwn(message);
    const label = `${own ? "You" : (message.from?.first_name ?? "Bot")}, ${clockTime(message.date)}`;
    const element = el("article", {
      class: `message ${own ? "out" : "in"}`,
      tabindex: "-1",
      "aria-label": label,
      data: { id: message.message_id },
    });
    element.append(el("div", { class: "stack" }, renderBubble(message, own, actions)));
    element.addEventListener("contextmenu", (/** @type {MouseEvent} */ event) => {
      // A selection or a link keeps the browser's own menu.
      if (getSelection()?.isCollapsed === false || /** @type {Element} */ (event.target).closest("a[href^=http]"))
        return;
      event.preventDefault();
      openMenu(current(message), element, { x: event.clientX, y: event.clientY });
    });
    element.addEventListener("dblclick", (/** @type {MouseEvent} */ event) => {
      if (event.target === element || /** @type {Element} */ (event.target).matches(".bubble, .meta"))
        reply(current(message));
    });
    drawKeyboard(element, message);
    return element;
  }

  const current = (/** @type {Message} */ message) => entries.get(message.message_id)?.message ?? message;

  function drawKeyboard(/** @type {HTMLElement} */ element, /** @type {Message} */ message) {
    const stack = element.querySelector(".stack");
    const focused = element.contains(document.activeElement)
      ? /** @type {HTMLElement} */ (document.activeElement).dataset.key
      : undefined;
    const keyboard = inlineKeyboard(message, {
      isPending: (data) => isPending(message.message_id, data),
      press: (button) => press(current(message), button),
    });
    stack?.querySelector(".keyboard")?.remove();
    if (keyboard !== null) stack?.append(keyboard);
    element.classList.toggle("has-keyboard", keyboard !== null);
    // Someone who works by keyboard stays on the button that they pressed.
    if (focused === undefined) return;
    const keys = /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll("[data-key]"));
    [...keys].find((key) => key.dataset.key === focused)?.focus({ preventScroll: true });
  }

  const bodyKey = (/** @type {Message} */ { reply_markup, ...body }) => JSON.stringify(body);
  const markupKey = (/** @type {Message} */ message) => JSON.stringify(message.reply_markup ?? null);

  /** Redraws only the half that changed: an unchanged text keeps its selection, an unchanged keyboard its spinner. */
  function patch(/** @type {Entry} */ entry, /** @type {Message} */ message) {
    const [body, markup] = [bodyKey(message), markupKey(message)];
    const isSameBody = body === entry.body;
    const isSameMarkup = markup === entry.markup;
    Object.assign(entry, { message, body, markup });
    if (!isSameBody)
      entry.element.querySelector(".bubble")?.replaceWith(renderBubble(message, isOwn(message), actions));
    if (!isSameMarkup) drawKeyboard(entry.element, message);
  }

  function put(/** @type {Message} */ plain) {
    const message = { ...plain, reaction: reactions.get(plain.message_id) };
    const known = entries.get(message.message_id);
    if (known !== undefined) return patch(known, message);
    entries.set(message.message_id, {
      message,
      element: build(message),
      body: bodyKey(message),
      markup: markupKey(message),
    });
  }

  const arrange = () => arrangeByDay(column, ordered(), { isOwn, emptyCard });

  return {
    scroll,
    /** @param {number} id */
    get: (id) => entries.get(id)?.message,
    lastId: () => ordered().at(-1)?.message.message_id,
    /**
     * Shows exactly these messages; what is already there stays in place.
     * @param {Message[]} messages @param {{message_id: number, emoji: string}[]} reacted @param {boolean} isOtherChat
     */
    reset(messages, reacted, isOtherChat) {
      reactions = new Map(reacted.map(({ message_id: id, emoji }) => [id, emoji]));
      root.setAttribute("aria-busy", "true");
      const wanted = new Set(messages.map((message) => message.message_id));
      const change = () => {
        for (const [id, { element }] of entries) {
          if (!isOtherChat && wanted.has(id)) continue;
          element.remove();
          entries.delete(id);
        }
        if (isOtherChat) column.replaceChildren();
        for (const message of messages) put(message);
        arrange();
      };
      if (isOtherChat) {
        change();
        scroll.toBottom(false);
      } else scroll.keepingPlace(change);
      root.setAttribute("aria-busy", "false");
    },
    /** @param {Message} message */
    add(message) {
      const isNew = !entries.has(message.message_id);
      scroll.keepingPlace(() => {
        put(message);
        if (isNew) entries.get(message.message_id)?.element.classList.add("arriving");
        arrange();
      });
      if (!isNew) return;
      if (isOwn(message)) scroll.toBottom(false);
      else scroll.countUnread();
    },
    /** @param {Message} message */
    edit(message) {
      if (!entries.has(message.message_id)) return;
      scroll.keepingPlace(() => {
        put(message);
        arrange();
      });
    },
    /** @param {number} id @param {string | null} emoji null takes it back */
    react(id, emoji) {
      if (emoji === null) reactions.delete(id);
      else reactions.set(id, emoji);
      const message = entries.get(id)?.message;
      if (message !== undefined) scroll.keepingPlace(() => put(message));
    },
    /** @param {number[]} ids */
    remove(ids) {
      scroll.keepingPlace(() => {
        for (const id of ids) {
          const entry = entries.get(id);
          if (entry === undefined) continue;
          entries.delete(id);
          if (entries.size === 0) entry.element.remove();
          else dropFromPage(entry.element, root);
        }
        if (entries.size === 0 || ids.length > 0) arrangeAfterLeaving();
      });
    },
    /** @param {number} id */
    redrawKeyboard(id) {
      const entry = entries.get(id);
      if (entry !== undefined) drawKeyboard(entry.element, entry.message);
    },
    /** @param {number} id */
    flash(id) {
      const element = entries.get(id)?.element;
      element?.scrollIntoView({ block: "center", behavior: prefersLessMotion() ? "auto" : "smooth" });
      element?.classList.remove("flash");
      requestAnimationFrame(() => element?.classList.add("flash"));
    },
  };

  /** A day whose last message is leaving goes once the animation has ended. */
  function arrangeAfterLeaving() {
    const leaving = [...column.querySelectorAll(".leaving")]
      .flatMap((element) => element.getAnimations())
      .map(({ finished }) => finished);
    if (entries.size === 0 || leaving.length === 0) return arrange();
    void Promise.allSettled(leaving).then(arrange);
  }
}

/** Closes the gap that a deleted message leaves. @param {HTMLElement} element @param {HTMLElement} root */
function dropFromPage(element, root) {
  // Nobody sees what closes above the window, and its closing would move what they do see.
  const isAbove = element.getBoundingClientRect().bottom <= root.getBoundingClientRect().top;
  if (prefersLessMotion() || isAbove) return element.remove();
  element.classList.add("leaving");
  element.inert = true;
  const height = `${element.getBoundingClientRect().height}px`;
  const frames = [
    { height, opacity: 1, transform: "none" },
    { height, opacity: 0, transform: "scale(.94)", offset: 0.5 },
    { height: "0px", marginTop: "0px", opacity: 0, transform: "scale(.94)" },
  ];
  element
    .animate(frames, { duration: 260, easing: "cubic-bezier(.3,0,.2,1)" })
    .finished.finally(() => element.remove());
}
