import { expect } from "vitest";

/** `expect` whose second argument labels a failure, for assertions in loops. */
export const expectFor: typeof expect = expect;
