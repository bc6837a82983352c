import { ConfigError } from "../errors.ts";
import { createLog } from "../lib/log.ts";

/** Runs a command of the shell: a wrong setting ends it with one line each, without a stack. */
export async function orExit(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    exitOn(error);
  }
}

/** Through the log, because Node would print the error with all that hangs on it: a client's request holds tokens. */
export function exitOn(error: unknown): void {
  if (error instanceof ConfigError) for (const problem of error.problems) process.stderr.write(`${problem}\n`);
  else createLog({ level: "fatal" }).fatal({ err: error }, "stopped by a defect");
  process.exit(1);
}
