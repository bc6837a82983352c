import { ConfigError } from "../errors.ts";

/** Runs a command of the shell: a wrong setting ends it with one line each, without a stack. */
export async function orExit(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) process.stderr.write(`${problem}\n`);
    process.exit(1);
  }
}
