import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { generateKey } from "../../src/lib/crypto.ts";
import { startMongo } from "../mongo-server/mongo-server.ts";
import { runEntry } from "./run.ts";

const started = await startMongo();
const mongo = "skipped" in started ? null : started;
afterAll(() => mongo?.stop());

describe.skipIf(mongo === null)("npm run import-env on MongoDB", () => {
  it("ends after saying what is missing, not kept alive by its open connection", async () => {
    const dir = mkdtempSync(join(tmpdir(), "import-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const settings = { DATA_DIR: dir, MONGODB_URI: mongo?.uri ?? "", MASTER_KEY: generateKey() };
    const { code, out } = await runEntry(["import-env"], settings).ended;
    expect(out).toContain("OWNER_ID: ");
    expect(code).toBe(1);
  });
});
