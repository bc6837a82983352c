import { monitorEventLoopDelay } from "node:perf_hooks";

/** Upper bounds of the histogram buckets, in seconds. */
const BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const MAX_SERIES = 2_000;
/** Half the time that Prometheus waits for an answer by default. */
const GAUGE_TIMEOUT_MS = 5_000;

export type Labels = Readonly<Record<string, string>>;

export interface Metrics {
  count(name: string, labels?: Labels): void;
  /** Adds a duration to a histogram. */
  time(name: string, ms: number, labels?: Labels): void;
  /** Registers a value that is read at each scrape. */
  gauge(name: string, read: () => number | Promise<number>): void;
  /** Prometheus's text format, version 0.0.4. */
  text(): Promise<string>;
}

interface Histogram {
  readonly buckets: number[];
  sum: number;
  count: number;
}

/**
 * Metrics since the process started. Labels must come from small closed sets, never a user, an account or an address.
 */
export function createMetrics(): Metrics {
  const counters = new Map<string, Map<string, number>>();
  const histograms = new Map<string, Map<string, Histogram>>();
  const gauges = new Map<string, () => number | Promise<number>>();
  const loopDelay = monitorEventLoopDelay({ resolution: 20 });
  loopDelay.enable();
  gauges.set("sauda_event_loop_delay_p99_seconds", () => loopDelay.percentile(99) / 1e9);
  gauges.set("sauda_event_loop_delay_max_seconds", () => loopDelay.max / 1e9);
  gauges.set("sauda_memory_resident_bytes", () => process.memoryUsage.rss());
  gauges.set("sauda_uptime_seconds", () => process.uptime());

  return {
    count(name, labels = {}) {
      const family = familyOf(counters, name);
      const series = seriesName(family, labels);
      family.set(series, (family.get(series) ?? 0) + 1);
    },
    time(name, ms, labels = {}) {
      const family = familyOf(histograms, name);
      const series = seriesName(family, labels);
      const histogram = family.get(series) ?? { buckets: BUCKETS_S.map(() => 0), sum: 0, count: 0 };
      family.set(series, histogram);
      const at = BUCKETS_S.findIndex((end) => ms / 1000 <= end);
      if (at !== -1) histogram.buckets[at] = (histogram.buckets[at] ?? 0) + 1;
      histogram.sum += ms / 1000;
      histogram.count += 1;
    },
    gauge: (name, read) => void gauges.set(name, read),
    async text() {
      const lines: string[] = [];
      for (const [name, family] of counters) {
        lines.push(`# TYPE ${name} counter`);
        for (const [labels, value] of family) lines.push(`${name}${braced(labels)} ${value}`);
      }
      for (const [name, family] of histograms) {
        lines.push(`# TYPE ${name} histogram`);
        for (const [labels, histogram] of family) lines.push(...histogramLines(name, labels, histogram));
      }
      const values = await Promise.all([...gauges].map(async ([name, read]) => [name, await valueOf(read)] as const));
      for (const [name, value] of values) lines.push(`# TYPE ${name} gauge`, `${name} ${value}`);
      loopDelay.reset();
      return `${lines.join("\n")}\n`;
    },
  };
}

/** NaN when it cannot be read in time: a store that hangs must not keep the other metrics from Prometheus. */
async function valueOf(read: () => number | Promise<number>): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<number>((resolve) => (timer = setTimeout(() => resolve(Number.NaN), GAUGE_TIMEOUT_MS)));
  try {
    return await Promise.race([read(), late]);
  } catch {
    return Number.NaN;
  } finally {
    clearTimeout(timer);
  }
}

function familyOf<T>(families: Map<string, Map<string, T>>, name: string): Map<string, T> {
  const known = families.get(name);
  if (known) return known;
  const made = new Map<string, T>();
  families.set(name, made);
  return made;
}

/** The labels in Prometheus's format. Beyond MAX_SERIES, new label values are counted as `other`. */
function seriesName(family: ReadonlyMap<string, unknown>, labels: Labels): string {
  const written = Object.entries(labels)
    .map(([name, value]) => `${name}="${escape(value)}"`)
    .join(",");
  return family.has(written) || family.size < MAX_SERIES ? written : 'other="true"';
}

function histogramLines(name: string, labels: string, { buckets, sum, count }: Histogram): string[] {
  let below = 0;
  const rows = buckets.map((inBucket, at) => {
    below += inBucket;
    return `${name}_bucket${braced(joined(labels, `le="${BUCKETS_S[at]}"`))} ${below}`;
  });
  return [
    ...rows,
    `${name}_bucket${braced(joined(labels, 'le="+Inf"'))} ${count}`,
    `${name}_sum${braced(labels)} ${sum}`,
    `${name}_count${braced(labels)} ${count}`,
  ];
}

const joined = (...parts: readonly string[]): string => parts.filter((part) => part !== "").join(",");
const braced = (labels: string): string => (labels === "" ? "" : `{${labels}}`);
const escape = (text: string): string =>
  text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', String.raw`\"`)
    .replaceAll("\n", String.raw`\n`);
