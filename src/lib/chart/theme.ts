import { INK, type Svg } from "./svg.ts";

export const THEMES = ["light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** Gain and loss differ in lightness here too. */
const DARK_INK: Readonly<Record<keyof typeof INK, string>> = {
  paper: "#14181d",
  text: "#e9ecef",
  muted: "#98a2ad",
  grid: "#2b323a",
  line: "#62a7ec",
  second: "#e0a052",
  own: "#b794f0",
  area: "#62a7ec26",
  gain: "#3cc487",
  loss: "#ee6a5f",
};

const DARK = new Map<string, string>(
  Object.entries(INK).map(([name, ink]) => [ink, DARK_INK[name as keyof typeof INK]]),
);
/** Cannot match inside a label, where quotes are escaped. */
const COLOUR = /(fill|stroke)="(#[0-9a-f]+)"/g;

/** Recolours a drawing for a theme. All drawings are made in light colours. */
export const inTheme = (svg: Svg, theme: Theme): Svg =>
  theme === "light"
    ? svg
    : svg.replaceAll(COLOUR, (_, kind: string, ink: string) => `${kind}="${DARK.get(ink) ?? ink}"`);
