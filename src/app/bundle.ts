import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

// `npm install` puts the modules of a start into a few files, which saves two fifths of its time. They are used only
// while the sources are those they were made of: whoever edits one, or does not build, runs the sources as they are.

export const MAIN = "main.cjs";
/** In a bundle's directory: the stamp of each file of it and of each it was made of, by path from the root. */
export const STAMPS = "stamps.json";

/** Tells one state of a file from another. In whole seconds: a container image keeps no parts of them. */
export function stampOf(path: string): string {
  const file = statSync(path, { throwIfNoEntry: false });
  return file ? `${file.size} ${Math.floor(file.mtimeMs / 1000)}` : "none";
}

/** The path of the bundled main module; null when there is no bundle, or one that is damaged or of other sources. */
export function bundledMain(root: string): string | null {
  const dir = join(root, "dist");
  try {
    const stamps = Object.entries(JSON.parse(readFileSync(join(dir, STAMPS), "utf8")) as Record<string, string>);
    return stamps.every(([path, stamp]) => stampOf(`${root}/${path}`) === stamp) ? join(dir, MAIN) : null;
  } catch {
    // The sources are there in any case.
    return null;
  }
}
