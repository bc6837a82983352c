import { expect, it } from "vitest";
import { fuzz } from "./run.ts";

/** A small run of `npm run fuzz`, with the same seed each time. */
const INPUTS = 2_400;
const SEED = 20_261_123;

it(
  "the bot answers whatever is typed and tapped without an error or a call that Telegram refuses",
  { timeout: 90_000 },
  async () => {
    const { failures, untappedVerbs } = await fuzz(INPUTS, SEED);
    expect(failures).toEqual([]);
    expect(untappedVerbs, "verbs of buttons that were never tapped").toEqual([]);
  },
);
