import { renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative } from "node:path";
import type { Plugin } from "rolldown";
import { MAIN, STAMPS, stampOf } from "./bundle.ts";

// `npm run build [DIR]`, also run by `npm install`: puts the modules that a start loads into a few files, in dist/.

const ROOT = join(import.meta.dirname, "../..");
const DIR = join(ROOT, process.argv[3] ?? "dist");
/** The packages of every start. Others are loaded later, and stay where they are. */
const PACKAGES = new Set([
  "@grammyjs/conversations",
  "@grammyjs/runner",
  "grammy",
  "minisearch",
  "p-queue",
  "pino",
  "zod",
]);

/** grammY's, and left in its place all the same: it loads the old punycode, of which Node warns outside node_modules. */
const FETCH = "node-fetch";

const isPackage = (id: string): boolean => !id.startsWith(".") && !isAbsolute(id);
const isOurs = (path: string): boolean => isAbsolute(path) && !/^\.\.|node_modules/.test(relative(ROOT, path));

const stamps: Record<string, string> = {};
const stamp = (path: string): void => void (stamps[relative(ROOT, path)] = stampOf(path));

/** Before a source is read: one that is edited meanwhile must not pass for what was bundled. */
const stampSources: Plugin = {
  name: "stamp-sources",
  load(path) {
    if (isOurs(path)) stamp(path);
    return null;
  },
};

/** A module finds its assets and its worker by its own place, which the bundle is not. */
const keepPlace: Plugin = {
  name: "keep-place",
  transform(code, path) {
    if (!isOurs(path)) return null;
    const [file, folder] = [path, dirname(path)].map((to) => JSON.stringify(`/${relative(DIR, to)}`));
    return code
      .replaceAll("import.meta.url", `new URL("." + ${file}, import.meta.url).href`)
      .replaceAll("import.meta.dirname", `(import.meta.dirname + ${folder})`);
  },
};

const rolldown = await import("rolldown").catch(() => null);
if (rolldown) await build(rolldown);
else
  process.stdout.write("Without rolldown, a development dependency, Sauda starts from its sources: a little slower.\n");

async function build({ rolldown: open }: typeof import("rolldown")): Promise<void> {
  stamp(join(ROOT, "package-lock.json"));
  const bundle = await open({
    cwd: ROOT,
    input: "src/app/main.ts",
    platform: "node",
    external: (id, importer) => id === FETCH || (isPackage(id) && isOurs(importer ?? ROOT) && !PACKAGES.has(id)),
    plugins: [stampSources, keepPlace],
  });
  // First, so that a start takes nothing of what is half removed or half written.
  rmSync(join(DIR, STAMPS), { force: true });
  rmSync(DIR, { recursive: true, force: true });
  // CommonJS loads in less time: an ES module that imports one of Node's own has all of its exports read.
  const { output } = await bundle.write({
    dir: DIR,
    format: "cjs",
    // As the sources run, which are ES modules: without it a write to what is frozen would be ignored.
    strict: true,
    comments: { legal: true, annotation: false, jsdoc: false },
    entryFileNames: MAIN,
    chunkFileNames: "[name]-[hash].cjs",
  });
  for (const { fileName } of output) stamp(join(DIR, fileName));
  const list = join(DIR, STAMPS);
  writeFileSync(`${list}.partial`, JSON.stringify(stamps));
  renameSync(`${list}.partial`, list);
}
