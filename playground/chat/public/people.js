import { avatar, byId, el, fullName } from "./dom.js";

/** @typedef {import("./api.js").Person} Person */

/**
 * Who can talk to the bot here, and who the person at this page currently is.
 * @param {{choose: (id: number) => void, add: (firstName: string) => Promise<void>}} actions
 */
export function createPeople({ choose, add }) {
  const list = byId("people-list");
  const name = byId("people-name");
  const openButton = byId("people-open");
  /** @type {Person[]} */
  let people = [];
  let me = 0;

  function row(/** @type {Person} */ person) {
    const isMe = person.id === me;
    const unread = isMe ? 0 : (person.unread ?? 0);
    const about = el(
      "span",
      { class: "person-about" },
      el("strong", {}, fullName(person)),
      el("span", {}, person.username ? `@${person.username}` : `id ${person.id}`),
    );
    const badge = unread > 0 && el("span", { class: "unread", "aria-label": `${unread} unread` }, String(unread));
    const mark = isMe && el("span", { class: "person-you" }, "you");
    return el(
      "li",
      {},
      el(
        "button",
        {
          type: "button",
          class: "person",
          "aria-current": isMe ? "true" : null,
          on: { click: () => choose(person.id) },
        },
        avatar(person),
        about,
        badge || mark,
      ),
    );
  }

  function draw() {
    const focusedAt = [...list.children].findIndex((item) => item.contains(document.activeElement));
    list.replaceChildren(...people.map(row));
    list.children[focusedAt]?.querySelector("button")?.focus();
    const current = people.find(({ id }) => id === me);
    if (current === undefined) return;
    const others = people.reduce((sum, person) => sum + (person.id === me ? 0 : (person.unread ?? 0)), 0);
    openButton.replaceChildren(
      ...[avatar(current), others > 0 && el("span", { class: "unread" }, String(others))].filter(
        (node) => node !== false,
      ),
    );
    openButton.setAttribute(
      "aria-label",
      `You are ${fullName(current)}. Switch person${others > 0 ? `, ${others} unread` : ""}`,
    );
  }

  byId("people-add").addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    const firstName = name.value.trim();
    if (firstName === "") return;
    name.value = "";
    await add(firstName);
  });

  return {
    /** @param {Person[]} next @param {number} current */
    set(next, current) {
      people = next;
      me = current;
      draw();
    },
    /** @param {number} id @param {number} unread */
    setUnread(id, unread) {
      people = people.map((person) => (person.id === id ? { ...person, unread } : person));
      draw();
    },
  };
}
