import { byId, el } from "./dom.js";

/** @typedef {{title: string, detail?: string, lead?: Node | null, wide?: boolean, pick: (how: "enter" | "tab" | "click") => void}} Item */

/** The list above the composer: the bot's commands or the results of an inline query. Arrow keys move, the input keeps the focus. */
export function createSuggest() {
  const list = byId("suggest");
  const input = byId("input");
  /** @type {Item[]} */
  let items = [];
  let active = 0;

  function setActive(/** @type {number} */ index) {
    active = index;
    const options = [...list.querySelectorAll("[role=option]")];
    for (const [at, option] of options.entries()) option.setAttribute("aria-selected", String(at === active));
    options[active]?.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[active]?.id ?? "");
  }

  function row(/** @type {Item} */ item, /** @type {number} */ index) {
    const option = el(
      "div",
      { class: `suggest-item ${item.wide ? "wide" : ""}`, role: "option", id: `suggest-${index}` },
      item.lead,
      el("span", { class: "suggest-text" }, el("strong", {}, item.title), item.detail && el("span", {}, item.detail)),
    );
    // Without this, pointerdown would take the focus from the input and close a phone's keyboard.
    option.addEventListener("pointerdown", (/** @type {Event} */ event) => event.preventDefault());
    option.addEventListener("pointermove", () => active !== index && setActive(index));
    option.addEventListener("click", () => item.pick("click"));
    return option;
  }

  function hide() {
    if (list.hidden) return;
    list.hidden = true;
    items = [];
    list.replaceChildren();
    input.removeAttribute("aria-activedescendant");
  }

  return {
    get isOpen() {
      return !list.hidden;
    },
    hide,
    /** @param {string} label @param {Item[]} shown @param {{top?: Node | null, note?: string}} [extras] */
    show(label, shown, { top, note } = {}) {
      if (shown.length === 0 && !top && !note) return hide();
      items = shown;
      const box = el("div", { role: "listbox", "aria-label": label }, ...shown.map(row));
      list.replaceChildren(
        ...[top, box, note && el("p", { class: "suggest-note" }, note)].filter(
          (node) => node !== undefined && node !== null && node !== "",
        ),
      );
      list.hidden = false;
      list.scrollTop = 0;
      setActive(0);
    },
    /** Returns whether the list handled the key. @param {KeyboardEvent} event */
    handleKey(event) {
      if (list.hidden) return false;
      const size = items.length;
      if (event.key === "Escape") hide();
      else if (size === 0) return false;
      else if (event.key === "ArrowDown") setActive((active + 1) % size);
      else if (event.key === "ArrowUp") setActive((active - 1 + size) % size);
      else if (event.key === "Enter" && !event.shiftKey) items[active]?.pick("enter");
      else if (event.key === "Tab" && !event.shiftKey) items[active]?.pick("tab");
      else return false;
      event.preventDefault();
      return true;
    },
  };
}
