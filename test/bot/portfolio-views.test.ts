import { describe, expect, it } from "vitest";
import { visibleLength } from "../../src/bot/html.ts";
import { ordersView, tradesView } from "../../src/bot/render/books.ts";
import { moneyText } from "../../src/bot/render/money-text.ts";
import { statusView } from "../../src/bot/render/nifty-shop.ts";
import { panicReport } from "../../src/bot/render/panic.ts";
import { PAGE_WIDTH } from "../../src/bot/render/page.ts";
import { dashboardView, heatCaption } from "../../src/bot/render/dashboard.ts";
import { fundsView, holdingsView, mergeHoldings, pnlView, positionsView } from "../../src/bot/render/portfolio.ts";
import { dayPicture } from "../../src/bot/pictures/day.ts";
import { equityPicture } from "../../src/bot/pictures/equity.ts";
import { addFigures } from "../../src/domain/day.ts";
import { istInstant } from "../../src/domain/market.ts";
import { brokerOrderId, tradingSymbol } from "../../src/domain/ids.ts";
import { paise, paiseFromRupees, priceFromRupees, ZERO_PAISE, ZERO_PRICE } from "../../src/domain/money.ts";
import type { Order } from "../../src/domain/order.ts";
import type { Holding } from "../../src/domain/portfolio.ts";
import { BrokerError, UnreadRows } from "../../src/errors.ts";
import type { Accounts, Link, LinkResult } from "../../src/services/accounts/accounts.ts";
import type { PanicReport } from "../../src/services/orders/panic.ts";
import type { BacktestResult } from "../../src/services/strategies/nifty-shop/backtest.ts";
import { ACME, funds, holding, position, SBIN, trade } from "../services/stub-broker.ts";

const definition = { name: "acme", title: "Acme" };
const accounts = {
  broker: () => ({ definition }),
  brokers: new Map([[ACME, { definition }]]),
} as unknown as Accounts;
const now = istInstant("2026-11-23", "10:42");
const page = { accounts, now, page: 0, mayTrade: true, money: moneyText(false, ZERO_PAISE), pastSession: null };
const link = (label: string): Link => ({ _id: label, label, broker_name: ACME }) as unknown as Link;
const read = <T>(label: string, value: T): LinkResult<T> => ({ link: link(label), ok: true, value });
const silent = (label: string): LinkResult<never> => ({
  link: link(label),
  ok: false,
  error: new BrokerError("unreachable", "no", { broker: ACME, endpoint: "test" }),
});
const said = (view: { html: { toString(): string } }): string => view.html.toString().replaceAll(/<[^>]+>/g, "");

