import { describe, expect, it } from "vitest";
import { INK, label, rectangle, sheet } from "../../src/lib/chart/svg.ts";
import { inTheme } from "../../src/lib/chart/theme.ts";

const BOX = { x: 0, y: 0, width: 10, height: 10 };
const drawing = (text: string, ...inks: string[]): string =>
  sheet({ width: 100, height: 100, title: text, subtitle: "" }, [
    ...inks.map((ink) => rectangle(BOX, ink)),
    label(0, 0, text, { size: 10 }),
  ]);

describe("the theme of a drawing", () => {
  it("replaces every light colour in the dark theme", () => {
    const inks = Object.values(INK);
    const dark = inTheme(drawing("SBIN", ...inks), "dark");
    for (const ink of inks) expect(dark).not.toContain(`"${ink}"`);
  });

  it("changes no text, whatever it contains, and nothing in the light theme", () => {
    const text = `fill="${INK.paper}"`;
    expect(inTheme(drawing(text), "dark")).toContain(`fill=&quot;${INK.paper}&quot;`);
    expect(inTheme(drawing(text), "light")).toBe(drawing(text));
  });
});
