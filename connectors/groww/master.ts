import { HttpFailure } from "../../src/lib/http.ts";
import type { BrokerConnector, ConnectorDeps } from "../base.ts";
import { badResponse, noReply } from "./errors.ts";
import { GROWW } from "./facts.ts";
import { readInstruments } from "./instruments.ts";

const ENDPOINT = "GET instrument.csv";
const MASTER_TIMEOUT_MS = 180_000;

/** The master, line by line, so that memory never holds the whole file. Public: needs no session. */
export const createMaster = (
  deps: Pick<ConnectorDeps, "http">,
  url: string,
): NonNullable<BrokerConnector["getInstruments"]> =>
  async function* getInstruments({ onSkipped }, signal) {
    try {
      const bytes = await deps.http.stream({ scope: GROWW, method: "GET", url, timeoutMs: MASTER_TIMEOUT_MS, signal });
      yield* readInstruments(bytes, onSkipped);
    } catch (error) {
      if (error instanceof HttpFailure || signal?.aborted === true) throw noReply(error, ENDPOINT, true);
      if (error instanceof RangeError) throw badResponse(ENDPOINT, error.message);
      throw error;
    }
  };