describe("a view of accounts that could not be read", () => {
  it("never says that they hold nothing", () => {
    expect(said(positionsView([read("one", [])], page))).toContain("No positions today.");
    const mixed = [read("one", []), silent("two")];
    expect(said(positionsView(mixed, page))).toContain("No positions today at the accounts that answered.");
    expect(said(holdingsView(mixed, page))).toContain("No holdings at the accounts that answered.");
    expect(said(ordersView(mixed, page))).toContain("No orders today at the accounts that answered.");
    for (const view of [positionsView, holdingsView, ordersView]) {
      const text = said(view([silent("two")], page));
      expect(text).not.toMatch(/\bNo (positions|holdings|orders)/);
      expect(text).toContain("Acme (two) cannot be reached right now");
    }
  });

  it("says which of several accounts at a broker it was", () => {
    const text = said(holdingsView([silent("acme"), silent("acme2")], page));
    expect(text).toContain("⚠️ Acme cannot be reached");
    expect(text).toContain("⚠️ Acme (acme2) cannot be reached");
  });

  it("names rows that could not be read, and says that they are in no figure", () => {
    const rows = [{ orderId: null, listed: { symbol: tradingSymbol("NSE:SBIN-EQ"), key: null } }];
    const parts = (unread: typeof rows) => [{ link: link("one"), ok: true as const, value: [], unread }];
    const text = said(ordersView(parts(rows), page));
    expect(text).not.toContain("No orders");
    expect(text).toContain("Acme (one) shows an entry that I cannot read (SBIN), left out here. Look at the broker.");
    const unnamed = { orderId: null, listed: null } as unknown as (typeof rows)[number];
    expect(said(positionsView(parts([...rows, unnamed]), page))).toContain(
      "2 entries that I cannot read (SBIN, not named)",
    );
    expect(said(ordersView(parts([]), page))).toContain("No orders today.");
    const error = new UnreadRows("odd", { broker: ACME, endpoint: "test" }, { rows: [], unread: rows });
    expect(said(pnlView([{ link: link("one"), ok: false, error }], page))).toContain(
      "Acme (one) shows an entry that I cannot read (SBIN), and without that I cannot be sure of the rest. Look at the broker.",
    );
  });

  it("lists it in the day's P&L without a figure, so that the sum does not pass for that of all accounts", () => {
    const one = read("one", { positions: [position], holdings: [] });
    expect(said(pnlView([one, silent("two")], page))).toMatch(/^one +\+100\.00\ntwo +not read\n/m);
    expect(said(pnlView([silent("two"), silent("three")], page))).not.toContain("not read");
    expect(said(pnlView([one], page))).not.toMatch(/^one/m);
  });

  it("lists it in the dashboard and in the sum of funds too", () => {
    const day = { positions: [position], holdings: [holding], funds };
    const [one, three] = [read("one", day), read("three", day)];
    const dashboard = (...parts: LinkResult<typeof day>[]): string => said(dashboardView({ ...page, parts }));
    expect(dashboard(one, silent("two"))).toMatch(/^one ₹[\d,.]+ +−100\.00\ntwo +not read\n/m);
    expect(dashboard(silent("two"), silent("three"))).not.toContain("not read");
    expect(dashboard(one)).not.toMatch(/^one/m);
    const many = Array.from({ length: 14 }, (_, at) => read(`dhan${at}`, day));
    expect(dashboard(...many, silent("two"))).toMatch(/^two +not read\n[^]*… and 3 more, in the sums\./m);
    const [here, there] = [one, three].map((part) => read(part.link.label, funds));
    expect(said(fundsView([here!, silent("two"), there!], page))).toMatch(/^All accounts\ntwo +not read\nAvailable/m);
    expect(said(fundsView([here!, silent("two")], page))).not.toContain("not read");
  });

  it("says in a panic report which rows are left alone, not that there was nothing to do", () => {
    const unread = { orders: [{ orderId: brokerOrderId("7"), listed: null }], positions: [] };
    const book = { link: link("one"), ok: true as const, orders: [], positions: [], unread };
    const says = said({
      html: panicReport({ cancels: [], exits: [], untouched: [], unseen: [], left: [book] }, accounts, now),
    });
    expect(says).toContain("and 1 order that I cannot read (not named), so I leave it alone. Look at the broker.");
    expect(says).not.toContain("nothing to cancel");
  });

  it("says in a panic report that they are untouched, not that there was nothing to do", () => {
    const unread = { link: link("two"), ok: false, error: "unreachable", broker: ACME } as const;
    const report = { cancels: [], exits: [], unseen: [], left: [unread] };
    const says = (untouched: PanicReport["untouched"]): string =>
      panicReport({ ...report, untouched }, accounts, now).toString();
    const both = says([{ link: link("two"), orders: true, positions: true }]);
    expect(both).toContain("<b>two</b>: not read\n⚠️ Acme cannot be reached right now.");
    expect(both).toContain("⛔ <b>two</b> could not be read: its open orders and positions are untouched.");
    expect(both).not.toContain("nothing to cancel");
    expect(says([{ link: link("two"), orders: false, positions: true }])).toContain("its positions are untouched.");
    expect(says([{ link: link("two"), orders: true, positions: false }])).toContain("its open orders are untouched.");
    expect(says([])).toContain("nothing to cancel");
  });

  it("says in a panic report that an order which no book shows may still fill", () => {
    const intent = { plan: { side: "BUY", symbol: "NSE:SBIN-EQ" } };
    const unseen = [{ link: link("one"), intent, leg: { qty: 5, state: "unknown" } }];
    const report = { cancels: [], exits: [], untouched: [], unseen, left: [] } as unknown as PanicReport;
    const says = panicReport(report, accounts, now).toString();
    expect(says).toContain(
      "BUY 5 SBIN <i>one</i>: not in the broker's book yet, so it was not cancelled and may still",
    );
    expect(says).not.toContain("nothing to cancel");
  });

  it("says in a panic report how much was exited before an order ended, and marks an unknown outcome with ❓, not ⛔", () => {
    const position = { side: "BUY", qty: 100, symbol: "NSE:SBIN-EQ" };
    const says = (leg: object): string => {
      const legs = [{ qty: 100, filledQty: 0, avgPrice: ZERO_PRICE, reason: null, ...leg }];
      const exit = { kind: "ordered", link: link("one"), position, intent: { legs } };
      const report = { cancels: [], exits: [exit], untouched: [], unseen: [], left: [] } as unknown as PanicReport;
      return panicReport(report, accounts, now).toString();
    };
    const part = { filledQty: 60, avgPrice: priceFromRupees(800) };
    expect(says({ state: "cancelled", ...part })).toContain("cancelled after 60/100 at ₹800.00.");
    expect(says({ state: "cancelled" })).toContain("⛔ long 100 SBIN <i>one</i>: cancelled.");
    expect(says({ state: "unknown" })).toContain("❓ long 100 SBIN <i>one</i>: <b>not known yet</b>");
  });

  it("says in a panic report that a book lacks an order in words that hold also where it was read", () => {
    const order = { side: "BUY", qty: 75, symbol: "NSE:NIFTY26NOVFUT", filledQty: 0, avgPrice: ZERO_PRICE } as Order;
    const cancels = [{ link: link("one"), order, answer: null, after: null }];
    const position = { side: "BUY", qty: 100, symbol: "NSE:SBIN-EQ" };
    const legs = [{ state: "not-found", qty: 100, filledQty: 0, avgPrice: ZERO_PRICE, reason: null }];
    const exits = [{ kind: "ordered", link: link("one"), position, intent: { legs } }];
    const report = { cancels, exits, untouched: [], unseen: [], left: [] } as unknown as PanicReport;
    const says = panicReport(report, accounts, now).toString();
    expect(says).toContain("❓ BUY 75 NIFTY26NOVFUT <i>one</i>: the broker's book did not show it after the cancel.");
    expect(says).toContain("⛔ long 100 SBIN <i>one</i>: not placed.");
  });

  it("says in a panic report how much of a position each of its orders is for, when it takes several", () => {
    const position = { side: "BUY", qty: 100, symbol: "NSE:SBIN-EQ" };
    const legs = [
      { state: "filled", qty: 60, filledQty: 60, avgPrice: priceFromRupees(800) },
      { state: "rejected", qty: 40, filledQty: 0, avgPrice: ZERO_PRICE, reason: "Margin is short" },
    ];
    const exit = { kind: "ordered", link: link("one"), position, intent: { legs } };
    const report = { cancels: [], exits: [exit], untouched: [], unseen: [], left: [] } as unknown as PanicReport;
    const says = panicReport(report, accounts, now).toString();
    expect(says).toContain("✅ long 100 SBIN <i>one</i>, 60 of it: exited at ₹800.00.");
    expect(says).toContain("⛔ long 100 SBIN <i>one</i>, 40 of it: rejected: Margin is short.");
  });

  it("lists in a panic report what is still open before what was cancelled", () => {
    const order = { side: "BUY", qty: 75, symbol: "NSE:NIFTY26NOVFUT", filledQty: 0, avgPrice: ZERO_PRICE };
    const cancels = Array.from({ length: 60 }, (_, at) => {
      const after = { ...order, status: at === 59 ? "open" : "cancelled" };
      return { link: link("one"), order: { ...order, qty: at + 1 }, answer: null, after };
    });
    const open = { side: "SELL", qty: 50, symbol: "NSE:NIFTY26D0124500CE" };
    const exits = [{ kind: "still-closing", link: link("two"), position: open }];
    const report = { cancels, exits, untouched: [], unseen: [], left: [] } as unknown as PanicReport;
    const [, first, second, third, ...rest] = said({ html: panicReport(report, accounts, now) }).split("\n");
    expect(first).toBe("⛔ BUY 60 NIFTY26NOVFUT one: still open.");
    expect(second).toContain("⛔ short 50 NIFTY26D0124500CE two: not exited.");
    expect(third).toBe("✅ BUY 1 NIFTY26NOVFUT one: cancelled.");
    expect(rest).toContain("… and 36 more: /orders and /positions show all.");
  });

  it("always ends a panic report with what is left now, however long the list above it is", () => {
    const exits = Array.from({ length: 30 }, (_, at) => {
      const open = { side: "SELL", qty: at + 1, symbol: "NSE:BANKNIFTY26NOV58000CE" };
      return { kind: "not-known", link: link("one"), position: open };
    });
    const books = [
      { link: link("one"), ok: true, orders: [], positions: exits, unread: { orders: [], positions: [] } },
    ];
    const report = { cancels: [], exits, untouched: [], unseen: [], left: books } as unknown as PanicReport;
    const body = panicReport(report, accounts, now);
    expect(visibleLength(body)).toBeLessThan(4_096);
    expect(said({ html: body })).toMatch(/… and 1\d more: [^]*Left now\none: 0 open orders, 30 positions\n/);
  });

  it("says in a panic report that an exit was accepted, but not that it is open before the book shows it", () => {
    const position = { side: "BUY", qty: 5, symbol: "NSE:SBIN-EQ" };
    const says = (booked: string | null): string => {
      const exit = { kind: "ordered", link: link("one"), position, intent: { legs: [{ state: "working", booked }] } };
      const report = { cancels: [], exits: [exit], untouched: [], unseen: [], left: [] } as unknown as PanicReport;
      return panicReport(report, accounts, now).toString();
    };
    expect(says("open")).toContain("the order is open");
    expect(says(null)).toContain("the broker has taken the order; its book has not shown it yet");
  });
});

