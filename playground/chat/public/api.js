/**
 * The page's side of the local server's JSON API. Shapes are the Bot API's own.
 *
 * @typedef {{id: number, first_name: string, last_name?: string, username?: string, unread?: number, is_bot?: boolean}} Person
 * @typedef {{type: string, offset: number, length: number, url?: string, user?: Person, language?: string, unix_time?: number, date_time_format?: string}} Entity
 * @typedef {{text: string, style?: string, callback_data?: string, url?: string, copy_text?: {text: string}, switch_inline_query?: string, switch_inline_query_current_chat?: string, switch_inline_query_chosen_chat?: {query?: string}}} Button
 * @typedef {{file_id: string, file_size?: number, width: number, height: number}} PhotoSize
 * @typedef {object} Message
 * @property {number} message_id
 * @property {number} date
 * @property {Person} [from]
 * @property {number} [edit_date]
 * @property {string} [text]
 * @property {Entity[]} [entities]
 * @property {string} [caption]
 * @property {Entity[]} [caption_entities]
 * @property {boolean} [show_caption_above_media]
 * @property {PhotoSize[]} [photo]
 * @property {boolean} [has_media_spoiler]
 * @property {{file_id: string, file_name?: string, mime_type?: string, file_size?: number}} [document]
 * @property {{inline_keyboard: Button[][]}} [reply_markup]
 * @property {Message} [reply_to_message]
 * @property {Message} [pinned_message]
 * @property {Person} [via_bot]
 * @property {{sender_user?: Person, sender_user_name?: string}} [forward_origin]
 * @property {string} [reaction] the bot's emoji, which travels beside the message
 * @typedef {{command: string, description: string}} Command
 * @typedef {{keyboard: (string | Button)[][], is_persistent?: boolean, one_time_keyboard?: boolean, resize_keyboard?: boolean, input_field_placeholder?: string}} ReplyKeyboard
 * @typedef {{name: string, title: string, hint: string, credentials: {field: string, label: string, value: string}[], paste: string | null, switches: {name: string, label: string, on: boolean}[], faults: {kind: string, label: string, on: boolean}[]}} LabBroker
 * @typedef {{clock: string, brokers: LabBroker[]}} LabState
 * @typedef {object} State
 * @property {Person & {description?: string}} bot
 * @property {Person[]} users
 * @property {Person} me
 * @property {Command[]} commands
 * @property {{type: string, text?: string} | null} menuButton
 * @property {Message[]} messages
 * @property {{message_id: number, emoji: string}[]} [reactions]
 * @property {ReplyKeyboard | null} replyKeyboard
 * @property {boolean} blocked
 * @property {LabState | null} lab
 */

/** @param {string} path @param {RequestInit} [request] */
async function call(path, request) {
  const response = await fetch(path, request).catch(() => {
    throw new Error("The local server does not answer. Is it still running?");
  });
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  throw new Error(body.error ?? `The local server answered ${response.status}`);
}

/** @param {string} path @param {object} body */
function post(path, body) {
  // The header is what another site's page cannot add, so only this page can drive the chat.
  const headers = { "content-type": "application/json", "x-playground": "1" };
  return call(`/api/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
}

export const api = {
  /** @param {number | null} user @returns {Promise<State>} */
  state: (user) => call(user === null ? "/api/state" : `/api/state?user=${user}`),
  /** @param {number} user @param {string} text @param {number} [replyTo] @returns {Promise<Message>} */
  send: (user, text, replyTo) =>
    post("send", { user, text, ...(replyTo === undefined ? {} : { reply_to_message_id: replyTo }) }),
  /** @param {number} user @param {number} message_id @param {string} data @returns {Promise<{callback_query_id: string}>} */
  tap: (user, message_id, data) => post("tap", { user, message_id, data }),
  /** @param {number} user @param {number} message_id */
  remove: (user, message_id) => post("delete", { user, message_id }),
  /** @param {string} first_name @returns {Promise<Person>} */
  addUser: (first_name) => post("users", { first_name }),
  /** @param {number} user @param {boolean} blocked */
  block: (user, blocked) => post("block", { user, blocked }),
  /** @param {number} user */
  clear: (user) => post("clear", { user }),
  /** @param {number} user @param {string} name @param {string} mime @param {string} base64 */
  document: (user, name, mime, base64) => post("document", { user, name, mime, base64 }),
  /** @param {number} user @param {string} query @param {string} offset */
  inline: (user, query, offset) => post("inline", { user, query, offset }),
  /** @param {number} user @param {string} result_id @param {string} inline_query_id */
  choose: (user, result_id, inline_query_id) => post("inline/choose", { user, result_id, inline_query_id }),
  /** @param {{broker?: string, action: string, value?: unknown}} action @returns {Promise<LabState>} */
  lab: (action) => post("lab", action),
};

const RETRY_MS = 2000;

/** @param {string} fileId */
export const fileUrl = (fileId) => `/api/file/${encodeURIComponent(fileId)}`;

/**
 * The server's events for one person. `onOpen` runs on every connection, the first and each one after a break.
 * @param {number} user
 * @param {{onOpen: () => void, onEvent: (event: any) => void, onBreak: () => void}} handlers
 */
export function openEvents(user, { onOpen, onEvent, onBreak }) {
  /** @type {EventSource} */
  let source;
  let timer = 0;
  function connect() {
    source = new EventSource(`/api/events?user=${user}`);
    source.addEventListener("open", onOpen);
    source.addEventListener("message", ({ data }) => onEvent(JSON.parse(data)));
    source.addEventListener("error", () => {
      onBreak();
      // The browser itself tries again after a broken connection, but not after an answer that is no stream.
      if (source.readyState === EventSource.CLOSED) timer = window.setTimeout(connect, RETRY_MS);
    });
  }
  connect();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}
