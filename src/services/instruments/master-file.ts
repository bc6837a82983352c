import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { constants, createGzip, gunzip } from "node:zlib";
import type { BrokerName } from "../../domain/ids.ts";
import { emptyColumns, type MasterColumns } from "./master-columns.ts";

/**
 * File layout, gzipped (its checksum detects damage): magic word, length of a JSON head, the head, then the columns as
 * they are in memory. Change the magic word with the layout; a file with another one is not read.
 */
const MAGIC = "SAUDAM02";
const COLUMN_NAMES = ["textStart", "code", "expiryDay", "lotSize", "tickSize", "freezeQty", "strike"] as const;
const MAX_BYTES = 512 * 1024 * 1024;
const PREAMBLE = MAGIC.length + 4;

const unzip = promisify(gunzip);

export interface SavedMaster {
  /** Epoch ms of the download. */
  readonly at: number;
  readonly skipped: number;
  readonly columns: MasterColumns;
}

interface Head {
  readonly broker: string;
  readonly at: number;
  readonly skipped: number;
  readonly rows: number;
  readonly textBytes: number;
}

/** Replaces the file atomically, or leaves it as it was. */
export async function saveMaster(
  path: string,
  broker: BrokerName,
  { at, skipped, columns }: SavedMaster,
): Promise<void> {
  const head: Head = { broker, at, skipped, rows: columns.code.length, textBytes: columns.text.length };
  const json = Buffer.from(JSON.stringify(head));
  const preamble = Buffer.alloc(PREAMBLE);
  preamble.write(MAGIC, "latin1");
  preamble.writeUInt32LE(json.length, MAGIC.length);
  const parts = [preamble, json, ...COLUMN_NAMES.map((name) => bytesOf(columns[name])), columns.text];
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.${randomUUID()}.partial`;
  try {
    const file = await open(partial, "wx");
    const zip = createGzip({ level: constants.Z_BEST_SPEED });
    await pipeline(Readable.from(parts), zip, file.createWriteStream({ flush: true }));
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Null when there is no file; throws when `saveMaster` did not write it for this broker. */
export async function readMasterFile(path: string, broker: BrokerName): Promise<SavedMaster | null> {
  const packed = await readFile(path).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  });
  return packed === null ? null : unpack(await unzip(packed, { maxOutputLength: MAX_BYTES }), broker);
}

function unpack(bytes: Buffer, broker: BrokerName): SavedMaster {
  if (bytes.toString("latin1", 0, MAGIC.length) !== MAGIC) throw new RangeError("not a master file of this layout");
  const headEnd = PREAMBLE + bytes.readUInt32LE(MAGIC.length);
  const head = readHead(bytes.toString("utf8", PREAMBLE, headEnd));
  if (head.broker !== broker) throw new RangeError("another broker's master");
  const columns = emptyColumns(head.rows);
  let at = headEnd;
  for (const name of COLUMN_NAMES) {
    const column = bytesOf(columns[name]);
    if (bytes.copy(column, 0, at) !== column.length) throw new RangeError("a master file that ends early");
    at += column.length;
  }
  const text = new Uint8Array(bytes.subarray(at));
  if (text.length !== head.textBytes || !isAscending(columns.textStart, text.length)) {
    throw new RangeError("a master file whose parts do not fit");
  }
  return { at: head.at, skipped: head.skipped, columns: { ...columns, text } };
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Readonly<NodeJS.TypedArray>): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

function readHead(json: string): Head {
  const head = JSON.parse(json) as Partial<Record<keyof Head, unknown>>;
  const { broker, at, skipped, rows, textBytes } = head;
  if (typeof broker !== "string" || !isCount(at) || !isCount(skipped) || !isCount(rows) || !isCount(textBytes)) {
    throw new RangeError("a master file with a bad head");
  }
  if (rows + textBytes > MAX_BYTES) throw new RangeError("a master file that is too big");
  return { broker, at, skipped, rows, textBytes };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function isAscending(starts: Uint32Array, end: number): boolean {
  for (let row = 1; row < starts.length; row += 1) if ((starts[row] ?? 0) < (starts[row - 1] ?? 0)) return false;
  return starts[0] === 0 && starts.at(-1) === end;
}
