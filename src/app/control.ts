import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ConfigError } from "../errors.ts";
import { Secret } from "../lib/secret.ts";
import { randomToken } from "../lib/token.ts";
import { FROM_SAUDA } from "../web/paths.ts";

const controlSchema = z.object({ port: z.int(), token: z.string().min(20) });
const fileIn = (dataDir: string): string => join(dataDir, "control.json");

/** Lets `npm run job` find the running process: its port and a token in control.json, readable by its user only. */
export function openControl(dataDir: string): { token: Secret; publish(port: number): void; close(): void } {
  const token = new Secret(randomToken(24));
  return {
    token,
    publish(port) {
      mkdirSync(dataDir, { recursive: true, mode: 0o700 });
      rmSync(fileIn(dataDir), { force: true });
      writeFileSync(fileIn(dataDir), JSON.stringify({ port, token: token.reveal() }), { mode: 0o600 });
    },
    close() {
      // With several processes on one MongoDB, another one may have replaced the file meanwhile.
      if (readControl(dataDir)?.token === token.reveal()) rmSync(fileIn(dataDir), { force: true });
    },
  };
}

/** Null when there is no file that this user can read. */
function readControl(dataDir: string): z.output<typeof controlSchema> | null {
  try {
    return controlSchema.parse(JSON.parse(readFileSync(fileIn(dataDir), "utf8")));
  } catch {
    return null;
  }
}

/** Asks the running process to run a job; null when there is none. Throws ConfigError when it failed or gave no answer. */
export async function askRunning(dataDir: string, name: string, user: string | null): Promise<string | null> {
  const control = readControl(dataDir);
  if (control === null) return null;
  const { port, token } = control;
  const query = user === null ? "" : `?user=${encodeURIComponent(user)}`;
  const url = `http://127.0.0.1:${port}/jobs/${name}${query}`;
  const reply = await fetch(url, { method: "POST", headers: { "x-sauda-control": token } }).catch((error: unknown) => {
    if (isConnectionRefused(error)) return null;
    throw new ConfigError([`The running bot started ${name} and has not answered; its log says how it went`]);
  });
  // After a crash the file is stale, and another program may use the port by now.
  if (reply === null) return null;
  if (reply.status === 404 || !reply.headers.has(FROM_SAUDA)) {
    await reply.body?.cancel();
    return null;
  }
  const report = await reply.text();
  if (!reply.ok) throw new ConfigError([`The running bot failed at ${name} (${report}); its log says why`]);
  return report;
}

const isConnectionRefused = (error: unknown): boolean =>
  error instanceof Error &&
  error.cause instanceof Error &&
  "code" in error.cause &&
  error.cause.code === "ECONNREFUSED";
