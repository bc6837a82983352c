import { expect, it } from "vitest";
import { fuzz } from "./run.ts";

/** A share of what `npm run fuzz` does, the same one each time. */
const INPUTS = 2_400;
const SEED = 20_261_123;

it(
  "answers whatever is typed and tapped without a failure or a call that Telegram refuses",
  { timeout: 90_000 },
  async () => {
    const { complaints, untouched } = await fuzz(INPUTS, SEED);
    expect(complaints).toEqual([]);
    expect(untouched, "verbs of buttons that were never tapped").toEqual([]);
  },
);