describe("the day change of holdings", () => {
  it("fits beside its name, for amounts in lakhs too", () => {
    const held = { ...holding, qty: 10_000, ltp: priceFromRupees(90), prevClose: priceFromRupees(10) };
    const row = said(pnlView([read("one", { positions: [], holdings: [held] })], page))
      .split("\n")
      .find((line) => line.startsWith("Holdings"));
    expect(row).toBe("Holdings, day change  +8,00,000.00");
  });
});

describe("an amount in a picture", () => {
  it("is rounded to the rupee, with sign and Indian grouping, and zero has no sign", () => {
    const money = moneyText(false, ZERO_PAISE);
    expect([92_750, -92_750, 12_345_678_99, -49, 99_50].map((amount) => money.short(paise(amount)))).toEqual([
      "+₹928",
      "−₹928",
      "+₹1,23,45,679",
      "₹0",
      "+₹100",
    ]);
  });
});

describe("the curve of the accounts' value", () => {
  const axis = (hides: boolean, ...rupees: number[]): string[] => {
    const curve = rupees.map((amount, at) => {
      return { date: `2026-11-${16 + at}`, figures: addFigures([]), value: paiseFromRupees(amount) };
    });
    const money = moneyText(hides, paiseFromRupees(rupees[0] ?? 0));
    const svg = dayPicture({ title: "", subtitle: "", moves: [], curve, money }) ?? "";
    return [...svg.matchAll(/>([^<]*(?:%| L| Cr))</g)].map(([, written = ""]) => written);
  };

  it("has a different label at each grid line, however little it moved", () => {
    expect(axis(false, 12_000_000, 12_036_000)).toEqual([
      "₹1.200 Cr",
      "₹1.201 Cr",
      "₹1.202 Cr",
      "₹1.203 Cr",
      "₹1.204 Cr",
    ]);
    expect(axis(false, 1_200_000, 1_201_200)).toEqual(["₹12.000 L", "₹12.005 L", "₹12.010 L", "₹12.015 L"]);
    expect(axis(true, 1_200_000, 1_201_200)).toEqual(["0.000%", "0.025%", "0.050%", "0.075%", "0.100%"]);
    expect(axis(false, 1_200_000, 1_230_000)).toEqual(["₹12.00 L", "₹12.10 L", "₹12.20 L", "₹12.30 L"]);
  });
});

