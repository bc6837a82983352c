import { describe, expect, it } from "vitest";
import { orderHours } from "../../src/app/order-hours.ts";
import { instrumentKey } from "../../src/domain/instrument.ts";
import { istInstant } from "../../src/domain/market.ts";
import { loadCalendar } from "../../src/services/calendar.ts";
import { SBIN } from "../services/orders/floor.ts";

const calendar = loadCalendar(null);
const { phaseOf, nextTradingDay } = orderHours(() => calendar, false);
const at = (date: string, time: string) => phaseOf(SBIN, istInstant(date, time));

describe("the hours of orders", () => {
  it("follow the calendar", () => {
    expect(at("2026-11-23", "09:15")).toBe("open");
    expect(at("2026-11-23", "15:14:59")).toBe("open");
    expect(at("2026-11-23", "15:22")).toBe("closing-auction");
    expect(at("2026-11-23", "15:25")).toBe("closing-auction-limits");
    expect(at("2026-11-23", "15:40")).toBe("closed");
    expect(at("2026-11-23", "15:50")).toBe("post-close");
    expect(at("2026-11-23", "16:00")).toBe("closed");
    expect(at("2026-11-24", "11:00")).toBe("closed");
    expect(at("2026-11-22", "11:00")).toBe("closed");
  });

  it("end a contract with the last session of its expiry day, and not before that", () => {
    const phaseOfFuture = (expiry: string, date: string, time: string, segment: "NFO" | "MCX" = "NFO") =>
      phaseOf({ ...SBIN, kind: "future", segment, underlying: "SBIN", expiry }, istInstant(date, time));
    expect(phaseOfFuture("2026-11-23", "2026-11-23", "08:00")).toBe("closed");
    expect(phaseOfFuture("2026-11-23", "2026-11-23", "15:20")).toBe("open");
    expect(phaseOfFuture("2026-11-23", "2026-11-23", "18:00")).toBe("expired");
    expect(phaseOfFuture("2026-11-23", "2026-11-25", "11:00")).toBe("expired");
    expect(phaseOfFuture("2026-12-01", "2026-11-23", "18:00")).toBe("closed");
    expect(phaseOfFuture("2026-11-23", "2026-11-23", "18:00", "MCX")).toBe("open");
  });

  it("are unknown in a year without a list, and on a day whose hours come by circular", () => {
    expect(at("2031-01-06", "11:00")).toBe("unknown");
    expect(at("2031-01-06", "20:00")).toBe("unknown");
    expect(at("2026-11-08", "18:30")).toBe("unknown");
  });

  it("count as open in a segment without sessions here, and where the exchange never closes", () => {
    expect(phaseOf({ ...SBIN, segment: "MCX" }, istInstant("2026-11-23", "20:00"))).toBe("open");
    expect(orderHours(() => calendar, true).phaseOf(SBIN, istInstant("2026-11-22", "03:00"))).toBe("open");
  });

  it("let a stock without futures trade on while those with futures are in the closing auction", () => {
    const hours = orderHours(
      () => calendar,
      false,
      ({ key }) => key === SBIN.key,
    );
    const small = { ...SBIN, key: instrumentKey("NSE", 99) };
    const phases = (share: typeof SBIN) =>
      ["15:22", "15:26", "15:32"].map((time) => hours.phaseOf(share, istInstant("2026-11-23", time)));
    expect(phases(SBIN)).toEqual(["closing-auction", "closing-auction-limits", "closing-auction"]);
    expect(phases(small)).toEqual(["open", "open", "closed"]);
  });

  it("skip holidays and weekends to find the next trading day; in a year without a holiday list, weekends only", () => {
    expect(nextTradingDay("2026-11-23")).toBe("2026-11-25");
    expect(nextTradingDay("2026-11-27")).toBe("2026-11-30");
    expect(nextTradingDay("2031-01-03")).toBe("2031-01-06");
  });
});
