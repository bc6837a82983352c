import { AsyncLocalStorage } from "node:async_hooks";

/** Fields added to every log line written while some work runs, such as the id of the update that caused it. */
const current = new AsyncLocalStorage<Readonly<Record<string, string | number>>>();

export const traced = <T>(fields: Readonly<Record<string, string | number>>, work: () => T): T =>
  current.run({ ...current.getStore(), ...fields }, work);

export const traceFields = (): Readonly<Record<string, string | number>> => current.getStore() ?? {};
