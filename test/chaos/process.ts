import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { BotConfig } from "./bot.ts";
import type { Answer, Command, Said } from "./protocol.ts";

/** A bot's process that can be killed and started again. */
export interface BotProcess {
  readonly kills: number;
  /** The answer, or null when the process died first or was not running. */
  ask(command: Command): Promise<Answer | null>;
  kill(): Promise<void>;
  start(): Promise<void>;
  /** The end of what the process wrote to stderr, over all its starts. */
  stderr(): string;
}

const WORKER = join(import.meta.dirname, "worker.ts");
const COMPILE_CACHE = join(import.meta.dirname, "../../node_modules/.cache/chaos");
const START_TIMEOUT_MS = 30_000;

export function createBotProcess(config: BotConfig): BotProcess {
  let child: ChildProcess | null = null;
  let kills = 0;
  let stderr = "";
  let asked = 0;
  const waiting = new Map<number, (answer: Answer | null) => void>();

  function settle(ask: number, answer: Answer | null): void {
    waiting.get(ask)?.(answer);
    waiting.delete(ask);
  }

  const abandonAll = (): void => {
    for (const ask of waiting.keys()) settle(ask, null);
  };

  async function start(): Promise<void> {
    const started = spawn(process.execPath, [WORKER, JSON.stringify(config)], {
      stdio: ["pipe", "pipe", "pipe"],
      // The processes live for seconds only: they should not spend them on compiling.
      env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
    });
    started.stderr.setEncoding("utf8").on("data", (text: string) => (stderr = (stderr + text).slice(-4_000)));
    started.stdin.on("error", () => undefined);
    const ready = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the bot did not start: ${stderr}`)), START_TIMEOUT_MS);
      started.once("exit", (code, signal) => {
        clearTimeout(timer);
        if (child === started) child = null;
        abandonAll();
        reject(new Error(`the bot ended with ${code ?? signal}: ${stderr}`));
      });
      createInterface({ input: started.stdout }).on("line", (line) => {
        const said = JSON.parse(line) as Said;
        if ("ready" in said) {
          clearTimeout(timer);
          child = started;
          resolve();
        } else settle(said.ask, said.answer);
      });
    });
    await ready;
    ready.catch(() => undefined);
  }

  return {
    get kills() {
      return kills;
    },
    stderr: () => stderr,
    start,
    ask(command) {
      const target = child;
      if (!target?.stdin) return Promise.resolve(null);
      asked += 1;
      const ask = asked;
      return new Promise((resolve) => {
        waiting.set(ask, resolve);
        target.stdin?.write(`${JSON.stringify({ ask, command })}\n`);
      });
    },
    kill() {
      const target = child;
      if (!target) return Promise.resolve();
      child = null;
      kills += 1;
      return new Promise((resolve) => {
        target.once("exit", () => resolve());
        target.kill("SIGKILL");
      });
    },
  };
}
