import { badRequest } from "./failure.ts";

export interface Part {
  readonly name: string;
  /** Only a file has one. */
  readonly fileName: string | undefined;
  readonly bytes: Buffer;
}

const LINE_END = "\r\n";

/**
 * Reads multipart/form-data as Telegram does, which is laxer than fetch's `formData()`: grammY sends file names without
 * quotes, and one with a space would be cut short or refused there.
 */
export function parseMultipart(body: Buffer, contentType: string): Part[] {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const delimiter = `--${boundary?.[1] ?? boundary?.[2] ?? ""}`;
  if (delimiter === "--") throw unreadable();
  const parts: Part[] = [];
  let at = body.indexOf(delimiter);
  if (at === -1) throw unreadable();
  for (;;) {
    const begin = at + delimiter.length;
    if (body.subarray(begin, begin + 2).toString("latin1") === "--") return parts;
    const end = body.indexOf(LINE_END + delimiter, begin);
    if (end === -1) throw unreadable();
    parts.push(readPart(body.subarray(begin + LINE_END.length, end)));
    at = end + LINE_END.length;
  }
}

function readPart(part: Buffer): Part {
  const headerEnd = part.indexOf(LINE_END + LINE_END);
  if (headerEnd === -1) throw unreadable();
  const headers = part.subarray(0, headerEnd).toString("utf8").split(LINE_END);
  const disposition = headers.find((line) => /^content-disposition\s*:/i.test(line)) ?? "";
  const name = attribute(disposition, "name");
  if (name === undefined) throw unreadable();
  return { name, fileName: attribute(disposition, "filename"), bytes: part.subarray(headerEnd + 2 * LINE_END.length) };
}

/** Quoted, or everything up to the next semicolon. */
function attribute(header: string, name: string): string | undefined {
  const match = new RegExp(String.raw`;\s*${name}=(?:"((?:[^"\\]|\\.)*)"|([^;]*))`, "i").exec(header);
  return match?.[1]?.replaceAll(/\\(.)/g, "$1") ?? match?.[2]?.trim();
}

const unreadable = (): Error => badRequest("can't parse the form");
