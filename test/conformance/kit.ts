import type { Access } from "../../connectors/base.ts";
import type { Conformance } from "./spec.ts";
import type { Street, StreetOptions } from "./street.ts";

/** What a group of cases is given: names that can be skipped, and streets that are closed after each case. */
export interface Kit {
  readonly spec: Conformance;
  group(name: string, cases: () => void): void;
  case(name: string, run: () => Promise<void> | void): void;
  open(options?: StreetOptions): Promise<Street>;
  /** A street, and a session in it. */
  enter(options?: StreetOptions): Promise<{ street: Street; access: Access }>;
}
