import { el, pressable } from "./dom.js";
import { entityTime, fullTime } from "./time.js";

/** @typedef {import("./api.js").Entity} Entity */
/** @typedef {{send: (text: string) => void, openLink: (url: string) => void, copy: (text: string, what: string) => void, notice: (text: string) => void}} TextActions */

const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);
const LITERAL = new Set(["pre", "code", "url", "text_link", "bot_command", "mention", "email", "date_time"]);
// What Telegram itself turns into links where a bot marked nothing: addresses, commands and usernames.
const AUTO =
  /(?<url>https?:\/\/[^\s<>]*[^\s<>.,:;"'()[\]!?])|(?<bot_command>(?<![\w/@.])\/[a-z0-9_]{1,32}(?:@\w+)?(?![\w/]))|(?<mention>(?<![\w@./])@[a-z]\w{3,31})/gi;

/**
 * Text with its entities as nodes. Offsets are UTF-16 units, which is what JavaScript strings count in.
 * @param {string} text @param {Entity[]} entities @param {TextActions} actions
 */
export function renderText(text, entities, actions) {
  // Outer before inner, so that one pass can hand each entity those inside it.
  const ordered = entities.toSorted((a, b) => a.offset - b.offset || b.length - a.length);
  const fragment = document.createDocumentFragment();
  fragment.append(...renderRange(text, 0, text.length, ordered, actions, false));
  return fragment;
}

/**
 * @param {string} text @param {number} start @param {number} end @param {Entity[]} entities
 * @param {TextActions} actions @param {boolean} isLiteral
 * @returns {Node[]}
 */
function renderRange(text, start, end, entities, actions, isLiteral) {
  /** @type {Node[]} */
  const nodes = [];
  const plain = (/** @type {number} */ to) => {
    if (to > cursor)
      nodes.push(
        ...(isLiteral
          ? [document.createTextNode(text.slice(cursor, to))]
          : autoLinked(text.slice(cursor, to), actions)),
      );
  };
  let cursor = start;
  for (const [index, entity] of entities.entries()) {
    const stop = Math.min(entity.offset + entity.length, end);
    if (entity.offset < cursor || stop <= entity.offset) continue;
    plain(entity.offset);
    const inner = entities
      .slice(index + 1)
      .filter((other) => other.offset >= entity.offset && other.offset + other.length <= stop);
    const children = renderRange(text, entity.offset, stop, inner, actions, isLiteral || LITERAL.has(entity.type));
    nodes.push(wrap(entity, text.slice(entity.offset, stop), children, actions));
    // A block ends its own line: the line break that follows it would show as an empty line.
    cursor = BLOCKS.has(entity.type) && text[stop] === "\n" ? stop + 1 : stop;
  }
  plain(end);
  return nodes;
}

/** @param {string} text @param {TextActions} actions @returns {Node[]} */
function autoLinked(text, actions) {
  /** @type {Node[]} */
  const nodes = [];
  let cursor = 0;
  for (const match of text.matchAll(AUTO)) {
    const type = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined)?.[0] ?? "";
    nodes.push(document.createTextNode(text.slice(cursor, match.index)));
    nodes.push(wrap({ type, offset: 0, length: 0 }, match[0], [document.createTextNode(match[0])], actions));
    cursor = match.index + match[0].length;
  }
  nodes.push(document.createTextNode(text.slice(cursor)));
  return nodes;
}

/** @type {Record<string, string>} */
const PLAIN_TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", blockquote: "blockquote" };

/** @param {Entity} entity @param {string} text @param {Node[]} children @param {TextActions} actions @returns {Node} */
function wrap(entity, text, children, actions) {
  const plainTag = PLAIN_TAGS[entity.type];
  if (plainTag !== undefined) return el(plainTag, {}, ...children);
  switch (entity.type) {
    case "spoiler":
      return spoiler(children);
    case "code":
      return el(
        "code",
        tappable("Copy", () => actions.copy(text, "Copied")),
        ...children,
      );
    case "pre":
      return preformatted(entity.language, text, children, actions);
    case "expandable_blockquote":
      return expandableQuote(children);
    case "url":
      return link(/^[a-z]+:/i.test(text) ? text : `https://${text}`, children, actions);
    case "text_link":
      return link(entity.url ?? "", children, actions);
    case "email":
      return link(`mailto:${text}`, children, actions);
    case "mention":
      return link(`https://t.me/${text.slice(1)}`, children, actions);
    case "bot_command":
      return el(
        "button",
        { type: "button", class: "text-command", on: pressable(() => actions.send(text)) },
        ...children,
      );
    case "date_time":
      return moment(entity, children, actions);
    default:
      return el("span", { class: `entity-${entity.type}` }, ...children);
  }
}

/** @param {string} label @param {() => void} action */
function tappable(label, action) {
  const act = () => {
    if (getSelection()?.isCollapsed !== false) action();
  };
  return { role: "button", tabindex: "0", title: label, on: pressable(act) };
}

/** @param {Node[]} children */
function spoiler(children) {
  const hidden = el(
    "span",
    { class: "spoiler", role: "button", tabindex: "0", "aria-label": "Hidden text, tap to reveal" },
    el("span", {}, ...children),
  );
  const reveal = pressable(() => {
    hidden.classList.add("revealed");
    for (const name of ["role", "tabindex", "aria-label"]) hidden.removeAttribute(name);
  });
  // Once revealed, links inside take their own clicks again.
  hidden.addEventListener("click", reveal.click, { once: true, capture: true });
  hidden.addEventListener("keydown", reveal.keydown);
  return hidden;
}

/** @param {string | undefined} language @param {string} text @param {Node[]} children @param {TextActions} actions */
function preformatted(language, text, children, actions) {
  const body = el(
    "pre",
    tappable("Copy", () => actions.copy(text, "Copied")),
    ...children,
  );
  if (!language) return body;
  return el("div", { class: "code-block" }, el("div", { class: "code-language" }, language), body);
}

/** @param {Node[]} children */
function expandableQuote(children) {
  const quote = el(
    "blockquote",
    { class: "expandable", role: "button", tabindex: "0", "aria-expanded": "false", title: "Show all" },
    ...children,
  );
  const toggle = () => {
    const isOpen = quote.classList.toggle("open");
    quote.setAttribute("aria-expanded", String(isOpen));
    quote.title = isOpen ? "Show less" : "Show all";
  };
  const listeners = pressable(toggle);
  quote.addEventListener("click", listeners.click);
  quote.addEventListener("keydown", listeners.keydown);
  return quote;
}

/** @param {string} url @param {Node[]} children @param {TextActions} actions */
function link(url, children, actions) {
  const follow = (/** @type {Event} */ event) => {
    event.preventDefault();
    event.stopPropagation();
    actions.openLink(url);
  };
  const isSafe = /^(https?|mailto|tg):/i.test(url);
  return el(
    "a",
    { href: isSafe ? url : null, title: url, target: "_blank", rel: "noopener noreferrer", on: { click: follow } },
    ...children,
  );
}

/** @param {Entity} entity @param {Node[]} children @param {TextActions} actions */
function moment(entity, children, actions) {
  const unix = entity.unix_time ?? 0;
  const text = entityTime(unix, entity.date_time_format ?? "");
  const content = text === null ? children : [document.createTextNode(text)];
  return el(
    "time",
    {
      class: "moment",
      datetime: new Date(unix * 1000).toISOString(),
      ...tappable(fullTime(unix), () => actions.notice(fullTime(unix))),
    },
    ...content,
  );
}
