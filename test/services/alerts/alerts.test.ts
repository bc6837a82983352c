import fc from "fast-check";
import pino from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { userId } from "../../../src/domain/ids.ts";
import { istDate, istInstant } from "../../../src/domain/market.ts";
import { paiseFromRupees, priceFromRupees } from "../../../src/domain/money.ts";
import type { Link } from "../../../src/services/accounts/accounts.ts";
import type { Alert } from "../../../src/services/alerts/alert.ts";
import { createAlerts, type Alerts, type AlertsDeps } from "../../../src/services/alerts/alerts.ts";
import { isMetBy, isMetByPnl, parseAlert, touchOf } from "../../../src/services/alerts/condition.ts";
import { createQuotes } from "../../../src/services/quotes/quotes.ts";
import { asGiven } from "../stub-broker.ts";
import { openMarketHarness, type MarketHarness } from "../market-harness.ts";

describe("the text after /alert", () => {
  it.each([
    ["SBIN > 850", "SBIN", { kind: "above", price: priceFromRupees(850) }],
    ["sbin>=850.50", "sbin", { kind: "above", price: priceFromRupees("850.5") }],
    ["tata motors < ₹1,250", "tata motors", { kind: "below", price: priceFromRupees(1250) }],
    ["SBIN > Rs. 1,100.", "SBIN", { kind: "above", price: priceFromRupees(1_100) }],
    ["pnl < -₹5000", null, { kind: "pnl-below", amount: paiseFromRupees(-5000) }],
    ["SBIN 1,100", "SBIN", { kind: "level", price: priceFromRupees(1_100) }],
    ["nifty 26000 ce reaches ₹120.50", "nifty 26000 ce", { kind: "level", price: priceFromRupees("120.5") }],
    ["SBIN down 5%", "SBIN", { kind: "change", basisPoints: -500 }],
    ["SBIN UP 5%", "SBIN", { kind: "change", basisPoints: 500 }],
    ["M&M below 3000", "M&M", { kind: "below", price: priceFromRupees(3000) }],
    ["NIFTY50 -1%", "NIFTY50", { kind: "change", basisPoints: -100 }],
    ["SBIN +2.5 %", "SBIN", { kind: "change", basisPoints: 250 }],
    ["SBIN +0.29%", "SBIN", { kind: "change", basisPoints: 29 }],
    ["BAJAJ-AUTO −3%", "BAJAJ-AUTO", { kind: "change", basisPoints: -300 }],
    ["pnl < -5000", null, { kind: "pnl-below", amount: paiseFromRupees(-5000) }],
    ["P&L > 10,000", null, { kind: "pnl-above", amount: paiseFromRupees(10_000) }],
  ])("is parsed: %s", (text, symbolText, condition) => {
    expect(parseAlert(text)).toEqual({ symbolText, condition, order: null });
  });

  it("may contain an order to offer", () => {
    expect(parseAlert("SBIN < 780 buy 10 @ 775 mis")).toMatchObject({ order: { side: "BUY", words: "10 @ 775 mis" } });
    expect(parseAlert("SBIN > 900 sell on zerodha:10")).toMatchObject({ order: { words: "on zerodha:10" } });
    expect(parseAlert("SBIN > 900 SELL all")).toMatchObject({ order: { side: "SELL", words: "all" } });
  });

  it.each([
    "SBIN",
    "850",
    "SBIN 0",
    "pnl 5000",
    "SBIN 5%",
    "> 850",
    "SBIN > ",
    "SBIN > -5",
    "SBIN 0%",
    "pnl -1%",
    "SBIN > x850",
    "SBIN > ,",
    "pnl < ,",
    "SBIN > 999999999999",
    // A decimal comma, or two numbers: never 79050.
    "SBIN > 790,50",
    "SBIN 10,5",
    "pnl < -1,5",
    "SBIN > 850 buy ten @ x",
    "pnl < 5 buy 10",
    "SBIN < 780 buy ₹5000",
    "SBIN < 780 buy @ 775",
    "SBIN < 780 buy mis on zerodha:10,fyers",
  ])("is invalid: %s", (text) => expect(parseAlert(text)).toBeNull());
});

