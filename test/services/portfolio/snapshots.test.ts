import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addFigures } from "../../../src/domain/day.ts";
import { brokerName, linkId, userId } from "../../../src/domain/ids.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { paiseFromRupees, priceFromRupees } from "../../../src/domain/money.ts";
import { createSnapshots, type Snapshot, type Snapshots } from "../../../src/services/portfolio/snapshots.ts";
import { setClock, tempStore, type TempStore } from "../../notify/temp-store.ts";
import { trade } from "../stub-broker.ts";

const ASHA = userId(1001);
const rupees = paiseFromRupees;

describe("snapshots", () => {
  let temp: TempStore;
  let snapshots: Snapshots;
  const clock = setClock("2026-11-23T10:30:00Z");
  const day = (date: string, positions: number, fields: Partial<Snapshot> = {}): Snapshot => ({
    userId: ASHA,
    link: linkId("l1"),
    date,
    figures: { ...addFigures([]), positions: rupees(positions), charges: rupees(10) },
    value: rupees(100_000 + positions),
    carried: 0,
    fills: [],
    ...fields,
  });

  const linked = (id: string, date: string, account: string | null = null) => ({
    _id: linkId(id),
    created_at: istInstant(date, "10:00"),
    broker_name: brokerName("zerodha"),
    account_id: account,
  });

  beforeEach(() => {
    temp = tempStore(clock);
    snapshots = createSnapshots({ store: temp.store, clock });
  });
  afterEach(() => temp.remove());

  it("keep one snapshot per account and day, the latest", async () => {
    await snapshots.keep(day("2026-11-23", 100));
    await snapshots.keep(day("2026-11-23", 250));
    const period = await snapshots.period(ASHA, { from: "2026-11-01" });
    expect(period.days).toHaveLength(1);
    expect(period.figures.positions).toBe(rupees(250));
    expect(period.net).toBe(rupees(240));
  });

  it("name the brokers of a period's accounts, also of one that is removed since, and of no other period", async () => {
    const [first, second] = [linkId("l1"), linkId("l2")];
    await snapshots.keep(day("2026-11-19", 1, { link: second, account: "fyers FA20411" }));
    await snapshots.keep(day("2026-11-20", 1, { link: first, account: "paper PAPER-6F33" }));
    await snapshots.keep(day("2026-11-23", 1, { link: first, account: "paper PAPER-6F33" }));
    expect((await snapshots.period(ASHA, { from: "2026-11-19" })).brokers).toEqual(["fyers", "paper"]);
    expect((await snapshots.period(ASHA, { from: "2026-11-20" })).brokers).toEqual(["paper"]);
  });

  it("add up accounts by day and days by period, and find the best and worst day", async () => {
    for (const [date, amount] of [
      ["2026-11-19", 500],
      ["2026-11-20", -300],
      ["2026-11-23", 100],
    ] as const) {
      await snapshots.keep(day(date, amount));
      await snapshots.keep(day(date, amount, { link: linkId("l2") }));
    }
    const period = await snapshots.period(ASHA, { from: "2026-11-20" });
    expect(period.span).toEqual({ from: "2026-11-20", to: "2026-11-23" });
    expect(period.figures.positions).toBe(rupees(-400));
    expect([period.best?.date, period.worst?.date]).toEqual(["2026-11-23", "2026-11-20"]);
    expect((await snapshots.latestDays(ASHA, 2)).map(({ date, value }) => [date, value])).toEqual([
      ["2026-11-20", rupees(199_400)],
      ["2026-11-23", rupees(200_200)],
    ]);
    expect((await snapshots.period(userId(1002), { from: "2026-01-01" })).span).toBeNull();
  });

  it("count an account without a snapshot at its last value, and a removed account as nothing", async () => {
    const [mine, other, gone] = [linkId("l1"), linkId("l2"), linkId("l3")];
    const at = async (date: string, ...links: (typeof mine)[]): Promise<void> => {
      for (const link of links) await snapshots.keep(day(date, 0, { link }));
    };
    await at("2026-11-18", mine, other, gone);
    await at("2026-11-19", mine);
    await at("2026-11-20", mine, other);
    await at("2026-11-23", mine);
    const lakhs = (days: readonly { value: number }[]): number[] => days.map(({ value }) => value / rupees(100_000));
    expect(lakhs(await snapshots.latestDays(ASHA, 9, [mine, other]))).toEqual([3, 2, 2, 2]);
    expect(lakhs(await snapshots.latestDays(ASHA, 9))).toEqual([3, 2, 2, 1]);
    // `other` has a snapshot before the first of the requested days, but not on it.
    expect(lakhs(await snapshots.latestDays(ASHA, 3, [mine, other]))).toEqual([2, 2, 2]);
    expect(lakhs(await snapshots.latestDays(ASHA, 1, [mine, other]))).toEqual([2]);
    const period = await snapshots.period(ASHA, { from: "2026-11-19" }, [
      linked("l1", "2026-11-18"),
      linked("l2", "2026-11-18"),
    ]);
    expect(lakhs(period.days)).toEqual([2, 2, 2]);
    expect(period.figures.charges).toBe(rupees(40));
  });

  it("count the days on which an account was not read, from its first one on, and of a removed one to its last", async () => {
    const [mine, other, gone] = [linkId("l1"), linkId("l2"), linkId("l3")];
    for (const date of ["2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"])
      await snapshots.keep(day(date, 0, { link: mine }));
    for (const date of ["2026-11-17", "2026-11-19"]) await snapshots.keep(day(date, 0, { link: other }));
    for (const date of ["2026-11-16", "2026-11-18"]) await snapshots.keep(day(date, 0, { link: gone }));
    const links = [linked("l1", "2026-11-16"), linked("l2", "2026-11-17")];
    const missed = async (from: string, before?: string): Promise<number> =>
      (await snapshots.period(ASHA, { from, before }, links)).missed;
    expect(await missed("2026-11-16")).toBe(3);
    expect(await missed("2026-11-19")).toBe(1);
    expect(await missed("2026-11-16", "2026-11-17")).toBe(0);
    expect(await missed("2026-11-18", "2026-11-19")).toBe(1);
    expect(await missed("2026-11-20", "2026-11-21")).toBe(1);
  });

  it("count the days since an account was linked, also while it was not read a single time", async () => {
    for (const date of ["2026-11-18", "2026-11-19", "2026-11-20"]) await snapshots.keep(day(date, 0));
    const [mine, other] = [linked("l1", "2026-11-18"), linked("l2", "2026-11-19")];
    const missed = async () => (await snapshots.period(ASHA, { from: "2026-11-16" }, [mine, other])).missed;
    expect(await missed()).toBe(2);
    await snapshots.keep(day("2026-11-20", 0, { link: other._id }));
    expect(await missed()).toBe(1);
    await snapshots.keep(day("2026-11-19", 0, { link: other._id }));
    expect(await missed()).toBe(0);
  });

  it("count an account once that was removed and linked again, even on a day with two snapshots", async () => {
    const account = "zerodha AB1234";
    const again = { account, link: linkId("l2") };
    const key = trade.key;
    const bought = { ...trade, key, at: istInstant("2026-11-20", "10:00"), side: "BUY", qty: 10 } as const;
    const sold = { ...bought, tradeId: "t9", side: "SELL", price: priceFromRupees(1_100) } as const;
    await snapshots.keep(day("2026-11-20", 100, { account, fills: [{ ...bought, price: priceFromRupees(1_000) }] }));
    await snapshots.keep(day("2026-11-23", 200, { account }));
    clock.at += 60_000;
    const today = { ...sold, at: istInstant("2026-11-23", "10:00") };
    await snapshots.keep(day("2026-11-23", 300, { ...again, fills: [today] }));
    const period = await snapshots.period(ASHA, { from: "2026-11-23" }, [linked("l2", "2026-11-23", "AB1234")]);
    expect([period.figures.positions, period.figures.charges]).toEqual([rupees(300), rupees(10)]);
    expect([period.realisedFifo, period.uncounted]).toEqual([rupees(1_000), []]);
    const twice = [linked("l3", "2026-11-20", "AB1234"), linked("l2", "2026-11-20", "AB1234")];
    expect((await snapshots.period(ASHA, { from: "2026-11-20" }, twice)).missed).toBe(0);
    expect((await snapshots.latestDays(ASHA, 1, [linkId("l2")])).map(({ value }) => value)).toEqual([rupees(100_300)]);
  });

  it("count a share again whose sale after a split was before the period", async () => {
    const fill = (date: string, side: "BUY" | "SELL", at: number) =>
      ({ ...trade, side, qty: 10, price: priceFromRupees(at), at: istInstant(date, "10:00") }) as const;
    await snapshots.keep(day("2026-11-16", 0, { fills: [fill("2026-11-16", "BUY", 1_000)] }));
    await snapshots.keep(day("2026-11-18", 0, { fills: [fill("2026-11-18", "SELL", 210)], rebased: [trade.symbol] }));
    await snapshots.keep(day("2026-11-19", 0, { fills: [fill("2026-11-19", "BUY", 200)] }));
    await snapshots.keep(day("2026-11-20", 0, { fills: [fill("2026-11-20", "SELL", 210)] }));
    const { realisedFifo, uncounted } = await snapshots.period(ASHA, { from: "2026-11-19" });
    expect([realisedFifo, uncounted]).toEqual([rupees(100), []]);
    const whole = await snapshots.period(ASHA, { from: "2026-11-16" });
    expect(whole.uncounted).toEqual([{ symbol: trade.symbol, why: "rebased" }]);
  });

  it("find many days back, however many accounts there are", async () => {
    const dates = Array.from({ length: 60 }, (_, i) => new Date(Date.UTC(2026, 8, 1 + i)).toISOString().slice(0, 10));
    for (const date of dates)
      for (const link of ["a", "b", "c"]) await snapshots.keep(day(date, 1, { link: linkId(link) }));
    const latest = await snapshots.latestDays(ASHA, 50);
    expect(latest.map(({ date }) => date)).toEqual(dates.slice(-50));
    expect(latest.every(({ value }) => value === rupees(300_003))).toBe(true);
  });

  it("match a sale in the period with an earlier buy, per account", async () => {
    const bought = { ...trade, price: priceFromRupees(800), at: istInstant("2026-10-05", "11:00") };
    const sold = { ...trade, tradeId: "t2", side: "SELL" as const, price: priceFromRupees(850) };
    await snapshots.keep(day("2026-10-05", 0, { fills: [bought] }));
    await snapshots.keep(day("2026-11-20", 0, { fills: [{ ...sold, at: istInstant("2026-11-20", "10:00") }] }));
    await snapshots.keep(
      day("2026-11-20", 0, { link: linkId("l2"), fills: [{ ...sold, at: istInstant("2026-11-20", "10:00"), qty: 3 }] }),
    );
    const period = await snapshots.period(ASHA, { from: "2026-11-01" });
    expect(period.realisedFifo).toBe(rupees(500));
    expect(period.uncounted).toEqual([{ symbol: trade.symbol, why: "oversold" }]);
    expect((await snapshots.period(ASHA, { from: "2026-11-21" })).realisedFifo).toBe(0);
  });

  it("leave out of a period what came after it: its days, and sales of what was bought in it", async () => {
    const bought = { ...trade, price: priceFromRupees(800), at: istInstant("2026-10-05", "11:00") };
    const sold = { ...trade, tradeId: "t2", side: "SELL" as const, price: priceFromRupees(850) };
    await snapshots.keep(day("2026-10-05", 100, { fills: [bought] }));
    await snapshots.keep(day("2026-10-30", 200));
    await snapshots.keep(day("2026-11-02", 400, { fills: [{ ...sold, at: istInstant("2026-11-02", "10:00") }] }));
    const period = await snapshots.period(ASHA, { from: "2026-10-01", before: "2026-11-01" });
    expect(period.span).toEqual({ from: "2026-10-05", to: "2026-10-30" });
    expect(period.figures.positions).toBe(rupees(300));
    expect(period.realisedFifo).toBe(0);
    expect(period.uncounted).toEqual([]);
  });

  it("find the last snapshot before a date", async () => {
    await snapshots.keep(day("2026-11-20", 1, { carried: 2 }));
    await snapshots.keep(day("2026-11-23", 1));
    expect((await snapshots.lastBefore(linkId("l1"), "2026-11-23"))?.carried).toBe(2);
    expect(await snapshots.lastBefore(linkId("l1"), "2026-11-20")).toBeNull();
  });
});
