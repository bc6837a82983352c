import { el, icon } from "./dom.js";

/** @typedef {import("./api.js").Button} Button */
/** @typedef {import("./api.js").Message} Message */

/** @param {Button} button */
const inlineQueryOf = (button) =>
  button.switch_inline_query_current_chat ??
  button.switch_inline_query ??
  button.switch_inline_query_chosen_chat?.query;

/** @param {Button} button */
function kindOf(button) {
  if (button.callback_data !== undefined) return "callback";
  if (button.url !== undefined) return "url";
  if (button.copy_text !== undefined) return "copy";
  if (inlineQueryOf(button) !== undefined) return "inline";
  return "other";
}

/** @type {Record<string, string>} */
const CORNER_ICONS = { url: "external", copy: "copy", inline: "forward" };

/**
 * The buttons under a message; those in `pending` turn until the bot answers.
 * @param {Message} message
 * @param {{isPending: (data: string) => boolean, press: (button: Button) => void}} options
 */
export function inlineKeyboard(message, { isPending, press }) {
  const rows = message.reply_markup?.inline_keyboard ?? [];
  if (rows.length === 0) return null;
  const makeButton = (/** @type {Button} */ button) => {
    const kind = kindOf(button);
    const isBusy = button.callback_data !== undefined && isPending(button.callback_data);
    const corner = CORNER_ICONS[kind];
    const attributes = {
      type: "button",
      class: ["key", button.style && `key-${button.style}`, isBusy && "busy"].filter(Boolean).join(" "),
      disabled: kind === "other",
      "aria-busy": isBusy ? "true" : null,
      title: kind === "other" ? "Not served by the local chat" : kind === "url" ? button.url : null,
      data: { key: button.callback_data ?? button.url ?? button.text },
      on: { click: () => !isBusy && press(button) },
    };
    return el(
      "button",
      attributes,
      el("span", { class: "key-label" }, button.text),
      corner && icon(corner),
      isBusy && el("span", { class: "spinner", "aria-hidden": "true" }),
    );
  };
  return el(
    "div",
    { class: "keyboard", role: "group", "aria-label": "Buttons of the message" },
    ...rows.map((row) => el("div", { class: "key-row" }, ...row.map(makeButton))),
  );
}

/**
 * What a press does, by the button's kind.
 * @param {Message} message @param {Button} button
 * @param {{tap: (message: Message, data: string) => void, openLink: (url: string) => void, copy: (text: string, what: string) => void, startInline: (query: string) => void}} actions
 */
export function pressButton(message, button, actions) {
  switch (kindOf(button)) {
    case "callback":
      return actions.tap(message, button.callback_data ?? "");
    case "url":
      return actions.openLink(button.url ?? "");
    case "copy":
      return actions.copy(button.copy_text?.text ?? "", "Copied");
    case "inline":
      return actions.startInline(inlineQueryOf(button) ?? "");
  }
}
