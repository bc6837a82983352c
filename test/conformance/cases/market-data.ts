import { expect } from "vitest";
import { instrumentKey } from "../../../src/domain/instrument.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { istDate, istInstant } from "../../../src/domain/market.ts";
import type { Candle, Interval, Quote } from "../../../src/domain/portfolio.ts";
import type { Kit } from "../kit.ts";
import type { Rig } from "../rig.ts";
import { future, listed, option, share, SYMBOLS } from "../tickets.ts";
import { expectFor } from "../expect-for.ts";

/** Ranges of complete bars: they end before the current bar. */
const RANGES: Readonly<Record<Interval, readonly [from: string, to: string]>> = {
  "1m": ["2026-11-19", "2026-11-19"],
  "5m": ["2026-11-18", "2026-11-19"],
  "15m": ["2026-11-16", "2026-11-19"],
  "30m": ["2026-11-16", "2026-11-19"],
  "1h": ["2026-11-09", "2026-11-19"],
  "1d": ["2026-09-01", "2026-11-19"],
  "1w": ["2026-08-31", "2026-11-15"],
  "1mo": ["2026-01-01", "2026-10-31"],
};
const MINUTE_MS = 60_000;

export function marketDataCases(kit: Kit): void {
  const { asReported = {} } = kit.spec;
  const reportedQuote = (quote: Quote, how: "one" | "batch"): Quote => asReported.quote?.(quote, how) ?? quote;

  const quotable = (rig: Rig): Instrument[] => [
    share(rig),
    listed(rig, SYMBOLS.ampersand),
    listed(rig, SYMBOLS.hyphen),
    listed(rig, SYMBOLS.bse),
    listed(rig, SYMBOLS.index),
    listed(rig, "BSE:SENSEX-INDEX"),
    future(rig),
    option(rig, "weekly"),
    option(rig, "monthly"),
  ];

  kit.group("market data", () => {
    kit.case("quotes all kinds of instruments in a batch, every field right", async () => {
      const { rig, access } = await kit.loggedIn();
      const instruments = quotable(rig);
      const quotes = await rig.connector.getQuotes(access, instruments);
      expect([...quotes.keys()].sort()).toEqual(instruments.map(({ key }) => key).sort());
      for (const { key, symbol } of instruments)
        expectFor(quotes.get(key), symbol).toEqual(reportedQuote(rig.exchange.quote(key), "batch"));
    });

    kit.case("quotes a single instrument", async () => {
      const { rig, access } = await kit.loggedIn();
      for (const instrument of quotable(rig)) {
        const quote = await rig.connector.getQuote(access, instrument);
        const how = instrument.kind === "index" ? "batch" : "one";
        expectFor(quote, instrument.symbol).toEqual(reportedQuote(rig.exchange.quote(instrument.key), how));
      }
    });

    kit.case("leaves out instruments that the broker does not know", async () => {
      const { rig, access } = await kit.loggedIn();
      const unlisted: Instrument = { ...share(rig), key: instrumentKey("NSE", 987_654) };
      const quotes = await rig.connector.getQuotes(access, [unlisted, share(rig)]);
      expect([...quotes.keys()]).toEqual([share(rig).key]);
      expect(await rig.connector.getQuotes(access, [unlisted])).toEqual(new Map());
      expect(await rig.connector.getQuotes(access, [])).toEqual(new Map());
      await expect(rig.connector.getQuote(access, unlisted)).rejects.toMatchObject({ kind: "rejected" });
    });

    kit.case("quotes more instruments than one call can ask for", async () => {
      const { rig, access } = await kit.loggedIn();
      const many = rig.exchange.instruments.filter(({ kind }) => kind !== "index").slice(0, 620);
      const quotes = await rig.connector.getQuotes(access, many);
      expect(quotes.size).toBe(many.length);
      for (const { key } of many) expect(quotes.get(key)?.ltp).toBe(rig.exchange.quote(key).ltp);
    });

    kit.case("shows the depth, best price first", async () => {
      const { rig, access } = await kit.loggedIn();
      for (const instrument of [share(rig), listed(rig, SYMBOLS.bse), future(rig), option(rig, "weekly")]) {
        const depth = await rig.connector.getOrderbook(access, instrument);
        const expected = rig.exchange.depth(instrument.key);
        expectFor(depth, instrument.symbol).toEqual(asReported.depth?.(expected) ?? expected);
        expect(depth.bids.length).toBeGreaterThan(0);
      }
    });

    for (const interval of Object.keys(RANGES) as Interval[]) {
      kit.case(`has candles of ${interval}, oldest first`, async () => {
        const { rig, access } = await kit.loggedIn();
        const [first, last] = RANGES[interval];
        const range = { from: istInstant(first), to: istInstant(last, "23:59") };
        for (const instrument of [share(rig), listed(rig, SYMBOLS.index)]) {
          const candles = await rig.connector.getHistoricalData(access, { instrument, interval, ...range });
          const expected = rig.exchange.candles(instrument.key, interval, range.from, range.to);
          expectFor(candles, instrument.symbol).toEqual(expected);
          expect(candles.length).toBeGreaterThan(7);
          expectAscending(candles);
        }
      });
    }

    kit.case("has candles of derivatives", async () => {
      const { rig, access } = await kit.loggedIn();
      const range = { from: istInstant("2026-11-19"), to: istInstant("2026-11-19", "23:59") };
      for (const instrument of [future(rig), option(rig, "weekly")]) {
        const candles = await rig.connector.getHistoricalData(access, { instrument, interval: "15m", ...range });
        expect(candles).toEqual(rig.exchange.candles(instrument.key, "15m", range.from, range.to));
        expect(candles.length).toBeGreaterThan(20);
      }
    });

    kit.case("splits long ranges into calls and joins them without gaps or duplicates", async () => {
      const { rig, access } = await kit.loggedIn();
      const instrument = share(rig);
      for (const [interval, first] of [
        ["5m", "2026-07-01"],
        ["1d", "2019-01-01"],
      ] as const) {
        const range = { from: istInstant(first), to: istInstant("2026-11-19", "23:59") };
        const candles = await rig.connector.getHistoricalData(access, { instrument, interval, ...range });
        expect(candles).toEqual(rig.exchange.candles(instrument.key, interval, range.from, range.to));
        expectAscending(candles);
      }
      if (kit.spec.wire) expect(rig.record.requests.length).toBeGreaterThan(2);
    });

    kit.case("starts and ends days in IST", async () => {
      const { rig, access } = await kit.loggedIn();
      const instrument = share(rig);
      const range = { from: istInstant("2026-11-18"), to: istInstant("2026-11-19") - MINUTE_MS };
      const minutes = await rig.connector.getHistoricalData(access, { instrument, interval: "5m", ...range });
      expect(new Set(minutes.map(({ at }) => istDate(at)))).toEqual(new Set(["2026-11-18"]));
      expect(minutes[0]?.at).toBe(istInstant("2026-11-18", "09:15"));
      expect(minutes.at(-1)?.at).toBe(istInstant("2026-11-18", "15:25"));
      const days = await rig.connector.getHistoricalData(access, { instrument, interval: "1d", ...range });
      expect(days.map(({ at }) => at)).toEqual([istInstant("2026-11-18")]);
    });

    kit.case("gives only bars that start within the range, both ends included", async () => {
      const { rig, access } = await kit.loggedIn();
      const instrument = share(rig);
      for (const interval of ["5m", "1d", "1w", "1mo"] as const) {
        const from = istInstant(interval === "5m" ? "2026-11-18" : "2026-08-05", "10:00");
        const to = istInstant("2026-11-19", "14:00");
        const candles = await rig.connector.getHistoricalData(access, { instrument, interval, from, to });
        const expected = rig.exchange.candles(instrument.key, interval, from, to);
        // Starts only, because the last week or month is not complete.
        const starts = (bars: readonly Candle[]): number[] => bars.map(({ at }) => at);
        expectFor(starts(candles), interval).toEqual(starts(expected));
      }
    });

    kit.case("has no candles and no error for days without trading", async () => {
      const { rig, access } = await kit.loggedIn();
      const range = { from: istInstant("2026-11-14"), to: istInstant("2026-11-15", "23:59") };
      for (const interval of ["5m", "1d"] as const) {
        const query = { instrument: share(rig), interval, ...range };
        expect(await rig.connector.getHistoricalData(access, query)).toEqual([]);
      }
    });

    kit.case("has today's bar so far", async () => {
      const { rig, access } = await kit.loggedIn();
      const { now } = rig.controls;
      const instrument = share(rig);
      const query = { instrument, interval: "1d", from: istInstant("2026-11-20"), to: now } as const;
      const candles = await rig.connector.getHistoricalData(access, query);
      expect(candles).toEqual(rig.exchange.candles(instrument.key, "1d", query.from, now));
    });

    kit.case("reports market data that the plan lacks as no-permission", async () => {
      const { rig, access } = await kit.loggedIn();
      rig.broker.switches.hasMarketData = false;
      const { connector } = rig;
      const instrument = share(rig);
      const query = { instrument, interval: "1d", from: istInstant("2026-11-02"), to: rig.controls.now } as const;
      for (const read of [
        () => connector.getQuote(access, instrument),
        () => connector.getQuotes(access, [instrument]),
        () => connector.getOrderbook(access, instrument),
        () => connector.getHistoricalData(access, query),
      ])
        await expect(read()).rejects.toMatchObject({ kind: "no-permission" });
      expect(await connector.isTokenValid(access)).toBe(true);
    });
  });
}

function expectAscending(candles: readonly Candle[]): void {
  for (const [index, { at }] of candles.entries()) expect(at).toBeGreaterThan(candles[index - 1]?.at ?? -Infinity);
}