describe("the condition of an alert", () => {
  it("on the day's change is met at that change and beyond it, in its direction, and unknown without a close", () => {
    const isMet = (basisPoints: number, ltp: number, prevClose: number | null = 100) =>
      isMetBy(
        { kind: "change", basisPoints },
        { ltp: priceFromRupees(ltp), prevClose: prevClose === null ? null : priceFromRupees(prevClose) },
      );
    expect([102.4, 102.5, 110, 97].map((ltp) => isMet(250, ltp))).toEqual([false, true, true, false]);
    expect([97.6, 97.5, 90, 103].map((ltp) => isMet(-250, ltp))).toEqual([false, true, true, false]);
    expect(isMet(250, 110, null)).toBeNull();
  });

  it("is touched by the day's high or low if it is a level: a high may be of the day before its previous close", () => {
    const range = { high: priceFromRupees(110), low: priceFromRupees(90) };
    expect(touchOf({ kind: "above", price: priceFromRupees(110) }, range)).toBe(range.high);
    expect(touchOf({ kind: "above", price: priceFromRupees(111) }, range)).toBeNull();
    expect(touchOf({ kind: "below", price: priceFromRupees(90) }, range)).toBe(range.low);
    expect(touchOf({ kind: "below", price: priceFromRupees(89) }, range)).toBeNull();
    expect(touchOf({ kind: "above", price: priceFromRupees(100) }, { high: null, low: null })).toBeNull();
    expect(touchOf({ kind: "change", basisPoints: 100 }, range)).toBeNull();
  });

  it("on the day's P&L is met at its amount and beyond it", () => {
    const isMet = (kind: "pnl-above" | "pnl-below", amount: number, pnl: number) =>
      isMetByPnl({ kind, amount: paiseFromRupees(amount) }, paiseFromRupees(pnl));
    expect([499, 500, 501].map((pnl) => isMet("pnl-above", 500, pnl))).toEqual([false, true, true]);
    expect([-499, -500, -501].map((pnl) => isMet("pnl-below", -500, pnl))).toEqual([false, true, true]);
  });
});

