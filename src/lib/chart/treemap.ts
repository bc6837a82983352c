import { type Box, fitted, fittingSize, INK, label, type Svg, tag } from "./svg.ts";

export interface Tile {
  readonly label: string;
  readonly text: string;
  /** Relative area; tiles without a positive weight are left out. */
  readonly weight: number;
  /** −1 to 1: colour from full loss to full gain. */
  readonly tone: number;
}

/** Tiles of proportional area, the largest at the top left, split so that none becomes a sliver. */
export function treemap(tiles: readonly Tile[], box: Box): Svg {
  const sorted = tiles.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight);
  const boxes = new Map<Tile, Box>();
  split(sorted, box, boxes);
  return sorted.map((tile) => draw(tile, boxes.get(tile) ?? box)).join("");
}

/** Splits the tiles into two halves of similar weight along the longer side, recursively. */
function split(tiles: readonly Tile[], box: Box, into: Map<Tile, Box>): void {
  const [first] = tiles;
  if (!first) return;
  if (tiles.length === 1) {
    into.set(first, box);
    return;
  }
  const total = sum(tiles);
  let at = 1;
  while (at < tiles.length - 1 && sum(tiles.slice(0, at)) < total / 2) at += 1;
  const share = sum(tiles.slice(0, at)) / total;
  const isWide = box.width >= box.height;
  const [a, b] = isWide
    ? [
        { ...box, width: box.width * share },
        { ...box, x: box.x + box.width * share, width: box.width * (1 - share) },
      ]
    : [
        { ...box, height: box.height * share },
        { ...box, y: box.y + box.height * share, height: box.height * (1 - share) },
      ];
  split(tiles.slice(0, at), a, into);
  split(tiles.slice(at), b, into);
}

const sum = (tiles: readonly Tile[]): number => tiles.reduce((total, { weight }) => total + weight, 0);

const MIN_LABEL_WIDTH = 70;
const MIN_LABEL_HEIGHT = 44;
/** Font size of the second line, as a share of the first's. */
const SECOND_LINE = 0.8;

/** Opacity of a tile: never above 0.6, so that the text stays readable on it in both themes. */
const opacityOf = (tone: number): number => 0.2 + 0.4 * Math.min(1, Math.abs(tone));

function draw(tile: Tile, box: Box): Svg {
  const fill = tile.tone === 0 ? INK.muted : tile.tone < 0 ? INK.loss : INK.gain;
  const shape = tag("rect", {
    ...box,
    fill,
    "fill-opacity": Math.round(opacityOf(tile.tone) * 100) / 100,
    stroke: INK.paper,
    "stroke-width": 4,
  });
  if (box.width < MIN_LABEL_WIDTH || box.height < MIN_LABEL_HEIGHT) return shape;
  const room = box.width - 20;
  const [most, least] = [Math.min(44, box.height / 3), Math.min(30, box.height / 3, box.width / 5)];
  const fits = (text: string, width: number): number => fittingSize(text, width, most, least);
  const size = Math.min(fits(tile.label, room), fits(tile.text, room / SECOND_LINE));
  const at = { x: box.x + 12, y: box.y + size + 8 };
  const hasRoom = box.height > size * 2.6;
  return (
    shape +
    label(at.x, at.y, fitted(tile.label, room, size), { size }) +
    (hasRoom
      ? label(at.x, at.y + size * 1.25, fitted(tile.text, room, size * SECOND_LINE), { size: size * SECOND_LINE })
      : "")
  );
}
