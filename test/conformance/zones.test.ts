import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { report } from "./zone-child.ts";
import { expectFor } from "./expect-for.ts";

const CHILD = fileURLToPath(new URL("zone-child.ts", import.meta.url));

interface Report {
  readonly noon: string;
  readonly brokers: readonly Readonly<Record<string, unknown>>[];
}

it("reads IST the same in a process that runs in New York", async () => {
  const env = { TZ: "America/New_York", NODE_NO_WARNINGS: "1" };
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD], { env });
  const there = JSON.parse(stdout) as Report;
  const here = (await report()) as Report;
  expectFor(there.noon, "the child is in another zone").toBe("2026-11-20T17:00:00.000Z");
  expect(there.brokers).toEqual(here.brokers);
  for (const times of here.brokers) {
    expectFor(times["placedAt"], String(times["broker"])).toBe("2026-11-20T05:30:00.000Z");
    expect(times["days"]).toEqual(["2026-11-17T18:30:00.000Z", "2026-11-18T18:30:00.000Z"]);
  }
});
