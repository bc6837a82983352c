import type { Credentials } from "../../../connectors/base.ts";

export const hasSameKeys = (a: Credentials, b: Credentials): boolean =>
  Object.keys({ ...a, ...b }).every((field) => a[field]?.reveal() === b[field]?.reveal());
