import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import type { InstrumentKey } from "../../../src/domain/ids.ts";
import { instrumentKey, SEGMENTS } from "../../../src/domain/instrument.ts";
import { BrokerError } from "../../../src/errors.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../connectors/paper/floor.ts";
import { FYERS, future, openHarness, option, PAPER, share, SMALL_MARKET, venue, ZERODHA } from "./harness.ts";

const NEWCOMER = share("NSE", "NEWCOMER", "LISTED TODAY");
const TERMS = { expiry: "2026-12-29", strike: 100, isMonthly: true };
const files = (dataDir: string): string[] => readdirSync(join(dataDir, "instruments"));
const at = (clock: string): number => Date.parse(`${clock}+05:30`);

function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

describe("a broker's master", () => {
  it("is downloaded once for simultaneous callers, and indexed by key, symbol and venue symbol", async () => {
    const harness = openHarness();
    const instruments = harness.start();
    const tables = await Promise.all([1, 2, 3].map(() => instruments.table(ZERODHA)));
    expect(new Set(tables).size).toBe(1);
    expect(harness.master(ZERODHA).downloads).toBe(1);
    for (const row of harness.master(ZERODHA).rows) {
      const { key, symbol, segment } = row.instrument;
      expect(tables[0]?.byKey(key)).toMatchObject(row);
      expect(tables[0]?.bySymbol(symbol)).toMatchObject(row);
      expect(tables[0]?.byVenueSymbol(segment, row.venueSymbol)).toMatchObject(row);
    }
    expect(tables[0]?.byKey(instrumentKey("NSE", 999_999_999))).toBeUndefined();
    expect(tables[0]?.byVenueSymbol("MCX", "SBIN-EQ")).toBeUndefined();
  });

  it("keeps the segment, kind and option type of every row on disk", async () => {
    const harness = openHarness();
    const rows = SEGMENTS.filter((segment) => segment !== "INDEX").flatMap((segment) =>
      [future("NFO", `F${segment}`, "2026-12-29"), option("NFO", `O${segment}`, { ...TERMS, type: "PE" })].map((row) =>
        venue({ ...row, key: instrumentKey(segment, row.key.slice(4)), segment }),
      ),
    );
    harness.master(ZERODHA).rows = rows;
    await harness.start().table(ZERODHA);
    const fromDisk = await harness.start().table(ZERODHA);
    expect(rows.map(({ instrument }) => fromDisk.byKey(instrument.key)?.instrument)).toMatchObject(
      rows.map(({ instrument }) => instrument),
    );
    expect(harness.master(ZERODHA).downloads).toBe(1);
  });

  it("takes index freeze quantities from the shipped file when the broker has none, also from disk", async () => {
    const [nifty, sensex, sbin] = [
      future("NFO", "NIFTY", "2026-12-29"),
      future("BFO", "SENSEX", "2026-12-31"),
      future("NFO", "SBIN", "2026-12-29"),
    ];
    const told = { ...future("NFO", "BANKNIFTY", "2026-12-29"), freezeQty: 900 };
    const harness = openHarness();
    harness.master(ZERODHA).rows = [...[nifty, sensex, sbin, told].map(venue), venue(NEWCOMER)];
    for (const table of [await harness.start().table(ZERODHA), await harness.start().table(ZERODHA)]) {
      const freezeOf = (key: InstrumentKey) => table.byKey(key)?.instrument.freezeQty;
      expect([nifty, sensex, told].map(({ key }) => freezeOf(key))).toEqual([1_800, 1_000, 900]);
      expect([sbin, NEWCOMER].map(({ key }) => freezeOf(key))).toEqual([undefined, undefined]);
    }
    expect(harness.master(ZERODHA).downloads).toBe(1);
  });

  it("prefers another real broker's freeze quantity to the shipped one", async () => {
    const [sbin, nifty] = [future("NFO", "SBIN", "2026-12-29"), future("NFO", "NIFTY", "2026-12-29")];
    const harness = openHarness({ brokers: [ZERODHA, FYERS], hasPaper: true });
    const practised = harness.floor.exchange.instruments.find(({ kind }) => kind === "future");
    const alike = { ...future("NFO", "TCS", "2026-12-29"), key: practised!.key };
    harness.master(ZERODHA).rows = [sbin, nifty, alike].map(venue);
    harness.master(FYERS).rows = [sbin, nifty].map((contract) => venue({ ...contract, freezeQty: 30_000 }));
    const instruments = harness.start();
    expect((await instruments.table(PAPER)).byKey(alike.key)?.instrument.freezeQty).toBeGreaterThan(0);
    const table = await instruments.table(ZERODHA);
    const freezes = () => [sbin, nifty, alike].map(({ key }) => table.byKey(key)?.instrument.freezeQty);
    expect(freezes()).toEqual([undefined, 1_800, undefined]);
    await instruments.table(FYERS);
    expect(freezes()).toEqual([30_000, 30_000, undefined]);
  });

  it("is read from disk after a restart on the same day", async () => {
    const harness = openHarness();
    await harness.start().table(ZERODHA);
    harness.floor.now += 6 * HOUR;
    const restarted = harness.start();
    const [row] = harness.master(ZERODHA).rows;
    expect((await restarted.table(ZERODHA)).byKey(row!.instrument.key)).toEqual(row);
    expect(harness.master(ZERODHA).downloads).toBe(1);
    expect(restarted.status()).toEqual([
      { broker: ZERODHA, rows: SMALL_MARKET.length, skipped: 0, at: at("2026-11-23T10:30:00"), isStale: false },
    ]);
  });

  it("is renewed in the background from 08:30, while the old one serves", async () => {
    const harness = openHarness();
    const master = harness.master(ZERODHA);
    const instruments = harness.start();
    await instruments.table(ZERODHA);
    harness.floor.now = at("2026-11-24T08:29:00");
    await instruments.refresh();
    expect(master.downloads).toBe(1);

    harness.floor.now = at("2026-11-24T08:30:00");
    master.rows = [...master.rows, venue(NEWCOMER)];
    const held = gate();
    master.gate = held.opened;
    expect((await instruments.table(ZERODHA)).byKey(NEWCOMER.key)).toBeUndefined();
    held.open();
    await vi.waitFor(async () => expect((await instruments.table(ZERODHA)).byKey(NEWCOMER.key)).toBeDefined());
    expect(master.downloads).toBe(2);
  });

  it("serves yesterday's copy from disk after a restart, and is renewed in the background", async () => {
    const harness = openHarness();
    await harness.start().table(ZERODHA);
    harness.floor.now += DAY;
    harness.master(ZERODHA).rows = [...harness.master(ZERODHA).rows, venue(NEWCOMER)];
    const restarted = harness.start();
    expect((await restarted.table(ZERODHA)).byKey(NEWCOMER.key)).toBeUndefined();
    await vi.waitFor(async () => expect((await restarted.table(ZERODHA)).byKey(NEWCOMER.key)).toBeDefined());
  });

  it("serves on as stale when it cannot be renewed, and is retried later", async () => {
    const harness = openHarness();
    const instruments = harness.start();
    await instruments.table(ZERODHA);
    harness.floor.now += DAY;
    harness.master(ZERODHA).isDown = true;
    const [status] = await instruments.refresh();
    expect(status).toMatchObject({ isStale: true, at: at("2026-11-23T10:30:00"), rows: SMALL_MARKET.length });
    expect((await instruments.table(ZERODHA)).byKey(SMALL_MARKET[0]!.key)).toBeDefined();
    expect(harness.master(ZERODHA).downloads).toBe(2);

    harness.master(ZERODHA).isDown = false;
    harness.floor.now += 11 * MINUTE;
    await instruments.table(ZERODHA);
    await vi.waitFor(() => expect(instruments.status()[0]).toMatchObject({ isStale: false, at: harness.floor.now }));
  });

  it("is retried after the clock was set back", async () => {
    const harness = openHarness();
    const instruments = harness.start();
    await instruments.table(ZERODHA);
    harness.floor.now += 2 * DAY;
    harness.master(ZERODHA).isDown = true;
    await instruments.refresh();
    harness.master(ZERODHA).isDown = false;
    harness.floor.now -= DAY;
    await instruments.table(ZERODHA);
    await vi.waitFor(() => expect(instruments.status()[0]).toMatchObject({ isStale: false, at: harness.floor.now }));
  });

  it("rejects with the broker's error when there is no copy, and is retried", async () => {
    const harness = openHarness();
    const instruments = harness.start();
    harness.master(ZERODHA).isDown = true;
    const failed = instruments.table(ZERODHA);
    await expect(failed).rejects.toBeInstanceOf(BrokerError);
    await expect(failed).rejects.toMatchObject({ kind: "unavailable", broker: ZERODHA });
    expect(instruments.status()).toEqual([{ broker: ZERODHA, rows: 0, skipped: 0, at: null, isStale: false }]);
    harness.floor.now += MINUTE;
    harness.master(ZERODHA).isDown = false;
    await expect(instruments.table(ZERODHA)).resolves.toBeDefined();
  });

  it("is reported as missing when a name is not found without it", async () => {
    const harness = openHarness({ hasPaper: true });
    harness.linked.push(ZERODHA);
    const instruments = harness.start();
    harness.master(ZERODHA).isDown = true;
    expect(await instruments.resolve("tata elxsi")).toEqual({ kind: "none", suggestions: [], lacksList: true });
    expect(await instruments.resolve("SBIN")).toMatchObject({ kind: "one" });
    harness.master(ZERODHA).isDown = false;
    harness.floor.now += MINUTE;
    expect(await instruments.resolve("tata elxsi")).toMatchObject({ kind: "one" });
    expect(await instruments.resolve("zzzz")).toEqual({ kind: "none", suggestions: [] });
  });

  it("is requested once a minute at most while it is missing, and at once by a refresh", async () => {
    const harness = openHarness();
    harness.linked.push(ZERODHA);
    const instruments = harness.start();
    const master = harness.master(ZERODHA);
    master.isDown = true;
    for (let look = 0; look < 60; look += 1) {
      await expect(instruments.table(ZERODHA)).rejects.toMatchObject({ kind: "unavailable" });
      harness.floor.now += SECOND;
    }
    expect(master.downloads).toBe(1);
    expect(harness.logged).toHaveLength(1);
    await expect(instruments.table(ZERODHA)).rejects.toMatchObject({ kind: "unavailable" });
    expect(master.downloads).toBe(2);
    master.isDown = false;
    await instruments.refresh();
    await expect(instruments.table(ZERODHA)).resolves.toBeDefined();
  });

  it.each(["empty", "cut"] as const)("is not replaced by an %s one", async (how) => {
    const harness = openHarness();
    const instruments = harness.start();
    await instruments.table(ZERODHA);
    harness.floor.now += DAY;
    harness.master(ZERODHA).rows = how === "empty" ? [] : harness.master(ZERODHA).rows.slice(0, 10);
    expect(await instruments.refresh()).toMatchObject([{ isStale: true, rows: SMALL_MARKET.length }]);
  });

  it("leaves out and counts duplicate and invalid rows", async () => {
    const harness = openHarness();
    const master = harness.master(ZERODHA);
    const [first, second] = master.rows;
    const odd = { ...second!, instrument: { ...share("NSE", "ODD", "ODD"), lotSize: 1.5 } };
    const split = venue(share("NSE", "SPLIT", "TWO\x1fFIELDS"));
    master.rows = [...master.rows, first!, odd, split];
    master.skipped = 4;
    const instruments = harness.start();
    const table = await instruments.table(ZERODHA);
    expect(instruments.status()).toMatchObject([{ rows: SMALL_MARKET.length, skipped: 7 }]);
    expect(table.byKey(odd.instrument.key)).toBeUndefined();
  });

  it("does not exist for an unknown broker", async () => {
    const harness = openHarness();
    await expect(harness.start().table(FYERS)).rejects.toMatchObject({ kind: "invalid-request", broker: FYERS });
  });
});

