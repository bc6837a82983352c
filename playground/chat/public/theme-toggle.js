import { byId, setIcon } from "./dom.js";

const systemDark = matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;

const isDark = () => (root.dataset.theme ?? (systemDark.matches ? "dark" : "light")) === "dark";

export function drawThemeButton() {
  setIcon(byId("theme-toggle"), isDark() ? "sun" : "moon");
}

/** Choosing the system's own theme removes the stored choice, so that the page follows the system again. */
export function toggleTheme() {
  const next = isDark() ? "light" : "dark";
  const isSystem = (next === "dark") === systemDark.matches;
  if (isSystem) {
    delete root.dataset.theme;
    localStorage.removeItem("playground.theme");
  } else {
    root.dataset.theme = next;
    localStorage.setItem("playground.theme", next);
  }
  drawThemeButton();
}

export function watchSystemTheme() {
  systemDark.addEventListener("change", drawThemeButton);
}
