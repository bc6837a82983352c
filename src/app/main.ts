import { startSauda } from "./sauda.ts";
import { readSettings } from "./settings.ts";
import { ConfigError } from "../errors.ts";

/** Starts, and stops on SIGTERM or SIGINT within ten seconds. A wrong setting ends the start with one line each. */
const STOP_WITHIN_MS = 10_000;

try {
  const sauda = await startSauda(readSettings(), (line) => process.stdout.write(`${line}\n`));
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    void sauda.stop().then(() => process.exit(0));
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  for (const problem of error.problems) process.stderr.write(`${problem}\n`);
  process.exit(1);
}