describe("the curve of a backtest", () => {
  it("has a different label at each grid line, for a small capital too", () => {
    const axis = (...rupees: number[]): string[] => {
      const curve = rupees.map((amount, at) => ({ date: `2026-11-${16 + at}`, equity: paiseFromRupees(amount) }));
      const [from, to] = ["2026-11-16", "2026-11-20"];
      const result = { from, to, curve, indexCurve: [], totalReturn: 0 } as unknown as BacktestResult;
      return [...equityPicture(result).matchAll(/>(₹[^<]*)</g)].map(([, written = ""]) => written);
    };
    expect(axis(1_000_000, 1_018_000)).toEqual(["₹10.00 L", "₹10.05 L", "₹10.10 L", "₹10.15 L", "₹10.20 L"]);
    expect(axis(50_000, 50_900)).toEqual(["₹50,000", "₹50,250", "₹50,500", "₹50,750", "₹51,000"]);
  });
});

describe("positions", () => {
  it("have their quantity, cost, last price and P&L, open ones first, and the totals of all", () => {
    const closed = {
      ...position,
      side: "CLOSED",
      qty: 0,
      pnl: paise(-2_500),
      realised: paise(-2_500),
      unrealised: paise(0),
    } as const;
    const short = {
      ...position,
      productType: "INTRADAY",
      side: "SELL",
      qty: 5,
      pnl: paise(-7_000),
      unrealised: paise(-7_000),
    } as const;
    const text = said(positionsView([read("one", [closed, position]), read("two", [short])], page));
    expect(text.split("\n").slice(1, 9)).toEqual([
      "SBIN CNC                   +100.00",
      " 10 @ 800.00 one            810.00",
      "SBIN INTRADAY               −70.00",
      " −5 @ 800.00 two            810.00",
      "SBIN CNC                    −25.00",
      " closed one                       ",
      "Realised                    −25.00",
      "Unrealised                  +30.00",
    ]);
    expect(text).toMatch(/P&amp;L \+\u2060₹5\.00/);
  });
});

describe("a position without a known price", () => {
  it("shows no profit or loss, and is counted under the totals", () => {
    const unpriced = { ...position, ltp: null, unrealised: ZERO_PAISE, pnl: ZERO_PAISE, avgPrice: ZERO_PRICE };
    const text = said(positionsView([read("one", [position, unpriced])], page));
    expect(text).toMatch(/ no price\n .*cost unknown/);
    expect(text).toContain("1 position without a known price: only what was realised is in the totals.");
    expect(said(positionsView([read("one", [position])], page))).not.toContain("without a known price");
  });
});

