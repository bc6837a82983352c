import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const CONNECTORS = new URL("../../connectors/", import.meta.url).href;
/** Prints the URL of every module that importing the list of brokers loads. */
const PROGRAM = `
  import { registerHooks } from "node:module";
  registerHooks({
    load(url, context, next) {
      console.log(url);
      return next(url, context);
    },
  });
  await import("${CONNECTORS}index.ts");
`;

it("importing the list of brokers loads neither connector code nor any package", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", PROGRAM]);
  const loaded = stdout.trim().split("\n");
  expect(loaded).toContain(`${CONNECTORS}zerodha/index.ts`);
  const connectors = loaded.filter((url) => url.startsWith(CONNECTORS)).map((url) => url.split("/").at(-1));
  expect(new Set(connectors)).toEqual(new Set(["index.ts", "facts.ts"]));
  expect(loaded.filter((url) => url.includes("/node_modules/"))).toEqual([]);
});
