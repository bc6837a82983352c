import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DataSource } from "../../../connectors/base.ts";
import { userId } from "../../../src/domain/ids.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { priceFromRupees, ZERO_PRICE } from "../../../src/domain/money.ts";
import { createCandles, type Candles } from "../../../src/services/quotes/candles.ts";
import { createQuotes, type Quotes } from "../../../src/services/quotes/quotes.ts";
import { openMarketHarness, type MarketHarness } from "../market-harness.ts";

const DAY_MS = 86_400_000;

describe("quotes and candles by a link's data source", () => {
  let harness: MarketHarness;
  let quotes: Quotes;
  let candles: Candles;
  beforeEach(async () => {
    harness = await openMarketHarness();
    quotes = createQuotes(harness);
    candles = createCandles(harness);
  });
  afterEach(() => harness.close());

  const sbin = () => harness.instrument("SBIN-EQ");

  it("come from the broker by default, with the source named", async () => {
    const quote = await quotes.forLink(await harness.link(userId(1)), sbin());
    expect(quote).toMatchObject({ ltp: priceFromRupees(100), source: "broker" });
  });

  it("come from Yahoo when the link is set to it", async () => {
    const link = await harness.link(userId(1));
    const set = await harness.accounts.update(link._id, () => ({ data_source: "yfinance" }));
    expect(await quotes.forLink(set, sbin())).toMatchObject({ ltp: priceFromRupees(99), source: "yfinance" });
    expect(harness.calls).toEqual(["yahoo getQuotes 1"]);
  });

  it("share one call among a hundred users who ask for the same quote", async () => {
    const links = await Promise.all(Array.from({ length: 100 }, (_, at) => harness.link(userId(at + 1))));
    const answers = await Promise.all(links.map((link) => quotes.forLink(link, sbin())));
    expect(answers.every((quote) => quote?.ltp === priceFromRupees(100))).toBe(true);
    expect(harness.calls).toEqual(["broker getQuote"]);
    harness.pass(1_100);
    await quotes.forLink(links[5] ?? (links[0] as never), sbin());
    expect(harness.calls).toHaveLength(2);
  });

  it("are not served from the cache after the clock was set back", async () => {
    const link = await harness.link(userId(1));
    await quotes.forLink(link, sbin());
    harness.pass(-3_600_000);
    await quotes.forLink(link, sbin());
    expect(harness.calls).toHaveLength(2);
  });

  it("are fetched singly for one instrument, even if a bulk quote is cached", async () => {
    const link = await harness.link(userId(1));
    await quotes.many(link, [sbin(), harness.instrument("INFY-EQ")]);
    await quotes.forLink(link, sbin());
    expect(harness.calls).toEqual(["broker getQuotes 2", "broker getQuote"]);
  });

  it("are fetched in one call for many, without those that are cached", async () => {
    const link = await harness.link(userId(1));
    await quotes.many(link, [sbin(), harness.instrument("INFY-EQ")]);
    const all = await quotes.many(
      link,
      ["SBIN-EQ", "INFY-EQ", "TCS-EQ", "ITC-EQ"].map((name) => harness.instrument(name)),
    );
    expect(all.size).toBe(4);
    expect(harness.calls).toEqual(["broker getQuotes 2", "broker getQuotes 2"]);
  });

  it("come from Yahoo for an hour after the broker refused for lack of permission", async () => {
    const link = await harness.link(userId(1));
    harness.failures.set(link._id, "no-permission");
    expect(await quotes.forLink(link, sbin())).toMatchObject({ source: "yfinance" });
    harness.pass(30 * 60_000);
    await quotes.forLink(link, sbin());
    expect(harness.calls).toEqual(["broker getQuote", "yahoo getQuotes 1", "yahoo getQuotes 1"]);
    harness.pass(31 * 60_000);
    harness.failures.clear();
    expect(await quotes.forLink(link, sbin())).toMatchObject({ source: "broker" });
  });

  it("come from the broker again after that hour, even if the clock was set back meanwhile", async () => {
    const link = await harness.link(userId(1));
    harness.failures.set(link._id, "no-permission");
    await quotes.forLink(link, sbin());
    harness.failures.clear();
    harness.pass(-DAY_MS);
    expect(await quotes.forLink(link, sbin())).toMatchObject({ source: "yfinance" });
    harness.pass(61 * 60_000);
    expect(await quotes.forLink(link, sbin())).toMatchObject({ source: "broker" });
  });

  it("come from the broker again right after a new login", async () => {
    const link = await harness.link(userId(1));
    harness.failures.set(link._id, "no-permission");
    await quotes.forLink(link, sbin());
    harness.failures.clear();
    harness.pass(30_000);
    const renewed = await harness.accounts.update(link._id, ({ tokens }) => ({
      tokens: tokens && { ...tokens, issuedAt: harness.clock.now() },
    }));
    expect(await quotes.forLink(renewed, sbin())).toMatchObject({ source: "broker" });
  });

  it("do not fail for one user because of another's missing permission", async () => {
    const [withoutQuotes, withQuotes] = [await harness.link(userId(1)), await harness.link(userId(2))];
    harness.failures.set(withoutQuotes._id, "no-permission");
    const [first, second] = await Promise.all([
      quotes.forLink(withoutQuotes, sbin()),
      quotes.forLink(withQuotes, sbin()),
    ]);
    expect(first?.source).toBe("yfinance");
    expect(second?.source).toBe("broker");
  });

  it("are requested once for everybody when the broker is down", async () => {
    const links = await Promise.all(Array.from({ length: 20 }, (_, at) => harness.link(userId(at + 1))));
    harness.failures.set("all", "unavailable");
    const answers = await Promise.all(links.map((link) => quotes.forLink(link, sbin())));
    expect(answers).toEqual(links.map(() => null));
    expect(harness.calls).toEqual(["broker getQuote", "yahoo getQuotes 1"]);
  });

  it("come from Yahoo when the session is over, and without a link", async () => {
    const link = await harness.link(userId(1));
    harness.pass(2 * DAY_MS);
    expect(await quotes.forLink(link, sbin())).toMatchObject({ source: "yfinance" });
    expect((await quotes.many(null, [sbin()])).size).toBe(1);
  });

  it("candles come from the broker with source and read time, once per range", async () => {
    const link = await harness.link(userId(1));
    const query = {
      instrument: sbin(),
      interval: "1d" as const,
      from: harness.clock.now() - 30 * DAY_MS,
      to: harness.clock.now(),
    };
    const first = await candles.forLink(link, query);
    harness.pass(1_000);
    const second = await candles.forLink(await harness.link(userId(2)), { ...query, to: harness.clock.now() });
    expect(first.source).toBe("broker");
    expect(second.candles).toEqual(first.candles);
    expect(second.readAt).toBe(query.to);
    expect(first.candles.every(({ at }) => at >= query.from && at <= query.to)).toBe(true);
    expect(harness.calls).toEqual(["broker candles"]);
  });

  it("candles without a price are left out: a close of 0 would pull an average down", async () => {
    const yahoo: DataSource = {
      ...harness.yahoo,
      async getHistoricalData(query) {
        const [first, ...others] = await harness.yahoo.getHistoricalData(query);
        if (!first) throw new Error("no candles");
        return [{ ...first, open: ZERO_PRICE, high: ZERO_PRICE, low: ZERO_PRICE, close: ZERO_PRICE }, ...others];
      },
    };
    const to = harness.clock.now();
    const query = { instrument: sbin(), interval: "1d" as const, from: to - 30 * DAY_MS, to };
    const whole = await candles.forLink(null, query);
    const read = await createCandles({ ...harness, yahoo }).forLink(null, query);
    expect(read.candles).toEqual(whole.candles.slice(1));
  });

  it("candles come from Yahoo when the broker fails, and the broker's error is thrown when both fail", async () => {
    const link = await harness.link(userId(1));
    const query = {
      instrument: sbin(),
      interval: "1d" as const,
      from: harness.clock.now() - 30 * DAY_MS,
      to: harness.clock.now(),
    };
    harness.failures.set(link._id, "no-permission");
    expect((await candles.forLink(link, query)).source).toBe("yfinance");
    harness.failures.set(link._id, "unavailable").set("yahoo", "timeout");
    harness.pass(61 * 60_000);
    await expect(candles.forLink(link, query)).rejects.toMatchObject({ kind: "unavailable", broker: "acme" });
  });

  it("candles of past days are requested again soon after a failure, however long they are cached otherwise", async () => {
    const link = await harness.link(userId(1));
    const to = harness.clock.now() - 10 * DAY_MS;
    const query = { instrument: sbin(), interval: "1d" as const, from: to - 30 * DAY_MS, to };
    harness.failures.set(link._id, "unavailable").set("yahoo", "rate-limited");
    for (let tries = 0; tries < 2; tries += 1)
      await expect(candles.forLink(link, query)).rejects.toMatchObject({ kind: "unavailable" });
    expect(harness.calls).toHaveLength(2);
    harness.failures.clear();
    harness.pass(60_000);
    expect((await candles.forLink(link, query)).source).toBe("broker");
    harness.pass(60 * 60_000);
    await candles.forLink(link, query);
    expect(harness.calls).toHaveLength(3);
  });

  it("candles come from Yahoo when the broker has none; they are empty when Yahoo then fails", async () => {
    const link = await harness.link(userId(1));
    const from = istInstant("2026-11-22", "12:00");
    const query = { instrument: sbin(), interval: "5m" as const, from, to: from + 60 * 60_000 };
    expect((await candles.forLink(link, query)).source).toBe("yfinance");
    harness.failures.set("yahoo", "timeout");
    harness.pass(7 * 60 * 60_000);
    expect(await candles.forLink(link, query)).toMatchObject({ candles: [], source: "broker" });
  });
});