describe("the totals of holdings", () => {
  it("say in which of them shares without a cost or price are counted", () => {
    const bonus = { ...holding, avgPrice: ZERO_PRICE, pnl: null };
    const text = said(holdingsView([read("one", [holding, bonus, { ...bonus, ltp: null }])], page));
    expect(text).toMatch(/Invested +₹15,000\.00/);
    expect(text).toMatch(/Value +₹39,600\.00/);
    expect(text).toContain("1 share without a known price: in no total.");
    expect(text).toContain("1 share without a known cost: in Value, not in Invested and P&amp;L.");
    expect(said(holdingsView([read("one", [holding])], page))).not.toContain("without a known");
  });
});

describe("the status of the Nifty Shop", () => {
  it("says how many shares are not in its P&L for lack of a price, apart from those it leaves out by name", () => {
    const held = { instrument: SBIN, qty: 10, cost: paise(8_000_00), avgPrice: priceFromRupees(800), isRebased: false };
    const priced = { ...held, price: priceFromRupees(810) };
    const says = (...shares: object[]): string => {
      const shop = { settings: { mode: "off" }, account: null, warning: null, now, money: page.money };
      return said(statusView({ ...shop, held: shares } as never));
    };
    const unpriced = { ...held, price: null };
    expect(says(priced, unpriced)).toContain("P&amp;L +\u2060₹100.00, open");
    expect(says(priced, unpriced)).toContain("1 share without a known price: in no total.");
    expect(says(priced, { ...unpriced, isRebased: true })).not.toContain("without a known price");
    expect(says(priced)).not.toContain("without a known price");
  });
});

describe("a share held both paid for and with margin funding", () => {
  it("is shown twice, once marked MTF, since its sale has to name that product", () => {
    const text = said(holdingsView([read("one", [holding, { ...holding, productType: "MTF" }])], page));
    const name = holding.symbol.slice(4, -3);
    expect(text).toMatch(new RegExp(`${name} [^]*\n${name} MTF `));
    expect(text.match(/ MTF /g)).toHaveLength(1);
  });
});

describe("the caption of a heat map", () => {
  const parts = (held: readonly Holding[]) => [read("one", [...held])];
  const caption = (held: readonly Holding[]): string =>
    said(heatCaption(parts(held), { ...page, holdings: mergeHoldings(parts(held)) }));

  it("counts the shares drawn, and those left out for lack of a price", () => {
    const unpriced = { ...holding, isin: "IN0000000000", ltp: null, pnl: null };
    expect(caption([holding])).toMatch(/1 share: the area is their value[^]*loss\.$/);
    expect(caption([holding, unpriced])).toContain("1 share: the area");
    expect(caption([holding, unpriced])).toContain("1 share without a known price is not drawn.");
    expect(caption([unpriced])).not.toContain("the area");
    // All of it pledged: its price is known.
    expect(caption([holding, { ...unpriced, ltp: holding.ltp, qty: 0 }])).not.toContain("without a known price");
    expect(caption([])).toContain("No holdings.");
  });
});

describe("a day's change", () => {
  const unknown = { ...holding, prevClose: null };

  it("says what it leaves out when previous closes are not known", () => {
    const holdings = [holding, unknown];
    expect(said(holdingsView([read("one", holdings)], page))).toMatch(/Today +−₹200\.00/);
    expect(said(holdingsView([read("one", holdings)], page))).toContain("Today leaves out 1 share: the day's change");
    expect(said(pnlView([read("one", { positions: [], holdings: [unknown, unknown] })], page))).toContain(
      "Today leaves out 2 shares: the day's change is not known.",
    );
    expect(said(holdingsView([read("one", [holding])], page))).not.toContain("leaves out");
    const carried = { ...position, dayPnl: null };
    expect(said(pnlView([read("one", { positions: [carried], holdings: [unknown] })], page))).toContain(
      "Today leaves out 1 share and has 1 position since entry: the day's change is not known.",
    );
  });

  it("is said to be of the last session while none has begun today, wherever it is shown", () => {
    const day = { positions: [position], holdings: [holding], funds };
    const views = (pastSession: string | null): string[] => {
      const shown = { ...page, pastSession };
      const [parts, holdings] = [[read("one", day)], [read("one", [holding])]];
      return [
        pnlView(parts, shown),
        holdingsView(holdings, shown),
        dashboardView({ ...shown, parts }),
        dashboardView({ ...shown, parts, page: 1 }),
        heatCaption(holdings, { ...shown, holdings: mergeHoldings(holdings) }),
      ].map(said);
    };
    const note = "The market has not opened today: this may be of 20 Nov 2026.";
    expect(views("2026-11-20").map((view) => view.includes(note))).toEqual(Array(5).fill(true));
    expect(views(null).map((view) => view.includes("this may be of"))).toEqual(Array(5).fill(false));
    const unread = { ...page, pastSession: "2026-11-20", parts: [silent("one")] };
    expect(said(pnlView(unread.parts, unread)) + said(dashboardView(unread))).not.toContain("this may be of");
  });

  it("notes that a carried position's gain since entry is no part of the day", () => {
    const carried = { ...position, pnl: paise(500_000), unrealised: paise(500_000), dayPnl: paise(-1_000) };
    const note = "Realised and unrealised are since entry, not of today.";
    const text = said(pnlView([read("one", { positions: [carried], holdings: [] })], page));
    expect(text).toMatch(/Positions +−10\.00/);
    expect(text).toMatch(/unrealised +\+5,000\.00/);
    expect(text).toContain(note);
    expect(said(pnlView([read("one", { positions: [position], holdings: [] })], page))).not.toContain(note);
  });
});

