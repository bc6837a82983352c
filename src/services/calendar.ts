import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { PHASES, type TradingCalendar } from "../domain/calendar.ts";
import { isDate } from "../domain/market.ts";
import { ConfigError } from "../errors.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../ports/clock.ts";

const ASSETS = join(import.meta.dirname, "../../assets");
const RECHECK_MS = 30_000;

const dateSchema = z.string().refine(isDate, "expected a date like 2026-11-24");
const timeSchema = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "expected a time like 09:15");
const startsFirst = (hours: { start: string; end: string }): boolean => hours.start < hours.end;
const hoursSchema = z.strictObject({ start: timeSchema, end: timeSchema }).refine(startsFirst, "ends before it starts");
const daySchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("holiday"), name: z.string().min(1) }),
  z.strictObject({
    kind: z.literal("special"),
    name: z.string().min(1),
    hours: z.union([z.literal("normal"), z.literal("by-circular"), hoursSchema]),
  }),
  z.strictObject({ kind: z.literal("normal") }),
]);
const daysSchema = z.record(dateSchema, daySchema);
const yearSchema = z
  .strictObject({ year: z.int().min(2000).max(2100), source: z.string(), days: daysSchema })
  .refine(
    ({ year, days }) => Object.keys(days).every((date) => date.startsWith(`${year}-`)),
    "a day lies in another year",
  );
const phaseSchema = z
  .strictObject({ phase: z.enum(PHASES), start: timeSchema, end: timeSchema })
  .refine(startsFirst, "ends before it starts");
const sessionsSchema = z.array(
  z.strictObject({
    from: dateSchema,
    source: z.string(),
    groups: z.strictObject({
      "cash-with-derivatives": z.array(phaseSchema).min(1),
      cash: z.array(phaseSchema).min(1),
      derivatives: z.array(phaseSchema).min(1),
    }),
  }),
);
/** DATA_DIR/calendar.json: `years` replace whole shipped years, `days` override single dates. */
const overrideSchema = z.strictObject({
  years: z.array(yearSchema).optional(),
  days: daysSchema.optional(),
  sessions: sessionsSchema.optional(),
});
type Override = z.output<typeof overrideSchema>;
type Year = z.output<typeof yearSchema>;

export interface CalendarSource {
  /** The calendar now; a changed override file is picked up within half a minute. */
  current(): TradingCalendar;
}

/** The shipped lists with DATA_DIR/calendar.json applied. Throws ConfigError when that file is invalid at start. */
export function createCalendar(deps: { dataDir: string; clock: Clock; log: Log }): CalendarSource {
  const { clock, log } = deps;
  const file = join(deps.dataDir, "calendar.json");
  let loadedMtime = modifiedAt(file);
  let calendar = loadCalendar(file);
  let checkedAt = clock.now();

  function reloadIfChanged(): void {
    checkedAt = clock.now();
    const changedAt = modifiedAt(file);
    if (changedAt === loadedMtime) return;
    loadedMtime = changedAt;
    try {
      calendar = loadCalendar(file);
      log.info("calendar reloaded");
    } catch (error) {
      log.error({ err: error }, "calendar.json is invalid; keeping the previous calendar");
    }
  }

  return {
    current() {
      if (Math.abs(clock.now() - checkedAt) >= RECHECK_MS) reloadIfChanged();
      return calendar;
    },
  };
}

/** The shipped lists with the override file applied, if there is one. */
export function loadCalendar(overrideFile: string | null): TradingCalendar {
  const folder = join(ASSETS, "holidays");
  const shipped = readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => read(join(folder, name), yearSchema));
  const { sessions } = read(join(ASSETS, "sessions.json"), z.strictObject({ sessions: sessionsSchema }));
  const override = overrideFile !== null && existsSync(overrideFile) ? read(overrideFile, overrideSchema) : {};
  return merged(shipped, sessions, override);
}

function merged(shipped: readonly Year[], sessions: z.output<typeof sessionsSchema>, override: Override) {
  const replaced = new Set((override.years ?? []).map(({ year }) => year));
  const years = [...shipped.filter(({ year }) => !replaced.has(year)), ...(override.years ?? [])];
  const days = [...years.flatMap((year) => Object.entries(year.days)), ...Object.entries(override.days ?? {})];
  return {
    years: new Set(years.map(({ year }) => year)),
    days: new Map(days),
    sessions: [...sessions, ...(override.sessions ?? [])].sort((a, b) => (a.from < b.from ? -1 : 1)),
  };
}

function read<T extends z.ZodType>(path: string, schema: T): z.output<T> {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new ConfigError([`${path}: ${error instanceof Error ? error.message : "cannot be read"}`]);
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new ConfigError(parsed.error.issues.map((issue) => `${path}: ${issue.path.join(".")}: ${issue.message}`));
}

const modifiedAt = (path: string): number | null => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
