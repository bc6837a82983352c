import { byId, hasKeyboardAndMouse } from "./dom.js";

/** @returns {HTMLElement[]} */
export const messageElements = () => [...byId("log-column").querySelectorAll(".message:not(.leaving)")];

/** Typing anywhere writes into the message field, as in every messenger on a desk. @param {() => void} focusField */
export function writeOnTyping(focusField) {
  document.addEventListener("keydown", (event) => {
    const isLetter = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
    const isElsewhere = !(/** @type {Element} */ (event.target).closest("input, textarea, dialog, .menu, .lab"));
    if (isLetter && isElsewhere && hasKeyboardAndMouse()) focusField();
  });
}

/**
 * Arrow keys walk from message to message, Enter opens a message's menu, Escape goes back to the field.
 * @param {{leave: () => void, openMenu: (element: HTMLElement, at: {x: number, y: number}) => void}} actions
 */
export function walkByArrowKeys({ leave, openMenu }) {
  byId("log").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const element = /** @type {HTMLElement} */ (event.target);
    if (!element.matches(".message")) return;
    const all = messageElements();
    const at = all.indexOf(element);
    if (event.key === "Escape" || (event.key === "ArrowDown" && at === all.length - 1)) leave();
    else if (event.key === "ArrowUp") all[at - 1]?.focus();
    else if (event.key === "ArrowDown") all[at + 1]?.focus();
    else if (event.key === "Enter") {
      const box = element.querySelector(".bubble")?.getBoundingClientRect();
      if (box) openMenu(element, { x: box.left + 12, y: box.bottom - 8 });
    } else return;
    event.preventDefault();
  });
}

/** @param {(files: FileList) => void} take */
export function acceptDroppedFiles(take) {
  const area = byId("log-area");
  const hint = byId("drop-hint");
  area.addEventListener("dragover", (/** @type {DragEvent} */ event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    hint.hidden = false;
  });
  area.addEventListener("dragleave", (/** @type {DragEvent} */ event) => {
    if (!area.contains(event.relatedTarget)) hint.hidden = true;
  });
  area.addEventListener("drop", (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    hint.hidden = true;
    if (event.dataTransfer) take(event.dataTransfer.files);
  });
}
