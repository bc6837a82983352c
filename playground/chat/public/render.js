import { fileUrl } from "./api.js";
import { el, fullName, icon, pressable } from "./dom.js";
import { renderText } from "./entities.js";
import { clockTime, fileSize, fullTime } from "./time.js";

/** @typedef {import("./api.js").Message} Message */
/** @typedef {import("./entities.js").TextActions & {viewPhoto: (url: string, caption: string) => void, jumpTo: (messageId: number) => void}} MessageActions */

const PHOTO_MAX_WIDTH = 440;
const PHOTO_MAX_HEIGHT = 460;

/** One line that stands for a message in a quote. @param {Message} message */
export function summaryOf(message) {
  if (message.text) return message.text.replaceAll(/\s+/g, " ");
  if (message.caption) return message.caption.replaceAll(/\s+/g, " ");
  if (message.photo) return "Photo";
  return message.document?.file_name ?? "Message";
}

/** A line in the middle of the chat instead of a bubble, or null for ordinary messages. @param {Message} message */
export function serviceText(message) {
  if (message.pinned_message === undefined) return null;
  return `${message.from ? fullName(message.from) : "The bot"} pinned “${summaryOf(message.pinned_message).slice(0, 40)}”`;
}

/** @param {Message} message @param {boolean} isOwn @param {MessageActions} actions */
export function renderBubble(message, isOwn, actions) {
  const text = message.text ?? message.caption ?? "";
  const media = message.photo ? photo(message, actions) : message.document ? documentCard(message.document) : null;
  const body = text === "" ? null : textBlock(text, message.entities ?? message.caption_entities ?? [], actions);
  const meta = metaLine(message, isOwn);
  body?.append(meta);
  const classes = ["bubble"];
  if (message.photo) classes.push("has-photo");
  if (message.photo && body === null) classes.push("photo-only");
  if (isOnlyEmoji(message)) classes.push("emoji-only");
  const parts = message.show_caption_above_media ? [body, media] : [media, body];
  return el(
    "div",
    { class: classes.join(" ") },
    via(message),
    forwarded(message),
    quoted(message, actions),
    ...parts,
    body === null && meta,
    reactions(message),
  );
}

/** @param {string} text @param {import("./api.js").Entity[]} entities @param {MessageActions} actions */
function textBlock(text, entities, actions) {
  return el("div", { class: "text", dir: "auto" }, renderText(text, entities, actions));
}

/** @param {Message} message */
function isOnlyEmoji({ text, reply_markup, entities }) {
  return (
    text !== undefined &&
    reply_markup === undefined &&
    !entities?.length &&
    /^(\p{Extended_Pictographic}(\uFE0F|\u200D\p{Extended_Pictographic})*\s?){1,3}$/u.test(text)
  );
}

/** @param {Message} message @param {boolean} isOwn */
function metaLine(message, isOwn) {
  const edited =
    message.edit_date !== undefined &&
    el("span", { class: "edited", title: `Edited ${fullTime(message.edit_date)}` }, "edited");
  const time = el(
    "time",
    { datetime: new Date(message.date * 1000).toISOString(), title: fullTime(message.date) },
    clockTime(message.date),
  );
  return el(
    "span",
    { class: "meta" },
    edited,
    time,
    isOwn && el("span", { class: "ticks", title: "Sent" }, icon("check"), icon("checks")),
  );
}

/** @param {Message} message */
function via(message) {
  return message.via_bot
    ? el("div", { class: "via" }, `via @${message.via_bot.username ?? message.via_bot.first_name}`)
    : null;
}

/** @param {Message} message */
function forwarded({ forward_origin: origin }) {
  if (origin === undefined) return null;
  const name = origin.sender_user ? fullName(origin.sender_user) : (origin.sender_user_name ?? "someone");
  return el("div", { class: "via" }, `Forwarded from ${name}`);
}

/** @param {Message} message @param {MessageActions} actions */
function quoted({ reply_to_message: target }, actions) {
  if (target === undefined) return null;
  const jump = pressable(() => actions.jumpTo(target.message_id));
  return el(
    "div",
    { class: "quoted", role: "button", tabindex: "0", title: "Show the message", on: jump },
    el("strong", {}, target.from ? fullName(target.from) : "Message"),
    el("span", {}, summaryOf(target)),
  );
}

/** @param {Message} message @param {MessageActions} actions */
function photo(message, actions) {
  const largest = (message.photo ?? []).toSorted((a, b) => b.width * b.height - a.width * a.height)[0];
  if (largest === undefined) return null;
  const url = fileUrl(largest.file_id);
  const caption = message.caption ?? "";
  // Room is reserved from the size in the message, so that a picture that loads late moves nothing.
  const scale = Math.min(1, PHOTO_MAX_WIDTH / largest.width, PHOTO_MAX_HEIGHT / largest.height);
  const image = el("img", {
    src: url,
    alt: caption.slice(0, 120) || "Photo",
    width: Math.round(largest.width * scale),
    height: Math.round(largest.height * scale),
    decoding: "async",
  });
  const frame = el("button", { type: "button", class: "photo", "aria-label": "Open the photo" }, image);
  frame.style.setProperty("--photo-width", `${Math.round(largest.width * scale)}px`);
  if (message.has_media_spoiler) frame.classList.add("veiled");
  frame.addEventListener("click", () => {
    if (frame.classList.contains("veiled")) frame.classList.remove("veiled");
    else actions.viewPhoto(url, caption);
  });
  return frame;
}

/** @param {NonNullable<Message["document"]>} file */
function documentCard(file) {
  const name = file.file_name ?? "file";
  const extension = /\.([a-z0-9]{1,4})$/i.exec(name)?.[1] ?? "";
  const badge = el(
    "span",
    { class: "document-icon", "aria-hidden": "true" },
    extension === "" ? icon("file") : extension,
  );
  const about = el(
    "span",
    { class: "document-about" },
    el("strong", {}, name),
    el("span", {}, fileSize(file.file_size)),
  );
  return el(
    "a",
    { class: "document", href: fileUrl(file.file_id), download: name, "aria-label": `Download ${name}` },
    badge,
    about,
    icon("download"),
  );
}

/** @param {Message} message */
function reactions(message) {
  return message.reaction
    ? el("div", { class: "reactions" }, el("span", { class: "reaction" }, message.reaction))
    : null;
}
