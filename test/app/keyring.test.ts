import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { beginFileRotation, endFileRotation, openKeyring } from "../../src/app/keyring.ts";
import { createLog } from "../../src/lib/log.ts";

/** The paths that are synced to disk until the test's end, in order. */
function watchSyncs(): unknown[] {
  const [opened, synced] = [new Map<number, fs.PathLike>(), [] as unknown[]];
  const openSync = fs.openSync;
  vi.spyOn(fs, "openSync").mockImplementation((path, ...rest) => {
    const file = openSync(path, ...rest);
    opened.set(file, path);
    return file;
  });
  vi.spyOn(fs, "fsyncSync").mockImplementation((file) => void synced.push(opened.get(file)));
  syncBuiltinESMExports();
  onTestFinished(() => {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });
  return synced;
}

describe("the old key, once everything is under the new one", () => {
  it("is deleted durably: its directory is synced, so that a power cut cannot bring it back", () => {
    const dataDir = fs.mkdtempSync(join(tmpdir(), "keyring-"));
    onTestFinished(() => fs.rmSync(dataDir, { recursive: true, force: true }));
    openKeyring({ masterKey: null, previousKeys: [], dataDir }, createLog({ level: "silent" }));
    beginFileRotation(dataDir);
    const synced = watchSyncs();
    endFileRotation(dataDir);
    expect(fs.existsSync(join(dataDir, "master.key.previous"))).toBe(false);
    expect(synced).toEqual([dataDir]);
  });
});
