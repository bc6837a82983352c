import { randomBytes } from "node:crypto";
import { extname } from "node:path";
import { badRequest } from "./failure.ts";

/** Total size of all files; above it the oldest are dropped, as if Telegram's copy had expired. */
const MAX_TOTAL_BYTES = 32 * 1024 * 1024;
export const MAX_PHOTO_BYTES = 10 * 1024 * 1024;
export const MAX_DOCUMENT_BYTES = 50 * 1024 * 1024;
/** getFile's limit for bots. */
export const MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024;

export interface StoredFile {
  readonly id: string;
  readonly uniqueId: string;
  /** Below `/file/bot<token>/`: `photos/file_3.png`. */
  readonly path: string;
  readonly name: string;
  readonly mime: string;
  readonly bytes: Buffer;
}

export interface Files {
  add(folder: "photos" | "documents", name: string, bytes: Buffer, mime?: string): StoredFile;
  find(id: string): StoredFile | undefined;
  findByPath(path: string): StoredFile | undefined;
  all(): readonly StoredFile[];
}

export function createFiles(saved: readonly StoredFile[]): Files {
  const files = new Map(saved.map((file) => [file.id, file]));
  let count = files.size;

  function evict(): void {
    let total = [...files.values()].reduce((sum, file) => sum + file.bytes.length, 0);
    for (const file of files.values()) {
      if (total <= MAX_TOTAL_BYTES || files.size === 1) return;
      files.delete(file.id);
      total -= file.bytes.length;
    }
  }

  return {
    add(folder, name, bytes, mime = mimeOf(name)) {
      count += 1;
      const uniqueId = randomBytes(9).toString("base64url");
      const path = `${folder}/file_${count}_${uniqueId}${extname(name).replaceAll(/[^\w.]/g, "")}`;
      const file = { id: randomBytes(24).toString("base64url"), uniqueId, path, name, mime, bytes };
      files.set(file.id, file);
      evict();
      return file;
    },
    find: (id) => files.get(id),
    findByPath: (path) => [...files.values()].find((file) => file.path === path),
    all: () => [...files.values()],
  };
}

const MIME_TYPES: Readonly<Record<string, string>> = {
  ".csv": "text/csv",
  ".txt": "text/plain",
  ".html": "text/html",
  ".json": "application/json",
  ".pdf": "application/pdf",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".svg": "image/svg+xml",
  ".zip": "application/zip",
  ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
};

export const mimeOf = (name: string): string => MIME_TYPES[extname(name).toLowerCase()] ?? "application/octet-stream";

export interface ImageSize {
  readonly mime: "image/png" | "image/jpeg";
  readonly width: number;
  readonly height: number;
}

/** Reads the header of a PNG or JPEG; throws what Telegram says about a picture that it cannot use. */
export function readImageSize(bytes: Buffer): ImageSize {
  const size = readPng(bytes) ?? readJpeg(bytes);
  if (!size) throw badRequest("IMAGE_PROCESS_FAILED");
  const { width, height } = size;
  const isUsable =
    width > 0 && height > 0 && width + height <= 10_000 && Math.max(width / height, height / width) <= 20;
  if (!isUsable) throw badRequest("PHOTO_INVALID_DIMENSIONS");
  return size;
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function readPng(bytes: Buffer): ImageSize | null {
  if (bytes.length < 24 || !bytes.subarray(0, 8).equals(PNG_SIGNATURE)) return null;
  return { mime: "image/png", width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

/** Walks the segments up to the frame header, which holds height and width. */
function readJpeg(bytes: Buffer): ImageSize | null {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return null;
  let at = 2;
  while (at + 9 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes.readUInt8(at + 1);
    if (isFrameHeader(marker))
      return { mime: "image/jpeg", height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    at += marker === 0xff ? 1 : 2 + bytes.readUInt16BE(at + 2);
  }
  return null;
}

/** SOF0–SOF15 without the table segments that share the range. */
const isFrameHeader = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
