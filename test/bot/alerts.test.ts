import { describe, expect, it } from "vitest";
import { alertNotification, alertText, conditionText } from "../../src/bot/render/alerts.ts";
import type { Accounts } from "../../src/services/accounts/accounts.ts";
import type { Alert, FiredBy } from "../../src/services/alerts/alert.ts";
import type { Condition } from "../../src/services/alerts/condition.ts";
import { loadCalendar } from "../../src/services/calendar.ts";
import { linkId, userId, type InstrumentKey } from "../../src/domain/ids.ts";
import { futureSymbol, type Instrument } from "../../src/domain/instrument.ts";
import { istInstant } from "../../src/domain/market.ts";
import { paise, price, priceFromRupees, type Price } from "../../src/domain/money.ts";

const EXPIRY = "2026-11-24";
const FUTURE: Instrument = {
  kind: "future",
  key: "NFO:35001" as InstrumentKey,
  symbol: futureSymbol("NSE", "NIFTY", EXPIRY),
  segment: "NFO",
  name: "NIFTY",
  underlying: "NIFTY",
  expiry: EXPIRY,
  lotSize: 65,
  tickSize: price(1_000),
  freezeQty: 1_800,
};
const alert = {
  _id: "a1",
  userId: userId(1),
  instrument: FUTURE,
  condition: { kind: "above", price: priceFromRupees(27_000) },
  order: { side: "BUY", words: "65" },
  isArmed: true,
  createdAt: 0,
  firedAt: null,
  version: 1,
} as const;
const brokers = new Map([
  ["paper", { definition: { title: "Paper", isPaper: true } }],
  ["zerodha", { definition: { title: "Zerodha" } }],
]);
const seen = {
  now: istInstant("2026-11-25", "09:16"),
  hidesAmounts: false,
  mayTrade: true,
  calendar: loadCalendar(null),
  accounts: { brokers } as unknown as Accounts,
};

