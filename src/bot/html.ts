import { visible } from "../lib/cut-html.ts";

/** Text for Telegram in which everything interpolated has been escaped. Made only by the `html` tag. */
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

/** The one place where text becomes markup: strings are escaped, Html and lists of it are taken as they are. */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(
    literals.reduce((text, literal, at) => {
      if (at >= parts.length) return text + literal;
      return text + literal + render(literal.endsWith("<pre>") ? parts[at] : inText(parts[at]));
    }, ""),
  );
}

/** Parts on lines of their own; what is null or false is left out. */
export const lines = (...parts: readonly Part[]): Html =>
  new Html(
    parts
      .filter((part) => part !== null && part !== undefined && part !== false)
      .map(render)
      .join("\n"),
  );

/** Somebody's own words are repeated only so far; a table in <pre> was measured by whoever made it. */
const MAX_REPEATED = 600;

const inText = (part: Part): Part => (typeof part === "string" ? unbroken(shortened(part)) : part);

const shortened = (part: string): string =>
  part.length > MAX_REPEATED ? `${part.slice(0, MAX_REPEATED).toWellFormed()}…` : part;

/** A phone would end a line after the sign, and a loss read as a gain. */
const unbroken = (part: string): string => part.replaceAll(/[+−](?=₹)/g, "$&\u2060");

function render(part: Part): string {
  if (part === null || part === undefined || part === false) return "";
  if (part instanceof Html) return part.toString();
  if (Array.isArray(part)) return part.map(render).join("");
  return escape(String(part));
}

const MARKUP = /[&<>"]/g;
const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escape = (text: string): string => text.replaceAll(MARKUP, (found) => ENTITIES[found] ?? found);

/** How many characters a reader sees: what Telegram counts. */
export const visibleLength = (text: Html): number => visible(text.toString()).length;
