import { pino, type DestinationStream, type Logger } from "pino";
import { traceFields } from "./trace.ts";

export type Log = Logger;

/** Logs one JSON line per event. Secret values print as ***; errors are stripped of their request details. */
export function createLog(options: { level: string; destination?: DestinationStream }): Log {
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
      // A copy, because pino writes the line's own fields into it.
      mixin: () => ({ ...traceFields() }),
    },
    options.destination ?? pino.destination({ dest: 2, sync: true }),
  );
}

/**
 * Name, message, codes and stack frames of an error and its causes, but never the payload that grammY or a client
 * attaches.
 */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const described: Record<string, unknown> = { name: error.name, message: withoutUrls(error.message) };
  for (const field of ["kind", "broker", "endpoint", "status", "brokerCode", "code", "error_code", "method"]) {
    const value: unknown = Reflect.get(error, field);
    if (typeof value === "string" || typeof value === "number") described[field] = value;
  }
  if (error.stack !== undefined)
    described["stack"] = error.stack
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line.startsWith("at "))
      .slice(0, 6);
  const cause = error.cause ?? wrapped(error);
  if (cause !== undefined) described["cause"] = describeError(cause);
  return described;
}

/** grammY puts the cause of network and handler errors in `error`, not in `cause`. */
function wrapped(error: Error): Error | undefined {
  const inner: unknown = Reflect.get(error, "error");
  return inner instanceof Error ? inner : undefined;
}

/** URLs may hold secrets: Telegram's the bot token, brokers' login tokens, a proxy's or MongoDB's a password. */
const withoutUrls = (text: string): string => text.replaceAll(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"')]+/gi, "<url>");
