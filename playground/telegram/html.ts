import { badRequest } from "./failure.ts";
import type { Entity, FormattedText } from "./types.ts";

/** Tag → entity type, for tags whose attributes do not matter. */
const PLAIN_TAGS: Readonly<Record<string, string>> = {
  b: "bold",
  strong: "bold",
  i: "italic",
  em: "italic",
  u: "underline",
  ins: "underline",
  s: "strikethrough",
  strike: "strikethrough",
  del: "strikethrough",
  "tg-spoiler": "spoiler",
  span: "spoiler",
  code: "code",
  pre: "pre",
};
const TAGS_WITH_ATTRIBUTES = new Set(["a", "blockquote", "tg-time"]);
const NAMED_CHARACTERS: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"' };
const TIME_FORMAT = /^(r|w?[dD]?[tT]?)$/;

interface OpenTag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly offset: number;
}

/** Reads one HTML text from left to right. */
interface Cursor {
  readonly source: string;
  at: number;
}

/**
 * Telegram's HTML (https://core.telegram.org/bots/api#html-style) → text and entities; throws its "can't parse
 * entities" refusals, which count bytes, not characters.
 */
export function parseHtml(source: string): FormattedText {
  const cursor: Cursor = { source, at: 0 };
  const open: OpenTag[] = [];
  const entities: Entity[] = [];
  let text = "";
  while (cursor.at < source.length) {
    const char = source.charAt(cursor.at);
    if (char === "&") text += readCharacterReference(cursor);
    else if (char !== "<") {
      text += char;
      cursor.at += 1;
    } else if (source.charAt(cursor.at + 1) === "/") {
      const closed = readEndTag(cursor, open);
      const entity = toEntity(closed, text, entities);
      if (entity) entities.push(entity);
    } else open.push({ ...readStartTag(cursor), offset: text.length });
  }
  const unclosed = open.at(-1);
  if (unclosed) throw unparsable(`Can't find end tag corresponding to start tag "${unclosed.name}"`);
  return { text, entities };
}

const unparsable = (reason: string): Error => badRequest(`can't parse entities: ${reason}`);
const byteOffset = (cursor: Cursor, at: number): string =>
  `at byte offset ${Buffer.byteLength(cursor.source.slice(0, at))}`;

/** An ampersand that starts no known reference stands for itself. */
function readCharacterReference(cursor: Cursor): string {
  const match = /^&(?:#x([0-9a-f]+)|#([0-9]+)|(lt|gt|amp|quot));?/i.exec(
    cursor.source.slice(cursor.at, cursor.at + 16),
  );
  const decoded = match && decodeReference(match);
  if (!match || decoded === null) {
    cursor.at += 1;
    return "&";
  }
  cursor.at += match[0].length;
  return decoded;
}

function decodeReference([, hex, decimal, name]: RegExpExecArray): string | null {
  if (name !== undefined) return NAMED_CHARACTERS[name] ?? null;
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return isCharacter ? String.fromCodePoint(code) : null;
}

function readStartTag(cursor: Cursor): Omit<OpenTag, "offset"> {
  const begin = cursor.at;
  cursor.at += 1;
  const name = take(cursor, /[^\s>]*/y).toLowerCase();
  if (cursor.at >= cursor.source.length) throw unparsable(`Unclosed start tag ${byteOffset(cursor, begin)}`);
  if (!(name in PLAIN_TAGS) && !TAGS_WITH_ATTRIBUTES.has(name))
    throw unparsable(`Unsupported start tag "${name}" ${byteOffset(cursor, begin)}`);
  const attributes = readAttributes(cursor, name, begin);
  if (name === "span" && attributes.get("class") !== "tg-spoiler")
    throw unparsable(`Tag "span" must have class "tg-spoiler" ${byteOffset(cursor, begin)}`);
  if (name === "tg-time") checkTime(attributes, byteOffset(cursor, begin));
  return { name, attributes };
}

function readAttributes(cursor: Cursor, tag: string, begin: number): Map<string, string> {
  const attributes = new Map<string, string>();
  for (;;) {
    take(cursor, /\s*/y);
    if (cursor.source.charAt(cursor.at) === ">") break;
    if (cursor.at >= cursor.source.length) throw unparsable(`Unclosed start tag "${tag}" ${byteOffset(cursor, begin)}`);
    const name = take(cursor, /[^\s=>]*/y).toLowerCase();
    if (name === "") throw unparsable(`Empty attribute name in the tag "${tag}" ${byteOffset(cursor, begin)}`);
    take(cursor, /\s*/y);
    if (cursor.source.charAt(cursor.at) === "=") {
      cursor.at += 1;
      attributes.set(name, readAttributeValue(cursor, begin));
    } else if (tag === "blockquote" && name === "expandable") attributes.set(name, "");
    else
      throw unparsable(
        `Expected equal sign in declaration of an attribute of the tag "${tag}" ${byteOffset(cursor, begin)}`,
      );
  }
  cursor.at += 1;
  return attributes;
}

