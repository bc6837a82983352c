import { ConfigError } from "../errors.ts";
import { createLog } from "../lib/log.ts";

/** Runs a command-line entry. A ConfigError or a full disk ends the process with one line per problem, no stack trace. */
export async function runOrExit(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    exitOn(diskFull(error) ?? error);
  }
}

const SQLITE_FULL = 13;

/** Null for any other error. Not for a bot that runs: it keeps going until there is room. */
export function diskFull(error: unknown): ConfigError | null {
  if (!(error instanceof Error)) return null;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  const isFull = code === "ENOSPC" || (typeof errcode === "number" && (errcode & 0xff) === SQLITE_FULL);
  return isFull ? new ConfigError([`A disk is full (${error.message}). Make room and start again.`]) : null;
}

/**
 * Logs the error and exits. Node itself would print all properties of the error, such as a request that holds tokens.
 */
export function exitOn(error: unknown): void {
  if (error instanceof ConfigError) for (const problem of error.problems) process.stderr.write(`${problem}\n`);
  else createLog({ level: "fatal" }).fatal({ err: error }, "stopped by an unexpected error");
  process.exit(1);
}
