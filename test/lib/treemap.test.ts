import { describe, expect, it } from "vitest";
import { INK } from "../../src/lib/chart/svg.ts";
import { inTheme, THEMES } from "../../src/lib/chart/theme.ts";
import { treemap } from "../../src/lib/chart/treemap.ts";

const BOX = { x: 0, y: 0, width: 400, height: 300 };

const channels = (ink: string): number[] => [1, 3, 5].map((at) => Number.parseInt(ink.slice(at, at + 2), 16) / 255);
const luminance = (ink: readonly number[]): number => {
  const [red = 0, green = 0, blue = 0] = ink.map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

/** The contrast ratio of WCAG 2: 1 is no contrast. */
function contrast(one: readonly number[], other: readonly number[]): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

describe.each(THEMES)("the map of holdings, %s", (theme) => {
  it("is readable on every tile, however far its share rose or fell", () => {
    const paper = channels(/fill="(#\w+)"/.exec(inTheme(`<rect fill="${INK.paper}"/>`, theme))?.[1] ?? "");
    for (let tone = -1; tone <= 1; tone += 0.125) {
      const svg = inTheme(treemap([{ label: "SBIN", text: "+1.44%", weight: 1, tone }], BOX), theme);
      const [, fill = "", opacity = ""] = /<rect[^>]* fill="(#\w+)" fill-opacity="([\d.]+)"/.exec(svg) ?? [];
      const tile = channels(fill).map((part, at) => part * Number(opacity) + (paper[at] ?? 0) * (1 - Number(opacity)));
      const [, ink = ""] = /<text[^>]* fill="(#\w+)"/.exec(svg) ?? [];
      expect(contrast(channels(ink), tile), `${tone} of the full colour`).toBeGreaterThan(4);
    }
  });
});

it("a tile's text is as large as both of its lines fit", () => {
  const drawn = (width: number) =>
    treemap([{ label: "LT", text: "-4.50%", weight: 1, tone: -1 }], { ...BOX, width }).match(
      /font-size="[\d.]+"|>[^<]+</g,
    );
  expect(drawn(400)).toEqual(['font-size="44"', ">LT<", 'font-size="35.2"', ">-4.50%<"]);
  expect(drawn(130)).toEqual(['font-size="39.5"', ">LT<", 'font-size="31.6"', ">-4.50%<"]);
});
