import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { parentPort } from "node:worker_threads";
import { Resvg } from "@resvg/resvg-js";
import type { Drawn } from "./png.ts";
import { pngFile } from "./png-file.ts";

/** Shipped because slim container images have no fonts; this one has the rupee sign. */
const FONT = join(import.meta.dirname, "../../../assets/fonts/NotoSans-Regular.ttf");
/** A drawing holds about 5 MB outside the JS heap, which stays too small to trigger garbage collection by itself. */
const COLLECT_EVERY = 16;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
let drawings = 0;

parentPort?.on("message", (svg: string) => {
  const drawn = draw(svg);
  parentPort?.postMessage(drawn, "png" in drawn ? [drawn.png.buffer as ArrayBuffer] : []);
  drawings += 1;
  if (drawings % COLLECT_EVERY === 0) collect();
});

function draw(svg: string): Drawn {
  try {
    const font = { fontFiles: [FONT], loadSystemFonts: false, defaultFontFamily: "Noto Sans" };
    const image = new Resvg(svg, { font }).render();
    return { png: pngFile(image.pixels, image.width, image.height) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : "cannot be drawn" };
  }
}
