import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "vitest";
import type { Store, Stored } from "../../src/ports/store.ts";
import { sampleSpec, type Sample } from "./sample.ts";

/**
 * Starts writer.ts and kills it (and whatever `alsoKill` kills) the moment it has confirmed `after` documents.
 * Resolves with every id that it confirmed.
 */
export async function writeUntilKilled(
  args: readonly string[],
  after: number,
  alsoKill: () => Promise<void> = () => Promise.resolve(),
): Promise<string[]> {
  const writer = spawn(process.execPath, [join(import.meta.dirname, "writer.ts"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  writer.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const exited = new Promise<NodeJS.Signals | null>((resolve) => {
    writer.once("exit", (_code, signal) => resolve(signal));
  });
  const confirmed: string[] = [];
  let killing: Promise<void> | undefined;
  for await (const line of createInterface({ input: writer.stdout })) {
    confirmed.push(line);
    if (confirmed.length === after) {
      killing = alsoKill();
      writer.kill("SIGKILL");
    }
  }
  await killing;
  expect({ endedBy: await exited, stderr }).toEqual({ endedBy: "SIGKILL", stderr: "" });
  return confirmed;
}

/** The ids whose documents are missing or incomplete in either durability. */
export async function lost(store: Store, ids: readonly string[]): Promise<string[]> {
  const normal = store.collection(sampleSpec("written_normal", "normal"));
  const full = store.collection(sampleSpec("written_full", "full"));
  const missing: string[] = [];
  for (const id of ids) {
    const [inserted, replaced] = [await normal.get(id), await full.get(id)];
    if (!isWhole(inserted, 1) || !isWhole(replaced, 2)) missing.push(id);
  }
  return missing;
}

/** The writer derives every field from the id. */
function isWhole(document: Stored<Sample> | null, version: number): boolean {
  const number = document?._id.slice(2);
  return document?.version === version && document.tag === `tag${number}` && document.keys === `keys${number}`;
}
