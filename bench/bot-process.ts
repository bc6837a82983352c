import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const TICK_MS = 10;
const STOP_WITHIN_MS = 12_000;

export interface BotProcess {
  readonly child: ChildProcess;
  /** User and kernel CPU time so far. Unlike elapsed time, it hardly depends on what else the machine does. */
  cpuMs(): number;
  /** What it has written so far: its log. */
  output(): string;
  stop(): Promise<void>;
}

/** Sauda in a process of its own, as `npm start` runs it, with these settings only. `preload` is a module of bench/. */
export const startSauda = (settings: Readonly<Record<string, string>>, preload?: string): BotProcess =>
  start(
    [
      ...(preload === undefined ? [] : ["--import", join(import.meta.dirname, preload)]),
      join(ROOT, "src/app/start.js"),
      "main",
    ],
    settings,
  );

/** The same without the bundle of `npm run build`. */
export const startFromSources = (settings: Readonly<Record<string, string>>): BotProcess =>
  start([join(ROOT, "src/app/main.ts")], {
    ...settings,
    NODE_COMPILE_CACHE: join(ROOT, "node_modules/.cache/compile"),
  });

/** The grammY bot to compare with, with the same Node and compile cache. */
export const startBareBot = (settings: Readonly<Record<string, string>>): BotProcess =>
  start([join(import.meta.dirname, "bare-bot.js")], settings);

function start(args: readonly string[], settings: Readonly<Record<string, string>>): BotProcess {
  const child = spawn(process.execPath, args, {
    cwd: settings["DATA_DIR"] ?? ROOT,
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...settings },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const end = (): void => void child.kill("SIGKILL");
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => (output = (output + text).slice(-1_000_000)));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    child,
    cpuMs() {
      const ticks = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.split(" ").slice(11, 13) ?? [];
      return ticks.reduce((sum, each) => sum + Number(each) * TICK_MS, 0);
    },
    output: () => output,
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}
