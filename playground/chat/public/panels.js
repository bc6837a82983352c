import { byId } from "./dom.js";

const PEOPLE_COLUMN = matchMedia("(min-width: 860px)");

/** The people column and the brokers' drawer: columns where there is room, sheets over the chat where there is none. */
export function createPanels() {
  const app = byId("app");
  const scrim = byId("scrim");
  const people = byId("people");
  const lab = byId("lab");
  /** @type {"people" | "lab" | null} */
  let open = null;
  /** @type {HTMLElement | null} */
  let opener = null;

  function show(/** @type {"people" | "lab" | null} */ panel) {
    open = panel;
    app.dataset.panel = panel ?? "";
    lab.hidden = panel !== "lab";
    scrim.hidden = panel === null;
    // Out of sight must also be out of the tab order.
    people.inert = !PEOPLE_COLUMN.matches && panel !== "people";
    byId("people-open").setAttribute("aria-expanded", String(panel === "people"));
    byId("lab-open").setAttribute("aria-expanded", String(panel === "lab"));
  }

  function toggle(/** @type {"people" | "lab"} */ panel) {
    if (open === panel) return close();
    opener = /** @type {HTMLElement | null} */ (document.activeElement);
    show(panel);
    (panel === "lab" ? lab : people).querySelector("button")?.focus({ preventScroll: true });
  }

  function close() {
    if (open === null) return;
    show(null);
    opener?.focus({ preventScroll: true });
  }

  byId("people-open").addEventListener("click", () => toggle("people"));
  byId("people-close").addEventListener("click", close);
  byId("lab-open").addEventListener("click", () => toggle("lab"));
  scrim.addEventListener("click", close);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]")) close();
  });
  PEOPLE_COLUMN.addEventListener("change", () => show(open === "people" ? null : open));
  show(null);
  return { close, closeSheet: () => open === "people" && close() };
}