function readAttributeValue(cursor: Cursor, begin: number): string {
  take(cursor, /\s*/y);
  const quote = cursor.source.charAt(cursor.at);
  if (quote !== '"' && quote !== "'") return readNameToken(cursor);
  cursor.at += 1;
  let value = "";
  while (cursor.at < cursor.source.length && cursor.source.charAt(cursor.at) !== quote) {
    if (cursor.source.charAt(cursor.at) === "&") value += readCharacterReference(cursor);
    else value += cursor.source.charAt(cursor.at++);
  }
  if (cursor.at >= cursor.source.length) throw unparsable(`Unclosed start tag ${byteOffset(cursor, begin)}`);
  cursor.at += 1;
  return value;
}

function readNameToken(cursor: Cursor): string {
  const begin = cursor.at;
  const token = take(cursor, /[A-Za-z0-9.-]*/y).toLowerCase();
  if (!/[\s>]/.test(cursor.source.charAt(cursor.at)))
    throw unparsable(`Unexpected end of name token ${byteOffset(cursor, begin)}`);
  return token;
}

/** Telegram's wording for tg-time is not published; these two sentences are ours. */
function checkTime(attributes: ReadonlyMap<string, string>, where: string): void {
  if (!/^\d{1,12}$/.test(attributes.get("unix") ?? ""))
    throw unparsable(`Tag "tg-time" must have a valid attribute "unix" ${where}`);
  if (!TIME_FORMAT.test(attributes.get("format") ?? ""))
    throw unparsable(`Tag "tg-time" has an invalid attribute "format" ${where}`);
}

function readEndTag(cursor: Cursor, open: OpenTag[]): OpenTag {
  const begin = cursor.at;
  const expected = open.pop();
  if (!expected) throw unparsable(`Unexpected end tag ${byteOffset(cursor, begin)}`);
  cursor.at += 2;
  const found = take(cursor, /[^\s>]*/y).toLowerCase();
  take(cursor, /\s*/y);
  if (cursor.source.charAt(cursor.at) !== ">") throw unparsable(`Unclosed end tag ${byteOffset(cursor, begin)}`);
  cursor.at += 1;
  if (found !== "" && found !== expected.name)
    throw unparsable(
      `Unmatched end tag ${byteOffset(cursor, begin)}, expected "</${expected.name}>", found "</${found}>"`,
    );
  return expected;
}

/** `done` are the entities already closed: a code with a language is merged into the pre around it. */
function toEntity(tag: OpenTag, text: string, done: Entity[]): Entity | null {
  const length = text.length - tag.offset;
  if (length === 0) return null;
  const at = { offset: tag.offset, length };
  if (tag.name === "a") return toLink(tag, text.slice(tag.offset), at);
  if (tag.name === "blockquote")
    return { type: tag.attributes.has("expandable") ? "expandable_blockquote" : "blockquote", ...at };
  if (tag.name === "tg-time")
    return {
      type: "date_time",
      ...at,
      unix_time: Number(tag.attributes.get("unix")),
      date_time_format: tag.attributes.get("format") ?? "",
    };
  const type = PLAIN_TAGS[tag.name] ?? "";
  if (type === "code") {
    const language = /^language-(.+)$/.exec(tag.attributes.get("class") ?? "")?.[1];
    return { type, ...at, ...(language !== undefined && { language }) };
  }
  if (type === "pre") return toPre(at, done);
  return { type, ...at };
}

function toPre(at: Pick<Entity, "offset" | "length">, done: Entity[]): Entity {
  const inner = done.findIndex(
    (entity) => entity.type === "code" && entity.offset === at.offset && entity.length === at.length,
  );
  const language = inner === -1 ? undefined : done.splice(inner, 1)[0]?.language;
  return { type: "pre", ...at, ...(language !== undefined && { language }) };
}

/** A link with an address that Telegram does not accept stays plain text; without href, the text is the address. */
function toLink(tag: OpenTag, text: string, at: Pick<Entity, "offset" | "length">): Entity | null {
  const href = tag.attributes.get("href") || text;
  const address = /^[a-z][a-z0-9+.-]*:/i.test(href) ? href : `http://${href}`;
  if (!/^(https?|tg|ton|tonsite|mailto|tel):/i.test(address) || !URL.canParse(address)) return null;
  return { type: "text_link", ...at, url: new URL(address).href };
}

function take(cursor: Cursor, pattern: RegExp): string {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.source)?.[0] ?? "";
  cursor.at += found.length;
  return found;
}
