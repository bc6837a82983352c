import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSauda, type Sauda } from "../../src/app/sauda.ts";
import { readConfig } from "../../src/app/config.ts";
import { brokerDefinitions } from "../../connectors/index.ts";
import type { Playground } from "../../playground/telegram/server.ts";
import { freePort } from "../free-port.ts";

export interface TestSauda {
  readonly sauda: Sauda;
  readonly playground: Playground;
  /** Its clock, epoch ms, late by the time it took to start: early, the next code of an authenticator would be refused. */
  now(): number;
  stop(): Promise<void>;
}

/** A trading morning at which nothing is sent by itself: a digest in between would pass for an answer. */
const QUIET = "2026-11-23T10:42:00+05:30";

/** The whole bot as `npm start` runs it, on free ports and a directory of its own. */
export async function startTestSauda(
  settings: Record<string, string> = {},
  dir = mkdtempSync(join(tmpdir(), "sauda-")),
): Promise<TestSauda> {
  const roots = Object.assign({ YAHOO_API_ROOT: "http://127.0.0.1:9" }, ...brokerDefinitions.map(({ roots }) => roots));
  // The redirect URLs contain the port, so it must be known before the start.
  const own = { PORT: String(await freePort()), DATA_DIR: dir, LOG_LEVEL: "error", SAUDA_CLOCK: QUIET };
  const config = readConfig({ ...own, ...settings }, roots);
  const sauda = await startSauda(config, () => undefined);
  await sauda.ready;
  const startedAt = Date.now();
  const { playground } = sauda;
  if (!playground) throw new Error("the playground did not start");
  return {
    sauda,
    playground,
    now: () => Date.parse(settings["SAUDA_CLOCK"] ?? QUIET) + Date.now() - startedAt,
    async stop() {
      await sauda.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
