import { z } from "zod";
import { ConfigError } from "../errors.ts";
import { Secret } from "../lib/secret.ts";

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

const PORT_RANGE = "expected a port number from 0 to 65535";

const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === "" ? undefined : value), schema.optional());
const url = z
  .url({ protocol: /^https?$/, error: "expected an http:// or https:// address" })
  .transform((text) => text.replace(/\/+$/, ""));

const environmentSchema = z.object({
  TELEGRAM_BOT_TOKEN: optional(
    z.string().regex(/^\d{5,16}:[\w-]{20,64}$/, "expected the token from BotFather, like 123456789:AA…"),
  ),
  TELEGRAM_API_ROOT: optional(url),
  BOT_MODE: optional(z.enum(["polling", "webhook"], { error: "expected polling or webhook" })),
  PORT: optional(z.string().regex(/^\d+$/, PORT_RANGE).transform(Number).pipe(z.number().max(65_535, PORT_RANGE))),
  // Paths are appended to it.
  PUBLIC_URL: optional(url.refine((text) => !/[?#]/.test(text), "expected an address without ? and #")),
  MONGODB_URI: optional(z.string().regex(/^mongodb(\+srv)?:\/\//, "expected mongodb:// or mongodb+srv://")),
  DATA_DIR: optional(z.string().min(1)),
  MASTER_KEY: optional(
    z.string().refine((text) => isKey(text), "expected 32 bytes in base64 (openssl rand -base64 32)"),
  ),
  MASTER_KEY_PREVIOUS: optional(
    z.string().refine((text) => text.split(",").every(isKey), "expected the former keys, separated by commas"),
  ),
  OWNER_ID: optional(z.string().regex(/^[1-9]\d{0,15}$/, "expected a Telegram user id, like 123456789")),
  LOG_LEVEL: optional(
    z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"], {
      error: "expected a pino level: error, warn, info, debug …",
    }),
  ),
  SAUDA_CLOCK: optional(
    z.iso.datetime({ offset: true, error: "expected an ISO instant, like 2026-11-23T09:00:00+05:30" }),
  ),
});

/** Names of all variables, without the brokers' origins. */
export const SETTINGS: readonly string[] = Object.keys(environmentSchema.shape);

export interface Config {
  readonly telegram: { readonly token: Secret; readonly apiRoot: string } | null;
  readonly mode: "polling" | "webhook";
  readonly port: number;
  readonly publicUrl: string;
  readonly mongoUri: Secret | null;
  readonly dataDir: string;
  readonly masterKey: Secret | null;
  /** Former keys, used only for decryption until everything is encrypted with the current one. */
  readonly previousKeys: readonly Secret[];
  readonly ownerId: string | null;
  readonly logLevel: string;
  /** SAUDA_CLOCK as epoch ms. */
  readonly startAt: number | null;
  /** Brokers' origins by variable name, as declared in the broker definitions. */
  readonly roots: Readonly<Record<string, string>>;
}

/**
 * Whether chat buttons may link to our pages. Keys are typed there, so TLS is required; and Telegram refuses messages with
 * links to hosts without a dot, such as localhost.
 */
export function opensFromChat(publicUrl: string): boolean {
  const { protocol, hostname } = new URL(publicUrl);
  return protocol === "https:" && /[.:]/.test(hostname);
}

/** An unknown variable with one of these prefixes, or with a broker's, is treated as a typo and prevents the start. */
const OWN_PREFIXES = ["TELEGRAM", "SAUDA", "BOT_MODE", "PUBLIC_URL", "MONGODB", "DATA_DIR", "MASTER_KEY", "OWNER_ID"];

interface VariableNames {
  /** Variables that only other commands read (import-env). */
  readonly tolerated: readonly string[];
  /** Variables in .env. An unknown one there is a typo, whereas the environment is shared with other programs. */
  readonly inFile: readonly string[];
}

/**
 * Parses the environment. `rootDefaults`: every origin variable with its default. Throws a ConfigError that names each bad
 * variable.
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  rootDefaults: Readonly<Record<string, string>>,
  names: VariableNames = { tolerated: [], inFile: [] },
): Config {
  const parsed = environmentSchema.safeParse(environment);
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  const { roots, rootProblems } = readRoots(environment, rootDefaults);
  problems.push(...rootProblems, ...unknownNames(environment, rootDefaults, names));
  if (!parsed.success) throw new ConfigError(problems);

  const config = assemble(parsed.data, roots);
  problems.push(...contradictions(config, parsed.data));
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function assemble(environment: z.output<typeof environmentSchema>, roots: Config["roots"]): Config {
  const port = environment.PORT ?? 8080;
  return {
    telegram: environment.TELEGRAM_BOT_TOKEN
      ? {
          token: new Secret(environment.TELEGRAM_BOT_TOKEN),
          apiRoot: environment.TELEGRAM_API_ROOT ?? "https://api.telegram.org",
        }
      : null,
    mode: environment.BOT_MODE ?? "polling",
    port,
    publicUrl: environment.PUBLIC_URL ?? `http://localhost:${port}`,
    mongoUri: environment.MONGODB_URI ? new Secret(environment.MONGODB_URI) : null,
    dataDir: environment.DATA_DIR ?? "./data",
    masterKey: environment.MASTER_KEY ? new Secret(environment.MASTER_KEY) : null,
    previousKeys: (environment.MASTER_KEY_PREVIOUS?.split(",") ?? []).map((key) => new Secret(key)),
    ownerId: environment.OWNER_ID ?? null,
    logLevel: environment.LOG_LEVEL ?? "info",
    startAt: environment.SAUDA_CLOCK ? Date.parse(environment.SAUDA_CLOCK) : null,
    roots,
  };
}

function contradictions(config: Config, environment: z.output<typeof environmentSchema>): string[] {
  const problems: string[] = [];
  if (config.mongoUri && !config.masterKey) {
    problems.push("MASTER_KEY: required with MONGODB_URI, expected 32 bytes in base64 (openssl rand -base64 32)");
  }
  if (config.previousKeys.length > 0 && !config.masterKey) {
    problems.push("MASTER_KEY_PREVIOUS: needs MASTER_KEY; a key in DATA_DIR is rotated by npm run rotate-key alone");
  }
  if (config.mode === "webhook") {
    const { protocol, hostname } = new URL(config.publicUrl);
    if (!environment.TELEGRAM_BOT_TOKEN) problems.push("BOT_MODE: webhook needs TELEGRAM_BOT_TOKEN");
    if (protocol !== "https:" && !LOOPBACK.test(hostname))
      problems.push("PUBLIC_URL: expected https:// with BOT_MODE=webhook");
  }
  if (environment.TELEGRAM_API_ROOT && !environment.TELEGRAM_BOT_TOKEN) {
    problems.push("TELEGRAM_API_ROOT: needs TELEGRAM_BOT_TOKEN; without a token the playground is used");
  }
  if (!environment.TELEGRAM_BOT_TOKEN && config.port === 65_535) {
    problems.push(
      "PORT: expected 65534 at most without TELEGRAM_BOT_TOKEN; the playground's chat page has the next port",
    );
  }
  return problems;
}

function readRoots(
  environment: Readonly<Record<string, string | undefined>>,
  defaults: Readonly<Record<string, string>>,
): { roots: Record<string, string>; rootProblems: string[] } {
  const roots: Record<string, string> = { ...defaults };
  const rootProblems: string[] = [];
  for (const name of Object.keys(defaults)) {
    const value = environment[name];
    if (value === undefined || value === "") continue;
    const parsed = url.safeParse(value);
    if (parsed.success) roots[name] = parsed.data;
    else rootProblems.push(`${name}: expected an http:// or https:// address`);
  }
  return { roots, rootProblems };
}

function unknownNames(
  environment: Readonly<Record<string, string | undefined>>,
  roots: Readonly<Record<string, string>>,
  { tolerated, inFile }: VariableNames,
): string[] {
  const known = new Set([...Object.keys(environmentSchema.shape), ...Object.keys(roots), ...tolerated]);
  const prefixes = [...OWN_PREFIXES, ...Object.keys(roots).map((name) => name.split("_", 1)[0] ?? name)];
  return Object.keys(environment)
    .filter((name) => !known.has(name))
    .filter((name) => inFile.includes(name) || prefixes.some((prefix) => name.startsWith(prefix)))
    .map((name) => `${name}: not a setting of Sauda; .env.example lists them all`);
}

function isKey(text: string): boolean {
  return /^[A-Za-z0-9+/]{43}=$/.test(text) && Buffer.from(text, "base64").length === 32;
}
