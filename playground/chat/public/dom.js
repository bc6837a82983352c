import { ICONS } from "./icons.js";

/**
 * Makes an element. Text always goes in as text nodes: nothing that a bot or a person wrote is ever parsed as HTML.
 * `on` holds listeners, `data` dataset entries; `true` makes a bare attribute and null or false leaves it out.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {any}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  const { on, data, ...plain } = attributes;
  for (const [name, value] of Object.entries(plain)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const [name, listener] of Object.entries(on ?? {})) element.addEventListener(name, listener);
  Object.assign(element.dataset, data ?? {});
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** @param {string} id @returns {any} */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The page has no #${id}`);
  return element;
}

/** @param {string} name */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name] ?? "");
  svg.append(path);
  return svg;
}

/** Buttons written in the HTML name their icon in data-icon. */
export function drawIcons() {
  for (const holder of document.querySelectorAll("[data-icon]")) {
    holder.prepend(icon(/** @type {HTMLElement} */ (holder).dataset.icon ?? ""));
  }
}

/** @param {Element} holder @param {string} name */
export function setIcon(holder, name) {
  holder.querySelector("svg")?.replaceWith(icon(name));
}

const AVATAR_HUES = 6;

/** A round picture with a person's initials, coloured by who it is. @param {{id: number, first_name: string, last_name?: string}} person */
export function avatar(person) {
  const initials = [person.first_name, person.last_name ?? ""].map((name) => [...name.trim()][0] ?? "").join("");
  return el(
    "span",
    { class: "avatar", "aria-hidden": "true", data: { hue: String(person.id % AVATAR_HUES) } },
    initials.toUpperCase() || "?",
  );
}

/** @param {{first_name: string, last_name?: string}} person */
export function fullName(person) {
  return [person.first_name, person.last_name].filter(Boolean).join(" ");
}

/** Enter and Space act on elements that are buttons by role only. @param {() => void} action */
export function pressable(action) {
  return {
    click: (/** @type {Event} */ event) => {
      event.stopPropagation();
      action();
    },
    keydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      action();
    },
  };
}

export const prefersLessMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** True where a pointer can hover: a desk, not a phone. */
export const hasKeyboardAndMouse = () => matchMedia("(hover: hover) and (pointer: fine)").matches;
