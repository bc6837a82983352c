import { badRequest } from "./failure.ts";
import { parseHtml } from "./html.ts";
import type { Entity, FormattedText } from "./types.ts";

const TEXT_LIMIT = 4096;
const CAPTION_LIMIT = 1024;

export interface TextInput {
  readonly text: string;
  readonly parse_mode?: string | undefined;
  readonly entities?: readonly Entity[] | undefined;
}

const CODE_TYPES = new Set(["pre", "code"]);
const STYLE_TYPES = new Set(["bold", "italic", "underline", "strikethrough", "spoiler"]);
/** Links, commands and mentions are not detected inside these: the writer has already marked the text. */
const OPAQUE_TYPES = new Set(["pre", "code", "text_link", "text_mention", "url"]);

/** Text as Telegram stores it: parsed, cleaned, trimmed, with links, commands and mentions detected. */
export function formatText(input: TextInput): FormattedText {
  const cleaned = clean(input.text);
  const parsed = parse(cleaned, input);
  const trimmed = trim({ text: parsed.text, entities: outsideCode(parsed.entities) });
  return { text: trimmed.text, entities: sorted([...trimmed.entities, ...detect(trimmed)]) };
}

/** Throws unless 1–4096 characters are left after parsing. */
export function messageText(input: TextInput): FormattedText {
  const formatted = formatText(input);
  if (formatted.text === "") throw badRequest("message text is empty");
  if (characters(formatted.text) > TEXT_LIMIT) throw badRequest("message is too long");
  return formatted;
}

/** Throws above 1024 characters after parsing; empty is allowed. */
export function captionText(input: TextInput): FormattedText {
  const formatted = formatText(input);
  if (characters(formatted.text) > CAPTION_LIMIT) throw badRequest("message caption is too long");
  return formatted;
}

/** Telegram's limits count characters, its entities UTF-16 units. */
const characters = (text: string): number => {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
};

function parse(text: string, input: TextInput): FormattedText {
  const mode = (input.parse_mode ?? "").toLowerCase();
  switch (mode) {
    case "":
      return { text, entities: (input.entities ?? []).filter(({ offset, length }) => offset + length <= text.length) };
    case "html":
      return parseHtml(text);
    case "markdown":
    case "markdownv2":
      throw badRequest(`parse_mode ${input.parse_mode} is not served here: use HTML or entities`);
    default:
      throw badRequest("unsupported parse_mode");
  }
}

/** Control characters become spaces, carriage returns and direction overrides vanish. */
function clean(text: string): string {
  return text
    .replaceAll(/\r|[\u2028-\u202e]/g, "")
    .replaceAll(/\p{Cc}/gu, (char) => (char === "\n" || char >= "\u007f" ? char : " "));
}

/** Code holds no other style: bold around code stays on the parts outside it. */
function outsideCode(entities: readonly Entity[]): Entity[] {
  const code = sorted(entities.filter(({ type }) => CODE_TYPES.has(type)));
  return entities.flatMap((entity) => (STYLE_TYPES.has(entity.type) ? subtract(entity, code) : [entity]));
}

function subtract(entity: Entity, holes: readonly Entity[]): Entity[] {
  const end = entity.offset + entity.length;
  const pieces: Entity[] = [];
  let from = entity.offset;
  for (const hole of holes) {
    if (hole.offset > from) pieces.push({ ...entity, offset: from, length: Math.min(hole.offset, end) - from });
    from = Math.max(from, hole.offset + hole.length);
  }
  pieces.push({ ...entity, offset: from, length: end - from });
  return pieces.filter(({ length }) => length > 0);
}

/** Removes white space at the end, and at the start up to the first entity. */
function trim({ text, entities }: FormattedText): FormattedText {
  const end = text.trimEnd().length;
  const firstEntity = Math.min(end, ...entities.map(({ offset }) => offset));
  const lead = /^[ \n]*/.exec(text.slice(0, firstEntity))?.[0].length ?? 0;
  const kept = entities
    .map((entity) => ({
      ...entity,
      offset: entity.offset - lead,
      length: Math.min(entity.offset + entity.length, end) - entity.offset,
    }))
    .filter(({ length }) => length > 0);
  return { text: text.slice(lead, end), entities: kept };
}

/** The order matters: an email contains a bare domain. */
const DETECTORS: readonly { readonly type: string; readonly pattern: RegExp }[] = [
  { type: "email", pattern: /\b[\w.+-]+@(?:[a-z0-9-]+\.)+[a-z]{2,}\b/gi },
  {
    type: "url",
    pattern:
      /\b(?:https?:\/\/|tg:\/\/)[^\s<>"]*[^\s<>".,:;!?)\]}']|\b(?:[a-z0-9-]+\.)+(?:com|org|net|dev|in)\b(?:\/[^\s<>"]*[^\s<>".,:;!?)\]}'])?/gi,
  },
  { type: "bot_command", pattern: /(?<![\w/<>@:.])\/\w{1,64}(?:@\w{3,32})?(?![\w/])/g },
  { type: "mention", pattern: /(?<!\w)@[a-z]\w{2,31}\b/gi },
  { type: "hashtag", pattern: /(?<![\w&])#(?=\w*\p{L})[\p{L}\p{N}_]{1,256}/gu },
  { type: "cashtag", pattern: /(?<![\w$])\$[A-Z]{3,8}(?![\w$])/g },
];

function detect({ text, entities }: FormattedText): Entity[] {
  const taken = entities.filter(({ type }) => OPAQUE_TYPES.has(type));
  const found: Entity[] = [];
  for (const { type, pattern } of DETECTORS) {
    for (const match of text.matchAll(pattern)) {
      const entity = { type, offset: match.index, length: match[0].length };
      if (![...taken, ...found].some((other) => overlaps(entity, other))) found.push(entity);
    }
  }
  return found;
}

const overlaps = (a: Entity, b: Entity): boolean => a.offset < b.offset + b.length && b.offset < a.offset + a.length;

const sorted = (entities: readonly Entity[]): Entity[] =>
  entities.toSorted((a, b) => a.offset - b.offset || b.length - a.length || a.type.localeCompare(b.type));