describe("the dashboard", () => {
  it("labels available funds as /funds does, since cash is another figure", () => {
    const used = {
      available: paise(50_000_00),
      used: paise(8_000_00),
      cash: paise(28_000_00),
      collateral: paise(30_000_00),
    };
    const line = (view: { html: { toString(): string } }) => /^Available.*$/m.exec(said(view))?.[0];
    const dashboard = dashboardView({ ...page, parts: [read("one", { positions: [], holdings: [], funds: used })] });
    expect(line(dashboard)).toBe(line(fundsView([read("one", used)], page)));
    expect(said(dashboard)).not.toContain("Cash");
  });

  it("labels what the shares cost as /holdings does", () => {
    const line = (view: { html: { toString(): string } }) => /^Invested.*$/m.exec(said(view))?.[0];
    const dashboard = dashboardView({ ...page, parts: [read("one", { positions: [], holdings: [holding], funds })] });
    expect(line(dashboard)).toBe(line(holdingsView([read("one", [holding])], page)));
  });

  it("does not show unread accounts as worth nothing", () => {
    const text = said(dashboardView({ ...page, parts: [silent("one")] }));
    expect(text).toContain("Acme (one) cannot be reached right now");
    expect(text).not.toContain("0.00");
  });

  it("says how many shares are not in the value for lack of a price", () => {
    const unpriced = { ...holding, ltp: null, pnl: null };
    const dashboard = (holdings: Holding[]): string =>
      said(dashboardView({ ...page, parts: [read("one", { positions: [], holdings, funds })] }));
    expect(dashboard([holding, unpriced, unpriced])).toContain("2 shares without a known price: in no total.");
    expect(dashboard([holding])).not.toContain("without a known price");
  });

  it("says what its P&L leaves out: shares without a cost, and what positions without a price would make", () => {
    const says = (day: object): string =>
      said(dashboardView({ ...page, parts: [read("one", { positions: [], holdings: [], funds, ...day } as never)] }));
    const bonus = { ...holding, avgPrice: ZERO_PRICE, pnl: null };
    expect(says({ holdings: [holding, bonus] })).toContain(
      "1 share without a known cost: in Shares, not in Invested and P&amp;L.",
    );
    const unpriced = { ...position, ltp: null, pnl: ZERO_PAISE, unrealised: ZERO_PAISE, dayPnl: null };
    expect(says({ positions: [position, unpriced] })).toContain(
      "1 position without a known price: only what was realised is in the totals.",
    );
    expect(says({ positions: [position], holdings: [holding] })).not.toContain("without");
  });

  it("gives the share of a tiny holding in full: 0.00%", () => {
    const tiny = { ...holding, isin: "IN0000000000", qty: 1, ltp: priceFromRupees(0.05) };
    const large = { ...holding, qty: 100_000, ltp: priceFromRupees(1_000) };
    const parts = [read("one", { positions: [], holdings: [large, tiny], funds })];
    expect(said(dashboardView({ ...page, parts, page: 1 })).match(/ \S*\.00% /g)).toEqual([" 100.00% ", " 0.00% "]);
  });

  it("has a line for each account, as many as fit a caption", () => {
    const labels = Array.from({ length: 15 }, (_, at) => `angelone${at + 10}`);
    const rich = { ...funds, available: paise(98_76_54_321_00) };
    const parts = labels.map((label) => read(label, { positions: [position], holdings: [holding], funds: rich }));
    const twelve = said(dashboardView({ ...page, parts: parts.slice(0, 12) }));
    for (const label of labels.slice(0, 12)) expect(twelve).toContain(`${label} ₹`);
    expect(twelve).not.toContain("more");
    const all = said(dashboardView({ ...page, parts }));
    expect(all).toContain("… and 3 more, in the sums.");
    expect(all.length).toBeLessThanOrEqual(1_024);
  });

  it("leaves out accounts rather than the notes below them, for which a caption has no room then", () => {
    const unpriced = { ...position, ltp: null, pnl: ZERO_PAISE, unrealised: ZERO_PAISE, dayPnl: null };
    const holdings = [
      { ...holding, ltp: null, pnl: null },
      { ...holding, avgPrice: ZERO_PRICE, pnl: null },
    ];
    const labels = Array.from({ length: 15 }, (_, at) => `angelone${at + 10}`);
    const rich = { ...funds, available: paise(98_76_54_321_00) };
    const parts = labels.map((label) => read(label, { positions: [unpriced], holdings, funds: rich }));
    const { html } = dashboardView({ ...page, parts: [...parts, silent("one")], pastSession: "2026-11-20" });
    expect(visibleLength(html)).toBeLessThanOrEqual(1_024);
    expect(said({ html })).toContain("more, in the sums.");
    expect(said({ html })).toContain("this may be of 20 Nov 2026.\n⚠️ Acme (one) cannot be reached");
  });
});

