import { api } from "./api.js";
import { createComposer } from "./composer.js";
import { byId, drawIcons, el } from "./dom.js";
import { acceptDroppedFiles, messageElements, walkByArrowKeys, writeOnTyping } from "./gestures.js";
import { pressButton } from "./keyboards.js";
import { createLab } from "./lab.js";
import { createLog } from "./log.js";
import { alertBox, confirmBox, copyText, openMenu, toast, viewPhoto } from "./overlays.js";
import { createPanels } from "./panels.js";
import { createPeople } from "./people.js";
import { openSession } from "./session.js";
import { createTaps } from "./taps.js";
import { drawThemeButton, toggleTheme, watchSystemTheme } from "./theme-toggle.js";
import { noteServerTime } from "./time.js";

/** @typedef {import("./api.js").Message} Message */

const TYPING_MS = 5000;
const STORED_USER = "playground.user";

/** @type {import("./api.js").State | null} */
let state = null;
let user = 0;
/** @type {ReturnType<typeof openSession> | null} */
let session = null;
let typingTimer = 0;
let missed = 0;

const fail = (/** @type {unknown} */ error) => toast(error instanceof Error ? error.message : String(error), "error");
const run = (/** @type {Promise<unknown>} */ work) => void work.catch(fail);
const isOwn = (/** @type {Message} */ message) => message.from?.id === user;

async function sendText(/** @type {string} */ text, /** @type {number} */ replyTo = Number.NaN) {
  // Shown by its event: at this answer, the bot may have deleted it already.
  await api.send(user, text, Number.isNaN(replyTo) ? undefined : replyTo);
}

/** A link to the bot itself starts it here; everything else opens in a tab. */
function openLink(/** @type {string} */ url) {
  const toBot = /^(?:https?:\/\/t\.me\/|tg:\/\/resolve\?domain=)(\w+)(?:[?&]start=([\w-]*))?$/i.exec(url);
  if (toBot !== null && toBot[1]?.toLowerCase() === state?.bot.username?.toLowerCase())
    return run(composer.submit(`/start ${toBot[2] ?? ""}`.trim()));
  if (/^https?:|^mailto:/i.test(url) && !toBot) return void window.open(url, "_blank", "noopener,noreferrer");
  toast("That link opens in the real Telegram only");
}

const taps = createTaps((messageId) => log.redrawKeyboard(messageId));
const composer = createComposer({
  send: sendText,
  sendDocument,
  ask: (query) => api.inline(user, query, ""),
  choose: async (resultId, queryId) => void (await api.choose(user, resultId, queryId)),
  unblock: () => run(api.block(user, false).then(() => session?.reload())),
  fail,
  focusLog: () => messageElements().at(-1)?.focus(),
});
const textActions = {
  send: (/** @type {string} */ text) => run(composer.submit(text)),
  openLink,
  copy: copyText,
  notice: toast,
};
const log = createLog({
  isOwn,
  actions: { ...textActions, viewPhoto, jumpTo: (id) => log.flash(id) },
  press: (message, button) =>
    pressButton(message, button, { tap, openLink, copy: copyText, startInline: composer.startInline }),
  isPending: taps.isPending,
  openMenu: openMessageMenu,
  reply: composer.setReply,
  emptyCard,
});
const panels = createPanels();
const people = createPeople({ choose: enterChat, add: addPerson });
const lab = createLab({ act: api.lab, copy: copyText, close: panels.close, fail });

function tap(/** @type {Message} */ message, /** @type {string} */ data) {
  run(taps.start(message.message_id, data, () => api.tap(user, message.message_id, data)));
}

async function sendDocument(/** @type {File} */ file) {
  const url = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(file);
  });
  await api.document(user, file.name, file.type || "application/octet-stream", url.slice(url.indexOf(",") + 1));
}

async function addPerson(/** @type {string} */ firstName) {
  try {
    enterChat((await api.addUser(firstName)).id);
  } catch (error) {
    fail(error);
  }
}

function openMessageMenu(
  /** @type {Message} */ message,
  /** @type {HTMLElement} */ element,
  /** @type {{x: number, y: number}} */ at,
) {
  const text = message.text ?? message.caption;
  const items = [{ label: "Reply", icon: "reply", act: () => composer.setReply(message) }];
  if (text) items.push({ label: "Copy text", icon: "copy", act: () => run(copyText(text, "Copied")) });
  openMenu(
    [...items, { label: "Delete", icon: "trash", danger: true, act: () => run(api.remove(user, message.message_id)) }],
    at,
    element,
  );
}

function openChatMenu() {
  const box = byId("more").getBoundingClientRect();
  const isBlocked = state?.blocked === true;
  const items = [
    { label: "Light or dark", icon: "sun", act: toggleTheme },
    { label: "Clear history", icon: "trash", act: () => run(clearHistory()) },
    {
      label: isBlocked ? "Restart bot" : "Stop and block bot",
      icon: "block",
      danger: !isBlocked,
      act: () => run(api.block(user, !isBlocked).then(() => session?.reload())),
    },
  ];
  openMenu(items, { x: box.right, y: box.bottom + 4 }, byId("more"));
}

