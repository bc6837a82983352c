import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { beginFileRotation, endFileRotation, openKeyring } from "../../src/app/keyring.ts";
import { createLog } from "../../src/lib/log.ts";

const { opened, synced } = vi.hoisted(() => ({ opened: new Map<number, fs.PathLike>(), synced: [] as unknown[] }));
vi.mock("node:fs", async (original) => {
  const real = await original<typeof fs>();
  const openSync = (path: fs.PathLike, ...rest: [fs.OpenMode, fs.Mode?]): number => {
    const file = real.openSync(path, ...rest);
    opened.set(file, path);
    return file;
  };
  return { ...real, openSync, fsyncSync: (file: number) => void synced.push(opened.get(file)) };
});

describe("the old key, once everything is under the new one", () => {
  it("is deleted durably: its directory is synced, so that a power cut cannot bring it back", () => {
    const dataDir = fs.mkdtempSync(join(tmpdir(), "keyring-"));
    onTestFinished(() => fs.rmSync(dataDir, { recursive: true, force: true }));
    openKeyring({ masterKey: null, previousKeys: [], dataDir }, createLog({ level: "silent" }));
    beginFileRotation(dataDir);
    synced.length = 0;
    endFileRotation(dataDir);
    expect(fs.existsSync(join(dataDir, "master.key.previous"))).toBe(false);
    expect(synced).toEqual([dataDir]);
  });
});
