import { monitorEventLoopDelay } from "node:perf_hooks";
import { barChart } from "../src/lib/chart/bars.ts";
import { candleChart } from "../src/lib/chart/candles.ts";
import { lineChart } from "../src/lib/chart/line.ts";
import { createPictures } from "../src/lib/chart/png.ts";
import { HEADER, MARGIN, sheet } from "../src/lib/chart/svg.ts";
import { treemap } from "../src/lib/chart/treemap.ts";

/** Prints one table: milliseconds from data to PNG, and how long the event loop was blocked meanwhile. */
const ROUNDS = 40;
const WIDTH = 1080;
const HEIGHT = 1080;
const box = { x: MARGIN, y: HEADER, width: WIDTH - 2 * MARGIN, height: HEIGHT - HEADER - MARGIN };
const half = { ...box, height: box.height / 2 - 30 };
const write = (value: number): string => Math.round(value).toLocaleString("en-IN");
const wave = (i: number): number => 1_000_000 + 40_000 * Math.sin(i / 5) + i * 900;
const bars = Array.from({ length: 10 }, (_, i) => ({
  label: `STOCK${i}`,
  value: (i - 4) * 910,
  text: write((i - 4) * 910),
}));
const points = Array.from({ length: 30 }, (_, i) => ({ name: `${i + 1} Nov`, value: wave(i) }));
const candles = Array.from({ length: 250 }, (_, i) => ({
  name: `day ${i}`,
  open: wave(i),
  close: wave(i + 1),
  high: wave(i) + 30_000,
  low: wave(i) - 25_000,
  volume: 1_000 + (i % 17) * 90,
}));
const tiles = Array.from({ length: 50 }, (_, i) => ({
  label: `T${i}`,
  text: "+1.2%",
  weight: 100 / (i + 1),
  tone: Math.sin(i),
}));

const drawings: Record<string, () => string> = {
  "day: bars and curve": () =>
    barChart(bars, half) + lineChart(points, { ...half, y: half.y + half.height + 60 }, write),
  "250 candles": () =>
    candleChart(candles, box, write, [{ values: candles.map(({ close }) => close), stroke: "#888" }]),
  "map of 50": () => treemap(tiles, box),
};

const pictures = createPictures();
const rows: Record<string, object> = {};
for (const [name, body] of Object.entries(drawings)) {
  const make = (): Promise<Uint8Array> =>
    pictures.draw(sheet({ width: WIDTH, height: HEIGHT, title: name, subtitle: "benchmark" }, [body()]));
  const startedAt = performance.now();
  await make();
  const first = performance.now() - startedAt;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const times: number[] = [];
  let bytes = 0;
  for (let i = 0; i < ROUNDS; i += 1) {
    const begunAt = performance.now();
    bytes = (await make()).byteLength;
    times.push(performance.now() - begunAt);
  }
  delay.disable();
  times.sort((a, b) => a - b);
  rows[name] = {
    "first ms": Math.round(first),
    "median ms": Math.round(times[ROUNDS / 2] ?? 0),
    "worst ms": Math.round(times.at(-1) ?? 0),
    "loop held ms": Math.round(delay.max / 1e5) / 10,
    KB: Math.round(bytes / 1024),
  };
}
await pictures.close();
console.table(rows);
