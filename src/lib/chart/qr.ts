import { tag, type Svg } from "./svg.ts";

/** Pixels per module, and the quiet zone that scanners need, in modules. */
const MODULE = 12;
const BORDER = 4;

/** The text as a QR code, dark on light in every theme, because many scanners cannot read inverted codes. */
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
