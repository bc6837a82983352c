import { readFileSync } from "node:fs";
import { join } from "node:path";

// npm run licences: lists the production dependencies of the lockfile with their licences. Exits with 1 if one is not
// known to be compatible with MIT.

interface Locked {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
}

const ALLOWED = /^(MIT|ISC|BSD-2-Clause|BSD-3-Clause|Apache-2\.0|0BSD|BlueOak-1\.0\.0|Unlicense|CC0-1\.0|MPL-2\.0)$/;
const ROOT = join(import.meta.dirname, "..");

const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as { packages: Record<string, Locked> };
const rows = Object.entries(lock.packages)
  .filter(([path, { dev }]) => path !== "" && dev !== true)
  .map(([path, { version = "", license }]) => ({
    name: path.split("node_modules/").at(-1) ?? path,
    version,
    licence: license ?? licenceInPlace(path),
  }))
  .toSorted((a, b) => a.name.localeCompare(b.name));

for (const { name, version, licence } of rows) console.log(`${licence.padEnd(16)} ${name} ${version}`);
const doubtful = rows.filter(({ licence }) => !licence.split(/ OR |[()]/).some((each) => ALLOWED.test(each)));
console.log(`${rows.length} packages, ${doubtful.length} with a licence to look at`);
process.exit(doubtful.length === 0 ? 0 : 1);

function licenceInPlace(path: string): string {
  try {
    const found = JSON.parse(readFileSync(join(ROOT, path, "package.json"), "utf8")) as { license?: unknown };
    return typeof found.license === "string" ? found.license : "unknown";
  } catch {
    return "unknown";
  }
}
