import { Readable, pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { HttpFailure } from "../../src/lib/http.ts";
import { JsonArrayError, objectsOf } from "../../src/lib/json-array.ts";
import type { BrokerConnector, ConnectorDeps } from "../base.ts";
import { badResponse, noReply } from "./errors.ts";
import { readInstruments } from "./instruments.ts";
import { UPSTOX } from "./facts.ts";

const ENDPOINT = "GET complete.json.gz";
/** The unpacked file is tens of megabytes. */
const MASTER_TIMEOUT_MS = 180_000;

/** The master, object by object, so that memory never holds the whole file. Public: needs no session. */
export const createMaster = (
  deps: Pick<ConnectorDeps, "http">,
  url: string,
): NonNullable<BrokerConnector["getInstruments"]> =>
  async function* getInstruments({ onSkipped }, signal) {
    try {
      const bytes = await deps.http.stream({ scope: UPSTOX, method: "GET", url, timeoutMs: MASTER_TIMEOUT_MS, signal });
      yield* readInstruments(objectsOf(gunzipped(bytes)), onSkipped);
    } catch (error) {
      if (error instanceof HttpFailure || signal?.aborted === true) throw noReply(error, ENDPOINT, true);
      if (error instanceof JsonArrayError || isGzipError(error)) throw badResponse(ENDPOINT, error.message);
      throw error;
    }
  };

const isGzipError = (error: unknown): error is Error & { code: string } =>
  error instanceof Error && "code" in error && String(error.code).startsWith("Z_");

/** Unpacks the gzip file, unless the server or our HTTP client already has. */
async function* gunzipped(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const pieces = bytes[Symbol.asyncIterator]();
  const first = await pieces.next();
  if (first.done === true) return;
  const whole = (async function* () {
    yield first.value;
    yield* { [Symbol.asyncIterator]: () => pieces };
  })();
  if (first.value[0] !== 0x1f) return yield* whole;
  yield* pipeline(Readable.from(whole), createGunzip(), () => undefined) as AsyncIterable<Uint8Array>;
}
