import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPictures, type Pictures } from "../../src/lib/chart/png.ts";
import { barChart } from "../../src/lib/chart/bars.ts";
import { fitted } from "../../src/lib/chart/svg.ts";

const svg = (width: number): string => `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="10"/>`;
/** Reads the width from the PNG's header. */
const widthOf = (png: Uint8Array): number => Buffer.from(png).readUInt32BE(16);

describe("a label", () => {
  it("is cut to the space it has by the width of its letters, as capitals are wider", () => {
    expect(fitted("HINDUNILVR", 100, 20)).toBe("HINDUN…");
    expect(fitted("hindunilvr", 100, 20)).toBe("hinduni…");
  });
});

describe("the name beside a bar", () => {
  const names = (...labels: string[]): string[] => {
    const bars = labels.map((label) => ({ label, value: 1, text: "" }));
    const box = { x: 0, y: 0, width: 1_000, height: 100 * labels.length };
    return [...barChart(bars, box).matchAll(/>([^<]+)</g)].map(([, written = ""]) => written);
  };

  it("is written in full where smaller letters make it fit", () => {
    expect(names("NIFTY26D0124500CE", "SBIN")).toEqual(["NIFTY26D0124500CE", "SBIN"]);
  });

  it("keeps its end where they do not, so that a call and its put differ", () => {
    const straddle = ["BANKNIFTY26DEC50000CE", "BANKNIFTY26DEC50000PE"];
    const written = names(...straddle);
    expect(written.map((name) => name.slice(-7))).toEqual(straddle.map((name) => name.slice(-7)));
    for (const name of written) expect(name).toMatch(/^BANKNIFT.*…/);
  });
});

describe("pictures", () => {
  let pictures: Pictures;
  beforeEach(() => {
    pictures = createPictures();
  });
  afterEach(() => pictures.close());

  it("are drawn for concurrent callers, each getting their own, and fail only for a text that is no SVG", async () => {
    const asked = [11, 12, null, 13].map((width) => pictures.draw(width === null ? "no drawing" : svg(width)));
    const drawn = await Promise.allSettled(asked);
    expect(drawn.map((each) => (each.status === "fulfilled" ? widthOf(each.value) : each.status))).toEqual([
      11,
      12,
      "rejected",
      13,
    ]);
    expect(widthOf(await pictures.draw(svg(14)))).toBe(14);
  });

  it("that are still waiting fail when the drawer is closed", async () => {
    const asked = Promise.allSettled([1, 2, 3].map((width) => pictures.draw(svg(width))));
    await pictures.close();
    expect((await asked).every(({ status }) => status === "rejected")).toBe(true);
  });
});
