import { byId, el } from "./dom.js";

/** The keyboard that a bot puts below the field; its keys send their text. @param {(text: string) => void} send */
export function createBotKeyboard(send) {
  const box = byId("reply-keyboard");
  const toggle = byId("keyboard-toggle");
  const input = byId("input");
  /** @type {import("./api.js").ReplyKeyboard | null} */
  let markup = null;

  function show(/** @type {boolean} */ isShown) {
    box.hidden = markup === null || !isShown;
    toggle.hidden = markup === null;
    toggle.setAttribute("aria-expanded", String(!box.hidden));
  }

  function press(/** @type {string} */ text) {
    if (markup?.one_time_keyboard) show(false);
    send(text);
  }

  function key(/** @type {string | import("./api.js").Button} */ button) {
    const { text, style } = typeof button === "string" ? { text: button, style: undefined } : button;
    const look = style ? `key key-${style}` : "key";
    const attributes = { type: "button", class: look, on: { click: () => press(text) } };
    return el("button", attributes, el("span", { class: "key-label" }, text));
  }

  toggle.addEventListener("click", () => show(box.hidden));

  return {
    /** @param {import("./api.js").ReplyKeyboard | null} next */
    set(next) {
      markup = next;
      input.placeholder = next?.input_field_placeholder || "Message";
      box.replaceChildren(...(next?.keyboard ?? []).map((row) => el("div", { class: "key-row" }, ...row.map(key))));
      show(next !== null);
    },
  };
}
