import { expect, it } from "vitest";
import { fuzz } from "./run.ts";

/** A share of what `npm run fuzz` does, the same one each time. */
const INPUTS = 1_500;
const SEED = 20_261_123;

it(
  "answers whatever is typed and tapped without a failure or a call that Telegram refuses",
  { timeout: 60_000 },
  async () => {
    const report = await fuzz(INPUTS, SEED);
    expect(report.rejectedCalls).toEqual([]);
    expect(report.failures).toEqual([]);
    expect(report.unhandled).toEqual([]);
  },
);
