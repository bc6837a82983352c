import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { DIALOGUES_VERSION } from "../../conversations/index.ts";

/** The version of the dialogues, and the hash of their source at that version. */
const PINNED = { version: 10, print: "0dbafe734f4c5eb8" };

const DIALOGUES = join(import.meta.dirname, "../../conversations");
const WHAT_TO_DO = `conversations/ has changed. A dialogue that is open during an upgrade is replayed against the new code.
If the order or number of waits, replies or externals has changed, raise DIALOGUES_VERSION in conversations/index.ts.
Then, and also after a change of texts or comments only, write the new version and print here.`;

it("dialogues with other steps have another version", () => {
  const hash = createHash("sha256");
  for (const file of readdirSync(DIALOGUES).toSorted()) hash.update(readFileSync(join(DIALOGUES, file)));
  const print = hash.digest("hex").slice(0, 16);
  expect({ version: DIALOGUES_VERSION, print }, WHAT_TO_DO).toEqual(PINNED);
});
