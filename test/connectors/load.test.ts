import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const CONNECTORS = new URL("../../connectors/", import.meta.url).href;
/** Prints every module that the list of brokers brings. */
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

it("the list of brokers is data: of their code it brings none, and no package", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", PROGRAM]);
  const loaded = stdout.trim().split("\n");
  expect(loaded).toContain(`${CONNECTORS}zerodha/index.ts`);
  const connectors = loaded.filter((url) => url.startsWith(CONNECTORS)).map((url) => url.split("/").at(-1));
  expect(new Set(connectors)).toEqual(new Set(["index.ts", "facts.ts"]));
  expect(loaded.filter((url) => url.includes("/node_modules/"))).toEqual([]);
});
