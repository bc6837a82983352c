import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { userId } from "../../src/domain/ids.ts";
import { istInstant } from "../../src/domain/market.ts";
import { priceFromRupees } from "../../src/domain/money.ts";
import { createCandles, type Candles } from "../../src/services/candles.ts";
import { createQuotes, type Quotes } from "../../src/services/quotes.ts";
import { openMarketFloor, type MarketFloor } from "./market-floor.ts";

const DAY_MS = 86_400_000;

describe("quotes and candles by a link's data source", () => {
  let floor: MarketFloor;
  let quotes: Quotes;
  let candles: Candles;
  beforeEach(async () => {
    floor = await openMarketFloor();
    quotes = createQuotes(floor);
    candles = createCandles(floor);
  });
  afterEach(() => floor.close());

  const sbin = () => floor.instrument("SBIN-EQ");

  it("asks the broker, and says so", async () => {
    const quote = await quotes.forLink(await floor.link(userId(1)), sbin());
    expect(quote).toMatchObject({ ltp: priceFromRupees(100), source: "broker" });
  });

  it("asks Yahoo where the link is set to it", async () => {
    const link = await floor.link(userId(1));
    const set = await floor.accounts.update(link._id, () => ({ data_source: "yfinance" }));
    expect(await quotes.forLink(set, sbin())).toMatchObject({ ltp: priceFromRupees(99), source: "yfinance" });
    expect(floor.calls).toEqual(["yahoo getQuotes 1"]);
  });

  it("makes one call of a hundred users' same question, whichever link each of them has", async () => {
    const links = await Promise.all(Array.from({ length: 100 }, (_, at) => floor.link(userId(at + 1))));
    const answers = await Promise.all(links.map((link) => quotes.forLink(link, sbin())));
    expect(answers.every((quote) => quote?.ltp === priceFromRupees(100))).toBe(true);
    expect(floor.calls).toEqual(["broker getQuote"]);
    floor.pass(1_100);
    await quotes.forLink(links[5] ?? (links[0] as never), sbin());
    expect(floor.calls).toHaveLength(2);
  });

  it("does not take a price for new because the machine's clock was set back", async () => {
    const link = await floor.link(userId(1));
    await quotes.forLink(link, sbin());
    floor.pass(-3_600_000);
    await quotes.forLink(link, sbin());
    expect(floor.calls).toHaveLength(2);
  });

  it("asks for one alone as the broker tells most of it, not for what quotes of many have", async () => {
    const link = await floor.link(userId(1));
    await quotes.many(link, [sbin(), floor.instrument("INFY-EQ")]);
    await quotes.forLink(link, sbin());
    expect(floor.calls).toEqual(["broker getQuotes 2", "broker getQuote"]);
  });

  it("asks many in one call, and only those that are not known yet", async () => {
    const link = await floor.link(userId(1));
    await quotes.many(link, [sbin(), floor.instrument("INFY-EQ")]);
    const all = await quotes.many(
      link,
      ["SBIN-EQ", "INFY-EQ", "TCS-EQ", "ITC-EQ"].map((name) => floor.instrument(name)),
    );
    expect(all.size).toBe(4);
    expect(floor.calls).toEqual(["broker getQuotes 2", "broker getQuotes 2"]);
  });

  it("falls back to Yahoo when the broker's data is not paid for, and does not ask it again for an hour", async () => {
    const link = await floor.link(userId(1));
    floor.failures.set(link._id, "no-permission");
    expect(await quotes.forLink(link, sbin())).toMatchObject({ source: "yfinance" });
    floor.pass(30 * 60_000);
    await quotes.forLink(link, sbin());
    expect(floor.calls).toEqual(["broker getQuote", "yahoo getQuotes 1", "yahoo getQuotes 1"]);
    floor.pass(31 * 60_000);
    floor.failures.clear();
    expect(await quotes.forLink(link, sbin())).toMatchObject({ source: "broker" });
  });

  it("asks it again after that hour also when the clock was set back meanwhile", async () => {
    const link = await floor.link(userId(1));
    floor.failures.set(link._id, "no-permission");
    await quotes.forLink(link, sbin());
    floor.failures.clear();
    floor.pass(-DAY_MS);
    expect(await quotes.forLink(link, sbin())).toMatchObject({ source: "yfinance" });
    floor.pass(61 * 60_000);
    expect(await quotes.forLink(link, sbin())).toMatchObject({ source: "broker" });
  });

  it("asks a new login again at once: it may have a new plan", async () => {
    const link = await floor.link(userId(1));
    floor.failures.set(link._id, "no-permission");
    await quotes.forLink(link, sbin());
    floor.failures.clear();
    floor.pass(30_000);
    const renewed = await floor.accounts.update(link._id, ({ tokens }) => ({
      tokens: tokens && { ...tokens, issuedAt: floor.clock.now() },
    }));
    expect(await quotes.forLink(renewed, sbin())).toMatchObject({ source: "broker" });
  });

  it("does not answer one user with another's missing permission", async () => {
    const [poor, rich] = [await floor.link(userId(1)), await floor.link(userId(2))];
    floor.failures.set(poor._id, "no-permission");
    const [first, second] = await Promise.all([quotes.forLink(poor, sbin()), quotes.forLink(rich, sbin())]);
    expect(first?.source).toBe("yfinance");
    expect(second?.source).toBe("broker");
  });

  it("asks a broker that is down once for everybody", async () => {
    const links = await Promise.all(Array.from({ length: 20 }, (_, at) => floor.link(userId(at + 1))));
    floor.failures.set("all", "unavailable");
    const answers = await Promise.all(links.map((link) => quotes.forLink(link, sbin())));
    expect(answers).toEqual(links.map(() => null));
    expect(floor.calls).toEqual(["broker getQuote", "yahoo getQuotes 1"]);
  });

  it("uses Yahoo when the session is over, and for who has no account", async () => {
    const link = await floor.link(userId(1));
    floor.pass(2 * DAY_MS);
    expect(await quotes.forLink(link, sbin())).toMatchObject({ source: "yfinance" });
    expect((await quotes.many(null, [sbin()])).size).toBe(1);
  });

  it("gives candles of the broker with their source and when it was asked, once for the same range", async () => {
    const link = await floor.link(userId(1));
    const query = {
      instrument: sbin(),
      interval: "1d" as const,
      from: floor.clock.now() - 30 * DAY_MS,
      to: floor.clock.now(),
    };
    const first = await candles.forLink(link, query);
    floor.pass(1_000);
    const second = await candles.forLink(await floor.link(userId(2)), { ...query, to: floor.clock.now() });
    expect(first.source).toBe("broker");
    expect(second.candles).toEqual(first.candles);
    expect(second.readAt).toBe(query.to);
    expect(first.candles.every(({ at }) => at >= query.from && at <= query.to)).toBe(true);
    expect(floor.calls).toEqual(["broker candles"]);
  });

  it("takes candles from Yahoo when the broker has none, and tells the broker's reason when Yahoo has none either", async () => {
    const link = await floor.link(userId(1));
    const query = {
      instrument: sbin(),
      interval: "1d" as const,
      from: floor.clock.now() - 30 * DAY_MS,
      to: floor.clock.now(),
    };
    floor.failures.set(link._id, "no-permission");
    expect((await candles.forLink(link, query)).source).toBe("yfinance");
    floor.failures.set(link._id, "unavailable").set("yahoo", "timeout");
    floor.pass(61 * 60_000);
    await expect(candles.forLink(link, query)).rejects.toMatchObject({ kind: "unavailable", broker: "acme" });
  });

  it("asks again in a while for candles of past days that could not be had, however long they would be kept", async () => {
    const link = await floor.link(userId(1));
    const to = floor.clock.now() - 10 * DAY_MS;
    const query = { instrument: sbin(), interval: "1d" as const, from: to - 30 * DAY_MS, to };
    floor.failures.set(link._id, "unavailable").set("yahoo", "rate-limited");
    for (let tries = 0; tries < 2; tries += 1)
      await expect(candles.forLink(link, query)).rejects.toMatchObject({ kind: "unavailable" });
    expect(floor.calls).toHaveLength(2);
    floor.failures.clear();
    floor.pass(60_000);
    expect((await candles.forLink(link, query)).source).toBe("broker");
    floor.pass(60 * 60_000);
    await candles.forLink(link, query);
    expect(floor.calls).toHaveLength(3);
  });

  it("takes candles from Yahoo when the broker answers that it has none, and leaves it at that when Yahoo fails", async () => {
    const link = await floor.link(userId(1));
    const from = istInstant("2026-11-22", "12:00");
    const query = { instrument: sbin(), interval: "5m" as const, from, to: from + 60 * 60_000 };
    expect((await candles.forLink(link, query)).source).toBe("yfinance");
    floor.failures.set("yahoo", "timeout");
    floor.pass(7 * 60 * 60_000);
    expect(await candles.forLink(link, query)).toMatchObject({ candles: [], source: "broker" });
  });
});
