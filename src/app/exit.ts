import { ConfigError } from "../errors.ts";
import { createLog } from "../lib/log.ts";

/** Runs a command-line entry. A ConfigError, or what else the operator can mend, ends the process without a stack trace. */
export async function runOrExit(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    exitOn(mendable(error) ?? error);
  }
}

const SQLITE_FULL = 13;

/** In one line what the operator can mend; null for any other error. Not for a bot that runs: it goes on, and waits. */
export function mendable(error: unknown): ConfigError | null {
  if (!(error instanceof Error)) return null;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (code === "ENOSPC" || (typeof errcode === "number" && (errcode & 0xff) === SQLITE_FULL))
    return new ConfigError([`A disk is full (${error.message}). Make room and start again.`]);
  if (code === "EACCES" || code === "EROFS") return new ConfigError([`Not allowed here (${error.message})`]);
  if (code === "EEXIST" || code === "ENOTDIR")
    return new ConfigError([`A file is where a directory should be (${error.message})`]);
  if (error.name === "MongoServerSelectionError")
    return new ConfigError([`MongoDB cannot be reached (${error.message})`]);
  return null;
}

/**
 * Logs the error and exits. Node itself would print all properties of the error, such as a request that holds tokens.
 */
export function exitOn(error: unknown): void {
  if (error instanceof ConfigError) for (const problem of error.problems) process.stderr.write(`${problem}\n`);
  else createLog({ level: "fatal" }).fatal({ err: error }, "stopped by an unexpected error");
  process.exit(1);
}