describe("the text of an alert", () => {
  it("warns of a level that the last close was past already, which may be of before a split", () => {
    const below = { ...alert, condition: { kind: "below", price: priceFromRupees(780) } };
    const said = (prevClose: Price | null, fields: object = {}): string => {
      const quote = { ltp: priceFromRupees(401), prevClose, at: null, source: "broker" };
      return alertNotification({ ...below, ...fields } as never, { kind: "price", quote, broker: null } as never, seen)
        .html;
    };
    const halved = priceFromRupees(400);
    expect(said(halved)).toContain("The last close, ₹400.00, was past it already. If there was a split");
    for (const close of [priceFromRupees(781), null]) expect(said(close)).not.toContain("past it already");
    expect(said(halved, { condition: { kind: "change", basisPoints: 10 } })).not.toContain("past it already");
  });

  it.each([
    ["before the last close", "2026-11-23", "14:00", true],
    ["after it, before a holiday", "2026-11-23", "20:00", false],
    ["on the evening of an earlier day", "2026-11-20", "20:00", true],
    ["today", "2026-11-25", "09:15", false],
  ])("warns so only if it was armed before that close: %s", (_, date, time, isWarned) => {
    const condition = { kind: "below", price: priceFromRupees(780) };
    const quote = { ltp: priceFromRupees(401), prevClose: priceFromRupees(400), at: null, source: "broker" };
    const at = istInstant(date, time);
    const armed = { ...alert, condition, createdAt: at, ...(time === "20:00" ? { pricedAfter: at } : {}) };
    const { html } = alertNotification(armed as never, { kind: "price", quote, broker: null } as never, seen);
    expect(html.includes("past it already")).toBe(isWarned);
  });

  it("says what is missing from the day's P&L, as /pnl does", () => {
    const onPnl = {
      ...alert,
      instrument: null,
      condition: { kind: "pnl-below", amount: paise(-500_000) },
      order: null,
    };
    const uncounted = { shares: 0, positions: 1 };
    const by = {
      kind: "pnl",
      pnl: paise(-600_000),
      uncounted,
      isPaper: [false],
      loggedOut: [{ _id: linkId("l1"), label: "fyers" }],
    } as const;
    const text = alertNotification(onPnl as unknown as Alert, by, seen).html;
    expect(text).toContain("P&amp;L today is −\u2060₹6,000.00.");
    expect(text).toContain("Today has 1 position since entry: the day's change is not known.");
    expect(text).toContain("Left out, not logged in: fyers.");
    const { buttons } = alertNotification(onPnl as unknown as Alert, by, seen);
    expect(buttons).toEqual([[{ text: "Log in: fyers", data: "al:l1" }]]);
    const known = { ...by, uncounted: { shares: 0, positions: 0 }, loggedOut: [] };
    expect(alertNotification(onPnl as unknown as Alert, known, seen).html).not.toMatch(/since entry|Left out|Paper/);
  });

  it("says of a P&L whether all or some of its accounts are paper, also with hidden amounts", () => {
    const onPnl = { ...alert, instrument: null, condition: { kind: "pnl-below", amount: paise(-500_000) } };
    const textOf = (isPaper: readonly boolean[], hidesAmounts: boolean): string => {
      const by = { kind: "pnl", pnl: paise(-600_000), uncounted: { shares: 0, positions: 0 }, isPaper, loggedOut: [] };
      return alertNotification(onPnl as unknown as Alert, by as FiredBy, { ...seen, hidesAmounts }).html;
    };
    for (const hidesAmounts of [false, true]) {
      expect(textOf([true], hidesAmounts)).toMatch(/09:16:00 IST<\/i> · 📄 Paper$/);
      expect(textOf([true, false], hidesAmounts)).toMatch(/09:16:00 IST<\/i> · incl\. 📄 Paper$/);
    }
  });

  it("warns when it is armed without a price: Yahoo has no prices of contracts", () => {
    const warning = "No price is available right now, and without one the alert does not go off.";
    expect(alertText.armed(alert, null).toString()).toContain(warning);
    expect(alertText.armed(alert, alertText.nowAt("₹26,000.00", "Zerodha")).toString()).not.toContain(warning);
    expect(alertText.armed({ ...alert, instrument: null }, null).toString()).not.toContain(warning);
  });

  it.each<[Condition, string]>([
    [{ kind: "above", price: priceFromRupees(27_000) }, "at or above ₹27,000.00"],
    [{ kind: "below", price: priceFromRupees(25_500) }, "at or below ₹25,500.00"],
    [{ kind: "change", basisPoints: -150 }, "−1.50% since the last close"],
  ])("names its condition, also with hidden amounts: %o", (condition, text) => {
    for (const hidesAmounts of [false, true])
      expect(conditionText({ instrument: FUTURE, condition }, hidesAmounts)).toBe(`NIFTY26NOVFUT ${text}`);
  });

  it("hides a level of P&L with the other amounts", () => {
    const [gain, loss] = [
      { instrument: null, condition: { kind: "pnl-above", amount: paise(500_000) } },
      { instrument: null, condition: { kind: "pnl-below", amount: paise(-500_000) } },
    ] as const;
    expect(conditionText(gain)).toBe("P&L today at or above +₹5,000.00");
    expect(conditionText(loss)).toBe("P&L today at or below −₹5,000.00");
    expect(conditionText(gain, true)).toBe("P&L today at or above its level");
    expect(conditionText(loss, true)).toBe("P&L today at or below its level");
    const uncounted = { shares: 0, positions: 0 };
    const by = { kind: "pnl", pnl: paise(-600_000), uncounted, isPaper: [false], loggedOut: [] } as const;
    const armed = { ...alert, ...loss } as unknown as Alert;
    expect(alertNotification(armed, by, { ...seen, hidesAmounts: true }).html).not.toMatch(/₹|000/);
  });

  it("says the price that set it off and its change since the last close, if that is known", () => {
    const quote = { ltp: priceFromRupees(27_000), at: seen.now, source: "broker" };
    const textWith = (prevClose: Price | null) =>
      alertNotification(alert, { kind: "price", quote: { ...quote, prevClose } } as never, seen).html;
    const [title, now] = textWith(priceFromRupees(26_000)).split("\n");
    expect(title).toBe("🔔 <b>NIFTY26NOVFUT at or above ₹27,000.00</b>");
    expect(now).toMatch(/^Now ₹27,000\.00 \+3\.85%\. /);
    expect(textWith(null)).toContain("\nNow ₹27,000.00. ");
  });

  it("says the price that was at its level when the last one is back from it", () => {
    const quote = { ltp: priceFromRupees(26_990), prevClose: null, at: seen.now, source: "broker" };
    const by = { kind: "price", touched: priceFromRupees("27000.50"), quote, broker: "zerodha" };
    expect(alertNotification(alert, by as never, seen).html.split("\n")).toEqual([
      "🔔 <b>NIFTY26NOVFUT at or above ₹27,000.00</b>",
      "Touched ₹27,000.50 since it was armed.",
      "Now ₹26,990.00. <i>Zerodha · 09:16:00 IST</i>",
    ]);
  });

  it.each([
    ["broker", "zerodha", "Zerodha"],
    ["broker", "paper", "📄 Paper"],
    ["yfinance", "paper", "Yahoo, about 15 min late"],
  ])("says whose price set it off: %s, %s", (source, broker, said) => {
    const quote = { ltp: priceFromRupees(27_000), prevClose: null, at: seen.now, source };
    const { html } = alertNotification(alert, { kind: "price", quote, broker } as never, seen);
    expect(html).toContain(`<i>${said} · 09:16:00 IST</i>`);
  });

  it("names its order, when it is armed and on its button", () => {
    const selling = { ...alert, order: { side: "SELL", words: "65" } } as const;
    expect(alertText.armed(selling, null).toString()).toContain("It will carry a button: Sell 65.");
    expect(alertText.armed({ ...alert, order: null }, null).toString()).not.toContain("button");
    const by = { kind: "price", quote: { ltp: priceFromRupees(27_000), prevClose: null, at: null, source: "broker" } };
    expect(alertNotification(selling, by as never, seen).buttons?.[0]).toMatchObject([{ text: "Sell 65" }]);
  });

  it("offers an order only to who may place one", () => {
    const quote = { ltp: priceFromRupees(27_000), prevClose: null, at: null, source: "broker" };
    const labels = (order: Alert["order"], mayTrade: boolean) =>
      alertNotification({ ...alert, order }, { kind: "price", quote } as never, { ...seen, mayTrade }).buttons?.map(
        (row) => row.map(({ text }) => text),
      );
    expect(labels(alert.order, true)).toEqual([["Buy 65"], ["Quote"]]);
    expect(labels(null, true)).toEqual([["Buy", "Sell", "Quote"]]);
    for (const order of [alert.order, null]) expect(labels(order, false)).toEqual([["Quote"]]);
  });

  it("says that it was disarmed when its contract expired, and offers no order", () => {
    expect(alertNotification(alert, { kind: "expired", expiry: EXPIRY }, seen)).toEqual({
      key: "alert:a1",
      userId: "1",
      priority: "order",
      html:
        "🔔 Disarmed: <b>NIFTY26NOVFUT at or above ₹27,000.00</b>\n" +
        "The contract expired on 24 Nov 2026 and this had not happened. Nothing was ordered.",
      buttons: [],
    });
  });
});
