import { ConfigError } from "../errors.ts";
import { createLog } from "../lib/log.ts";

/** Runs a command-line entry. A ConfigError ends the process with one line per problem, without a stack trace. */
export async function runOrExit(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    exitOn(error);
  }
}

/**
 * Logs the error and exits. Node itself would print all properties of the error, such as a request that holds tokens.
 */
export function exitOn(error: unknown): void {
  if (error instanceof ConfigError) for (const problem of error.problems) process.stderr.write(`${problem}\n`);
  else createLog({ level: "fatal" }).fatal({ err: error }, "stopped by an unexpected error");
  process.exit(1);
}
