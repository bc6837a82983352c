/** Telegram's limits in characters. Tags are not counted, and an entity counts as one. */
export const MAX_TEXT = 4_096;
export const MAX_CAPTION = 1_024;

const TAG = /<(\/?)([a-z][a-z-]*)[^>]*>/g;
const END = "\n…";

/**
 * Cuts text that is too long after a whole line and closes open tags. If the first line alone is too long, drops all
 * tags.
 */
export function cutHtml(text: string, max: number): string {
  if (text.length <= max || visible(text).length <= max) return text;
  const kept: string[] = [];
  let room = max - END.length;
  for (const line of text.split("\n")) {
    room -= visible(line).length + 1;
    if (room < 0) break;
    kept.push(line);
  }
  if (kept.length === 0)
    return (
      escaped(
        visible(text)
          .slice(0, max - END.length)
          .toWellFormed(),
      ) + END
    );
  const cut = kept.join("\n");
  return cut + closing(cut) + END;
}

/** The text as displayed: tags removed, entities decoded. */
export const visible = (text: string): string =>
  text.replaceAll(TAG, "").replaceAll(/&(amp|lt|gt|quot);/g, (_, name: string) => ENTITIES[name] ?? "");

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function closing(text: string): string {
  const open: string[] = [];
  for (const [, slash, name = ""] of text.matchAll(TAG)) {
    if (slash === "/") open.pop();
    else open.push(name);
  }
  return open
    .toReversed()
    .map((name) => `</${name}>`)
    .join("");
}
