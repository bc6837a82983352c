import { ticker } from "../../domain/instrument.ts";
import { changeInBasisPoints } from "../../domain/money.ts";
import { holdingValue } from "../../domain/totals.ts";
import { HEADER, MARGIN, sheet, type Svg } from "../../lib/chart/svg.ts";
import { treemap } from "../../lib/chart/treemap.ts";
import { percent } from "../render/amounts.ts";
import { drawable } from "./drawable.ts";
import type { MergedHolding } from "../render/portfolio.ts";

const SIZE = { width: 960, height: 800 };
/** The move since the last close, or since purchase, that gets the full colour, in 1/100 percent. */
const FULL_DAY = 300;
const FULL_TOTAL = 2_000;

export type HeatMeasure = "day" | "total";

/** Holdings as tiles: the area is their value, the colour their move today or since bought. Null when none has a price. */
export function heatPicture(holdings: readonly MergedHolding[], measure: HeatMeasure, subtitle: string): Svg | null {
  const tiles = holdings.flatMap((holding) => {
    const value = holdingValue(holding);
    if (value === null || value <= 0) return [];
    const change = changeOf(holding, measure);
    const full = measure === "day" ? FULL_DAY : FULL_TOTAL;
    return [
      {
        label: ticker(holding.symbol),
        text: change === null ? "no change known" : drawable(percent(change)),
        weight: value,
        tone: change === null ? 0 : Math.max(-1, Math.min(1, change / full)),
      },
    ];
  });
  if (tiles.length === 0) return null;
  const title = measure === "day" ? "Holdings today" : "Holdings since bought";
  return sheet({ ...SIZE, title, subtitle: drawable(subtitle) }, [
    treemap(tiles, {
      x: MARGIN,
      y: HEADER,
      width: SIZE.width - 2 * MARGIN,
      height: SIZE.height - HEADER - MARGIN,
    }),
  ]);
}

function changeOf({ ltp, prevClose, avgPrice }: MergedHolding, measure: HeatMeasure): number | null {
  const base = measure === "day" ? prevClose : avgPrice;
  return ltp === null || base === null ? null : changeInBasisPoints(ltp, base);
}