async function clearHistory() {
  const name = state?.me.first_name ?? "this person";
  if (
    !(await confirmBox(
      "Clear history?",
      `All messages between ${name} and the bot go. What the bot remembers stays.`,
      "Clear",
    ))
  )
    return;
  await api.clear(user);
  await session?.reload();
}

function emptyCard() {
  const description = state?.bot.description || "Press START and it will tell you.";
  const start = el(
    "button",
    { type: "button", class: "start-button", on: { click: () => run(composer.submit("/start")) } },
    "START",
  );
  return el(
    "div",
    { class: "empty-card" },
    el("div", { class: "avatar bot-avatar" }, byId("bot-avatar").textContent),
    el("h2", {}, "What can this bot do?"),
    el("p", {}, description),
    start,
  );
}

/** The tab's title counts the messages that arrive while nobody looks at it. */
function drawTitle() {
  const count = missed > 0 ? `(${missed}) ` : "";
  document.title = `${count}${state?.bot.first_name ?? "Bot"} · local chat`;
}

function setStatus(/** @type {"connecting" | "typing" | "bot"} */ status) {
  const line = byId("bot-status");
  if (line.dataset.status === status) return;
  line.dataset.status = status;
  const dots = el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));
  line.replaceChildren(status === "bot" ? "bot" : status, ...(status === "bot" ? [] : [dots]));
}

function showTyping() {
  setStatus("typing");
  clearTimeout(typingTimer);
  typingTimer = window.setTimeout(() => setStatus("bot"), TYPING_MS);
}

function stopTyping() {
  clearTimeout(typingTimer);
  setStatus("bot");
}

function onMessage(/** @type {Message} */ message) {
  noteServerTime(message.date);
  log.add(message);
  if (isOwn(message)) return;
  stopTyping();
  if (document.hidden) missed += 1;
  drawTitle();
}

function onAnswer(
  /** @type {{callback_query_id: string, text?: string, show_alert?: boolean, url?: string}} */ answer,
) {
  taps.answered(answer.callback_query_id);
  if (answer.url) openLink(answer.url);
  if (!answer.text) return;
  if (answer.show_alert) alertBox(state?.bot.first_name ?? "Bot", answer.text);
  else toast(answer.text);
}

function handle(/** @type {any} */ event) {
  switch (event.type) {
    case "message":
      return onMessage(event.message);
    case "edit":
      return log.edit(event.message);
    case "delete":
      return log.remove(event.message_ids);
    case "answer":
      return onAnswer(event);
    case "action":
      return showTyping();
    case "commands":
      return composer.setCommands(event.commands);
    case "keyboard":
      return composer.setKeyboard(event.replyKeyboard);
    case "unread":
      return event.user === user || people.setUnread(event.user, event.unread);
    case "lab":
      return lab.set(event.lab);
    case "reaction":
      return log.react(event.message_id, event.emoji);
  }
}

function draw(/** @type {import("./api.js").State} */ next, /** @type {boolean} */ isOtherChat) {
  state = next;
  drawTitle();
  byId("bot-name").textContent = next.bot.first_name;
  byId("bot-avatar").textContent = [...next.bot.first_name][0] ?? "";
  people.set(next.users, next.me.id);
  composer.enterChat(next.me.id, next.bot.username);
  composer.setCommands(next.commands, next.menuButton);
  composer.setKeyboard(next.replyKeyboard);
  composer.setBlocked(next.blocked);
  lab.set(next.lab);
  log.reset(next.messages, next.reactions ?? [], isOtherChat);
  setStatus("bot");
}

function enterChat(/** @type {number} */ id) {
  panels.closeSheet();
  if (id === user) return;
  user = id;
  localStorage.setItem(STORED_USER, String(id));
  history.replaceState(null, "", `?user=${id}`);
  session?.close();
  taps.clear();
  session = openSession(id, { draw, handle, fail, onBreak: () => setStatus("connecting") });
}

async function boot() {
  drawIcons();
  drawThemeButton();
  watchSystemTheme();
  acceptDroppedFiles((files) => run(composer.sendFiles(files)));
  writeOnTyping(composer.focus);
  walkByArrowKeys({
    leave: composer.focus,
    openMenu(element, at) {
      const message = log.get(Number(element.dataset.id));
      if (message !== undefined) openMessageMenu(message, element, at);
    },
  });
  byId("theme-toggle").addEventListener("click", toggleTheme);
  byId("more").addEventListener("click", openChatMenu);
  document.addEventListener("visibilitychange", () => {
    missed = 0;
    drawTitle();
  });
  const wanted = Number(new URLSearchParams(location.search).get("user") ?? localStorage.getItem(STORED_USER));
  // A remembered person may be gone by now; the server's first one is always there.
  const { me } = await api.state(wanted || null).catch(() => api.state(null));
  enterChat(me.id);
}

run(boot());
