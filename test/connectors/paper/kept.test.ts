import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openKeptExchange, type KeptExchange } from "../../../connectors/paper/exchange/kept.ts";
import type { InstrumentKey } from "../../../src/domain/ids.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import type { Quote } from "../../../src/domain/portfolio.ts";
import { HOUR, accepted, limit, listed, market, order, plusPercent, richAccount } from "./floor.ts";

const SOON_MS = 50;

describe("an exchange kept on disk", () => {
  let dir: string;
  let at: number;
  const file = (): string => join(dir, "deeper", "paper.json");
  let told: string[];
  const failures = { failed: () => void told.push("failed"), recovered: () => void told.push("written") };
  const open = (): KeptExchange => openKeptExchange(file(), { seed: 7, now: () => at, failures });
  /** The account as a new process would load it after this one was killed. */
  const reloaded = () => richAccount(open().exchange);

  beforeEach(() => {
    vi.useFakeTimers();
    told = [];
    dir = mkdtempSync(join(tmpdir(), "kept-"));
    at = Date.parse("2026-11-20T11:00:00+05:30");
  });
  afterEach(() => {
    vi.useRealTimers();
    rmSync(dir, { recursive: true });
  });

  it("saves each order, modification and cancellation within 50 ms, without being closed", () => {
    const { exchange } = open();
    const account = richAccount(exchange);
    const sbin = listed(exchange, "NSE:SBIN-EQ");
    const { ltp } = exchange.quote(sbin.key);
    const bought = accepted(account, order(sbin, "BUY", 10, market(exchange, sbin, "BUY")));
    const resting = accepted(account, order(sbin, "BUY", 5, limit(plusPercent(sbin, ltp, -4))));
    vi.advanceTimersByTime(SOON_MS);
    expect(reloaded().order(bought)).toMatchObject({ status: "filled" });
    expect(reloaded().positions()).toEqual(account.positions());
    account.modify(resting, { qty: 7 });
    vi.advanceTimersByTime(SOON_MS);
    expect(reloaded().order(resting)).toMatchObject({ status: "open", qty: 7 });
    account.cancel(resting);
    vi.advanceTimersByTime(SOON_MS);
    expect(reloaded().order(resting)).toMatchObject({ status: "cancelled" });
  });

  it("saves a fill that happens later", () => {
    const { exchange } = open();
    const sbin = listed(exchange, "NSE:SBIN-EQ");
    const id = accepted(
      richAccount(exchange),
      order(sbin, "BUY", 10, limit(plusPercent(sbin, exchange.quote(sbin.key).ltp, -0.3))),
    );
    vi.advanceTimersByTime(SOON_MS);
    rmSync(file());
    at += 3 * HOUR;
    exchange.advance();
    vi.advanceTimersByTime(SOON_MS);
    expect(reloaded().order(id)).toMatchObject({ status: "filled" });
  });

  it("saves that an order expired with its session, so a lower price in the evening cannot fill it after a restart", () => {
    let rupees = 1_000;
    const hours = () => {
      const priceSource = (key: InstrumentKey): Quote => {
        const ltp = priceFromRupees(rupees);
        return { ...seeded.quote(key), ltp, bid: ltp, ask: ltp, at };
      };
      const options = { seed: 7, now: () => at, isAlwaysOpen: false, priceSource, failures };
      return openKeptExchange(file(), options).exchange;
    };
    const seeded = open().exchange;
    const exchange = hours();
    const sbin = listed(exchange, "NSE:SBIN-EQ");
    const id = accepted(richAccount(exchange), order(sbin, "BUY", 10, limit(priceFromRupees(990))));
    vi.advanceTimersByTime(SOON_MS);
    at += 5 * HOUR;
    expect(richAccount(exchange).order(id)).toMatchObject({ status: "expired" });
    vi.advanceTimersByTime(SOON_MS);
    rupees = 985;
    expect(richAccount(hours()).order(id)).toMatchObject({ status: "expired" });
  });

  it("keeps nothing of an account that was forgotten, and fills none of its orders", () => {
    const { exchange } = open();
    const sbin = listed(exchange, "NSE:SBIN-EQ");
    const { ltp } = exchange.quote(sbin.key);
    accepted(richAccount(exchange), order(sbin, "BUY", 10, limit(plusPercent(sbin, ltp, -0.3))));
    const other = accepted(richAccount(exchange, "B2"), order(sbin, "BUY", 10, limit(plusPercent(sbin, ltp, -0.3))));
    exchange.forget("A1");
    vi.advanceTimersByTime(SOON_MS);
    expect(readFileSync(file(), "utf8")).not.toContain("A1");
    at += 3 * HOUR;
    exchange.advance();
    expect(richAccount(exchange, "B2").order(other)).toMatchObject({ status: "filled" });
    expect(richAccount(exchange).orders()).toEqual([]);
    expect(richAccount(exchange).positions()).toEqual([]);
  });

  it("writes nothing while nothing happens, and leaves no temporary file", () => {
    const { exchange, close } = open();
    richAccount(exchange);
    at += HOUR;
    vi.advanceTimersByTime(HOUR);
    expect(existsSync(file())).toBe(false);
    close();
    expect(readdirSync(join(dir, "deeper"))).toEqual(["paper.json"]);
  });

  it("reports a failed write, keeps working, writes again as soon as it can, and reports that too", () => {
    const { exchange, close } = open();
    const sbin = listed(exchange, "NSE:SBIN-EQ");
    writeFileSync(join(dir, "deeper"), "in the way");
    const id = accepted(richAccount(exchange), order(sbin, "BUY", 10, market(exchange, sbin, "BUY")));
    vi.advanceTimersByTime(SOON_MS);
    expect(told).toEqual(["failed"]);
    close();
    expect(told).toEqual(["failed", "failed"]);
    rmSync(join(dir, "deeper"));
    vi.advanceTimersByTime(5_000);
    expect(reloaded().order(id)).toMatchObject({ status: "filled" });
    expect(told).toEqual(["failed", "failed", "written"]);
  });

  it("fails on a damaged file with its name and what to do", () => {
    mkdirSync(dirname(file()), { recursive: true });
    for (const [content, why] of [
      ["", "Unexpected end of JSON input"],
      ["{}", "not what this version writes"],
    ] as const) {
      writeFileSync(file(), content);
      expect(open).toThrow(`DATA_DIR: ${file()} is damaged (${why}); put back the one of a backup`);
    }
  });

  it("writes rarely, however many orders come", () => {
    const { exchange } = open();
    const account = richAccount(exchange);
    const sbin = listed(exchange, "NSE:SBIN-EQ");
    const snapshot = vi.spyOn(exchange, "snapshot");
    for (let i = 0; i < 40; i += 1) {
      accepted(account, order(sbin, "BUY", 1, limit(plusPercent(sbin, exchange.quote(sbin.key).ltp, -4))));
      vi.advanceTimersByTime(1);
    }
    vi.advanceTimersByTime(SOON_MS);
    expect(snapshot.mock.calls.length).toBeLessThanOrEqual(6);
    expect(reloaded().orders()).toHaveLength(40);
  });
});
