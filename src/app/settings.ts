import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { brokerDefinitions } from "../../connectors/index.ts";
import { ROOTS as YAHOO_ROOTS } from "../../connectors/yahoo/facts.ts";
import { ConfigError } from "../errors.ts";
import { IMPORTED_VARIABLES } from "../services/accounts/import-fyers.ts";
import { readConfig, type Config } from "./config.ts";

/** The configuration from the environment; variables missing there are read from .env, if it exists. */
export function readSettings(): Config {
  const inFile = existsSync(".env") ? loadEnvFile() : [];
  const roots = Object.assign({}, YAHOO_ROOTS, ...brokerDefinitions.map((definition) => definition.roots));
  return readConfig(process.env, roots, { tolerated: IMPORTED_VARIABLES, inFile });
}

/** Returns the names in the file. Node's own error for an unreadable file says that it does not exist. */
function loadEnvFile(): string[] {
  try {
    process.loadEnvFile(".env");
    return Object.keys(parseEnv(readFileSync(".env", "utf8")));
  } catch {
    throw new ConfigError([`.env: this user cannot read ${resolve(".env")}; make it readable or remove it`]);
  }
}
