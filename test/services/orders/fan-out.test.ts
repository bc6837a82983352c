import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Future } from "../../../src/domain/instrument.ts";
import { futureSymbol, instrumentKey } from "../../../src/domain/instrument.ts";
import { price, priceFromRupees } from "../../../src/domain/money.ts";
import { MAX_LEGS } from "../../../src/services/orders/ticket-plan.ts";
import { fakeBroker, type FakeBroker } from "./fake-broker.ts";
import {
  allSent,
  ASHA,
  letWorkProceed,
  type Floor,
  openFloor,
  sent,
  states,
  statesNow,
  ticket,
  watch,
} from "./floor.ts";

const NIFTY: Future = {
  kind: "future",
  key: instrumentKey("NFO", 53001),
  symbol: futureSymbol("NSE", "NIFTY", "2026-11-24"),
  segment: "NFO",
  name: "NIFTY",
  underlying: "NIFTY",
  expiry: "2026-11-24",
  lotSize: 75,
  freezeQty: 1_800,
  tickSize: priceFromRupees("0.1"),
};

let zerodha: FakeBroker;
let fyers: FakeBroker;
let floor: Floor;
beforeEach(async () => {
  zerodha = fakeBroker("zerodha");
  fyers = fakeBroker("fyers");
  floor = await openFloor({ brokers: [zerodha, fyers] });
});
afterEach(() => floor.close());

async function onBoth(more: Parameters<typeof ticket>[1] = {}, quantities = [10, 4]) {
  const links = await floor.accounts.active(ASHA);
  return ticket(floor, { parts: links.map((link, at) => ({ link, qty: quantities[at] ?? 1 })), ...more });
}

describe("one ticket to several accounts", () => {
  it("is confirmed once and sent once to each account, with its own quantity and tag", async () => {
    const { intent } = await onBoth();
    const results = await Promise.all(Array.from({ length: 20 }, () => floor.desk.confirm(ASHA, intent.confirmId)));
    await allSent(results);
    expect(zerodha.placed.map((order) => order.qty)).toEqual([10]);
    expect(fyers.placed.map((order) => order.qty)).toEqual([4]);
    expect(new Set([...zerodha.placed, ...fyers.placed].map((order) => order.tag)).size).toBe(2);
  });

  it("has its own result for each account", async () => {
    zerodha.scripts.push("refuse");
    fyers.scripts.push("lose-answer");
    const { intent } = await onBoth();
    expect(states(await sent(floor, { intent }))).toEqual(["rejected", "unknown"]);
    await watch(floor, 2_000);
    expect(await statesNow(floor, intent)).toEqual(["rejected", "working"]);
  });

  it("proceeds at one account when the other's broker never answers", async () => {
    zerodha.scripts.push("never-answer");
    const { intent } = await onBoth();
    await floor.desk.confirm(ASHA, intent.confirmId);
    await letWorkProceed();
    await watch(floor, 1_000);
    expect(await statesNow(floor, intent)).toEqual(["sending", "working"]);
  });

  it.each([
    ["switched off", { is_active: false }, "invalid-request"],
    ["logged out", { tokens: null }, "session-expired"],
  ] as const)("is not sent to an account that was %s since the card, but to the other", async (_, change, cause) => {
    const { intent } = await onBoth();
    await floor.accounts.update(floor.link._id, () => change);
    expect((await sent(floor, { intent })).legs).toMatchObject([
      { state: "not-sent", notSentCause: cause },
      { state: "working" },
    ]);
    expect([zerodha.placed.length, fyers.placed.length]).toEqual([0, 1]);
  });

  it("has the total value over all accounts", async () => {
    zerodha.ltp = price(8_000_000);
    expect((await onBoth()).intent.plan.value).toBe(14 * 80_000);
  });
});

describe("a quantity above the freeze quantity", () => {
  it("is sent as several orders of whole lots, each once", async () => {
    const { intent, findings } = await ticket(floor, {
      instrument: NIFTY,
      parts: [{ link: floor.link, qty: 75 * 50 }],
    });
    expect(findings).toContainEqual({ level: "info", code: "sliced", orders: 3, freeze: 1_800 });
    expect(states(await sent(floor, { intent }))).toEqual(["working", "working", "working"]);
    expect(zerodha.placed.map((order) => order.qty)).toEqual([1_800, 1_800, 150]);
    expect(new Set(zerodha.placed.map((order) => order.tag)).size).toBe(3);
  });

  it("is blocked when it needs more orders than one confirmation may send", async () => {
    const { findings } = await ticket(floor, {
      instrument: NIFTY,
      parts: [{ link: floor.link, qty: 1_800 * (MAX_LEGS + 1) }],
    });
    expect(findings).toContainEqual({ level: "block", code: "too-many", orders: MAX_LEGS + 1, most: MAX_LEGS });
    const most = await ticket(floor, { instrument: NIFTY, parts: [{ link: floor.link, qty: 1_800 * MAX_LEGS }] });
    expect(most.findings.map(({ code }) => code)).not.toContain("too-many");
  });

  it("creates a single blocked leg, not a million, when the quantity is mistyped", async () => {
    const { intent, findings } = await ticket(floor, { instrument: NIFTY, parts: [{ link: floor.link, qty: 75e7 }] });
    expect(findings).toContainEqual({ level: "block", code: "too-many", orders: 416_667, most: MAX_LEGS });
    expect(intent.legs.map(({ qty }) => qty)).toEqual([75e7]);
  });

  it("stays blocked when the card is priced again, also as an after-market order", async () => {
    const { intent } = await ticket(floor, {
      instrument: NIFTY,
      parts: [{ link: floor.link, qty: 1_800 * (MAX_LEGS + 1) }],
    });
    const renewed = await floor.tickets.renew(intent, { isAmo: true });
    expect(renewed?.findings).toContainEqual({
      level: "block",
      code: "too-many",
      orders: MAX_LEGS + 1,
      most: MAX_LEGS,
    });
  });
});
