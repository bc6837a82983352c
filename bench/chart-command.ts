import { istInstant } from "../src/domain/market.ts";
import { createExchange } from "../connectors/paper/exchange/exchange.ts";
import { candlePicture } from "../src/bot/pictures/candles.ts";
import { createPictures } from "../src/lib/chart/png.ts";

const TARGET_MS = 150;
const RUNS = 20;
const BARS = 250;
const DAY_MS = 86_400_000;

/** /chart from candles in memory to the PNG that is sent: 250 candles, volume, two averages, average price, trades. */
const now = istInstant("2026-11-23", "14:00");
const exchange = createExchange({ seed: 1, now: () => now, isAlwaysOpen: false });
const instrument = exchange.instruments.find(({ symbol }) => symbol === "NSE:SBIN-EQ");
if (!instrument) throw new Error("not listed");
const candles = exchange.candles(instrument.key, "1d", now - 500 * DAY_MS, now);
const shown = candles.slice(-BARS);
const [first, last] = [shown[0], shown.at(-1)];
if (!first || !last) throw new Error("no candles");
const pictures = createPictures();

const times: number[] = [];
let svgMs = 0;
let bytes = 0;
for (let run = 0; run < RUNS; run += 1) {
  const startedAt = performance.now();
  const picture = candlePicture({
    instrument,
    interval: "1d",
    candles,
    from: first.at,
    avgPrice: last.close,
    trades: [{ at: shown[120]?.at ?? first.at, side: "BUY", price: shown[120]?.low ?? first.low }],
    source: "Paper",
  });
  if (!picture) throw new Error("nothing drawn");
  svgMs = performance.now() - startedAt;
  bytes = (await pictures.draw(picture.svg)).byteLength;
  times.push(performance.now() - startedAt);
}
await pictures.close();
const sorted = times.slice(1).sort((a, b) => a - b);
const [median, worst] = [sorted[Math.floor(sorted.length / 2)] ?? 0, sorted.at(-1) ?? 0];
console.log(
  "| what | first, thread started | median | worst | drawing alone | PNG | target |\n| --- | --- | --- | --- | --- | --- | --- |",
);
console.log(
  `| /chart of ${shown.length} candles | ${times[0]?.toFixed(0)} ms | ${median.toFixed(0)} ms | ${worst.toFixed(0)} ms | ${svgMs.toFixed(1)} ms | ${Math.round(bytes / 1024)} KB | ${TARGET_MS} ms |`,
);
process.exitCode = worst > TARGET_MS ? 1 : 0;
