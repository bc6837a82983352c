import { expect } from "vitest";

/** `expect` with the name of what it is about as second argument, for assertions in loops. */
export const expectFor: typeof expect = expect;
