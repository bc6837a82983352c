import { existsSync } from "node:fs";
import { brokerDefinitions } from "../../connectors/index.ts";
import { readConfig, type Config } from "./config.ts";

const YAHOO_ROOT = { YAHOO_API_ROOT: "https://query2.finance.yahoo.com" };
/** Read by `npm run import-env` only. */
const IMPORTED = [
  "FYERS_CLIENT_ID",
  "FYERS_SECRET_ID",
  "FYERS_PIN",
  "FYERS_REDIRECT_URI",
  "FYERS_ACCESS_TOKEN",
  "FYERS_REFRESH_TOKEN",
];

/** The environment, with .env under it where there is one. */
export function readSettings(): Config {
  if (existsSync(".env")) process.loadEnvFile(".env");
  const roots = Object.assign({}, YAHOO_ROOT, ...brokerDefinitions.map((definition) => definition.roots));
  return readConfig(process.env, roots, IMPORTED);
}
