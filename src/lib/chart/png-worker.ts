import { join } from "node:path";
import { parentPort } from "node:worker_threads";
import { Resvg } from "@resvg/resvg-js";
import type { Drawn } from "./png.ts";

/** The one font that is shipped: it has the rupee sign, and a slim image has no fonts at all. */
const FONT = join(import.meta.dirname, "../../../assets/fonts/NotoSans-Regular.ttf");

parentPort?.on("message", ({ id, svg }: { id: number; svg: string }) => {
  const drawn = draw(id, svg);
  parentPort?.postMessage(drawn, "png" in drawn ? [drawn.png.buffer as ArrayBuffer] : []);
});

function draw(id: number, svg: string): Drawn {
  try {
    const font = { fontFiles: [FONT], loadSystemFonts: false, defaultFontFamily: "Noto Sans" };
    // A copy of its own: what the library gives back is memory that cannot change hands.
    return { id, png: Uint8Array.from(new Resvg(svg, { font }).render().asPng()) };
  } catch (error) {
    return { id, problem: error instanceof Error ? error.message : "cannot be drawn" };
  }
}
