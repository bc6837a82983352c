import { execFile, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { MongoClient } from "mongodb";
import { freePort } from "../free-port.ts";
import { retryFor } from "../retry-for.ts";

export interface MongoServer {
  readonly uri: string;
  /** FerretDB v1 cannot hold a list within a list. */
  readonly engine: "mongodb" | "ferretdb";
  /** False when it comes from MONGODB_URI: then it can be neither killed nor restarted. */
  readonly isOurs: boolean;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts again on the same port and data. */
  restart(): Promise<void>;
  /** Answers nothing for `ms` while its connections stay open, as on a machine that hangs. */
  stall(ms: number): Promise<void>;
  stop(): Promise<void>;
}

const HERE = import.meta.dirname;
const CACHE = join(HERE, "../../node_modules/.cache/mongo-server");
const SOURCES = ["main.go", "go.mod", "go.sum"];
const BUILD_TIMEOUT_MS = 540_000;
const START_TIMEOUT_MS = 30_000;
const HOW_TO =
  "no MongoDB to test with: set MONGODB_URI, or put mongod or a Go toolchain (1.24 or newer) on PATH and run npm run test:mongo";

/**
 * A MongoDB to test against: MONGODB_URI, else mongod, else FerretDB v1 (same wire protocol) built with Go once.
 * Under CI, throws instead of skipping. Allow ten minutes for the first build.
 */
export async function startMongo(): Promise<MongoServer | { readonly skipped: string }> {
  const given = process.env["MONGODB_URI"];
  if (given !== undefined && given !== "") return external(given);
  if (isOnPath("mongod"))
    return ours("mongodb", (port, dir) => ["mongod", ["--port", port, "--dbpath", dir, "--bind_ip", "127.0.0.1"]]);
  if (isOnPath("go")) {
    const binary = await buildFerret();
    return ours("ferretdb", (port, dir) => [binary, [`127.0.0.1:${port}`, dir]]);
  }
  if (process.env["CI"] === "true") throw new Error(HOW_TO);
  console.warn(HOW_TO);
  return { skipped: HOW_TO };
}

function external(uri: string): MongoServer {
  const refuse = (): Promise<never> => Promise.reject(new Error("MONGODB_URI is not ours to kill"));
  return {
    uri,
    engine: "mongodb",
    isOurs: false,
    kill: refuse,
    restart: refuse,
    stall: refuse,
    stop: () => Promise.resolve(),
  };
}

async function ours(
  engine: MongoServer["engine"],
  command: (port: string, dir: string) => [string, string[]],
): Promise<MongoServer> {
  const dir = mkdtempSync(join(tmpdir(), "mongo-"));
  const port = await freePort();
  const uri = `mongodb://127.0.0.1:${port}/?directConnection=true`;
  const [binary, args] = command(String(port), dir);
  const start = (): Promise<ChildProcess> => startProcess(binary, args, uri);
  let child = await start();
  const kill = (): Promise<void> => killed(child);
  return {
    uri,
    engine,
    isOurs: true,
    kill,
    async restart() {
      child = await start();
    },
    async stall(ms) {
      child.kill("SIGSTOP");
      await delay(ms);
      child.kill("SIGCONT");
    },
    async stop() {
      await kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Standard input stays open as long as this process lives; the FerretDB server ends when it closes. */
async function startProcess(binary: string, args: readonly string[], uri: string): Promise<ChildProcess> {
  const child = spawn(binary, args, { stdio: ["pipe", "ignore", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log = (log + text).slice(-4_000)));
  const died = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${binary} ended with ${code}: ${log}`)));
  });
  died.catch(() => undefined);
  await Promise.race([answers(uri), died]);
  return child;
}

async function answers(uri: string): Promise<void> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: START_TIMEOUT_MS, heartbeatFrequencyMS: 500 });
  try {
    await retryFor(START_TIMEOUT_MS, () => client.db("admin").command({ ping: 1 }));
  } finally {
    await client.close();
  }
}

function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

/** Built under a temporary name and renamed, so that two test files may build at the same time. */
async function buildFerret(): Promise<string> {
  const hash = createHash("sha256");
  for (const source of SOURCES) hash.update(readFileSync(join(HERE, source)));
  const binary = join(CACHE, hash.digest("hex").slice(0, 16));
  if (existsSync(binary)) return binary;
  mkdirSync(CACHE, { recursive: true });
  const partial = `${binary}.${randomUUID()}`;
  await promisify(execFile)("go", ["build", "-buildvcs=false", "-o", partial, "."], {
    cwd: HERE,
    timeout: BUILD_TIMEOUT_MS,
  });
  renameSync(partial, binary);
  return binary;
}

const isOnPath = (command: string): boolean =>
  spawnSync(command, ["--version"], { stdio: "ignore" }).error === undefined;
