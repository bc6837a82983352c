import { existsSync } from "node:fs";
import { brokerDefinitions } from "../../connectors/index.ts";
import { IMPORTED_VARIABLES } from "../services/import-fyers.ts";
import { readConfig, type Config } from "./config.ts";

const YAHOO_ROOT = { YAHOO_API_ROOT: "https://query2.finance.yahoo.com" };
/** The environment, with .env under it where there is one. */
export function readSettings(): Config {
  if (existsSync(".env")) process.loadEnvFile(".env");
  const roots = Object.assign({}, YAHOO_ROOT, ...brokerDefinitions.map((definition) => definition.roots));
  return readConfig(process.env, roots, IMPORTED_VARIABLES);
}
