export interface Benchmark {
  /** What it measures, under which conditions, and its goal, in one sentence. */
  readonly about: string;
  /** Scripts of this folder with their arguments, run one after the other. */
  readonly scripts: readonly (readonly string[])[];
  /** Seconds that one script may take. */
  readonly boundS: number;
}

/** In the order in which they run: the longest come last. */
export const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  start: {
    about:
      "Time from starting the process to its answer to a /help that waits at a local Telegram; embedded store, warm compile cache, compared with grammY alone; goal: ratio ≤ 1.5.",
    scripts: [["start.ts"]],
    boundS: 120,
  },
  update: {
    about:
      "Simulated people who each wait for an answer before they write again, over HTTP to a Telegram in another process that checks nothing and has no flood limits; “bare” is grammY alone, which handles one update after another, stores nothing and makes the calls recorded from Sauda; “runner” is the same with grammY's runner, which handles chats side by side; “inbox” has Sauda's durable inbox instead: each update is stored, encrypted, before it is handled, and marked afterwards; a thousand people take turns so that nobody passes 120 updates a minute; goal: ratio ≥ 0.7, and no slower with more users in the store.",
    scripts: [["update.ts"]],
    boundS: 500,
  },
  "tap-to-order": {
    about:
      "Time from a tap at the local Telegram to the order request at the simulated broker, per store engine, compared with a bare grammY bot whose handler only fetches, and with the fetch alone; goal: median within 5 ms of the bare handler on the embedded store.",
    scripts: [["tap-to-order.ts"]],
    boundS: 120,
  },
  instruments: {
    about:
      "Search over 250,000 invented rows, compared with minisearch over the same rows; then every broker's master of 200,000 rows in its own format: load, memory, look-up. Goal: p99 under 2 ms, index under 1 s and 120 MB; a master under 5 s, all under 200 MB, a look-up under 10 µs.",
    scripts: [["instruments.ts"], ["load-masters.ts"]],
    boundS: 180,
  },
  charts: {
    about: "Time from numbers in memory to the PNG that is sent, and how long the event loop is blocked meanwhile.",
    scripts: [["chart.ts"], ["chart-command.ts"]],
    boundS: 60,
  },
  backtest: {
    about:
      "Five and a half years of the strategy on fifty shares, candles in memory: the arithmetic, not the download.",
    scripts: [["backtest.ts"]],
    boundS: 60,
  },
  store: {
    about: "Microseconds an operation on both engines, documents of about 600 bytes with one encrypted field.",
    scripts: [["store.ts"]],
    boundS: 120,
  },
  digest: {
    about:
      "The closing digest of 10,000 users (100 on the MongoDB stand-in, which reads a whole collection for each filter), pictures included, against a Telegram that takes 30 messages a second, in real time; goal: at most 1.05 times the floor, the shortest time that this limit allows.",
    scripts: [
      ["digest.ts", "10000", "sqlite"],
      ["digest.ts", "10000", "mongo"],
    ],
    boundS: 900,
  },
  soak: {
    about:
      "Half an hour of commands, buttons, dialogues, paper orders and alerts in six chats on the real process; slopes over the last two thirds by least squares; goal: memory flat, no handle growth, no error.",
    scripts: [["soak.ts"]],
    boundS: 2_400,
  },
};
