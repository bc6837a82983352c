import { byId, el, icon } from "./dom.js";

const TOAST_MS = 2600;
const TOAST_MS_PER_LETTER = 35;

/** A short note that leaves by itself. @param {string} text @param {"plain" | "error"} [tone] */
export function toast(text, tone = "plain") {
  const note = el("div", { class: `toast toast-${tone}` }, text);
  const holder = byId("toasts");
  holder.append(note);
  while (holder.childElementCount > 3) holder.firstElementChild?.remove();
  setTimeout(
    () => {
      note.classList.add("leaving");
      setTimeout(() => note.remove(), 200);
    },
    TOAST_MS + text.length * TOAST_MS_PER_LETTER,
  );
}

/** A text that has to be acknowledged. @param {string} title @param {string} text */
export function alertBox(title, text) {
  const dialog = byId("alert");
  const form = el(
    "form",
    { method: "dialog" },
    el("h2", {}, title),
    el("p", { id: "alert-text" }, text),
    el("div", { class: "dialog-buttons" }, el("button", { class: "text-button", autofocus: true }, "OK")),
  );
  dialog.replaceChildren(form);
  if (!dialog.open) dialog.showModal();
}

/** @param {string} title @param {string} text @param {string} verb @returns {Promise<boolean>} */
export function confirmBox(title, text, verb) {
  const dialog = byId("alert");
  const buttons = el(
    "div",
    { class: "dialog-buttons" },
    el("button", { class: "text-button", value: "no", autofocus: true }, "Cancel"),
    el("button", { class: "text-button danger", value: "yes" }, verb),
  );
  dialog.replaceChildren(
    el("form", { method: "dialog" }, el("h2", {}, title), el("p", { id: "alert-text" }, text), buttons),
  );
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }),
  );
}

/** A photo over the whole window; a click switches between fitting and full size. @param {string} url @param {string} caption */
export function viewPhoto(url, caption) {
  const dialog = byId("viewer");
  const image = el("img", { src: url, alt: caption.slice(0, 120) || "Photo" });
  image.addEventListener("click", () => dialog.classList.toggle("zoomed"));
  const close = el(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": "Close",
      autofocus: true,
      on: { click: () => dialog.close() },
    },
    icon("close"),
  );
  const save = el(
    "a",
    { class: "icon-button", href: url, download: "photo.png", "aria-label": "Download" },
    icon("download"),
  );
  dialog.classList.remove("zoomed");
  const stage = el("div", { class: "viewer-stage" }, image);
  stage.addEventListener("click", (/** @type {Event} */ event) => event.target === stage && dialog.close());
  dialog.replaceChildren(
    stage,
    el("div", { class: "viewer-tools" }, save, close),
    caption && el("p", { class: "viewer-caption" }, caption),
  );
  dialog.showModal();
}

/** @typedef {{label: string, icon: string, danger?: boolean, act: () => void}} MenuItem */

let closeOpenMenu = () => {};

/** A menu at a point, kept inside the window. Arrow keys move, Escape closes. @param {MenuItem[]} items @param {{x: number, y: number}} at @param {HTMLElement} [opener] */
export function openMenu(items, at, opener) {
  closeOpenMenu();
  const menu = el("div", { class: "menu", role: "menu" });
  const close = () => {
    menu.remove();
    document.removeEventListener("pointerdown", closeOutside, true);
    window.removeEventListener("resize", close);
    opener?.setAttribute("aria-expanded", "false");
    closeOpenMenu = () => {};
  };
  const closeOutside = (/** @type {Event} */ event) => {
    if (!menu.contains(event.target)) close();
  };
  for (const item of items) {
    const act = () => {
      close();
      opener?.focus({ preventScroll: true });
      item.act();
    };
    menu.append(
      el(
        "button",
        { type: "button", role: "menuitem", class: item.danger ? "danger" : null, on: { click: act } },
        icon(item.icon),
        el("span", {}, item.label),
      ),
    );
  }
  menu.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const buttons = [...menu.children];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") {
      close();
      opener?.focus({ preventScroll: true });
    } else if (step !== undefined)
      buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  document.body.append(menu);
  const box = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(at.x, innerWidth - box.width - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(at.y, innerHeight - box.height - 8))}px`;
  opener?.setAttribute("aria-expanded", "true");
  document.addEventListener("pointerdown", closeOutside, true);
  window.addEventListener("resize", close);
  menu.firstElementChild?.focus({ preventScroll: true });
  closeOpenMenu = close;
}

/** @param {string} text @param {string} notice */
export async function copyText(text, notice) {
  try {
    await navigator.clipboard.writeText(text);
    toast(notice);
  } catch {
    // The browser refuses the clipboard to pages without a secure origin or focus.
    alertBox("Copy this", text);
  }
}
