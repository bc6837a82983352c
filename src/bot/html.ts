import { visible } from "../lib/cut-html.ts";
import { withoutInvisible } from "../lib/invisible.ts";
import { shortened } from "../lib/shortened.ts";

/** Telegram HTML with every interpolated value escaped. Made only by `html` and `lines`. */
export class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

type Part = Html | string | number | null | undefined | false | readonly Part[];

/**
 * The only place where text becomes markup: escapes strings and drops their invisible characters, inserts Html and lists of
 * it as they are.
 */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(
    literals.reduce((text, literal, at) => {
      if (at >= parts.length) return text + literal;
      return text + literal + (literal.endsWith("<pre>") ? render(parts[at]) : prose(parts[at]));
    }, ""),
  );
}

/** Each part on its own line; null and false are left out. */
export const lines = (...parts: readonly Part[]): Html =>
  new Html(
    parts
      .filter((part) => part !== null && part !== undefined && part !== false)
      .map(render)
      .join("\n"),
  );

/** Strings are cut, as they are a user's or a broker's. Tables in <pre> are not: they are made to fit. */
const prose = (part: Part): string =>
  typeof part === "string" ? withSignsJoined(render(shortened(part))) : render(part);

/** A word joiner after the sign: a line broken between "−" and "₹500" would make a loss read as a gain. */
const withSignsJoined = (part: string): string =>
  part.includes("₹") ? part.replaceAll(/[+−](?=₹)/g, "$&\u2060") : part;

function render(part: Part): string {
  if (part === null || part === undefined || part === false) return "";
  if (part instanceof Html) return part.toString();
  if (Array.isArray(part)) return part.map(render).join("");
  return escape(withoutInvisible(String(part)));
}

const MARKUP = /[&<>"]/g;
const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escape = (text: string): string => text.replaceAll(MARKUP, (found) => ENTITIES[found] ?? found);

/** Characters without markup, as Telegram counts them against its limits. */
export const visibleLength = (text: Html): number => visible(text.toString()).length;
