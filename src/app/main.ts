import { exitOn, runOrExit } from "./exit.ts";
import { startSauda } from "./sauda.ts";
import { readSettings } from "./settings.ts";

/** On SIGTERM or SIGINT the process stops within this time, if necessary without waiting for its parts. */
const STOP_WITHIN_MS = 10_000;

process.on("uncaughtException", exitOn);
process.on("unhandledRejection", exitOn);

// Not awaited: a module of the bundle cannot wait.
void runOrExit(async () => {
  let stopWhatRuns = async (): Promise<void> => undefined;
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    void stopWhatRuns().then(() => process.exit(0));
  };
  // Before any await: in a container the process has PID 1, for which signals without a handler are ignored.
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  const sauda = await startSauda(readSettings(), (line) => process.stdout.write(`${line}\n`));
  stopWhatRuns = () => sauda.stop();
  await sauda.ready;
});