describe("shares sold for delivery", () => {
  const sold = {
    ...position,
    productType: "CNC",
    side: "SELL",
    qty: 10,
    pnl: paise(-9_000),
    realised: paise(500),
    unrealised: paise(-9_500),
  } as const;

  it("are shown as sold, and a later price move is not counted as a loss", () => {
    const text = said(positionsView([read("one", [sold])], page));
    expect(text).toMatch(/ sold 10 @ /);
    expect(text).toMatch(/Unrealised +0\.00/);
    expect(text).toMatch(/P&amp;L \+\u2060₹5\.00/);
    expect(text).not.toContain("−95.00");
  });
});

describe("what shares sold from holdings made", () => {
  const sold = {
    ...position,
    productType: "CNC",
    side: "SELL",
    qty: 10,
    realised: paise(0),
    dayPnl: paise(2_000),
  } as const;
  const note = "Realised leaves out shares sold from holdings.";

  it("is said to be in no realised figure, rather than that the day differs by older positions", () => {
    const today = said(pnlView([read("one", { positions: [sold, position], holdings: [] })], page));
    expect(today).toMatch(/Positions +\+120\.00\n  realised +0\.00/);
    expect(today).toContain(note);
    expect(today).not.toContain("since entry");
    expect(said(positionsView([read("one", [sold])], page))).toContain(note);
    expect(said(positionsView([read("one", [position])], page))).not.toContain(note);
  });

  it("is noted beside a position that is older than today", () => {
    const carried = { ...position, pnl: paise(5_000), unrealised: paise(5_000), dayPnl: paise(-1_000) };
    const today = said(pnlView([read("one", { positions: [sold, carried], holdings: [] })], page));
    expect(today).toContain(`Realised and unrealised are since entry, not of today.\n${note}`);
  });
});

describe("a fill whose price the broker has not told", () => {
  const filled = {
    ...trade,
    orderId: brokerOrderId("o1"),
    type: "MARKET",
    status: "filled",
    qty: 10,
    filledQty: 10,
    avgPrice: ZERO_PRICE,
    placedAt: now,
  } as unknown as Order;

  it("is shown in the orders without a price", () => {
    const view = said(ordersView([read("one", [filled])], page));
    expect(view).toContain(" 10 market");
    expect(view).not.toContain("0.00");
  });

  it("is shown in a panic report without a price", () => {
    const leg = { state: "filled", filledQty: 10, avgPrice: ZERO_PRICE };
    const report = {
      cancels: [{ link: link("one"), order: filled, answer: null, after: filled }],
      exits: [{ kind: "ordered", link: link("one"), position, intent: { legs: [leg] } }],
      unseen: [],
      untouched: [],
      left: [],
    } as unknown as PanicReport;
    const says = panicReport(report, accounts, now).toString();
    expect(says).toContain("it filled before it could be cancelled.");
    expect(says).toContain("exited, price not told yet.");
  });
});

describe("the line below the orders", () => {
  it("names the commands for open ones only to people who may use them", () => {
    const open = { ...trade, type: "LIMIT", status: "open", filledQty: 0, placedAt: now } as unknown as Order;
    const says = (mayTrade: boolean): string => said(ordersView([read("one", [open])], { ...page, mayTrade }));
    expect(says(true)).toContain("1 in all, 1 open. /cancel and /modify list the open ones.");
    expect(says(false)).toMatch(/^1 in all, 1 open\.$/m);
  });
});

describe("an after-market order", () => {
  it("is listed as waiting for the next session, not as on its way", () => {
    const order = { ...trade, type: "LIMIT", status: "pending", filledQty: 0, placedAt: now };
    const says = (more: object): string => said(ordersView([read("one", [{ ...order, ...more } as never])], page));
    expect(says({ isAmo: true })).toMatch(/^BUY .* next session$/m);
    expect(says({ isAmo: false })).toMatch(/^BUY .* on its way$/m);
  });
});

describe("a rejected order's reason", () => {
  it("is cut with “…”, so that a cut amount does not read as a smaller one", () => {
    const order = { side: "BUY", symbol: "NSE:SBIN-EQ", productType: "CNC", type: "MARKET", qty: 10, filledQty: 0 };
    const lastLine = (message: string): string | undefined => {
      const rejected = { ...order, status: "rejected", avgPrice: ZERO_PRICE, placedAt: null, message };
      const view = said(ordersView([read("one", [rejected as unknown as Order])], page));
      return view.split("\n").find((line) => line.startsWith(" RMS"));
    };
    expect(lastLine("RMS: Margin Exceeds, Required: 1234567.00")).toBe(" RMS: Margin Exceeds, Required: 1…");
    expect(lastLine("RMS: Blocked for XX1234")?.trimEnd()).toBe(" RMS: Blocked for XX1234");
  });
});

