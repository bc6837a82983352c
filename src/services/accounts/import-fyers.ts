import type { BrokerDefinition, Credentials } from "../../../connectors/base.ts";
import type { UserId } from "../../domain/ids.ts";
import { Secret } from "../../lib/secret.ts";
import type { Accounts } from "./accounts.ts";

/** Environment variables of a single-broker deployment, and the credential field of each. */
const VARIABLES = [
  ["FYERS_CLIENT_ID", "client_id"],
  ["FYERS_SECRET_ID", "secret_id"],
  ["FYERS_PIN", "pin"],
] as const;
/** Reported as not needed: tokens expire every morning, and the redirect URL is now the bot's own. */
const IGNORED = ["FYERS_ACCESS_TOKEN", "FYERS_REFRESH_TOKEN", "FYERS_REDIRECT_URI"];
export const IMPORTED_VARIABLES: readonly string[] = [...VARIABLES.map(([name]) => name), ...IGNORED];

type Environment = Readonly<Record<string, string | undefined>>;

export interface ImportReport {
  readonly isImported: boolean;
  /** One line for each variable found, imported or ignored. Never holds a value. */
  readonly lines: readonly string[];
}

/** Creates the owner's Fyers link from the old variables, once. The owner then logs in from /accounts. */
export async function importFyers(
  deps: { accounts: Accounts; fyers: BrokerDefinition },
  owner: UserId,
  environment: Environment,
): Promise<ImportReport> {
  const found = VARIABLES.flatMap(([name, field]) => {
    const value = environment[name]?.trim();
    return value ? [{ name, field, value }] : [];
  });
  const problems = problemsOf(deps.fyers, found);
  if (problems.length > 0) return { isImported: false, lines: [...problems, "Nothing was imported."] };
  const credentials: Credentials = Object.fromEntries(found.map(({ field, value }) => [field, new Secret(value)]));
  if (await isLinked(deps, owner, credentials)) {
    return { isImported: false, lines: ["This Fyers app is linked already. Nothing was changed."] };
  }
  const link = await deps.accounts.add(owner, deps.fyers.name, credentials);
  return {
    isImported: true,
    lines: [
      ...found.map(({ name }) => `${name}: imported, stored encrypted`),
      ...IGNORED.filter((name) => environment[name]).map((name) => `${name}: not needed any more`),
      `The account is linked as "${link.label}". Log in from /accounts, then take the FYERS_ variables out of the environment.`,
    ],
  };
}

function problemsOf(
  fyers: BrokerDefinition,
  found: readonly { name: string; field: string; value: string }[],
): string[] {
  const missing = ["FYERS_CLIENT_ID", "FYERS_SECRET_ID"].filter((name) => !found.some((each) => each.name === name));
  const malformed = found.filter(
    ({ field, value }) => !fyers.credentials.find((spec) => spec.field === field)?.pattern.test(value),
  );
  return [
    ...missing.map((name) => `${name}: not set`),
    ...malformed.map(({ name }) => `${name}: does not look like Fyers' ${name.slice("FYERS_".length).toLowerCase()}`),
  ];
}

async function isLinked(
  { accounts, fyers }: { accounts: Accounts; fyers: BrokerDefinition },
  owner: UserId,
  credentials: Credentials,
): Promise<boolean> {
  const wanted = credentials["client_id"]?.reveal();
  const links = await accounts.all(owner);
  return links.some((link) => link.broker_name === fyers.name && link.credentials["client_id"]?.reveal() === wanted);
}
