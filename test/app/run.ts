import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const NODE = join(ROOT, "node_modules/.bin/node");

export interface Entry {
  readonly child: ChildProcess;
  /** Resolves when the process has ended, with everything that it printed. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; out: string }>;
  /** What it has printed so far. */
  output(): string;
}

/** Starts an entry of src/app/start.js with these settings only. */
export function runEntry(args: readonly string[], settings: Readonly<Record<string, string>>): Entry {
  const cwd = settings["DATA_DIR"] ?? ROOT;
  mkdirSync(cwd, { recursive: true });
  const child = spawn(NODE, [join(ROOT, "src/app/start.js"), ...args], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", NODE_NO_WARNINGS: "1", ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (out += text));
  }
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null; out: string }>((resolve) =>
    child.once("close", (code, signal) => resolve({ code, signal, out })),
  );
  return { child, ended, output: () => out };
}

/** Settings that make a process kill itself before the n-th call of these functions of node:fs, and half-way in a copy. */
export function killedAt(step: number, functions: readonly string[]): { readonly NODE_OPTIONS: string } {
  const module = `
    import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    let left = ${step};
    for (const name of ${JSON.stringify(functions)}) {
      const whole = fs[name];
      fs[name] = (...args) => {
        if ((left -= 1) === 0) {
          if (name === "copyFileSync") fs.writeFileSync(args[1], fs.readFileSync(args[0]).subarray(0, 5));
          process.kill(process.pid, "SIGKILL");
        }
        return whole(...args);
      };
    }
    syncBuiltinESMExports();
  `;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}` };
}