describe("a share that one account holds in several rows", () => {
  it("names the account once", () => {
    const rows = [
      { ...holding, qty: 4 },
      { ...holding, qty: 6, t1Qty: 6 },
    ];
    const [merged] = mergeHoldings([read("one", rows), read("two", rows)]);
    expect(merged).toMatchObject({ qty: 20, t1Qty: 12, labels: ["one", "two"] });
  });
});

describe("a share held at two accounts", () => {
  const dearer = { ...holding, qty: 300, sellableQty: 290, pledgedQty: 10, avgPrice: priceFromRupees(160) };
  const loss = paiseFromRupees(-800);
  const parts = [read("one", [{ ...holding, pledgedQty: 5 }]), read("two", [{ ...dearer, pnl: loss }])];

  it("is one row at the average cost of all of it, with the P&L and the free shares of both", () => {
    expect(mergeHoldings(parts)).toMatchObject([
      { qty: 400, sellableQty: 390, pledgedQty: 15, avgPrice: priceFromRupees(157.5), pnl: paiseFromRupees(4_000) },
    ]);
    const text = said(holdingsView(parts, page));
    expect(text).toMatch(/^ITC +\+4,000\.00\n 400 @ 157\.50 +\+25\.71%\n one, two +198\.00$/m);
    expect(text).toMatch(/P&amp;L \+\u2060₹4,000\.00 \+6\.35%/);
  });

  it("has no cost and no P&L when one of them does not know its own", () => {
    const unknown = { ...dearer, avgPrice: ZERO_PRICE, pnl: null };
    for (const pair of [
      [holding, unknown],
      [unknown, holding],
    ])
      expect(mergeHoldings(pair.map((row, at) => read(`${at}`, [row])))).toMatchObject([{ avgPrice: 0, pnl: null }]);
  });

  it("stands above shares that are worth less", () => {
    const small = { ...holding, key: null, symbol: tradingSymbol("NSE:SBIN-EQ"), qty: 10, ltp: priceFromRupees(900) };
    const names = mergeHoldings([read("one", [small, holding])]).map(({ symbol }) => symbol);
    expect(names).toEqual(["NSE:ITC-EQ", "NSE:SBIN-EQ"]);
  });
});

describe("the longest names and amounts", () => {
  const symbol = tradingSymbol("NSE:MIDCPNIFTY26DEC13000CE");
  const amount = paiseFromRupees(1_234_567.85);
  const tables = (view: { html: { toString(): string } }): string[] =>
    [...view.html.toString().matchAll(/<pre>([\s\S]*?)<\/pre>/g)].flatMap(([, table = ""]) =>
      table.replaceAll("&amp;", "&").split("\n"),
    );
  const labels = ["zerodha", "fyers", "angelone2", "dhan"];

  it("stay within a phone's width, with the figures below the name if they do not fit beside it", () => {
    const option = { ...position, symbol, productType: "INTRADAY", qty: 1_300, pnl: amount } as const;
    const order = { ...trade, symbol, productType: "INTRADAY", qty: 1_300, price: priceFromRupees(1_234.55) } as const;
    const booked = {
      ...order,
      orderId: brokerOrderId("o1"),
      type: "SL",
      triggerPrice: priceFromRupees(1_230),
      status: "trigger-pending",
      filledQty: 0,
      placedAt: now,
    } as never;
    const shares = { ...holding, pnl: amount, ltp: priceFromRupees(9_198) };
    const day = { positions: [option], holdings: [shares], funds };
    const everywhere = ["zerodha", "fyers", "dhan", "angelone", "upstox", "groww"];
    const unpriced = { ...shares, ltp: null, pnl: null };
    const views = [
      holdingsView(
        everywhere.map((label) => read(label, [shares])),
        page,
      ),
      holdingsView(
        everywhere.map((label) => read(label, [unpriced])),
        page,
      ),
      positionsView([read("angelone2", [option])], page),
      ordersView([read("angelone2", [booked])], page),
      tradesView([read("angelone2", [order])], page),
      dashboardView({ ...page, parts: labels.map((label) => read(label, day)), page: 1 }),
    ];
    for (const view of views) {
      expect(tables(view).length).toBeGreaterThan(0);
      for (const line of tables(view)) expect(Array.from(line).length, line).toBeLessThanOrEqual(PAGE_WIDTH);
    }
    expect(tables(tradesView([read("angelone2", [order])], page)).slice(0, 2)).toEqual([
      "BUY MIDCPNIFTY26DEC13000CE",
      " INTRADAY         1,300 @ 1,234.55",
    ]);
  });
});
