import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { BENCHMARKS, type Benchmark } from "./benchmarks.ts";
import { withSection, type Section } from "./results.ts";

// npm run bench [NAME ...] [-- flags]: runs the named benchmarks, or all, one after the other, each in a process of its
// own with a time limit. A benchmark is a script that prints a table; its output is saved in RESULTS.md.

const RESULTS = join(import.meta.dirname, "RESULTS.md");
const names = process.argv.slice(2).filter((word) => !word.startsWith("-") && word in BENCHMARKS);
const flags = process.argv.slice(2).filter((word) => !names.includes(word));
const unknown = flags.find((word, at) => !word.startsWith("-") && !flags[at - 1]?.startsWith("-"));
if (unknown !== undefined) {
  console.error(`No benchmark ${unknown}. One of: ${Object.keys(BENCHMARKS).join(", ")}.`);
  process.exit(1);
}

let hasFailed = false;
for (const [name, benchmark] of Object.entries(BENCHMARKS)) {
  if (names.length > 0 && !names.includes(name)) continue;
  console.log(`\n${name}: ${benchmark.about}`);
  const outcome = await outcomeOf(benchmark);
  hasFailed ||= outcome.problem !== null;
  keep({ name, about: benchmark.about, measured: measuredOn(), ...outcome });
}
process.exitCode = hasFailed ? 1 : 0;

async function outcomeOf({ scripts, boundS }: Benchmark): Promise<Pick<Section, "output" | "problem">> {
  let output = "";
  for (const script of scripts) {
    const ended = await runScript(script, boundS * 1_000);
    output += ended.output;
    if (ended.problem !== null) return { output, problem: `${script.join(" ")} ${ended.problem}` };
  }
  return { output, problem: null };
}

/** Runs it in a process group of its own, so that nothing that it started outlives the time limit. */
function runScript(
  [script, ...args]: readonly string[],
  boundMs: number,
): Promise<Pick<Section, "output" | "problem">> {
  const child = spawn(process.execPath, [join(import.meta.dirname, script ?? ""), ...args, ...flags], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const end = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
  };
  let isLate = false;
  const timer = setTimeout(() => ((isLate = true), end()), boundMs);
  process.once("SIGINT", end).once("SIGTERM", end);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    process.stdout.write(text);
    output += text;
  });
  return new Promise((resolve) =>
    child.once("close", (code) => {
      clearTimeout(timer);
      process.off("SIGINT", end).off("SIGTERM", end);
      const problem = isLate ? `did not end within ${boundMs / 1_000} s` : code === 0 ? null : `ended with ${code}`;
      resolve({ output, problem });
    }),
  );
}

function keep(section: Section): void {
  const before = existsSync(RESULTS) ? readFileSync(RESULTS, "utf8") : "";
  writeFileSync(RESULTS, withSection(before, section, Object.keys(BENCHMARKS)));
}

function measuredOn(): string {
  const all = cpus();
  const memory = Math.round(totalmem() / 1024 ** 3);
  const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8")) as {
    dependencies: Readonly<Record<string, string>>;
  };
  const versions = Object.entries(dependencies).map(([name, version]) => `${name} ${version}`);
  const machine = `${all.length} × ${all[0]?.model.trim() ?? "unknown CPU"}, ${memory} GB`;
  const date = new Date().toISOString().slice(0, 10);
  return `${date} · ${machine} · Node ${process.versions.node} · ${versions.join(", ")}`;
}
