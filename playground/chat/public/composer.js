import { createBotKeyboard } from "./bot-keyboard.js";
import { byId, el, hasKeyboardAndMouse, icon } from "./dom.js";
import { createInline, inlineQueryIn } from "./inline.js";
import { createReplyBar } from "./reply-bar.js";
import { createSuggest } from "./suggest.js";

/**
 * The message field with everything around it: commands, inline results, the reply bar, documents, the bot's keyboard.
 * @param {{
 *   send: (text: string, replyTo?: number) => Promise<void>,
 *   sendDocument: (file: File) => Promise<void>,
 *   ask: (query: string) => Promise<any>,
 *   choose: (resultId: string, queryId: string) => Promise<void>,
 *   unblock: () => void,
 *   fail: (error: unknown) => void,
 *   focusLog: () => void,
 * }} actions
 */
export function createComposer({ send, sendDocument, ask, choose, unblock, fail, focusLog }) {
  const input = byId("input");
  const sendButton = byId("send");
  const menuButton = byId("menu-button");
  const reply = createReplyBar(() => input.focus());
  const keyboard = createBotKeyboard((text) => void submit(text));
  const suggest = createSuggest();
  const inline = createInline({
    suggest,
    ask,
    choose: chooseResult,
    start: (parameter) => submit(`/start ${parameter}`.trim()),
    fail,
  });
  /** Drafts stay in memory: what is typed may be a secret. @type {Map<number, string>} */
  const drafts = new Map();
  let user = 0;
  let username = "";
  /** @type {import("./api.js").Command[]} */
  let commands = [];
  let isMenuOpen = false;

  function resize() {
    // One read after one write; the style sheet's max-height stops the growth at six lines.
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight}px`;
    const isEmpty = input.value.trim() === "";
    sendButton.disabled = isEmpty;
    byId("composer-row").classList.toggle("has-text", input.value !== "");
  }

  function setText(/** @type {string} */ text) {
    input.value = text;
    resize();
    suggestFor(text);
  }

  async function submit(/** @type {string} */ text) {
    const target = reply.target()?.message_id;
    reply.set(null);
    closeMenu();
    try {
      await send(text, target);
    } catch (error) {
      fail(error);
      return false;
    }
    return true;
  }

  async function submitInput() {
    const text = input.value.trim();
    if (text === "") return;
    setText("");
    const isSent = await submit(text);
    if (!isSent && input.value === "") setText(text);
  }

  async function chooseResult(/** @type {string} */ resultId, /** @type {string} */ queryId) {
    setText("");
    await choose(resultId, queryId);
  }

  function commandItems(/** @type {string} */ prefix) {
    return commands
      .filter(({ command }) => command.startsWith(prefix))
      .map(({ command, description }) => ({
        title: `/${command}`,
        detail: description,
        pick: (/** @type {string} */ how) => {
          if (how === "tab") return setText(`/${command} `);
          setText("");
          void submit(`/${command}`);
        },
      }));
  }

  function suggestFor(/** @type {string} */ text) {
    const query = inlineQueryIn(text, username);
    if (query !== null) return inline.query(query);
    inline.cancel();
    const command = /^\/(\w*)$/.exec(text)?.[1];
    if (command !== undefined) return suggest.show("Commands", commandItems(command.toLowerCase()));
    if (!isMenuOpen) suggest.hide();
  }

  function setMenu(/** @type {boolean} */ isOpen) {
    isMenuOpen = isOpen;
    menuButton.setAttribute("aria-expanded", String(isOpen));
    menuButton.querySelector("svg")?.replaceWith(icon(isOpen ? "close" : "menu"));
    if (isOpen) suggest.show("Commands", commandItems(""));
    else suggest.hide();
  }

  function closeMenu() {
    if (isMenuOpen) setMenu(false);
    suggest.hide();
  }

  async function sendFiles(/** @type {Iterable<File>} */ files) {
    for (const file of files) await sendDocument(file).catch(fail);
  }

  function onKey(/** @type {KeyboardEvent} */ event) {
    // Enter also ends the composition of an accented or Indic letter.
    if (event.isComposing) return;
    if (suggest.handleKey(event)) {
      if (!suggest.isOpen && isMenuOpen) setMenu(false);
      return;
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      void submitInput();
    } else if (event.key === "Escape" && reply.target() !== null) reply.set(null);
    else if (event.key === "ArrowUp" && input.value === "") focusLog();
  }

  menuButton.append(icon("menu"), el("span", {}, "Menu"));
  menuButton.addEventListener("click", () => {
    setMenu(!isMenuOpen);
    if (isMenuOpen && hasKeyboardAndMouse()) input.focus();
  });
  input.addEventListener("input", () => {
    if (isMenuOpen) setMenu(false);
    resize();
    suggestFor(input.value);
  });
  input.addEventListener("keydown", onKey);
  input.addEventListener("paste", (/** @type {ClipboardEvent} */ event) => {
    const files = event.clipboardData?.files ?? [];
    if (files.length === 0) return;
    event.preventDefault();
    void sendFiles(files);
  });
  sendButton.addEventListener("pointerdown", (/** @type {Event} */ event) => event.preventDefault());
  sendButton.addEventListener("click", () => void submitInput());
  byId("attach").addEventListener("click", () => byId("file").click());
  byId("file").addEventListener("change", async (/** @type {any} */ { target }) => {
    await sendFiles([...target.files]);
    target.value = "";
  });
  byId("unblock").addEventListener("click", unblock);
  document.addEventListener("pointerdown", (event) => {
    if (!byId("composer").contains(/** @type {Node} */ (event.target))) closeMenu();
  });

  return {
    setReply: reply.set,
    setKeyboard: keyboard.set,
    sendFiles,
    submit,
    focus: () => input.focus(),
    /** @param {import("./api.js").Command[]} next @param {{type: string, text?: string} | null} [menu] */
    setCommands(next, menu) {
      commands = next;
      // Telegram offers the menu as soon as a bot has commands, whatever else the button may be set to here.
      menuButton.hidden = next.length === 0;
      if (menu?.text) menuButton.querySelector("span")?.replaceChildren(menu.text);
    },
    /** @param {string} query */
    startInline(query) {
      setText(`@${username} ${query}`);
      input.focus();
    },
    /** @param {boolean} isBlocked */
    setBlocked(isBlocked) {
      byId("composer-row").hidden = isBlocked;
      byId("unblock").hidden = !isBlocked;
      if (isBlocked) reply.set(null);
    },
    /** @param {number} next @param {string} [botUsername] */
    enterChat(next, botUsername) {
      username = botUsername ?? "";
      if (next === user) return;
      drafts.set(user, input.value);
      user = next;
      closeMenu();
      reply.set(null);
      setText(drafts.get(next) ?? "");
      if (hasKeyboardAndMouse()) input.focus();
    },
  };
}
