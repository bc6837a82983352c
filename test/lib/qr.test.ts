import { describe, expect, it } from "vitest";
import { qrPicture } from "../../src/lib/chart/qr.ts";

const URI = "otpauth://totp/Sauda:Asha?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Sauda";
const [MODULE, BORDER] = [12, 4];

/** Which modules the drawing darkens, by "x,y" without the border. */
function darkModules(svg: string): Set<string> {
  const squares = [...svg.matchAll(/M(\d+) (\d+)h12v12h-12z/g)];
  return new Set(squares.map(([, x, y]) => `${Number(x) / MODULE - BORDER},${Number(y) / MODULE - BORDER}`));
}

describe("a QR picture", () => {
  it("has the three finder patterns and the quiet zone that scanners look for, dark on light", async () => {
    const svg = await qrPicture(URI);
    const dark = darkModules(svg);
    const side = Number(/width="(\d+)"/.exec(svg)?.[1]) / MODULE - 2 * BORDER;
    expect((side - 17) % 4).toBe(0);
    for (const [left, top] of [
      [0, 0],
      [side - 7, 0],
      [0, side - 7],
    ] as const)
      for (let x = 0; x < 7; x += 1)
        for (let y = 0; y < 7; y += 1) {
          const ring = Math.max(Math.abs(x - 3), Math.abs(y - 3));
          expect(dark.has(`${left + x},${top + y}`), `${left + x},${top + y}`).toBe(ring !== 2);
        }
    for (const module of dark) {
      const [x = -1, y = -1] = module.split(",").map(Number);
      expect(x >= 0 && y >= 0 && x < side && y < side).toBe(true);
    }
    expect(svg).toContain('fill="#ffffff"');
    expect(svg).toContain('fill="#000000"');
  });

  it("differs for different texts, and never contains the text itself", async () => {
    const svg = await qrPicture(URI);
    expect(await qrPicture(`${URI}x`)).not.toBe(svg);
    expect(svg).not.toContain("JBSWY3DP");
  });
});
