import { expect } from "vitest";
import { instrumentKey } from "../../../src/domain/instrument.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { istDate, istInstant } from "../../../src/domain/market.ts";
import type { Candle, Interval, Quote } from "../../../src/domain/portfolio.ts";
import type { Kit } from "../kit.ts";
import type { Street } from "../street.ts";
import { future, listed, option, share, SYMBOLS } from "../tickets.ts";
import { expectFor } from "../expect-for.ts";

/** Ranges that end before the bars that are still growing, each with whole bars at its edges. */
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
  const { asTold = {} } = kit.spec;
  const toldQuote = (quote: Quote, how: "one" | "batch"): Quote => asTold.quote?.(quote, how) ?? quote;

  const traded = (street: Street): Instrument[] => [
    share(street),
    listed(street, SYMBOLS.ampersand),
    listed(street, SYMBOLS.hyphen),
    listed(street, SYMBOLS.bse),
    listed(street, SYMBOLS.index),
    listed(street, "BSE:SENSEX-INDEX"),
    future(street),
    option(street, "weekly"),
    option(street, "monthly"),
  ];

  kit.group("market data", () => {
    kit.case("quotes everything in one call, field by field", async () => {
      const { street, access } = await kit.enter();
      const instruments = traded(street);
      const quotes = await street.connector.getQuotes(access, instruments);
      expect([...quotes.keys()].sort()).toEqual(instruments.map(({ key }) => key).sort());
      for (const { key, symbol } of instruments)
        expectFor(quotes.get(key), symbol).toEqual(toldQuote(street.exchange.quote(key), "batch"));
    });

    kit.case("quotes one at a time", async () => {
      const { street, access } = await kit.enter();
      for (const instrument of traded(street)) {
        const quote = await street.connector.getQuote(access, instrument);
        const how = instrument.kind === "index" ? "batch" : "one";
        expectFor(quote, instrument.symbol).toEqual(toldQuote(street.exchange.quote(instrument.key), how));
      }
    });

    kit.case("leaves out what the broker does not know", async () => {
      const { street, access } = await kit.enter();
      const stranger: Instrument = { ...share(street), key: instrumentKey("NSE", 987_654) };
      const quotes = await street.connector.getQuotes(access, [stranger, share(street)]);
      expect([...quotes.keys()]).toEqual([share(street).key]);
      expect(await street.connector.getQuotes(access, [stranger])).toEqual(new Map());
      expect(await street.connector.getQuotes(access, [])).toEqual(new Map());
      await expect(street.connector.getQuote(access, stranger)).rejects.toMatchObject({ kind: "rejected" });
    });

    kit.case("quotes more than one call can ask for", async () => {
      const { street, access } = await kit.enter();
      const many = street.exchange.instruments.filter(({ kind }) => kind !== "index").slice(0, 620);
      const quotes = await street.connector.getQuotes(access, many);
      expect(quotes.size).toBe(many.length);
      for (const { key } of many) expect(quotes.get(key)?.ltp).toBe(street.exchange.quote(key).ltp);
    });

    kit.case("shows the depth, best first", async () => {
      const { street, access } = await kit.enter();
      for (const instrument of [share(street), listed(street, SYMBOLS.bse), future(street), option(street, "weekly")]) {
        const depth = await street.connector.getOrderbook(access, instrument);
        const own = street.exchange.depth(instrument.key);
        expectFor(depth, instrument.symbol).toEqual(asTold.depth?.(own) ?? own);
        expect(depth.bids.length).toBeGreaterThan(0);
      }
    });

    for (const interval of Object.keys(RANGES) as Interval[]) {
      kit.case(`has candles of ${interval}, oldest first`, async () => {
        const { street, access } = await kit.enter();
        const [first, last] = RANGES[interval];
        const range = { from: istInstant(first), to: istInstant(last, "23:59") };
        for (const instrument of [share(street), listed(street, SYMBOLS.index)]) {
          const candles = await street.connector.getHistoricalData(access, { instrument, interval, ...range });
          const own = street.exchange.candles(instrument.key, interval, range.from, range.to);
          expectFor(candles, instrument.symbol).toEqual(own);
          expect(candles.length).toBeGreaterThan(7);
          expectAscending(candles);
        }
      });
    }

    kit.case("has candles of derivatives", async () => {
      const { street, access } = await kit.enter();
      const range = { from: istInstant("2026-11-19"), to: istInstant("2026-11-19", "23:59") };
      for (const instrument of [future(street), option(street, "weekly")]) {
        const candles = await street.connector.getHistoricalData(access, { instrument, interval: "15m", ...range });
        expect(candles).toEqual(street.exchange.candles(instrument.key, "15m", range.from, range.to));
        expect(candles.length).toBeGreaterThan(20);
      }
    });

    kit.case("asks for long ranges in pieces and joins them without a seam", async () => {
      const { street, access } = await kit.enter();
      const instrument = share(street);
      for (const [interval, first] of [
        ["5m", "2026-07-01"],
        ["1d", "2019-01-01"],
      ] as const) {
        const range = { from: istInstant(first), to: istInstant("2026-11-19", "23:59") };
        const candles = await street.connector.getHistoricalData(access, { instrument, interval, ...range });
        expect(candles).toEqual(street.exchange.candles(instrument.key, interval, range.from, range.to));
        expectAscending(candles);
      }
      if (kit.spec.wire) expect(street.record.requests.length).toBeGreaterThan(2);
    });

    kit.case("begins and ends days in India", async () => {
      const { street, access } = await kit.enter();
      const instrument = share(street);
      const range = { from: istInstant("2026-11-18"), to: istInstant("2026-11-19") - MINUTE_MS };
      const minutes = await street.connector.getHistoricalData(access, { instrument, interval: "5m", ...range });
      expect(new Set(minutes.map(({ at }) => istDate(at)))).toEqual(new Set(["2026-11-18"]));
      expect(minutes[0]?.at).toBe(istInstant("2026-11-18", "09:15"));
      expect(minutes.at(-1)?.at).toBe(istInstant("2026-11-18", "15:25"));
      const days = await street.connector.getHistoricalData(access, { instrument, interval: "1d", ...range });
      expect(days.map(({ at }) => at)).toEqual([istInstant("2026-11-18")]);
    });

    kit.case("gives only bars that start within the range, both ends included", async () => {
      const { street, access } = await kit.enter();
      const instrument = share(street);
      for (const interval of ["5m", "1d", "1w", "1mo"] as const) {
        const from = istInstant(interval === "5m" ? "2026-11-18" : "2026-08-05", "10:00");
        const to = istInstant("2026-11-19", "14:00");
        const candles = await street.connector.getHistoricalData(access, { instrument, interval, from, to });
        const own = street.exchange.candles(instrument.key, interval, from, to);
        // The last week or month is still growing.
        const known = (bars: readonly Candle[]): number[] => bars.map(({ at }) => at);
        expectFor(known(candles), interval).toEqual(known(own));
      }
    });

    kit.case("has no candles, and no error, where the market was shut", async () => {
      const { street, access } = await kit.enter();
      const range = { from: istInstant("2026-11-14"), to: istInstant("2026-11-15", "23:59") };
      for (const interval of ["5m", "1d"] as const) {
        const query = { instrument: share(street), interval, ...range };
        expect(await street.connector.getHistoricalData(access, query)).toEqual([]);
      }
    });

    kit.case("has the bar of today so far", async () => {
      const { street, access } = await kit.enter();
      const { now } = street.hands;
      const instrument = share(street);
      const query = { instrument, interval: "1d", from: istInstant("2026-11-20"), to: now } as const;
      const candles = await street.connector.getHistoricalData(access, query);
      expect(candles).toEqual(street.exchange.candles(instrument.key, "1d", query.from, now));
    });

    kit.case("says what the plan lacks", async () => {
      const { street, access } = await kit.enter();
      street.broker.switches.hasMarketData = false;
      const { connector } = street;
      const instrument = share(street);
      const query = { instrument, interval: "1d", from: istInstant("2026-11-02"), to: street.hands.now } as const;
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
