import { byId, el, fullName, icon } from "./dom.js";
import { summaryOf } from "./render.js";

/** @typedef {import("./api.js").Message} Message */

/** The line above the field that says which message the next one answers. @param {() => void} focusField */
export function createReplyBar(focusField) {
  const bar = byId("reply-bar");
  /** @type {Message | null} */
  let target = null;

  function set(/** @type {Message | null} */ message) {
    target = message;
    bar.hidden = message === null;
    if (message === null) return;
    const on = { click: () => set(null) };
    const cancel = el(
      "button",
      { type: "button", class: "icon-button", "aria-label": "Do not reply", on },
      icon("close"),
    );
    const name = el("strong", {}, `Reply to ${message.from ? fullName(message.from) : "the message"}`);
    bar.replaceChildren(
      icon("reply"),
      el("div", { class: "reply-text" }, name, el("span", {}, summaryOf(message))),
      cancel,
    );
    focusField();
  }

  return { set, target: () => target };
}
