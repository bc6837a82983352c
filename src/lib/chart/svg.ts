/** An SVG fragment, already escaped. */
export type Svg = string;

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** All colours of the light theme; theme.ts maps each to a dark one. Gain and loss differ in lightness too. */
export const INK = {
  paper: "#fbfbf9",
  text: "#1d232b",
  muted: "#68717d",
  grid: "#dfe2e6",
  line: "#2367b0",
  second: "#b06a12",
  own: "#6b3fa0",
  area: "#2367b01f",
  gain: "#1a8f5a",
  loss: "#c0352b",
} as const;

type Attributes = Readonly<Record<string, string | number>>;

export function tag(name: string, attributes: Attributes, ...content: readonly Svg[]): Svg {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(String(rounded(value)))}"`);
  return content.length === 0 ? `<${name}${list.join("")}/>` : `<${name}${list.join("")}>${content.join("")}</${name}>`;
}

export interface TextStyle {
  readonly size: number;
  readonly anchor?: "start" | "middle" | "end";
  readonly fill?: string;
}

export const label = (
  x: number,
  y: number,
  text: string,
  { size, anchor = "start", fill = INK.text }: TextStyle,
): Svg => tag("text", { x, y, "font-size": size, "text-anchor": anchor, fill }, escaped(text));

export const line = (x1: number, y1: number, x2: number, y2: number, stroke: string, width = 1): Svg =>
  tag("line", { x1, y1, x2, y2, stroke, "stroke-width": width });

export const rectangle = (box: Box, fill: string): Svg => tag("rect", { ...box, fill });

/** Estimated letter widths as a share of the font size, a little above the average. Tickers are all capitals. */
const LETTER = 0.58;
const CAPITAL = 0.72;

const letterWidth = (letter: string): number => (/\p{Lu}/u.test(letter) ? CAPITAL : LETTER);

export const textWidth = (text: string, size: number): number =>
  Array.from(text).reduce((width, letter) => width + letterWidth(letter) * size, 0);

/** The largest size (in tenths) at which the text fits, at most `size`, at least `least`. */
export const fittingSize = (text: string, width: number, size: number, least: number): number =>
  Math.max(least, Math.min(size, Math.floor(((size * width) / textWidth(text, size)) * 10) / 10));

/** The text, shortened with an ellipsis at the end if it does not fit. */
export function fitted(text: string, width: number, size: number): string {
  if (textWidth(text, size) <= width) return text;
  const letters = Array.from(text);
  while (letters.length > 0 && textWidth(`${letters.join("")}…`, size) > width) letters.pop();
  return `${letters.join("")}…`;
}

/** Like `fitted`, but cut in the middle: for contract names, which differ at the end. */
export function fittedName(text: string, width: number, size: number): string {
  if (textWidth(text, size) <= width) return text;
  const letters = Array.from(text);
  const without = (count: number): string => {
    const head = Math.ceil((letters.length - count) / 2);
    return [...letters.slice(0, head), "…", ...letters.slice(head + count)].join("");
  };
  let count = 1;
  while (count < letters.length && textWidth(without(count), size) > width) count += 1;
  return without(count);
}

export interface Sheet {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly subtitle: string;
}

export const MARGIN = 40;
/** Height of the title area: the content starts below it. */
export const HEADER = 130;

/** The title's font size; a long one is shrunk down to the subtitle's before it is cut. */
const TITLE_SIZE = 40;
const SUBTITLE_SIZE = 30;

/** A complete SVG document: background, title, subtitle and the parts. */
export function sheet({ width, height, title, subtitle }: Sheet, parts: readonly Svg[]): Svg {
  const room = width - 2 * MARGIN;
  const size = fittingSize(title, room, TITLE_SIZE, SUBTITLE_SIZE);
  return tag(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      "font-family": "Noto Sans",
    },
    rectangle({ x: 0, y: 0, width, height }, INK.paper),
    label(MARGIN, 62, fitted(title, room, size), { size }),
    label(MARGIN, 106, fitted(subtitle, room, SUBTITLE_SIZE), { size: SUBTITLE_SIZE, fill: INK.muted }),
    ...parts,
  );
}

const rounded = (value: string | number): string | number =>
  typeof value === "number" ? Math.round(value * 10) / 10 : value;

const escaped = (text: string): string =>
  Array.from(text)
    .filter(isXmlCharacter)
    .join("")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

/** XML 1.0 forbids all other characters, even escaped. */
function isXmlCharacter(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  return (
    (code >= 0x20 || code === 0x9 || code === 0xa || code === 0xd) && !isSurrogate && code !== 0xfffe && code !== 0xffff
  );
}
