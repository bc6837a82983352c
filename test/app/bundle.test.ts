import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { bundledMain, MAIN, SOURCES, stampOf } from "../../src/app/bundle.ts";
import { freePort } from "../free-port.ts";

const ROOT = join(import.meta.dirname, "../..");

describe("a start", () => {
  const root = mkdtempSync(join(tmpdir(), "bundle-"));
  const source = join(root, "order.ts");
  const writtenAt = new Date("2026-11-24T04:00:00Z");
  const write = (text: string, at?: Date): void => {
    writeFileSync(source, text);
    if (at) utimesSync(source, at, at);
  };
  afterAll(() => rmSync(root, { recursive: true }));
  beforeEach(() => {
    write("export const lot = 75;", writtenAt);
    mkdirSync(join(root, "dist"), { recursive: true });
    writeFileSync(join(root, "dist", SOURCES), JSON.stringify({ "order.ts": stampOf(source) }));
  });

  it("takes the bundle while its sources are those it was made of", () => {
    expect(bundledMain(root)).toBe(join(root, "dist", MAIN));
  });

  it("takes the sources when one was edited and kept its size", () => {
    write("export const lot = 65;");
    expect(bundledMain(root)).toBeNull();
  });

  it("takes the sources when one has another size and the same time", () => {
    write("export const lot = 1000;", writtenAt);
    expect(bundledMain(root)).toBeNull();
  });

  it("takes the sources when one is gone", () => {
    rmSync(source);
    expect(bundledMain(root)).toBeNull();
  });

  it("takes the sources when nothing was built", () => {
    rmSync(join(root, "dist"), { recursive: true });
    expect(bundledMain(root)).toBeNull();
  });
});

describe("a bundle of these sources", () => {
  // Beneath the root, where it finds the packages that it leaves in their place.
  const dist = join(ROOT, "node_modules/.cache/bundle-test");
  const data = mkdtempSync(join(tmpdir(), "bundled-"));
  afterAll(() => [dist, data].forEach((dir) => rmSync(dir, { recursive: true, force: true })));

  it("starts, and finds its packages and its assets", async () => {
    await promisify(execFile)(process.execPath, ["src/app/start.js", "build", relative(ROOT, dist)], { cwd: ROOT });
    const port = await freePort();
    const bot = spawn(process.execPath, [join(dist, MAIN)], { env: { PORT: String(port), DATA_DIR: data }, cwd: data });
    let output = "";
    bot.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    await expect.poll(() => output, { timeout: 30_000 }).toContain(`Open http://127.0.0.1:${port + 1}`);
    expect(await (await fetch(`http://127.0.0.1:${port + 1}`)).text()).toContain("<title>");
    bot.kill("SIGTERM");
    await new Promise((resolve) => bot.once("exit", resolve));
  });
});