describe("an alert", () => {
  let harness: MarketHarness;
  let fired: { id: string; by: string }[];
  let alerts: Alerts;
  let isTelling = true;
  let isOpen = true;
  const asha = userId(1);

  const open = (instead: Partial<AlertsDeps> = {}): Alerts =>
    createAlerts({
      ...harness,
      closes: asGiven,
      quotes: createQuotes(harness),
      log: pino({ level: "silent" }),
      ...instead,
      isMarketOpen: () => isOpen,
      onFire: async (alert, by) => {
        if (!isTelling) throw new Error("the outbox is away");
        fired.push({ id: alert._id, by: by.kind === "price" ? by.quote.source : by.kind });
      },
    });
  beforeEach(async () => {
    harness = await openMarketHarness();
    fired = [];
    isTelling = true;
    isOpen = true;
    alerts = open();
  });
  afterEach(() => harness.close());

  async function arm(text: string, ticker: string | null = "SBIN-EQ", user = asha): Promise<Alert> {
    const words = parseAlert(text);
    if (!words) throw new Error(`not an alert: ${text}`);
    const instrument = ticker === null ? null : harness.instrument(ticker);
    const result = await alerts.add({ userId: user, instrument, condition: words.condition, order: words.order });
    if (result.kind !== "added") throw new Error(result.kind);
    return result.alert;
  }

  /** Makes the broker's bulk quotes tell no time, as Fyers' do. */
  async function hideTimes(link: Link): Promise<void> {
    const connector = await harness.accounts.broker(link).connector();
    const full = connector.getQuotes.bind(connector);
    connector.getQuotes = async (...asked) =>
      new Map([...(await full(...asked))].map(([key, quote]) => [key, { ...quote, at: null }]));
  }

  it("fires once, when its price is reached", async () => {
    await harness.link(asha);
    const alert = await arm("SBIN > 105");
    expect(await alerts.sweep()).toBe(0);
    harness.prices.broker = 105;
    harness.pass(2_000);
    expect(await alerts.sweep()).toBe(1);
    harness.pass(2_000);
    expect(await alerts.sweep()).toBe(0);
    expect(fired).toEqual([{ id: alert._id, by: "broker" }]);
    expect(await alerts.armed(asha)).toEqual([]);
  });

  it("without a direction fires when the price reaches its level from where it is now", async () => {
    await harness.link(asha);
    expect(await arm("SBIN 105")).toMatchObject({ condition: { kind: "above", price: priceFromRupees(105) } });
    expect(await arm("SBIN 95")).toMatchObject({ condition: { kind: "below", price: priceFromRupees(95) } });
    await expect(arm("SBIN 100")).rejects.toThrow("met-already");
    alerts = open({ quotes: { many: async () => new Map(), forLink: async () => null } });
    await expect(arm("SBIN 110")).rejects.toThrow("no-side");
    expect(await alerts.armed(asha)).toHaveLength(2);
  });

  it("is not duplicated when it is added again", async () => {
    await harness.link(asha);
    const first = await arm("SBIN > 105 buy 10");
    harness.pass(2_000);
    expect((await arm("SBIN > 105 buy 10"))._id).toBe(first._id);
    const others = [await arm("SBIN > 105"), await arm("SBIN > 105 sell 10"), await arm("SBIN < 90")];
    expect(await alerts.armed(asha)).toHaveLength(4);
    for (const { _id } of others) await alerts.remove(asha, _id);
    harness.prices.broker = 105;
    harness.pass(2_000);
    expect(await alerts.sweep()).toBe(1);
    harness.prices.broker = 100;
    harness.pass(2_000);
    expect((await arm("SBIN > 105 buy 10"))._id).not.toBe(first._id);
  });

  it("does not fire on an earlier day's change", async () => {
    await harness.users.ensure(asha, "Asha");
    harness.prices.yahoo = 98;
    harness.pricedAt = istInstant("2026-11-20", "15:30");
    await arm("SBIN -1%");
    expect(await alerts.sweep()).toBe(0);
    harness.pricedAt = null;
    harness.pass(30_000);
    expect(await alerts.sweep()).toBe(1);
  });

  it("goes off on the day's change although the broker's bulk quotes lack the previous close", async () => {
    const link = await harness.link(asha);
    const connector = await harness.accounts.broker(link).connector();
    const full = connector.getQuotes.bind(connector);
    await arm("SBIN -1%");
    connector.getQuotes = async (...asked) =>
      new Map([...(await full(...asked))].map(([key, quote]) => [key, { ...quote, prevClose: null, at: null }]));
    for (const [rupees, firing] of [
      [99.5, 0],
      [99.2, 0],
      [98.9, 1],
    ] as const) {
      harness.prices.broker = rupees;
      harness.pass(15_000);
      expect(await alerts.sweep()).toBe(firing);
    }
    expect(harness.calls.filter((call) => call === "broker getQuote")).toHaveLength(1);
  });

  it("is disarmed, with a message, on the day after its contract expired", async () => {
    await harness.link(asha);
    const future = harness.instrument("NIFTY26NOVFUT");
    if (future.kind !== "future") throw new Error("not a future");
    const condition = { kind: "above", price: priceFromRupees(99_999) } as const;
    await alerts.add({ userId: asha, instrument: future, condition, order: null });
    harness.pass(istInstant(future.expiry, "15:00") - harness.clock.now());
    expect(await alerts.sweep()).toBe(0);
    harness.pass(20 * 3_600_000);
    harness.calls.length = 0;
    expect(await alerts.sweep()).toBe(1);
    expect(fired.map(({ by }) => by)).toEqual(["expired"]);
    expect(harness.calls).toEqual([]);
    expect(await alerts.armed(asha)).toEqual([]);
  });

  it("survives a restart", async () => {
    await harness.link(asha);
    await arm("SBIN -3%");
    alerts = open();
    harness.prices.broker = 96.9;
    harness.pass(2_000);
    expect(await alerts.sweep()).toBe(1);
  });

  it("uses the broker's live price although an older paper account has Yahoo's", async () => {
    await harness.linkPaper(asha);
    harness.pass(1_000);
    await harness.link(asha);
    await arm("SBIN > 105");
    harness.prices.broker = 110;
    harness.pass(2_000);
    expect(await alerts.sweep()).toBe(1);
    expect(fired[0]?.by).toBe("broker");
  });

  it("uses Yahoo's price when the broker's session is dead", async () => {
    await harness.link(asha);
    await arm("SBIN < 90");
    harness.pass(2 * 86_400_000);
    harness.prices.yahoo = 89;
    expect(await alerts.sweep()).toBe(1);
    expect(fired[0]?.by).toBe("yfinance");
  });

  it("stays armed until its message is durable", async () => {
    await harness.link(asha);
    await arm("SBIN > 105");
    harness.prices.broker = 110;
    harness.pass(2_000);
    isTelling = false;
    expect(await alerts.sweep()).toBe(0);
    isTelling = true;
    expect(await alerts.sweep()).toBe(1);
  });

  it("that cannot be posted is logged once with its id, not at every sweep, and the recovery too", async () => {
    const said: { msg: string; err?: { message: string } }[] = [];
    alerts = open({ log: pino({ level: "info" }, { write: (line: string) => void said.push(JSON.parse(line)) }) });
    await harness.link(asha);
    const { _id } = await arm("SBIN > 105");
    harness.prices.broker = 110;
    harness.pass(2_000);
    isTelling = false;
    for (let sweeps = 0; sweeps < 5; sweeps += 1) await alerts.sweep();
    isTelling = true;
    await alerts.sweep();
    expect(said).toMatchObject([
      { msg: "alert messages cannot be posted; retrying", err: { message: `alert ${_id}: the outbox is away` } },
      { msg: "alert messages are posted again" },
    ]);
  });

  it("is checked in one batch per broker for all users", async () => {
    for (let user = 1; user <= 30; user += 1) {
      await harness.link(userId(user));
      await arm("SBIN > 500", ["SBIN-EQ", "INFY-EQ", "TCS-EQ"][user % 3], userId(user));
    }
    harness.calls.length = 0;
    harness.pass(2_000);
    await alerts.sweep();
    expect(harness.calls).toEqual(["broker getQuotes 3"]);
  });

  it("fires however many older ones are still armed", async () => {
    await harness.link(asha);
    const older = await arm("SBIN > 900", "SBIN-EQ", userId(2));
    const newest = await arm("SBIN > 105");
    const armed = [...Array.from({ length: 20_000 }, (_, at) => ({ ...older, _id: `older${at}` })), newest];
    const collection = {
      find: async (_index: string, _values: readonly unknown[], { limit = Infinity }) => armed.slice(0, limit),
      get: async () => newest,
      replace: async () => true,
    };
    alerts = open({ store: { ...harness.store, collection: () => collection as never } });
    harness.prices.broker = 110;
    harness.pass(2_000);
    expect(await alerts.sweep()).toBe(1);
    expect(fired.map(({ id }) => id)).toEqual([newest._id]);
  });

  it("is checked through another user's link when the first one's plan excludes prices", async () => {
    const withoutQuotes = await harness.link(asha);
    await arm("SBIN > 500");
    await harness.link(userId(2));
    await arm("SBIN > 105", "SBIN-EQ", userId(2));
    harness.failures.set(withoutQuotes._id, "no-permission");
    harness.prices.broker = 106;
    harness.pass(30_000);
    expect(await alerts.sweep()).toBe(1);
    expect(fired).toMatchObject([{ by: "broker" }]);
  });

  it("has a lack of prices logged once, and the recovery too", async () => {
    const said: { msg: string }[] = [];
    const log = pino({ level: "info" }, { write: (line: string) => void said.push(JSON.parse(line)) });
    let isAnybodyThere = false;
    const quotes = createQuotes(harness);
    alerts = open({
      log,
      quotes: { ...quotes, many: async (...asked) => (isAnybodyThere ? quotes.many(...asked) : new Map()) },
    });
    await harness.link(asha);
    await arm("SBIN > 500");
    for (let turn = 0; turn < 5; turn += 1) await alerts.sweep();
    expect(said.map(({ msg }) => msg)).toEqual(["no prices for alerts; retrying"]);
    isAnybodyThere = true;
    await alerts.sweep();
    await alerts.sweep();
    expect(said.map(({ msg }) => msg).slice(1)).toEqual(["prices for alerts are available again"]);
  });

  it("is not armed if its price condition is already met", async () => {
    await harness.link(asha);
    const add = alerts.add({
      userId: asha,
      instrument: harness.instrument("SBIN-EQ"),
      condition: { kind: "above", price: priceFromRupees(90) },
      order: null,
    });
    expect(await add).toMatchObject({ kind: "met-already" });
  });

  it("is not armed if its P&L condition is already met", async () => {
    await harness.link(asha);
    const words = parseAlert("pnl < 1");
    const add = alerts.add({ userId: asha, instrument: null, condition: words!.condition, order: null });
    expect(await add).toMatchObject({ kind: "met-already", by: { kind: "pnl", pnl: 0, isPaper: [false] } });
    await arm("pnl < -1", null);
  });

  it("names the accounts that are missing from the day's P&L", async () => {
    await harness.link(asha);
    const second = await harness.link(asha);
    await harness.accounts.update(second._id, () => ({ tokens: null }));
    const { condition } = parseAlert("pnl < 1")!;
    expect(await alerts.add({ userId: asha, instrument: null, condition, order: null })).toMatchObject({
      by: { kind: "pnl", loggedOut: [{ _id: second._id, label: second.label }] },
    });
  });

  it("armed after the close fires only on a price of the next session", async () => {
    await harness.link(asha);
    harness.prices.broker = 98.5;
    isOpen = false;
    await arm("SBIN -1%");
    harness.pass(60_000);
    expect(await alerts.sweep()).toBe(0);
    harness.pass(15 * 3_600_000);
    isOpen = true;
    harness.pricedAt = harness.clock.now() - 16 * 3_600_000;
    expect(await alerts.sweep()).toBe(0);
    harness.pricedAt = null;
    harness.pass(60_000);
    expect(await alerts.sweep()).toBe(1);
  });

  it("armed after the close does not fire on a post-close price", async () => {
    await harness.link(asha);
    harness.prices.broker = 98.5;
    isOpen = false;
    await arm("SBIN -1%");
    harness.pricedAt = harness.clock.now() + 10 * 60_000;
    harness.pass(24 * 3_600_000);
    isOpen = true;
    expect(await alerts.sweep()).toBe(0);
  });

  it("armed after the close does not fire on that session's price although bulk quotes tell no time", async () => {
    await hideTimes(await harness.link(asha));
    harness.prices.broker = 98.5;
    isOpen = false;
    await arm("SBIN < 99");
    harness.pricedAt = harness.clock.now();
    harness.pass(20 * 3_600_000);
    isOpen = true;
    for (let sweeps = 0; sweeps < 4; sweeps += 1) {
      expect(await alerts.sweep()).toBe(0);
      harness.pass(15_000);
    }
    expect(harness.calls.filter((call) => call === "broker getQuote")).toHaveLength(1);
    harness.pricedAt = null;
    harness.pass(60_000);
    expect(await alerts.sweep()).toBe(1);
  });

  describe("on a level", () => {
    const DAY_MS = 86_400_000;
    let link: Link;
    beforeEach(async () => {
      link = await harness.link(asha);
      await harness.accounts.update(link._id, ({ tokens }) => ({
        tokens: tokens && { ...tokens, expiresAt: harness.clock.now() + 10_000 * DAY_MS },
      }));
    });

    /** Lets time pass, then sweeps at these prices. Returns how many fired. */
    function sweepAt(range: Partial<MarketHarness["range"]>, ms = 30_000): Promise<number> {
      Object.assign(harness.range, range);
      harness.pass(ms);
      return alerts.sweep();
    }
    const goTo = (date: string, time: string): void => harness.pass(istInstant(date, time) - harness.clock.now());

    it.each([
      ["above", "SBIN > 105", { high: 105 }],
      ["below", "SBIN < 95", { low: 95 }],
    ])("fires when the price was there only between two sweeps, also after a restart: %s", async (_, text, range) => {
      await sweepAt({ high: 104, low: 96 });
      await arm(text);
      expect(await sweepAt({})).toBe(0);
      alerts = open();
      expect(await sweepAt(range)).toBe(1);
    });

    it("that the day had met before does not fire on the day's high, but on a later day's", async () => {
      await sweepAt({ high: 106, low: 99 });
      await arm("SBIN > 105");
      expect(await sweepAt({ high: 107 })).toBe(0);
      harness.pricedAt = harness.clock.now();
      expect(await sweepAt({}, 2 * DAY_MS)).toBe(0);
      harness.pricedAt = null;
      expect(await sweepAt({ high: 104 })).toBe(0);
      expect(await sweepAt({ high: 105 })).toBe(1);
    });

    it.each([
      ["the evening before", "2026-11-23", "16:00", 1],
      ["before the pre-open", "2026-11-25", "08:59", 1],
      ["in the pre-open", "2026-11-25", "09:01", 0],
    ])("armed while the market is closed knows only the high of a later session: %s", async (_, date, time, count) => {
      Object.assign(harness.range, { high: 106, low: 99 });
      harness.pricedAt = istInstant("2026-11-23", "15:30");
      goTo(date, time);
      isOpen = false;
      await arm("SBIN > 105");
      isOpen = true;
      goTo("2026-11-25", "09:16");
      expect(await alerts.sweep()).toBe(0);
      harness.pricedAt = null;
      expect(await sweepAt({})).toBe(count);
    });

    it("armed in the early hours of a market that never closes does not fire on a high of before", async () => {
      goTo("2026-11-24", "01:00");
      Object.assign(harness.range, { high: 106, low: 99 });
      await arm("SBIN > 105");
      expect(await sweepAt({}, 10 * 3_600_000)).toBe(0);
      expect(await sweepAt({}, DAY_MS)).toBe(1);
    });

    it("is met by a high without a time if the day had not met it before, else only by a later session's", async () => {
      await hideTimes(link);
      await sweepAt({ high: 104, low: 99 });
      await arm("SBIN > 105");
      expect(await sweepAt({ high: 106 })).toBe(1);
      const { _id } = await arm("SBIN > 105");
      expect(await sweepAt({})).toBe(0);
      await alerts.remove(asha, _id);
      isOpen = false;
      harness.pricedAt = harness.clock.now();
      await arm("SBIN > 105");
      isOpen = true;
      expect(await sweepAt({}, 2 * DAY_MS)).toBe(0);
      harness.pricedAt = null;
      expect(await sweepAt({}, 60_000)).toBe(1);
    });

    it("is met by a high without a time on a later day if a sweep saw that day before it", async () => {
      await hideTimes(link);
      await sweepAt({ high: 106, low: 99 });
      await arm("SBIN > 105");
      expect(await sweepAt({ high: 106 }, DAY_MS)).toBe(0);
      expect(await sweepAt({ high: 104, low: 101 })).toBe(0);
      alerts = open();
      expect(await sweepAt({ high: 105 })).toBe(1);
    });

    it("of an index is met by a later day's high only if a sweep saw that day before it: it may be the last session's", async () => {
      await sweepAt({ high: 106, low: 99 });
      await arm("NIFTY50 > 105", "NIFTY50-INDEX");
      expect(await sweepAt({}, DAY_MS)).toBe(0);
      expect(await sweepAt({ high: 104 })).toBe(0);
      expect(await sweepAt({ high: 105 })).toBe(1);
    });

    it("of an index is met by Yahoo's high of a later day, which no sweep needs to have seen before it", async () => {
      await sweepAt({ high: 106, low: 99 });
      await arm("NIFTY50 > 105", "NIFTY50-INDEX");
      harness.failures.set(link._id, "timeout");
      expect(await sweepAt({})).toBe(0);
      expect(await sweepAt({}, DAY_MS)).toBe(1);
    });

    it("that a sweep found untouched is not met by an older high, as Yahoo's may be", async () => {
      await sweepAt({ high: 106, low: 99 });
      await arm("SBIN > 105");
      const armedAt = harness.clock.now();
      expect(await sweepAt({ high: 104 }, DAY_MS)).toBe(0);
      harness.failures.set(link._id, "timeout");
      harness.pricedAt = armedAt + 60_000;
      expect(await sweepAt({ high: 106 })).toBe(0);
    });

    it("is not met by Yahoo's high on the day of arming unless Yahoo has come to that time", async () => {
      await sweepAt({ high: 104, low: 99 });
      await arm("SBIN > 105");
      harness.failures.set(link._id, "timeout");
      harness.pricedAt = harness.clock.now() - DAY_MS;
      expect(await sweepAt({ high: 106 })).toBe(0);
      harness.pricedAt = harness.clock.now();
      expect(await sweepAt({})).toBe(1);
    });

    it("armed where the day's high is not told does not fire on the high of that day", async () => {
      await arm("SBIN > 105");
      expect(await sweepAt({ high: 106, low: 98 })).toBe(0);
      expect(await sweepAt({}, DAY_MS)).toBe(1);
    });

    it("armed on Yahoo's late price does not fire on the high of that day", async () => {
      harness.failures.set(link._id, "timeout");
      await sweepAt({ high: 104, low: 98 });
      await arm("SBIN > 105");
      expect(await sweepAt({ high: 106 })).toBe(0);
      expect(await sweepAt({}, DAY_MS)).toBe(1);
    });

    it("fires exactly when the last price meets it, or prices of that day do and all of them are of after arming", async () => {
      const moves = fc.record({ rupees: fc.integer({ min: 96, max: 104 }), isNextDay: fc.boolean() });
      const sweeps = fc.record({ move: moves, isSwept: fc.boolean() });
      const level = fc.integer({ min: 97, max: 103 });
      await fc.assert(
        fc.asyncProperty(level, fc.array(moves, { minLength: 1 }), fc.array(sweeps), async (rupees, before, after) => {
          fc.pre(before.at(-1)?.rupees !== rupees);
          const seen: { rupees: number; date: string; isAfter: boolean }[] = [];
          const today = () => seen.filter(({ date }) => date === seen.at(-1)?.date);
          /** From which price on any that meets the level is new. */
          let untouched = Infinity;
          const move = (to: { rupees: number; isNextDay: boolean }, isAfter: boolean): void => {
            harness.pass(to.isNextDay ? DAY_MS : 2_000);
            seen.push({ rupees: to.rupees, date: istDate(harness.clock.now()), isAfter });
            const prices = today().map((each) => each.rupees);
            harness.prices.broker = to.rupees;
            Object.assign(harness.range, { high: Math.max(...prices), low: Math.min(...prices) });
          };
          // The first day of this run.
          harness.pass(DAY_MS);
          for (const each of before) move(each, false);
          const { _id, condition } = await arm(`SBIN ${rupees}`);
          const isMet = (price: { rupees: number }): boolean =>
            condition.kind === "above" ? price.rupees >= rupees : price.rupees <= rupees;
          let hasFired = false;
          for (const { move: to, isSwept } of after) {
            move(to, true);
            if (!isSwept || hasFired) continue;
            const met = today().filter(isMet);
            const isNew =
              met.every(({ isAfter }) => isAfter) || seen.slice(untouched).some((each) => met.includes(each));
            const isExpected = isMet(to) || (met.length > 0 && isNew);
            if (met.length === 0) untouched = Math.min(untouched, seen.length);
            hasFired = (await alerts.sweep()) === 1;
            expect(hasFired).toBe(isExpected);
            if (hasFired) expect(seen.some((price) => price.isAfter && isMet(price))).toBe(true);
          }
          await alerts.remove(asha, _id);
        }),
        { numRuns: 60 },
      );
    });
  });

  it("fires on the day's P&L over all accounts, never on a partial one", async () => {
    await harness.link(asha);
    const second = await harness.link(asha);
    harness.failures.set(second._id, "timeout");
    await arm("pnl < 1", null);
    expect(await alerts.sweepPnl()).toBe(0);
    harness.failures.clear();
    expect(await alerts.sweepPnl()).toBe(1);
    expect(fired).toMatchObject([{ by: "pnl" }]);
  });

  it("fires on the day's P&L although another user's cannot be computed", async () => {
    const [odd] = [await harness.link(asha), await harness.link(userId(2))];
    harness.failures.set("all", "timeout");
    for (const user of [asha, userId(2)]) await arm("pnl < 1", null, user);
    harness.failures.clear();
    const connector = await harness.accounts.broker(odd).connector();
    const read = connector.getPositions.bind(connector);
    connector.getPositions = (access) =>
      access.link === odd._id ? Promise.reject(new RangeError("not a whole number")) : read(access);
    expect(await alerts.sweepPnl()).toBe(1);
    expect(fired).toMatchObject([{ by: "pnl" }]);
  });

  it("fires on its price, and on another user's P&L, while a broker is slow with one user's P&L", async () => {
    const slow = await harness.link(asha);
    await harness.link(userId(2));
    harness.failures.set("all", "timeout");
    for (const user of [asha, userId(2)]) await arm("pnl < 1", null, user);
    await arm("SBIN > 105");
    harness.failures.clear();
    const connector = await harness.accounts.broker(slow).connector();
    const read = connector.getPositions.bind(connector);
    const asked: string[] = [];
    const { promise: answer, resolve } = Promise.withResolvers<void>();
    connector.getPositions = async (access) => {
      asked.push(access.link);
      if (access.link === slow._id) await answer;
      return read(access);
    };
    const pnl = alerts.sweepPnl();
    harness.prices.broker = 105;
    harness.pass(2_000);
    expect(await alerts.sweep()).toBe(1);
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    resolve();
    expect(await pnl).toBe(2);
  });

  it("does not fire for users who have stopped the bot, and cannot be read or removed by others", async () => {
    await harness.link(asha);
    const alert = await arm("SBIN > 105");
    expect(await alerts.remove(userId(2), alert._id)).toBe(false);
    expect(await alerts.get(userId(2), alert._id)).toBeNull();
    expect(await alerts.get(asha, alert._id)).toMatchObject({ _id: alert._id });
    await harness.users.update(asha, () => ({ hasStopped: true }));
    harness.prices.broker = 120;
    harness.pass(2_000);
    expect(await alerts.sweep()).toBe(0);
    expect(await alerts.remove(asha, alert._id)).toBe(true);
  });
});
