import { byId, el, icon } from "./dom.js";

/** @typedef {import("./api.js").LabState} LabState */
/** @typedef {import("./api.js").LabBroker} LabBroker */

/**
 * The drawer of simulated brokers: demo credentials to copy, switches and faults to turn on and off.
 * @param {{act: (action: {broker?: string, action: string, value?: unknown}) => Promise<LabState>, copy: (text: string, notice: string) => void, close: () => void, fail: (error: unknown) => void}} actions
 */
export function createLab({ act, copy, close, fail }) {
  const root = byId("lab");
  const openButton = byId("lab-open");
  const clock = el("span", { class: "lab-clock" });
  const brokers = el("div", { class: "lab-brokers" });
  let shape = "";
  /** Toggles by "broker action", so that a new state moves them without rebuilding what has the focus. @type {Map<string, HTMLElement>} */
  const toggles = new Map();

  root.append(
    el(
      "header",
      { class: "lab-head" },
      el("div", {}, el("h2", {}, "Simulated brokers"), el("p", {}, "Clock: ", clock)),
      el(
        "button",
        { type: "button", class: "icon-button", "aria-label": "Close", on: { click: close } },
        icon("close"),
      ),
    ),
    brokers,
  );

  async function flip(/** @type {string} */ broker, /** @type {string} */ action) {
    const toggle = toggles.get(`${broker} ${action}`);
    const wasOn = toggle?.getAttribute("aria-checked") === "true";
    toggle?.setAttribute("aria-checked", String(!wasOn));
    try {
      const next = await act({ broker, action, value: !wasOn });
      if (next?.brokers) set(next);
    } catch (error) {
      toggle?.setAttribute("aria-checked", String(wasOn));
      fail(error);
    }
  }

  function toggle(
    /** @type {string} */ broker,
    /** @type {string} */ action,
    /** @type {string} */ label,
    /** @type {string} */ look,
  ) {
    const button = el(
      "button",
      { type: "button", role: "switch", class: look, on: { click: () => void flip(broker, action) } },
      el("span", {}, label),
      look === "lab-switch" && el("span", { class: "knob", "aria-hidden": "true" }),
    );
    toggles.set(`${broker} ${action}`, button);
    return button;
  }

  function credential(/** @type {{label: string, value: string}} */ { label, value }) {
    return el(
      "button",
      { type: "button", class: "credential", title: "Copy", on: { click: () => copy(value, `${label} copied`) } },
      el("span", {}, label),
      el("code", {}, value),
      icon("copy"),
    );
  }

  function part(/** @type {string} */ title, /** @type {string} */ look, /** @type {Node[]} */ children) {
    return children.length === 0 ? null : el("section", { class: look }, el("h3", {}, title), ...children);
  }

  function card(/** @type {LabBroker} */ broker, /** @type {number} */ index) {
    const summary = el(
      "summary",
      {},
      el(
        "span",
        { class: "lab-initial", "aria-hidden": "true", data: { hue: String(index % 6) } },
        [...broker.title][0] ?? "?",
      ),
      el("span", { class: "lab-title" }, el("strong", {}, broker.title), el("span", { class: "lab-state" })),
      icon("down"),
    );
    return el(
      "details",
      { class: "lab-broker", name: "lab-broker", open: index === 0, data: { broker: broker.name } },
      summary,
      el(
        "div",
        { class: "lab-body" },
        broker.hint && el("p", { class: "lab-hint" }, broker.hint),
        part("Demo account, tap to copy", "credentials", [
          ...broker.credentials.map(credential),
          ...(broker.paste === null ? [] : [credential({ label: "Token to send", value: broker.paste })]),
        ]),
        part(
          "Switches",
          "switches",
          broker.switches.map(({ name, label }) => toggle(broker.name, name, label, "lab-switch")),
        ),
        part(
          "Make it fail",
          "faults",
          broker.faults.map(({ kind, label }) => toggle(broker.name, kind, label, "lab-fault")),
        ),
      ),
    );
  }

  /** What the drawer consists of, without what is switched on. */
  const shapeOf = (/** @type {LabState} */ state) =>
    JSON.stringify(
      state.brokers.map((broker) => ({
        ...broker,
        switches: broker.switches.map(({ on, ...rest }) => rest),
        faults: broker.faults.map(({ on, ...rest }) => rest),
      })),
    );

  function set(/** @type {LabState | null} */ state) {
    openButton.hidden = state === null;
    if (state === null) return close();
    clock.textContent = state.clock;
    const next = shapeOf(state);
    if (next !== shape) {
      shape = next;
      toggles.clear();
      brokers.replaceChildren(...state.brokers.map(card));
    }
    for (const broker of state.brokers) {
      for (const { name, on } of broker.switches)
        toggles.get(`${broker.name} ${name}`)?.setAttribute("aria-checked", String(on));
      for (const { kind, on } of broker.faults)
        toggles.get(`${broker.name} ${kind}`)?.setAttribute("aria-checked", String(on));
      const faults = broker.faults.filter(({ on }) => on).map(({ label }) => label);
      const label = brokers.querySelector(`[data-broker="${CSS.escape(broker.name)}"] .lab-state`);
      label?.replaceChildren(faults.length === 0 ? "works normally" : faults.join(", "));
      label?.classList.toggle("failing", faults.length > 0);
    }
  }

  return { set };
}
