import { setImmediate as breathe } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import MiniSearch from "minisearch";
import type { VenueInstrument } from "../connectors/base.ts";
import { indexInstrument, INDICES, instrumentKey, type Instrument } from "../src/domain/instrument.ts";
import { priceFromRupees } from "../src/domain/money.ts";
import { createFinder } from "../src/services/instruments/finder.ts";
import { createColumnsBuilder, type MasterColumns } from "../src/services/instruments/master-columns.ts";
import { openMaster } from "../src/services/instruments/master.ts";
import { inventMarket, symbolOf, type Contract, type Share } from "./masters.ts";
import { queriesOver } from "./queries.ts";

// Search over one master of 250,000 rows, compared with minisearch: time and memory to build, and time of a search.

const ROWS = Number(process.argv[2] ?? 251_000);
const TODAY = "2026-11-23";
const QUERIES = 3_000;
const ROUNDS = 5;
const WARM_UP = 300;
const LIMIT = 6;
const UNIT = { lotSize: 1, tickSize: priceFromRupees(0.05) };
const LOT = { lotSize: 75, tickSize: priceFromRupees(0.05) };
/** minisearch gets fewer queries: all of them would take minutes. */
const QUERIES_OF_LIBRARY = 100;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
async function heldMb(): Promise<number> {
  // Typed arrays' memory is freed by the second collection.
  for (let time = 0; time < 2; time += 1) {
    collectGarbage();
    await breathe();
  }
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1_048_576;
}
const say = (name: string, text: string): void => void process.stdout.write(`${name.padEnd(20)} ${text}\n`);
const ms = (value: number): string => `${value.toFixed(value < 10 ? 3 : 0)} ms`;

const market = inventMarket(ROWS, TODAY);
const rows: VenueInstrument[] = [
  ...INDICES.map((each) => row(indexInstrument(each))),
  ...market.shares.map(shareRow),
  ...market.contracts.map(contractRow),
];
const queries = queriesOver(market, QUERIES);
say("rows", `${rows.length}, of them ${market.shares.length} shares`);
say(
  "queries",
  `${queries.length} different ones: ${queries
    .slice(0, 12)
    .map((query) => `"${query}"`)
    .join(" ")}`,
);

const before = await heldMb();
const columns = await timed("Sauda keeps rows", 1, async () => toColumns());
const today = (): string => TODAY;
const finder = await timed("Sauda index", ROUNDS, async () => createFinder([await openMaster(columns)], today, today));
say("Sauda memory", `${((await heldMb()) - before).toFixed(0)} MB, kept rows included`);
report("Sauda", ROUNDS, queries, (text) => finder.search(text, LIMIT));

const beforeLibrary = await heldMb();
const library = await timed("minisearch index", 1, buildLibrary);
say("minisearch memory", `${((await heldMb()) - beforeLibrary).toFixed(0)} MB, without the rows`);
report("minisearch", 1, queries.slice(0, QUERIES_OF_LIBRARY), (text) =>
  library.search(text, { prefix: true, fuzzy: 0.2, combineWith: "AND" }),
);

/** Done once a day, when the master file is downloaded; the columns are also the file on disk. */
function toColumns(): MasterColumns {
  const builder = createColumnsBuilder();
  for (const row of rows) builder.add(row);
  return builder.columns();
}

async function buildLibrary(): Promise<MiniSearch> {
  const index = new MiniSearch<{ id: number; text: string }>({ fields: ["text"] });
  index.addAll(rows.map(({ instrument }, id) => ({ id, text: wordsOf(instrument) })));
  return index;
}

function wordsOf(instrument: Instrument): string {
  const { symbol, name } = instrument;
  if (instrument.kind === "future") return `${symbol} ${name} fut ${instrument.expiry}`;
  if (instrument.kind !== "option") return `${symbol} ${name}`;
  return `${symbol} ${name} ${instrument.strike / 10_000} ${instrument.optionType} ${instrument.expiry}`;
}

async function timed<T>(name: string, rounds: number, make: () => Promise<T>): Promise<T> {
  const times: number[] = [];
  for (let round = 1; ; round += 1) {
    const startedAt = performance.now();
    const made = await make();
    times.push(performance.now() - startedAt);
    if (round < rounds) continue;
    say(name, bestAndMedian(times));
    return made;
  }
}

function bestAndMedian(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return sorted.length === 1 ? ms(median) : `best ${ms(sorted[0] ?? 0)}, median ${ms(median)} of ${sorted.length}`;
}

function report(name: string, count: number, asked: readonly string[], search: (text: string) => unknown): void {
  for (const query of asked.slice(0, Math.min(WARM_UP, asked.length / 10))) search(query);
  const rounds = Array.from({ length: count }, () =>
    asked.map((query) => {
      const startedAt = performance.now();
      search(query);
      return performance.now() - startedAt;
    }),
  );
  const at = (part: number): string => bestAndMedian(rounds.map((round) => atPart(round, part)));
  // Other processes slow down different queries in each round, so each query's best time is the least disturbed.
  const bests = asked.map((_, each) => Math.min(...rounds.map((round) => round[each] ?? Infinity)));
  const slowest = asked.map((query, each) => ({ query, time: bests[each] ?? 0 })).sort((x, y) => y.time - x.time);
  say(`${name} p50`, at(0.5));
  say(`${name} p99`, `${at(0.99)}, ${asked.length} queries`);
  say("  of each one's best", ms(atPart(bests, 0.99)));
  say(
    "  slowest of those",
    slowest
      .slice(0, 5)
      .map(({ query, time }) => `"${query}" ${ms(time)}`)
      .join(", "),
  );
}

function atPart(times: readonly number[], part: number): number {
  return times.toSorted((x, y) => x - y)[Math.floor(times.length * part)] ?? 0;
}

function shareRow({ segment, ticker, name, token }: Share): VenueInstrument {
  const series = segment === "NSE" ? "EQ" : "A";
  const symbol = (segment === "NSE" ? `NSE:${ticker}-EQ` : `BSE:${ticker}`) as Instrument["symbol"];
  return row({ kind: "equity", key: instrumentKey(segment, token), symbol, segment, name, series, ...UNIT });
}

function contractRow(contract: Contract): VenueInstrument {
  const { segment, underlying, expiry, strike, optionType, token } = contract;
  const symbol = `${segment === "NFO" ? "NSE" : "BSE"}:${symbolOf(contract)}` as Instrument["symbol"];
  const listed = { key: instrumentKey(segment, token), symbol, segment, name: underlying, underlying, expiry, ...LOT };
  if (strike === null || optionType === null) return row({ kind: "future", ...listed });
  return row({ kind: "option", strike: priceFromRupees(strike), optionType, ...listed });
}

function row(instrument: Instrument): VenueInstrument {
  return { instrument, venueSymbol: instrument.symbol.slice(4), venueToken: instrument.key.slice(4) };
}
