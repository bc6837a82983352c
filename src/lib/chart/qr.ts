import { tag, type Svg } from "./svg.ts";

/** Pixels of one module; the border is what scanners ask for, in modules. */
const MODULE = 12;
const BORDER = 4;

/** A QR picture of the text, dark on light whatever the theme: scanners want it so. */
export async function qrPicture(text: string): Promise<Svg> {
  const { encode } = await import("uqr");
  const { data, size } = encode(text, { ecc: "M", border: BORDER });
  const side = size * MODULE;
  const modules = data.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x * MODULE} ${y * MODULE}h${MODULE}v${MODULE}h-${MODULE}z`] : [])),
  );
  return tag(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", width: side, height: side, viewBox: `0 0 ${side} ${side}` },
    tag("rect", { width: side, height: side, fill: "#ffffff" }),
    tag("path", { d: modules.join(""), fill: "#000000" }),
  );
}
