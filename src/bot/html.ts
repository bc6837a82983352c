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
    literals.reduce((text, literal, at) => text + literal + (at < parts.length ? render(parts[at]) : ""), ""),
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

function render(part: Part): string {
  if (part === null || part === undefined || part === false) return "";
  if (part instanceof Html) return part.toString();
  if (Array.isArray(part)) return part.map(render).join("");
  return escape(String(part));
}

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Telegram takes 4,096 characters of text; what is longer is cut at a line, outside any tag. */
export const MAX_TEXT = 4_096;
