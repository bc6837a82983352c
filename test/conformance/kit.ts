import type { Access } from "../../connectors/base.ts";
import type { Conformance } from "./spec.ts";
import type { Rig, RigOptions } from "./rig.ts";

/** What the cases are written with: groups and cases that can be skipped, and rigs that are closed after each case. */
export interface Kit {
  readonly spec: Conformance;
  group(name: string, cases: () => void): void;
  case(name: string, run: () => Promise<void> | void): void;
  open(options?: RigOptions): Promise<Rig>;
  /** A rig, with a session in it. */
  loggedIn(options?: RigOptions): Promise<{ rig: Rig; access: Access }>;
}
