import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../errors.ts";
import { FILES } from "../store/sqlite/store.ts";

const { R_OK, W_OK } = constants;
const OWN_FILES = [
  "lock.db",
  ...Object.values(FILES).flatMap(({ name }) => [name, `${name}-wal`]),
  "master.key",
  "master.key.previous",
  "paper.json",
];

/**
 * Creates DATA_DIR if missing. Throws ConfigError when this user cannot read and write it, or one of our files in it.
 */
export function requireDataDir(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    accessSync(dir, R_OK | W_OK);
    for (const path of OWN_FILES.map((name) => join(dir, name)).filter((each) => existsSync(each)))
      accessSync(path, R_OK | W_OK);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new ConfigError([`DATA_DIR: this user cannot read and write ${dir} and the files in it (${error.message})`]);
  }
}