describe("the file of a master", () => {
  it.each([
    ["damaged", (bytes: Buffer) => bytes.fill(7, 200, 260)],
    ["cut in half", (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ["something else", () => Buffer.from("instrument_token,exchange_token")],
    ["empty", () => Buffer.alloc(0)],
  ])("is ignored and downloaded again if it is %s", async (_name, spoil) => {
    const harness = openHarness();
    await harness.start().table(ZERODHA);
    const [name] = files(harness.dataDir);
    const path = join(harness.dataDir, "instruments", name!);
    writeFileSync(path, spoil(readFileSync(path)));
    const restarted = harness.start();
    expect((await restarted.table(ZERODHA)).byKey(SMALL_MARKET[0]!.key)).toBeDefined();
    expect(harness.master(ZERODHA).downloads).toBe(2);
    expect(harness.logged.join("")).toContain("cannot be read");
  });

  it("is ignored if it is another broker's", async () => {
    const harness = openHarness({ brokers: [ZERODHA, FYERS] });
    await harness.start().table(ZERODHA);
    const path = (broker: string): string => join(harness.dataDir, "instruments", `${broker}.master.gz`);
    writeFileSync(path(FYERS), readFileSync(path(ZERODHA)));
    await harness.start().table(FYERS);
    expect(harness.master(FYERS).downloads).toBe(1);
  });

  it("has no partial file left beside it", async () => {
    const harness = openHarness({ brokers: [ZERODHA, FYERS] });
    const instruments = harness.start();
    await Promise.all([instruments.table(ZERODHA), instruments.table(FYERS)]);
    expect(files(harness.dataDir).toSorted()).toEqual(["fyers.master.gz", "zerodha.master.gz"]);
  });

  it("need not be writable for the master to serve", async () => {
    const harness = openHarness();
    writeFileSync(join(harness.dataDir, "instruments"), "in the way");
    expect((await harness.start().table(ZERODHA)).byKey(SMALL_MARKET[0]!.key)).toBeDefined();
    expect(harness.logged.join("")).toContain("cannot be saved");
  });

  it("is used instead of a download if another process wrote it today", async () => {
    const harness = openHarness();
    const [first, second] = [harness.start(), harness.start()];
    await first.table(ZERODHA);
    await second.table(ZERODHA);
    harness.floor.now += DAY;
    await first.refresh();
    await second.refresh();
    expect(harness.master(ZERODHA).downloads).toBe(2);
    expect(second.status()).toMatchObject([{ at: harness.floor.now, isStale: false }]);
  });
});

describe("the paper exchange's master", () => {
  it("stays in memory and follows the exchange's new contracts", async () => {
    const harness = openHarness({ brokers: [], hasPaper: true });
    const instruments = harness.start();
    const monday = await instruments.table(PAPER);
    harness.floor.now += 2 * DAY;
    const wednesday = await instruments.table(PAPER);
    const fresh = harness.floor.exchange.instruments.filter(({ key }) => monday.byKey(key) === undefined);
    expect(fresh.length).toBeGreaterThan(0);
    for (const { key } of fresh) expect(wednesday.byKey(key)).toBeDefined();
    expect(readdirSync(harness.dataDir)).toEqual([]);
  });

  it("stays the same table all day", async () => {
    const harness = openHarness({ brokers: [], hasPaper: true });
    const instruments = harness.start();
    const morning = await instruments.table(PAPER);
    harness.floor.now += 5 * HOUR;
    expect(await instruments.table(PAPER)).toBe(morning);
  });
});

describe("refresh", () => {
  it("downloads what is due for linked and loaded brokers, and returns their status", async () => {
    const harness = openHarness({ brokers: [ZERODHA, FYERS] });
    harness.linked.push(FYERS);
    const instruments = harness.start();
    expect(await instruments.refresh()).toMatchObject([{ broker: FYERS, rows: SMALL_MARKET.length, isStale: false }]);
    expect(harness.master(ZERODHA).downloads).toBe(0);
    await instruments.refresh();
    expect(harness.master(FYERS).downloads).toBe(1);
  });

  it("reports a broker that has never answered", async () => {
    const harness = openHarness();
    harness.linked.push(ZERODHA);
    harness.master(ZERODHA).isDown = true;
    expect(await harness.start().refresh()).toEqual([
      { broker: ZERODHA, rows: 0, skipped: 0, at: null, isStale: false },
    ]);
  });
});

it("resolves a token that the exchange has reused to each broker's own contract", async () => {
  const harness = openHarness({ brokers: [ZERODHA, FYERS] });
  const old = future("NFO", "OLD", "2026-11-24");
  const reused = { ...future("NFO", "NEW", "2026-12-29"), key: old.key };
  harness.master(ZERODHA).rows = [venue(old)];
  harness.master(FYERS).rows = [venue(reused)];
  const instruments = harness.start();
  expect((await instruments.table(ZERODHA)).byKey(old.key)?.instrument).toEqual(old);
  expect((await instruments.table(FYERS)).byKey(old.key)?.instrument).toEqual(reused);
});
