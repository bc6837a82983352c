import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { DIALOGUES_VERSION } from "../../conversations/index.ts";

/** What the dialogues of this version look like. */
const PINNED = { version: 6, print: "62560a45a35d026e" };

const DIALOGUES = join(import.meta.dirname, "../../conversations");
const WHAT_TO_DO = `conversations/ has changed. A dialogue that is open over an upgrade is replayed against the new code.
If waits, replies or externals come in another order, or one more or less, raise DIALOGUES_VERSION in conversations/index.ts.
Then, and also if it is only words or comments, pin version and print here.`;

it("a dialogue whose steps are others has another version", () => {
  const hash = createHash("sha256");
  for (const file of readdirSync(DIALOGUES).toSorted()) hash.update(readFileSync(join(DIALOGUES, file)));
  const print = hash.digest("hex").slice(0, 16);
  expect({ version: DIALOGUES_VERSION, print }, WHAT_TO_DO).toEqual(PINNED);
});
